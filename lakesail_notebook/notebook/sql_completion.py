"""Completion of tables and columns in ``%%sail sql`` cells."""

from __future__ import annotations

import re
from typing import Any

from ..spark.catalog import Names
from ..spark.sql.completion import candidates

_CELL = re.compile(r"%%sail\s+sql\b")


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
