"""The tables that a statement names, wherever in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .tokens import Token
from .words import RESERVED

_BEFORE_TABLES = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "USING"})
_LISTS = frozenset({"FROM", "JOIN"})
"""After these, a comma is followed by one more table."""
_NO_ALIAS = RESERVED | frozenset({"TABLESAMPLE", "PIVOT", "UNPIVOT", "QUALIFY", "SORT", "CLUSTER", "VERSION"})
_END_OF_LIST = frozenset(
    {"WHERE", "GROUP", "ORDER", "HAVING", "ON", "SELECT", "SET", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "WINDOW"}
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A table in a statement, or the ``{name}`` of a Python variable in its place."""

    parts: tuple[str, ...]
    """Of the table's name; empty for a variable."""
    variable: str | None = None
    alias: str | None = None

    @property
    def qualifier(self) -> str | None:
        """What may stand before the dot of its columns."""
        return self.alias or (self.parts[-1] if self.parts else None)

    def is_called(self, qualifier: Sequence[str]) -> bool:
        """Whether a column of it may be written with this qualifier."""
        if self.alias is not None or not self.parts:
            return len(qualifier) == 1 and self.alias is not None and qualifier[0].lower() == self.alias.lower()
        own = [part.lower() for part in self.parts[-len(qualifier) :]]
        return own == [part.lower() for part in qualifier]


def mentions_of(code: Sequence[Token]) -> list[Mention]:
    """The tables that a statement names, in their order; without those that it defines by ``WITH``.

    :param code: its tokens without space and comments.
    """
    defined = {name.lower() for name in defined_by_with(code)}
    found: list[Mention] = []
    in_list = [False]  # for each open parenthesis
    at = 0
    while at < len(code):
        word = word_of(code[at])
        at += 1
        if word == "(":
            in_list.append(False)
        elif word == ")" and len(in_list) > 1:
            in_list.pop()
        elif word in _BEFORE_TABLES or (word == "," and in_list[-1]):
            in_list[-1] = word == "," or word in _LISTS
            mention, at = _mention(code, at)
            if mention is not None and not (len(mention.parts) == 1 and mention.parts[0].lower() in defined):
                found.append(mention)
        elif word in _END_OF_LIST:
            in_list[-1] = False
    return list(dict.fromkeys(found))


def defined_by_with(code: Sequence[Token]) -> list[str]:
    """The names that a statement gives to queries by ``WITH name AS (...)``."""
    if not any(word_of(token) == "WITH" for token in code):
        return []
    return [
        name.name
        for before, name, word, parenthesis in zip(code, code[1:], code[2:], code[3:], strict=False)
        if name.name is not None
        and word_of(before) in {"WITH", ","}
        and word_of(word) == "AS"
        and parenthesis.text == "("
    ]


def names_of_subqueries(code: Sequence[Token]) -> frozenset[str]:
    """The names in small letters that a statement gives to queries: by ``WITH``, and behind ``FROM (...)``."""
    found = {name.lower() for name in defined_by_with(code)}
    of_tables: list[bool] = []  # for each open parenthesis, whether a table can stand in its place
    for at, token in enumerate(code):
        if token.text == "(":
            before = word_of(code[at - 1]) if at else ""
            of_tables.append(before in _LISTS or before == ",")
        elif token.text == ")" and of_tables and of_tables.pop():
            alias, _ = _alias(code, at + 1)
            found |= {alias.lower()} if alias else set()
    return frozenset(found)


def word_of(token: Token) -> str:
    """The word in capital letters, or the text of a token that is none."""
    return token.text.upper() if token.kind == "word" else token.text


def dotted_at(code: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """The parts of the name that begins there, none for no name, and where the code goes on."""
    parts: list[str] = []
    while at < len(code) and (part := code[at].name) is not None:
        parts.append(part)
        at += 1
        if at >= len(code) or code[at].text != ".":
            break
        at += 1
    return tuple(parts), at


def _mention(code: Sequence[Token], at: int) -> tuple[Mention | None, int]:
    if at < len(code) and code[at].kind == "parameter":
        variable = code[at].text[1:-1].strip()
        alias, end = _alias(code, at + 1)
        return Mention((), variable, alias), end
    if at < len(code) and code[at].kind == "word" and word_of(code[at]) in RESERVED:
        return None, at
    parts, end = dotted_at(code, at)
    if not parts or (end < len(code) and code[end].text == "("):  # a function that gives a table
        return None, end
    alias, end = _alias(code, end)
    return Mention(parts, None, alias), end


def _alias(code: Sequence[Token], at: int) -> tuple[str | None, int]:
    if at < len(code) and word_of(code[at]) == "AS":
        at += 1
    if at < len(code) and (name := code[at].name) is not None and word_of(code[at]) not in _NO_ALIAS:
        return name, at + 1
    return None, at
