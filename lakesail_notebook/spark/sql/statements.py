"""A cell of SQL, read as far as needed: its statements, and the ``{name}`` in them. Pure.

What stands in string literals, quoted names and comments is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .tokens import Token, tokens_of


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

    :raises NotReadable: for a brace that is neither doubled nor around a name, and for what is begun and not ended.
    """
    found: list[Statement] = []
    pieces: list[Piece] = []
    says_something = False
    for token in tokens_of(sql):
        if token.kind == "end":
            found += [tuple(pieces)] if says_something else []
            pieces, says_something = [], False
            continue
        says_something = says_something or token.kind not in {"space", "comment"}
        pieces.append(_piece(token, sql))
    return [*found, tuple(pieces)] if says_something else found


def split(sql: str) -> list[str]:
    """The statements of a text in which braces mean nothing, each as it stands there."""
    found: list[str] = []
    text, says_something = "", False
    for token in tokens_of(sql):
        if token.kind == "end":
            found += [text.strip()] if says_something else []
            text, says_something = "", False
            continue
        says_something = says_something or token.kind not in {"space", "comment"}
        text += token.text
    return [*found, text.strip()] if says_something else found


def _piece(token: Token, sql: str) -> Piece:
    match token.kind:
        case "parameter":
            return Piece("name", token.text[1:-1].strip())
        case "brace":
            return Piece("text", token.text[0])
        case "stray":
            raise NotReadable(
                f"{_line(token, sql)}: {token.text!r} stands alone; {{name}} binds a Python value, "
                "and {{ or }} is a brace"
            )
        case "unclosed":
            raise NotReadable(f"{_line(token, sql)}: the {token.text} is not closed")
        case _:
            return Piece("text", token.text)


def _line(token: Token, sql: str) -> str:
    line = sql.count("\n", 0, token.start) + 1
    return f"line {line}"
