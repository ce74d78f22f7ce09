"""Rows as a table for a notebook: HTML without anything from elsewhere, and the same as text.

Pure, but for the identity that keeps two tables of one page apart, which may come from two kernels.
"""

from __future__ import annotations

import html
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..spark.zones import SessionZone, has_instants
from .arrow_values import NULL, texts_of
from .text_tables import printable, table

_COLUMNS = 100
_CHARACTERS = 300
"""Of a value, a name or a type; ten times as many in its title."""
_NARROW = 30
"""So many characters are always seen; of a longer value, the style may hide the end."""
_PAGE_CHARACTERS = 5_000_000
"""Of all rows as HTML; a browser and a saved notebook have to bear them."""
_TEXT_ROWS = 20
_TEXT_CHARACTERS = 40

_STYLE = """
.lakesail-rows{overflow:auto;max-height:30em;color:var(--jp-ui-font-color1,inherit)}
.lakesail-rows table{border-collapse:collapse;font-size:.9em}
.lakesail-rows th{position:sticky;top:0;background:var(--jp-layout-color2,Canvas);text-align:left;vertical-align:bottom}
.lakesail-rows th,.lakesail-rows td{padding:.2em .7em;border-bottom:1px solid var(--jp-border-color2,#8884)}
.lakesail-rows th,.lakesail-rows td{max-width:24em;overflow:hidden;text-overflow:ellipsis}
.lakesail-rows th{white-space:nowrap}
.lakesail-rows td{white-space:pre;text-align:left}
.lakesail-rows .n{text-align:right;font-variant-numeric:tabular-nums}
.lakesail-rows button{all:unset;cursor:pointer;font-weight:bold}
.lakesail-rows button:focus-visible{outline:2px solid}
.lakesail-rows th small{display:block;overflow:hidden;text-overflow:ellipsis;font-weight:normal;opacity:.7}
.lakesail-rows i{opacity:.5}
.lakesail-rows [aria-sort=ascending] button::after{content:" \\25B2"}
.lakesail-rows [aria-sort=descending] button::after{content:" \\25BC"}
"""
_SORT = """
(function(){
  function key(text, number){
    if (!number) return text;
    if (text === "nan") return Infinity;
    return text === "inf" ? Number.MAX_VALUE : text === "-inf" ? -Number.MAX_VALUE : Number(text);
  }
  function sortable(root){
    var body = root.querySelector("tbody");
    root.querySelectorAll("th button").forEach(function(button, column){
      button.onclick = function(){
        var head = button.closest("th");
        var down = head.getAttribute("aria-sort") === "ascending";
        root.querySelectorAll("th").forEach(function(one){ one.setAttribute("aria-sort", "none"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var number = head.classList.contains("n");
        var rows = Array.from(body.rows).map(function(row){
          var cell = row.cells[column];
          var none = cell.firstElementChild !== null;
          return {row: row, none: none, key: none ? 0 : key(cell.title || cell.textContent, number)};
        });
        rows.sort(function(a, b){
          if (a.none !== b.none) return a.none ? 1 : -1;
          var order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
          return down ? -order : order;
        });
        rows.forEach(function(one){ body.appendChild(one.row); });
      };
    });
  }
  document.querySelectorAll("#%s").forEach(sortable);
})();
"""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    number: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """What a table shows."""

    columns: Sequence[Column]
    values: Sequence[Sequence[str | None]]
    """Row by row; ``None`` for no value."""
    caption: str


def of_arrow(fetched: Any, limit: int, *, rows: int | None = None, zone: SessionZone | None = None) -> Rows:
    """The rows of an Arrow table.

    :param limit: how many are shown; one more in the table says that there are more.
    :param rows: how many were fetched; an Arrow table without columns does not tell it.
    :param zone: in which timestamps are shown.
    """
    import pyarrow.types

    rows = fetched.num_rows if rows is None else rows
    shown = fetched.slice(0, limit)
    fields = list(shown.schema)[:_COLUMNS]
    columns = [Column(field.name, _type(field.type), _is_number(pyarrow.types, field.type)) for field in fields]
    by_column = [texts_of(shown.column(index), zone) for index in range(len(fields))]
    values = list(zip(*by_column, strict=True)) if by_column else []
    in_zone = f", times in {zone.name}" if zone is not None and any(has_instants(one.type) for one in fields) else ""
    return Rows(columns, values, _caption(min(rows, limit), rows > limit, fetched.num_columns) + in_zone)


