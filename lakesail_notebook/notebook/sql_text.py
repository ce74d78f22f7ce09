"""A cell of SQL, read as far as needed: its statements, and the ``{name}`` in them. Pure.

What stands in string literals, quoted names and comments is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "name", "end"]

_TOKEN = re.compile(
    r"""
    (?P<quoted> '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`]|``)*` )
    | (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<brace> \{\{ | \}\} )
    | (?P<name> \{\s*[A-Za-z_]\w*\s*\} )
    | (?P<stray> [{}] )
    | (?P<end> ; )
    | (?P<text> [^'"`{};/-]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a statement."""

    kind: Literal["text", "name"]
    text: str
    """SQL as it is to be sent, or the name in the braces."""


Statement = tuple[Piece, ...]


class NotReadable(ValueError):
    """The text of the exception says where and why."""


def statements_of(sql: str) -> list[Statement]:
    """The statements of a cell; without those that are only space and comments.

    :raises NotReadable: for a brace that is neither doubled nor round a name.
    """
    found: list[Statement] = []
    pieces: list[Piece] = []
    says_something = False
    for kind, text in _tokens(sql):
        if kind == "end":
            found += [tuple(pieces)] if says_something else []
            pieces, says_something = [], False
            continue
        says_something = says_something or kind == "name" or _is_sql(text)
        pieces.append(Piece("name" if kind == "name" else "text", text))
    return [*found, tuple(pieces)] if says_something else found


def _tokens(sql: str) -> Iterator[tuple[Kind, str]]:
    for match in _TOKEN.finditer(sql):
        text = match.group()
        match match.lastgroup:
            case "end":
                yield "end", text
            case "name":
                yield "name", text[1:-1].strip()
            case "brace":
                yield "text", text[0]
            case "stray":
                line = sql.count("\n", 0, match.start()) + 1
                raise NotReadable(
                    f"line {line}: {text!r} stands alone; {{name}} binds a Python value, and {{{{ or }}}} is a brace"
                )
            case _:
                yield "text", text


def _is_sql(text: str) -> bool:
    return bool(text.strip()) and not text.startswith(("--", "/*"))
