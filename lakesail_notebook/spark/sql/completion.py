"""What the word before the cursor in SQL text may become. It asks the catalog only for what can stand there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ..catalog.entries import Catalog, Column, Current, Database, Function, Table
from .mentions import Mention, defined_by_with, mentions_of, names_of_subqueries
from .names import quoted
from .places import Place, place_at
from .tokens import code_of
from .words import KEYWORDS, STATEMENTS

_TABLES_READ = 20
"""So many are asked for their columns when the statement names none, or more."""
_SCHEMA_TYPE = "struct<"

CandidateKind = Literal["column", "table", "database", "catalog", "function", "keyword", "variable"]


class Names(Protocol):
    """What can be named; what is not known in time counts as empty."""

    def current(self) -> Current | None: ...
    def catalogs(self) -> Sequence[Catalog]: ...
    def databases(self, catalog: str) -> Sequence[Database]: ...
    def tables(self, catalog: str, namespace: tuple[str, ...]) -> Sequence[Table]: ...
    def temp_views(self) -> Sequence[Table]: ...
    def columns(self, parts: tuple[str, ...]) -> Sequence[Column]: ...
    def functions(self) -> Sequence[Function]: ...


class Variables(Protocol):
    """The Python variables that ``{name}`` can bind."""

    def frames(self) -> Sequence[str]:
        """Those that are DataFrames."""
        ...

    def values(self) -> Sequence[str]:
        """Those that are values."""
        ...

    def columns(self, name: str) -> Sequence[Column]:
        """Of a DataFrame; empty for what is none."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may stand in the place of the fragment."""

    text: str
    """As it is to be written."""
    kind: CandidateKind


def candidates(sql: str, cursor: int, names: Names, variables: Variables) -> tuple[list[Candidate], str]:
    """What the word before the cursor may become, the likeliest first, and how much of it is there."""
    place = place_at(sql, cursor)
    if place is None:
        return [], ""
    if place.kind == "variable":
        return _variables(place, variables, closed=sql[cursor:].lstrip().startswith("}")), place.fragment
    found: Iterable[tuple[str, CandidateKind]]
    match place.kind:
        case "statement":
            found = [(word, "keyword") for word in STATEMENTS]
        case "catalog":
            found = [(one.name, "catalog") for one in names.catalogs()]
        case "database":
            found = _databases(place.qualifier, names)
        case "table":
            found = _tables(place, names)
        case _:
            found = _columns(place, names, variables)
    start = place.start.lower()
    chosen = dict.fromkeys((name, kind) for name, kind in found if name.lower().startswith(start))
    return _once(_written(name, kind, place) for name, kind in chosen), place.fragment


def _once(found: Iterable[Candidate]) -> list[Candidate]:
    """The first of each text."""
    kept: dict[str, Candidate] = {}
    for one in found:
        kept.setdefault(one.text, one)
    return list(kept.values())


def _written(name: str, kind: CandidateKind, place: Place) -> Candidate:
    if kind in {"keyword", "function"}:
        upper = place.fragment.isupper() if place.fragment else _shouts(place.statement)
        return Candidate(name.upper() if upper else name.lower(), kind)
    if place.fragment.startswith("`"):
        return Candidate(f"`{name.replace('`', '``')}`", kind)
    return Candidate(quoted(name), kind)


def _shouts(statement: str) -> bool:
    """Whether the statement is written in capital letters."""
    first = next((token.text for token in code_of(statement) if token.kind == "word"), "")
    return first.isupper()


def _variables(place: Place, variables: Variables, *, closed: bool) -> list[Candidate]:
    names = [*variables.frames(), *(() if place.follows_table_word else variables.values())]
    end = "" if closed else "}"
    return [Candidate(f"{name}{end}", "variable") for name in names if name.startswith(place.fragment)]


def _databases(qualifier: tuple[str, ...], names: Names) -> Iterator[tuple[str, CandidateKind]]:
    if qualifier:
        yield from _below(qualifier, names.databases(qualifier[0]), skip=1)
        return
    current = names.current()
    if current is not None:
        yield from _below((current.catalog,), names.databases(current.catalog), skip=1)
    for catalog in names.catalogs():
        yield catalog.name, "catalog"


def _below(
    qualifier: tuple[str, ...], databases: Iterable[Database], *, skip: int
) -> Iterator[tuple[str, CandidateKind]]:
    """The next part of the names of these databases that begin with the qualifier."""
    inner = qualifier[skip:]
    for database in databases:
        if database.namespace[: len(inner)] == inner and len(database.namespace) > len(inner):
            yield database.namespace[len(inner)], "database"


