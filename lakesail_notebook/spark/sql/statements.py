"""A cell of SQL, read as far as needed: its statements, and the ``{name}`` in them. Pure.

What stands in string literals, quoted names and comments is left as it is; where these end is as in Sail 0.7.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "name", "end"]

# Two quotes in a row, which stand for one, read as the end of a literal and the begin of the next.
_TOKEN = re.compile(
    r"""
    (?P<quoted> (?<!\w)[rR](?:'[^']*'|"[^"]*") | '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*`
        | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<comment> --[^\r\n]* )
    | (?P<block> /\* )
    | (?P<brace> \{\{ | \}\} )
    | (?P<name> \{\s*[^\W\d]\w*\s*\} )
    | (?P<stray> [{}] )
    | (?P<unclosed> ['"`] )
    | (?P<end> ; )
    | (?P<text> \w+ | [^\w'"`{};/$-]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_MARK = re.compile(r"/\*|\*/")


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

    :raises NotReadable: for a brace that is neither doubled nor round a name, and for what is begun and not ended.
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
    position = 0
    while match := _TOKEN.match(sql, position):
        start, position = match.span()
        text = match.group()
        match match.lastgroup:
            case "end":
                yield "end", text
            case "name":
                yield "name", text[1:-1].strip()
            case "brace":
                yield "text", text[0]
            case "block":
                position = _end_of_block(sql, start)
                yield "text", sql[start:position]
            case "stray":
                raise NotReadable(
                    f"{_line(sql, start)}: {text!r} stands alone; {{name}} binds a Python value, "
                    "and {{ or }} is a brace"
                )
            case "unclosed":
                raise NotReadable(f"{_line(sql, start)}: the {text} is not closed")
            case _:
                yield "text", text


def _end_of_block(sql: str, start: int) -> int:
    """Where the comment ends; it may hold others."""
    depth = 0
    for mark in _BLOCK_MARK.finditer(sql, start):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    raise NotReadable(f"{_line(sql, start)}: the /* is not closed")


def _line(sql: str, position: int) -> str:
    line = sql.count("\n", 0, position) + 1
    return f"line {line}"


def _is_sql(text: str) -> bool:
    return bool(text.strip()) and not text.startswith(("--", "/*"))
