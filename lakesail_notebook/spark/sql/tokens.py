"""The tokens of SQL text, as Sail reads them. Pure; the one place that knows where literals and comments end.

Checked against Sail 0.7.2: block comments nest; a backslash escapes in single and double quotes, but not after ``r``;
``$tag$`` opens a literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "word", "quoted name", "literal", "comment", "space", "symbol", "end", "parameter", "brace", "stray", "unclosed"
]
"""``end`` is a semicolon; ``parameter`` is ``{name}``; ``brace`` is a doubled brace; ``stray`` is any other brace."""

# Two quotes in a row, which stand for one, read as the end of a literal and the beginning of the next.
_TOKEN = re.compile(
    r"""
    (?P<literal> (?<!\w)[rR](?:'[^']*'|"[^"]*") | '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*"
        | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<quoted_name> `[^`]*` )
    | (?P<comment> --[^\r\n]* )
    | (?P<block> /\* )
    | (?P<brace> \{\{ | \}\} )
    | (?P<parameter> \{\s*[^\W\d]\w*\s*\} )
    | (?P<stray> [{}] )
    | (?P<unclosed> ['"`] )
    | (?P<end> ; )
    | (?P<word> \w+ )
    | (?P<space> \s+ )
    | (?P<symbol> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_MARK = re.compile(r"/\*|\*/")
_KINDS: dict[str, Kind] = {"quoted_name": "quoted name", "block": "comment"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    start: int
    """Where it begins in the SQL text, in characters."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def name(self) -> str | None:
        """The identifier that it is, without backquotes."""
        if self.kind == "quoted name":
            return self.text[1:-1]
        return self.text if self.kind == "word" else None


def tokens_of(sql: str) -> Iterator[Token]:
    """All tokens; together they are the text. Nothing is raised: what is begun and not ended is ``unclosed``."""
    position = 0
    while match := _TOKEN.match(sql, position):
        group = match.lastgroup or ""
        end = match.end()
        if group == "block":
            end = _end_of_block(sql, position) or end
            group = "block" if end > match.end() else "unclosed"
        yield Token(_KINDS.get(group, group), sql[position:end], position)  # type: ignore[arg-type]
        position = end


def code_of(sql: str) -> list[Token]:
    """The tokens without space and comments."""
    return [token for token in tokens_of(sql) if token.kind not in {"space", "comment"}]


class Reader:
    """Reads the beginning of a statement, token by token."""

    def __init__(self, code: Sequence[Token]) -> None:
        self._code = code
        self._at = 0

    def take(self, *words: str) -> bool:
        """Pass these words, given in capital letters, if they all come next."""
        ahead = self._code[self._at : self._at + len(words)]
        if [token.text.upper() for token in ahead] != list(words):
            return False
        self._at += len(words)
        return True

    def take_one_of(self, *words: str) -> bool:
        return any(self.take(word) for word in words)

    def peek(self, ahead: int = 0) -> Token | None:
        """The token that comes next, or so many after it; ``None`` beyond the end."""
        at = self._at + ahead
        return self._code[at] if at < len(self._code) else None

    def skip(self) -> Token | None:
        """Pass one token, whatever it is, and return it."""
        token = self.peek()
        self._at += token is not None
        return token

    def skip_parentheses(self) -> bool:
        """Pass ``( ... )`` with all that stands in it, if it comes next."""
        if not self.take("("):
            return False
        depth = 1
        while depth and (token := self.skip()) is not None:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        return True

    def dotted_name(self) -> str | None:
        """Pass ``a``, ``a.b`` or ``\\`a\\`.b`` if one comes next; its parts without backquotes."""
        parts: list[str] = []
        while self._at < len(self._code) and (part := self._code[self._at].name) is not None:
            parts.append(part)
            self._at += 1
            if not self.take("."):
                break
        return ".".join(parts) or None

    @property
    def rest(self) -> Sequence[Token]:
        """What was not passed yet."""
        return self._code[self._at :]


def _end_of_block(sql: str, start: int) -> int | None:
    """Where a comment ends, which may hold others; ``None`` when it does not."""
    depth = 0
    for mark in _BLOCK_MARK.finditer(sql, start):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return None