def of_schema(schema: Any) -> Rows:
    """The columns of a PySpark schema, a row each."""
    columns = [Column("column", "", False), Column("type", "", False), Column("nullable", "", False)]
    values = [(field.name, field.dataType.simpleString(), "yes" if field.nullable else "no") for field in schema.fields]
    return Rows(columns, values, _plural(len(values), "column"))


def bundle(rows: Rows) -> dict[str, str]:
    """The MIME bundle of a display."""
    return {"text/html": to_html(rows), "text/plain": to_text(rows)}


def to_html(rows: Rows) -> str:
    identity = f"lakesail-rows-{secrets.token_hex(8)}"
    head = "".join(
        f'<th scope="col" aria-sort="none"{_class(column)}>'
        f'<button type="button"{_title(column.name)}>{_escaped(column.name)}</button>'
        f"<small{_title(column.type)}>{_escaped(column.type)}</small></th>"
        for column in rows.columns
    )
    body = _body(rows)
    caption = html.escape(rows.caption + _hidden(len(rows.values) - len(body)))
    return (
        f'<div class="lakesail-rows" id="{identity}" tabindex="0" role="region" aria-label="{caption}">'
        f"<style>{_STYLE}</style>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        f"<div><small>{caption}</small></div><script>{_SORT % identity}</script>"
    )


def _body(rows: Rows) -> list[str]:
    """The rows as HTML, as many as there is room for."""
    body: list[str] = []
    room = _PAGE_CHARACTERS
    for row in rows.values:
        cells = "".join(_cell(column, value) for column, value in zip(rows.columns, row, strict=True))
        room -= len(cells)
        if room < 0:
            break
        body.append(f"<tr>{cells}</tr>")
    return body


def to_text(rows: Rows) -> str:
    names = [printable(_cut(column.name, _TEXT_CHARACTERS)) for column in rows.columns]
    shown = [
        [NULL if value is None else _cut(value, _TEXT_CHARACTERS) for value in row] for row in rows.values[:_TEXT_ROWS]
    ]
    return f"{table(names, shown)}\n{rows.caption}{_hidden(len(rows.values) - len(shown))}"


def _hidden(rows: int) -> str:
    return f" ({rows:,} of them not shown here)" if rows else ""


def _cell(column: Column, value: str | None) -> str:
    if value is None:
        return f"<td{_class(column)}><i>{NULL}</i></td>"
    return f"<td{_class(column)}{_title(value)}>{_escaped(value)}</td>"


def _title(value: str) -> str:
    """What a reader can look up when the value is too long to be seen."""
    return f' title="{html.escape(_cut(value, 10 * _CHARACTERS))}"' if len(value) > _NARROW else ""


def _escaped(value: str) -> str:
    return html.escape(_cut(value, _CHARACTERS))


def _class(column: Column) -> str:
    return ' class="n"' if column.number else ""


def _cut(value: str, characters: int) -> str:
    return value if len(value) <= characters else f"{value[: characters - 1]}…"


def _type(kind: Any) -> str:
    """As Spark says it; as Arrow does for what PySpark has no name for."""
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import from_arrow_type

    try:
        return str(from_arrow_type(kind).simpleString())
    except PySparkException:
        return str(kind)


def _is_number(types: Any, kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _caption(rows: int, more: bool, columns: int) -> str:
    first = f"The first {_plural(rows, 'row')}; there are more" if more else _plural(rows, "row")
    if not columns:
        return f"{first}, no columns"
    return first + (f", the first {_COLUMNS} of {columns:,} columns" if columns > _COLUMNS else "")


def _plural(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