def _tables(place: Place, names: Names) -> Iterator[tuple[str, CandidateKind]]:
    if place.qualifier:
        yield from _tables_in(place.qualifier, names)
        return
    for defined in defined_by_with(code_of(place.statement)):
        yield defined, "table"
    for view in names.temp_views():
        if view.kind == "temp view":
            yield view.name, "table"
    current = names.current()
    if current is not None:
        for table in names.tables(current.catalog, current.namespace):
            yield table.name, "table"
    yield from _databases((), names)


def _tables_in(qualifier: tuple[str, ...], names: Names) -> Iterator[tuple[str, CandidateKind]]:
    """What stands behind ``database.``, ``catalog.`` or ``catalog.database.``"""
    if [part.lower() for part in qualifier] == ["global_temp"]:
        yield from ((view.name, "table") for view in names.temp_views() if view.kind == "global temp view")
    catalogs = {one.name.lower(): one.name for one in names.catalogs()}
    catalog = catalogs.get(qualifier[0].lower())
    if catalog is not None:
        databases = names.databases(catalog)
        yield from _below(qualifier, databases, skip=1)
        yield from _tables_of(qualifier[1:], databases, names)
    current = names.current()
    if current is not None:
        databases = names.databases(current.catalog)
        yield from _below(qualifier, databases, skip=0)
        yield from _tables_of(qualifier, databases, names)


def _tables_of(
    namespace: tuple[str, ...], databases: Iterable[Database], names: Names
) -> Iterator[tuple[str, CandidateKind]]:
    """The tables of the database of this name, if it is among these."""
    wanted = [part.lower() for part in namespace]
    for database in databases:
        if [part.lower() for part in database.namespace] == wanted:
            yield from ((table.name, "table") for table in names.tables(database.catalog, database.namespace))


def _columns(place: Place, names: Names, variables: Variables) -> Iterator[tuple[str, CandidateKind]]:
    code = code_of(place.statement)
    mentions = mentions_of(code)
    if len(place.qualifier) == 1 and place.qualifier[0].lower() in names_of_subqueries(code):
        for mention in mentions[:_TABLES_READ]:  # what the subquery selects of them is not worked out
            yield from ((column.name, "column") for column in _columns_of(mention, names, variables))
        return
    if place.qualifier:
        columns = _columns_behind(place.qualifier, mentions, names, variables)
        yield from ((column.name, "column") for column in columns)
        return
    for mention in mentions[:_TABLES_READ]:
        yield from ((column.name, "column") for column in _columns_of(mention, names, variables))
    if not mentions and place.fragment:
        yield from _columns_of_any(names)
    yield from ((mention.qualifier, "table") for mention in mentions if mention.qualifier is not None)
    if not place.fragment.startswith("`"):
        yield from ((word, "keyword") for word in KEYWORDS)
        yield from ((function.name, "function") for function in names.functions())


def _columns_behind(
    qualifier: tuple[str, ...], mentions: Sequence[Mention], names: Names, variables: Variables
) -> Sequence[Column]:
    """The columns of the table of this name, or the fields of a column of it."""
    for mention in mentions:
        if mention.is_called(qualifier):
            return _columns_of(mention, names, variables)
    columns: Sequence[Column] = ()
    for mention in mentions:
        if len(qualifier) > 1 and mention.is_called(qualifier[:1]):
            return _fields(qualifier[1:], _columns_of(mention, names, variables))
        columns = columns or _fields(qualifier, _columns_of(mention, names, variables))
    return columns or names.columns(qualifier)


def _columns_of(mention: Mention, names: Names, variables: Variables) -> Sequence[Column]:
    return names.columns(mention.parts) if mention.variable is None else variables.columns(mention.variable)


def _columns_of_any(names: Names) -> Iterator[tuple[str, CandidateKind]]:
    current = names.current()
    tables = [view for view in names.temp_views() if view.kind == "temp view"]
    if current is not None:
        tables += names.tables(current.catalog, current.namespace)
    for table in tables[:_TABLES_READ]:
        yield from ((column.name, "column") for column in names.columns(table.parts))


def _fields(path: tuple[str, ...], columns: Sequence[Column]) -> Sequence[Column]:
    """The fields of the struct that this path of names leads to."""
    found = next((column for column in columns if column.name.lower() == path[0].lower()), None)
    if found is None or not found.type.startswith(_SCHEMA_TYPE):
        return ()
    fields = tuple(_split_fields(found.type.removeprefix(_SCHEMA_TYPE).removesuffix(">")))
    return fields if len(path) == 1 else _fields(path[1:], fields)


def _split_fields(fields: str) -> Iterator[Column]:
    """The fields in ``a:int,b:struct<c:int>``."""
    depth, begin = 0, 0
    for position, character in enumerate(f"{fields},"):
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            name, _, kind = fields[begin:position].partition(":")
            begin = position + 1
            if name and kind:
                yield Column(name, kind)
