"""Completion of tables and columns in ``%%sail sql`` cells."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

_PATIENCE_SECONDS = 0.5
"""A kernel does nothing else while it completes."""
_KNOWN_FOR_SECONDS = 5.0
_TABLES = 50
"""So many are asked for their columns."""
_CELL = re.compile(r"%%sail\s+sql\b")
_WORD = re.compile(r"(?:(\w+)\.)?(\w*)\Z")
_TABLE_COMES = re.compile(r"\b(?:from|join|into|update|table)\s+\Z", re.IGNORECASE)
_MENTIONED = re.compile(
    r"\b(?:from|join|into|update)\s+`?(?P<table>\w+)`?(?:\s+(?:as\s+)?(?P<alias>\w+))?", re.IGNORECASE
)

Catalog = Mapping[str, Sequence[str]]
"""The columns of each table."""


def candidates(sql: str, cursor: int, catalog: Catalog) -> tuple[Sequence[str], str]:
    """What the word before the cursor may become, and how much of it is there.

    After a table's name or alias and a dot, its columns; after FROM and the like, tables; elsewhere the columns of the
    tables that the cell mentions, or of all when it mentions none, and the tables.
    """
    before = sql[:cursor]
    match = _WORD.search(before)
    assert match is not None  # an empty word is one
    qualifier, start = match.groups()
    mentioned = _mentioned(sql, catalog)
    if qualifier is not None:
        names = list(mentioned.get(qualifier.lower(), _columns_of(qualifier, catalog)))
    elif _TABLE_COMES.search(before[: match.start()]):
        names = list(catalog)
    else:
        columns = [column for table in (mentioned or catalog).values() for column in table]
        names = [*columns, *catalog]
    found = dict.fromkeys(name for name in names if name.lower().startswith(start.lower()))
    return [_quoted(name) for name in found], start


def _mentioned(sql: str, catalog: Catalog) -> Mapping[str, Sequence[str]]:
    """The columns of the known tables that the text mentions, by their names and aliases in small letters."""
    found: dict[str, Sequence[str]] = {}
    for match in _MENTIONED.finditer(sql):
        columns = _columns_of(match["table"], catalog)
        if columns:
            found[match["table"].lower()] = columns
            found[(match["alias"] or match["table"]).lower()] = columns
    return found


def _columns_of(name: str, catalog: Catalog) -> Sequence[str]:
    return next((columns for table, columns in catalog.items() if table.lower() == name.lower()), ())


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[^\W\d]\w*", name) else f"`{name.replace('`', '``')}`"


class Names:
    """The tables and columns of the notebook's session, as far as it says so quickly; remembered for some seconds."""

    def __init__(self) -> None:
        self._known: Catalog = {}
        self._of: Any = None
        self._until = 0.0
        self._asking: threading.Thread | None = None

    def known(self) -> Catalog:
        """Empty before PySpark is loaded: who has not connected has no tables."""
        module = sys.modules.get("pyspark.sql.connect.session")
        spark = None if module is None else module.SparkSession.getActiveSession()
        if spark is None:
            return {}
        if spark is not self._of:
            self._known, self._of, self._until, self._asking = {}, spark, 0.0, None
        if time.monotonic() >= self._until:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, args=(spark,), name="lakesail-names", daemon=True)
                self._asking.start()
            self._asking.join(_PATIENCE_SECONDS)
        return self._known

    def _ask(self, spark: Any) -> None:
        from pyspark.errors import PySparkException

        try:
            tables = [table.name for table in spark.catalog.listTables()]
        except PySparkException:  # the next query will say it
            tables = []
        known = {table: _columns(spark, table) for table in tables[:_TABLES]} | dict.fromkeys(tables[_TABLES:], ())
        if spark is self._of:
            self._known, self._until = known, time.monotonic() + _KNOWN_FOR_SECONDS


def _columns(spark: Any, table: str) -> Sequence[str]:
    from pyspark.errors import PySparkException

    try:
        return tuple(spark.table(_quoted(table)).columns)
    except PySparkException:  # a view on a file that is gone
        return ()


def register(shell: Any) -> None:
    """Have this shell complete names in SQL cells."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    names = Names()

    @context_matcher()  # type: ignore[untyped-decorator]
    def lakesail_sql_matcher(context: Any) -> Any:
        if not _CELL.match(context.full_text) or context.cursor_line == 0:
            return {"completions": []}
        lines = context.full_text.split("\n")
        ahead = sum(len(line) + 1 for line in lines[1 : context.cursor_line])
        cursor = ahead + len(context.text_until_cursor)
        found, start = candidates("\n".join(lines[1:]), cursor, names.known())
        return {"completions": [SimpleCompletion(text=name) for name in found], "matched_fragment": start}

    shell.Completer.custom_matchers.append(lakesail_sql_matcher)
