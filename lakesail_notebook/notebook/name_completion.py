"""Completion of what the catalog and the DataFrames know: in SQL cells, in SQL strings, and behind DataFrames."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..spark.catalog.lazy import LazyCatalog
from ..spark.frame_columns import FrameColumns
from ..spark.sessions.active_catalog import active_catalog
from ..spark.sql.completion import Candidate, candidates
from ..spark.sql.names import quoted
from .python_names import PythonNames
from .python_places import Place, place_at

PATIENCE_SECONDS = 0.5
"""A kernel does nothing else while it completes."""
_CELL = re.compile(r"\s*%%sail[ \t]+sql\b[^\n]*\n")
_OTHER_CELL = re.compile(r"\s*%%sail\b")


class Completed(list[Any]):
    """Completions beside which IPython shows no others, even if there are none.

    IPython silences its other matchers only for a matcher that found something. In SQL they would offer Python modules,
    and behind a DataFrame they would wait for the engine without a limit.
    """

    def __len__(self) -> int:
        return max(1, super().__len__())


def register(shell: Any) -> None:
    """Have this shell complete names in SQL cells and of DataFrames."""
    from IPython.core.completer import context_matcher

    completion = NameCompletion(shell, active_catalog)

    @context_matcher()  # type: ignore[untyped-decorator]
    def lakesail_sql_matcher(context: Any) -> Any:
        return completion.in_sql_cell(context.full_text, _cursor(context))

    @context_matcher()  # type: ignore[untyped-decorator]
    def lakesail_frame_matcher(context: Any) -> Any:
        return completion.in_python(context.full_text, _cursor(context))

    shell.Completer.custom_matchers += [lakesail_sql_matcher, lakesail_frame_matcher]


class NameCompletion:
    """:param catalog: of the active Spark session, or ``None`` when there is none."""

    def __init__(self, shell: Any, catalog: Callable[[], LazyCatalog | None]) -> None:
        self._shell = shell
        self._catalog = catalog
        self._frame_columns = FrameColumns()

    def in_sql_cell(self, text: str, cursor: int) -> dict[str, Any]:
        cell = _CELL.match(text)
        if cell is None or cursor < cell.end():
            return {"completions": []}
        return _result(*self._in_sql(text[cell.end() :], cursor - cell.end()))

    def in_python(self, text: str, cursor: int) -> dict[str, Any]:
        if _OTHER_CELL.match(text):
            return {"completions": []}
        names = self._names(time.monotonic() + PATIENCE_SECONDS)
        place = place_at(text[:cursor], names.kind_of)
        if place is None:
            return {"completions": []}
        if place.kind in {"sql", "table"}:
            return self._in_sql_string(place, text[cursor:])
        columns = [column.name for name in place.variables for column in names.columns(name)]
        if place.kind == "attribute":
            return _result(_attributes(type(names.frame(place.variables[0])), columns, place.fragment), place.fragment)
        start = place.fragment.removeprefix("`").lower()
        fitting = dict.fromkeys(name for name in columns if name.lower().startswith(start))
        return _result([Candidate(_in_quotes(name, place), "column") for name in fitting], place.fragment)

    def _in_sql_string(self, place: Place, after: str) -> dict[str, Any]:
        """In ``spark.sql("...")`` and ``spark.table("...")``."""
        rest = after.partition(place.quote if len(place.quote) == 3 else "\n")[0].partition(place.quote)[0]
        before = place.fragment if place.kind == "sql" else f"table {place.fragment}"
        found, fragment = self._in_sql(before + rest, len(before))
        return _result([one for one in found if place.quote not in one.text], fragment)

    def _in_sql(self, sql: str, cursor: int) -> tuple[Sequence[Candidate], str]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        catalog = self._catalog() or _NO_CATALOG
        return candidates(sql, cursor, catalog.within(PATIENCE_SECONDS), self._names(deadline))

    def _names(self, deadline: float) -> PythonNames:
        return PythonNames(self._shell.user_ns, self._shell.user_ns_hidden, self._frame_columns, deadline)


_NO_CATALOG = LazyCatalog(lambda question: ())


def table_names(name: str) -> tuple[Sequence[str], str]:
    """What the beginning of a table's name may become, and how much of its last part is there."""
    catalog = active_catalog() or _NO_CATALOG
    text = f"table {name}"
    names = PythonNames({}, {}, FrameColumns(), 0.0)
    found, fragment = candidates(text, len(text), catalog.within(PATIENCE_SECONDS), names)
    return [one.text for one in found], fragment


def _cursor(context: Any) -> int:
    """Where the cursor stands in the whole text of the cell, in characters."""
    lines = context.full_text.split("\n")
    return sum(len(line) + 1 for line in lines[: context.cursor_line]) + len(context.text_until_cursor)


def _result(found: Iterable[Candidate], fragment: str) -> dict[str, Any]:
    from IPython.core.completer import SimpleCompletion

    completions = Completed(SimpleCompletion(text=one.text, type=one.kind) for one in found)
    return {"completions": completions, "matched_fragment": fragment, "suppress": True, "ordered": True}


def _attributes(frame_class: type, columns: Sequence[str], fragment: str) -> Iterator[Candidate]:
    """The columns that can be written behind the dot, then the methods; private ones when they are begun."""
    methods = dir(frame_class)
    for name in dict.fromkeys(columns):
        if name.isidentifier() and name not in methods and name.lower().startswith(fragment.lower()):
            yield Candidate(name, "column")
    for name in methods:
        if name.startswith(fragment) and (fragment.startswith("_") or not name.startswith("_")):
            yield Candidate(name, "function")


def _in_quotes(name: str, place: Place) -> str:
    """The name as it stands in a string that has begun."""
    if place.kind == "expression":
        text = f"`{name.replace('`', '``')}`" if place.fragment.startswith("`") else quoted(name)
    elif place.kind == "exact column" or not ({".", "`"} & set(name) or place.fragment.startswith("`")):
        text = name
    else:
        text = f"`{name.replace('`', '``')}`"
    return text.replace("\\", "\\\\").replace(place.quote, f"\\{place.quote}")
