"""What the word before the cursor in SQL text may become. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .tokens import Token, code_of, tokens_of

_BEFORE_TABLES = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE"})
_MENTIONS = _BEFORE_TABLES - {"TABLE"}

Catalog = Mapping[str, Sequence[str]]
"""The columns of each table."""


def candidates(sql: str, cursor: int, catalog: Catalog) -> tuple[Sequence[str], str]:
    """What the word before the cursor may become, and how much of it is there.

    After a table's name or alias and a dot, its columns; after FROM and the like, tables; elsewhere the columns of the
    tables that the text mentions, or of all when it mentions none, and the tables.
    """
    before, start = _before_word(list(tokens_of(sql[:cursor])))
    mentioned = _mentioned(sql, catalog)
    qualifier = _qualifier(before)
    if qualifier is not None:
        names = list(mentioned.get(qualifier.lower(), _columns_of(qualifier, catalog)))
    elif _tables_come(before):
        names = list(catalog)
    else:
        columns = [column for table in (mentioned or catalog).values() for column in table]
        names = [*columns, *catalog]
    found = dict.fromkeys(name for name in names if name.lower().startswith(start.lower()))
    return [quoted(name) for name in found], start


def quoted(name: str) -> str:
    """The name as SQL takes it."""
    return name if re.fullmatch(r"[^\W\d]\w*", name) else f"`{name.replace('`', '``')}`"


def _before_word(tokens: list[Token]) -> tuple[list[Token], str]:
    """The tokens before the word at the end of the text, and that word."""
    if tokens and tokens[-1].kind == "word":
        return tokens[:-1], tokens[-1].text
    return tokens, ""


def _qualifier(before: list[Token]) -> str | None:
    """The name of ``name.``, if that comes last."""
    if len(before) < 2 or before[-1].text != ".":
        return None
    return before[-2].name


def _tables_come(before: list[Token]) -> bool:
    said = [token for token in before if token.kind != "comment"]
    return len(said) > 1 and said[-1].kind == "space" and said[-2].text.upper() in _BEFORE_TABLES


def _mentioned(sql: str, catalog: Catalog) -> Mapping[str, Sequence[str]]:
    """The columns of the known tables that the text mentions, by their names and aliases in small letters."""
    found: dict[str, Sequence[str]] = {}
    code = code_of(sql)
    for index, token in enumerate(code[:-1]):
        table = code[index + 1].name
        if token.text.upper() not in _MENTIONS or table is None:
            continue
        columns = _columns_of(table, catalog)
        if columns:
            found[table.lower()] = columns
            found[(_alias(code[index + 2 : index + 4]) or table).lower()] = columns
    return found


def _alias(code: Sequence[Token]) -> str | None:
    after_as = code[1:] if code and code[0].text.upper() == "AS" else code
    return after_as[0].name if after_as else None


def _columns_of(name: str, catalog: Catalog) -> Sequence[str]:
    return next((columns for table, columns in catalog.items() if table.lower() == name.lower()), ())
