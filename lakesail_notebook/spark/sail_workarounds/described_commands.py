"""A command that is described and not run: Sail 0.7.2 answers with a parser's message.

Goes when Sail describes commands, or refuses them with an error class.
"""

from __future__ import annotations

_NO_QUERY = "expected query node"


def is_no_query(error: Exception) -> bool:
    """Whether an error of describing a statement means that the statement is no query."""
    return _NO_QUERY in str(error)
