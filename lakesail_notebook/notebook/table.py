"""Rows as a table for a notebook: HTML without anything from elsewhere, and the same as text.

Pure, but for the number that keeps two tables of one page apart.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..texts.tables import printable, table

_COLUMNS = 100
_CHARACTERS = 300
_TEXT_ROWS = 20
_NULL = "null"
_numbers = itertools.count(1)

_STYLE = """
.lakesail-rows{overflow:auto;max-height:30em;color:var(--jp-ui-font-color1,inherit)}
.lakesail-rows table{border-collapse:collapse;font-size:.9em}
.lakesail-rows th{position:sticky;top:0;background:var(--jp-layout-color2,Canvas);text-align:left;vertical-align:bottom}
.lakesail-rows th,.lakesail-rows td{padding:.2em .7em;border-bottom:1px solid var(--jp-border-color2,#8884)}
.lakesail-rows td{white-space:pre;text-align:left}
.lakesail-rows .n{text-align:right;font-variant-numeric:tabular-nums}
.lakesail-rows button{all:unset;cursor:pointer;font-weight:bold}
.lakesail-rows button:focus-visible{outline:2px solid}
.lakesail-rows th small{display:block;font-weight:normal;opacity:.7}
.lakesail-rows i{opacity:.5}
.lakesail-rows [aria-sort=ascending] button::after{content:" \\25B2"}
.lakesail-rows [aria-sort=descending] button::after{content:" \\25BC"}
"""
_SORT = """
(function(){
  var root = document.getElementById("%s");
  if (!root) return;
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
        var text = cell.title || cell.textContent;
        return {row: row, none: cell.firstElementChild !== null, key: number ? Number(text) : text};
      });
      rows.sort(function(a, b){
        if (a.none !== b.none) return a.none ? 1 : -1;
        var order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
        return down ? -order : order;
      });
      rows.forEach(function(one){ body.appendChild(one.row); });
    };
  });
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


def of_arrow(fetched: Any, limit: int) -> Rows:
    """The rows of an Arrow table.

    :param limit: how many are shown; one more in the table says that there are more.
    """
    import pyarrow.types
    from pyspark.sql.pandas.types import from_arrow_type

    shown = fetched.slice(0, limit)
    fields = list(shown.schema)[:_COLUMNS]
    columns = [
        Column(field.name, from_arrow_type(field.type).simpleString(), _is_number(pyarrow.types, field.type))
        for field in fields
    ]
    by_column = [[_text(value) for value in shown.column(index).to_pylist()] for index in range(len(fields))]
    values = list(zip(*by_column, strict=True)) if by_column else []
    return Rows(columns, values, _caption(shown.num_rows, fetched.num_rows > limit, fetched.num_columns))


def of_schema(schema: Any) -> Rows:
    """The columns of a PySpark schema, a row each."""
    columns = [Column("column", "", False), Column("type", "", False), Column("nullable", "", False)]
    values = [(field.name, field.dataType.simpleString(), "yes" if field.nullable else "no") for field in schema.fields]
    return Rows(columns, values, _plural(len(values), "column"))


def bundle(rows: Rows) -> dict[str, str]:
    """The MIME bundle of a display."""
    return {"text/html": to_html(rows), "text/plain": to_text(rows)}


def to_html(rows: Rows) -> str:
    identity = f"lakesail-rows-{next(_numbers)}"
    head = "".join(
        f'<th scope="col" aria-sort="none"{_class(column)}><button>{html.escape(column.name)}</button>'
        f"<small>{html.escape(column.type)}</small></th>"
        for column in rows.columns
    )
    body = "".join(
        f"<tr>{''.join(_cell(column, value) for column, value in zip(rows.columns, row, strict=True))}</tr>"
        for row in rows.values
    )
    return (
        f'<div class="lakesail-rows" id="{identity}" tabindex="0"><style>{_STYLE}</style>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        f"<div><small>{html.escape(rows.caption)}</small></div><script>{_SORT % identity}</script>"
    )


def to_text(rows: Rows) -> str:
    names = [column.name for column in rows.columns]
    shown = [[_NULL if value is None else _cut(value, 40) for value in row] for row in rows.values[:_TEXT_ROWS]]
    more = len(rows.values) - len(shown)
    hidden = f" ({more:,} of them not shown here)" if more > 0 else ""
    return f"{table([printable(name) for name in names], shown)}\n{rows.caption}{hidden}"


def _cell(column: Column, value: str | None) -> str:
    if value is None:
        return f"<td{_class(column)}><i>{_NULL}</i></td>"
    cut = _cut(value, _CHARACTERS)
    title = f' title="{html.escape(value[: 10 * _CHARACTERS])}"' if cut != value else ""
    return f"<td{_class(column)}{title}>{html.escape(cut)}</td>"


def _class(column: Column) -> str:
    return ' class="n"' if column.number else ""


def _cut(value: str, characters: int) -> str:
    return value if len(value) <= characters else f"{value[: characters - 1]}…"


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"0x{value[:_CHARACTERS].hex()}"
    return str(value)


def _is_number(types: Any, kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _caption(rows: int, more: bool, columns: int) -> str:
    first = f"The first {_plural(rows, 'row')}; there are more" if more else _plural(rows, "row")
    hidden = f", the first {_COLUMNS} of {columns:,} columns" if columns > _COLUMNS else ""
    return first + hidden


def _plural(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
