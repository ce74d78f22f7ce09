"""Completion of tables and columns in ``%%sail sql`` cells."""

from __future__ import annotations

import threading
import time
from typing import Any

_PATIENCE_SECONDS = 0.5
"""A kernel does nothing else while it completes."""
_KNOWN_FOR_SECONDS = 5.0
_TABLES = 50
"""So many are asked for their columns."""
_CELL = "%%sail sql"


class Names:
    """The tables and columns of the notebook's session, as far as it says so quickly; remembered for some seconds."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()
        self._until = 0.0
        self._asking: threading.Thread | None = None

    def known(self) -> tuple[str, ...]:
        from pyspark.sql.connect.session import SparkSession

        spark = SparkSession.getActiveSession()
        if spark is not None and time.monotonic() >= self._until:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, args=(spark,), name="lakesail-names", daemon=True)
                self._asking.start()
            self._asking.join(_PATIENCE_SECONDS)
        return self._known

    def _ask(self, spark: Any) -> None:
        from pyspark.errors import PySparkException

        try:
            tables = [table.name for table in spark.catalog.listTables()]
            columns = [column for table in tables[:_TABLES] for column in spark.table(table).columns]
        except PySparkException:  # a view on a file that is gone; the query will say it
            return
        self._known = tuple(dict.fromkeys([*tables, *columns]))
        self._until = time.monotonic() + _KNOWN_FOR_SECONDS


def register(shell: Any) -> None:
    """Have this shell complete names in SQL cells."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    names = Names()

    @context_matcher()  # type: ignore[untyped-decorator]
    def lakesail_sql_matcher(context: Any) -> Any:
        if not context.full_text.startswith(_CELL) or context.cursor_line == 0:
            return {"completions": []}
        word = context.token.rpartition(".")[2]
        found = [name for name in names.known() if name.lower().startswith(word.lower())]
        return {"completions": [SimpleCompletion(text=name) for name in found], "matched_fragment": word}

    shell.Completer.custom_matchers.append(lakesail_sql_matcher)
