"""What can stand at the cursor in SQL text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .mentions import word_of
from .tokens import Token, tokens_of

PlaceKind = Literal["statement", "table", "database", "catalog", "column", "variable"]

_BEFORE_TABLES = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "OVERWRITE", "DESCRIBE"})
_CLAUSES = frozenset(
    {"SELECT", "FROM", "JOIN", "WHERE", "GROUP", "ORDER", "HAVING", "ON", "USING", "SET", "VALUES", "LIMIT", "BY", "AS"}
)
_QUERY_OF_FROM = frozenset({"SELECT", "DELETE", "SHOW", "INSERT"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor stands."""

    kind: PlaceKind
    qualifier: tuple[str, ...]
    """The parts of the name before the dot."""
    fragment: str
    """What is there of the word, as it is written."""
    statement: str
    """The whole statement around the cursor, without that word."""
    follows_table_word: bool = False
    """For a variable: whether a table can stand here."""

    @property
    def start(self) -> str:
        """How the name that is meant begins, without its backquote."""
        return self.fragment.removeprefix("`").replace("``", "`") if self.fragment.startswith("`") else self.fragment


def place_at(sql: str, cursor: int) -> Place | None:
    """The place of the cursor; ``None`` in a literal, in a comment, and right after what is complete."""
    tokens = list(tokens_of(sql[:cursor]))
    ends = [token.end for token in tokens if token.kind == "end"]
    begin = ends[-1] if ends else 0
    tokens = [token for token in tokens if token.start >= begin]
    later = next((token.start for token in tokens_of(sql) if token.kind == "end" and token.start >= cursor), len(sql))
    rest = sql[_end_of_word(sql, cursor) : max(later, cursor)]
    open_at = next((index for index, token in enumerate(tokens) if token.kind == "unclosed"), None)
    if open_at is not None:
        if tokens[open_at].text != "`" or "\n" in sql[tokens[open_at].start : cursor]:
            return None
        start = tokens[open_at].start
        return _named(tokens[:open_at], sql[start:cursor], f"{sql[begin:start]} {rest}")
    if tokens and tokens[-1].kind in {"literal", "quoted name", "comment", "parameter", "brace"}:
        return None
    if tokens and tokens[-1].kind == "word":
        return _named(tokens[:-1], tokens[-1].text, f"{sql[begin : tokens[-1].start]} {rest}")
    return _named(tokens, "", f"{sql[begin:cursor]} {rest}")


def _end_of_word(sql: str, cursor: int) -> int:
    while cursor < len(sql) and (sql[cursor].isalnum() or sql[cursor] == "_"):
        cursor += 1
    return cursor


def _named(before: Sequence[Token], fragment: str, statement: str) -> Place | None:
    """The place of a word with these tokens of its statement before it."""
    rest = [token for token in before if token.kind not in {"space", "comment"}]
    if rest and rest[-1].text == "{":
        return Place("variable", (), fragment, statement, _kind(rest[:-1]) == "table")
    qualifier: list[str] = []
    while len(rest) > 1 and rest[-1].text == "." and (name := rest[-2].name) is not None:
        qualifier.insert(0, name)
        del rest[-2:]
    if rest and rest[-1].text == ".":  # as in {frame}.
        return None
    if fragment[:1].isdecimal():
        return None
    return Place(_kind(rest), tuple(qualifier), fragment, statement)


def _kind(code: Sequence[Token]) -> PlaceKind:
    """What comes after this code."""
    if not code:
        return "statement"
    first, last = word_of(code[0]), word_of(code[-1])
    if last in {"CATALOG"}:
        return "catalog"
    if last in {"USE", "DATABASE", "SCHEMA", "NAMESPACE"}:
        return "database"
    if first == "SHOW" and last in {"IN", "FROM"}:
        return _shown(word_of(code[1]))
    if last == "EXISTS" and first == "DROP":
        return "database" if {"DATABASE", "SCHEMA"} & {word_of(token) for token in code} else "table"
    if last == "DESC" and len(code) == 1:
        return "table"
    if last == "USING" and first == "MERGE":
        return "table"
    if last == "FROM":
        return "table" if _before(code[:-1], _QUERY_OF_FROM) or not _is_inside(code) else "column"
    if last in _BEFORE_TABLES:
        return "table"
    if last == "," and _before(code[:-1], _CLAUSES) in {"FROM", "JOIN"}:
        return "table"
    return "column"


def _shown(what: str) -> PlaceKind:
    """What stands after ``SHOW what IN``."""
    if what in {"DATABASES", "SCHEMAS", "NAMESPACES"}:
        return "catalog"
    return "table" if what == "COLUMNS" else "database"


def _before(code: Sequence[Token], words: frozenset[str]) -> str | None:
    """The last of these words, not looking into or out of parentheses."""
    depth = 0
    for token in reversed(code):
        if token.text == ")":
            depth += 1
        elif token.text == "(":
            if depth == 0:
                return None
            depth -= 1
        elif depth == 0 and (word := word_of(token)) in words:
            return word
    return None


def _is_inside(code: Sequence[Token]) -> bool:
    """Whether a parenthesis is open."""
    return sum({"(": 1, ")": -1}.get(token.text, 0) for token in code) > 0
