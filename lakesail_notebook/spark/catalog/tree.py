"""A part of a catalog as a tree of plain values: from the catalogs down to the columns of a table."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ...errors import NotFound
from .entries import Current, Database, Table, TableKind
from .lazy import Reader

NodeKind = TableKind | Literal["catalog", "database", "column", "temp views"]


@dataclass(frozen=True, slots=True)
class Node:
    """An entry, and what is below it as far as it was looked at."""

    name: str
    kind: NodeKind
    type: str | None = None
    """Of a column, as SQL writes it."""
    current: bool = False
    """Whether a name without a database is looked for here."""
    children: tuple[Node, ...] | None = None
    """``None`` for what was not looked at."""


def whole_tree(reader: Reader) -> tuple[Node, ...]:
    """The catalogs, the databases of the current one, the tables of the current database, and the temp views.

    :param reader: one that raises.
    :raises LakesailError: when the engine does not answer.
    """
    current = reader.current()
    views = _view_nodes(reader.temp_views())
    catalogs = [
        _catalog_node(catalog.name, reader, current)
        if current is not None and catalog.name == current.catalog
        else Node(catalog.name, "catalog")
        for catalog in reader.catalogs()
    ]
    catalogs.sort(key=lambda node: not node.current)
    return (*catalogs, *((Node("temp views", "temp views", children=views),) if views else ()))


def tree_of(reader: Reader, parts: Sequence[str]) -> tuple[Node, ...]:
    """Every catalog, database, table and view that has this name, with what is directly below it.

    :param parts: of the name, such as ``("sail", "sales", "orders")``; small and capital letters do not differ.
    :param reader: one that raises.
    :raises NotFound: when nothing has this name.
    :raises LakesailError: when the engine does not answer.
    """
    current = reader.current()
    found = tuple(_named(reader, tuple(parts), current))
    if not found:
        near = difflib.get_close_matches(parts[-1], _names_beside(reader, tuple(parts), current), n=1)
        raise NotFound(
            f"There is no catalog, database, table or view {'.'.join(parts)}"
            f"{f'; did you mean {near[0]}?' if near else '.'} %sail catalog lists what there is."
        )
    return found


def _named(reader: Reader, parts: tuple[str, ...], current: Current | None) -> Iterator[Node]:
    catalogs = reader.catalogs()
    if len(parts) == 1:
        yield from (_catalog_node(one.name, reader, None) for one in catalogs if _same((one.name,), parts))
    for view in reader.temp_views():
        if _same(view.parts, parts):
            yield _table_node(view, reader)
    places = [(one.name, parts[1:]) for one in catalogs if _same((one.name,), parts[:1])]
    if current is not None:
        places.append((current.catalog, parts))
    for catalog, namespace in dict.fromkeys(places):
        yield from _below_catalog(reader, catalog, namespace)
    if current is not None and len(parts) == 1 and _current_database(reader, current) is not None:
        tables = reader.tables(current.catalog, current.namespace)
        yield from (_table_node(table, reader) for table in tables if _same((table.name,), parts))


def _below_catalog(reader: Reader, catalog: str, name: tuple[str, ...]) -> Iterator[Node]:
    """The databases and tables of a catalog that have this name in it."""
    for database in reader.databases(catalog):
        if _same(database.namespace, name):
            yield _database_node(database, reader)
        elif _same(database.namespace, name[:-1]):
            tables = reader.tables(catalog, database.namespace)
            yield from (_table_node(table, reader) for table in tables if _same((table.name,), name[-1:]))


def _names_beside(reader: Reader, parts: tuple[str, ...], current: Current | None) -> list[str]:
    """The names that may have been meant."""
    if len(parts) > 1:
        holders = tuple(_named(reader, parts[:-1], current))
        return [child.name for holder in holders for child in holder.children or ()]
    nodes = whole_tree(reader)
    below = [child for node in nodes for child in node.children or ()]
    return [node.name for node in (*nodes, *below, *(leaf for child in below for leaf in child.children or ()))]


def _catalog_node(name: str, reader: Reader, current: Current | None) -> Node:
    """:param current: of the current catalog; the tables of its current database are looked at."""
    children = []
    for database in sorted(reader.databases(name), key=_by_name):
        is_current = current is not None and database.namespace == current.namespace
        children.append(
            _database_node(database, reader, current=True)
            if is_current
            else Node(".".join(database.namespace), "database")
        )
    return Node(name, "catalog", current=current is not None, children=tuple(children))


def _current_database(reader: Reader, current: Current) -> Database | None:
    """``None`` when it is not there: USE CATALOG keeps the name of the database."""
    databases = reader.databases(current.catalog)
    return next((database for database in databases if database.namespace == current.namespace), None)


def _database_node(database: Database, reader: Reader, *, current: bool = False) -> Node:
    listed = sorted(reader.tables(database.catalog, database.namespace), key=_by_name)
    tables = tuple(Node(table.name, table.kind) for table in listed)
    return Node(".".join(database.namespace), "database", current=current, children=tables)


def _table_node(table: Table, reader: Reader) -> Node:
    columns = tuple(Node(column.name, "column", column.type) for column in reader.columns(table.parts))
    return Node(table.name, table.kind, children=columns)


def _view_nodes(views: Iterable[Table]) -> tuple[Node, ...]:
    return tuple(Node(".".join(view.parts), view.kind) for view in sorted(views, key=_by_name))


def _by_name(entry: Database | Table) -> tuple[str, ...]:
    return tuple(part.lower() for part in entry.parts)


def _same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return [part.lower() for part in one] == [part.lower() for part in other]
