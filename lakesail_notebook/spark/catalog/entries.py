"""The entries of a catalog, as plain values that can be serialized. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TableKind = Literal["table", "view", "temp view", "global temp view"]
QuestionKind = Literal["current", "catalogs", "databases", "tables", "temp views", "columns", "functions"]


@dataclass(frozen=True, slots=True)
class Current:
    """Where a table name without a database is looked for."""

    catalog: str
    namespace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    name: str


@dataclass(frozen=True, slots=True)
class Database:
    catalog: str
    namespace: tuple[str, ...]
    """The parts of its name; most have one."""

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.catalog, *self.namespace)


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a view."""

    name: str
    kind: TableKind
    catalog: str | None = None
    """``None`` for a temp view, which belongs to the Spark session."""
    namespace: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Its full name, as SQL takes it."""
        return (*(() if self.catalog is None else (self.catalog,)), *self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    """As SQL writes it, such as ``bigint`` or ``struct<a:int>``."""
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Function:
    name: str


@dataclass(frozen=True, slots=True)
class Question:
    """One request to the engine."""

    kind: QuestionKind
    parts: tuple[str, ...] = ()
    """The name of the catalog, the database or the table that it is about."""


Entry = Current | Catalog | Database | Table | Column | Function
Answer = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no answer."""

    message: str
    passing: bool
    """Whether the engine was only out of reach or too busy; otherwise it refused the question."""
