"""The write that a plan is, and what it replaces. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyspark.sql.connect.proto as spark_proto

from ...sql.tokens import Reader, Token, code_of, tokens_of

TRANSACTIONAL = frozenset({"delta", "iceberg"})
"""Formats that delete nothing before the write has succeeded."""
_FIRST_WORDS = frozenset({"INSERT", "CREATE", "REPLACE"})
_QUERY_WORDS = frozenset({"SELECT", "WITH", "TABLE", "VALUES", "FROM"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write to a path or a table."""

    path: str = ""
    table: str = ""
    """Empty for a write to a path."""
    format: str = ""
    """In small letters; empty where the plan does not say it."""
    overwrites: bool = False
    """Whether all that was there is replaced."""
    takes_partition_mode: bool = False
    """Whether Spark would obey ``partitionOverwriteMode`` in it."""
    only_partitions: bool = False
    """Whether it asks to replace the partitions alone that it writes (``overwritePartitions``)."""
    partitioned_by: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """Their names in small letters."""
    source: Any = None
    """The relation that is written."""

    @property
    def what(self) -> str:
        """The path or the table, for a sentence."""
        return self.path or f"table {self.table}"

    @property
    def targets(self) -> tuple[Any, ...]:
        """Relations that read what is there before the write: of a path, files of any format."""
        found = []
        if self.path:
            files = spark_proto.Relation()
            files.read.data_source.format = self.format if self.format in TRANSACTIONAL else "binaryFile"
            files.read.data_source.paths.append(self.path)
            found.append(files)
        if self.table:
            named = spark_proto.Relation()
            named.read.named_table.unparsed_identifier = self.table
            found.append(named)
        return tuple(found)


def write_of(plan: Any) -> Write | None:
    """What a plan writes; ``None`` for a plan that writes neither a path nor a table."""
    if plan.WhichOneof("op_type") != "command":
        return None
    match plan.command.WhichOneof("command_type"):
        case "write_operation":
            return _of_version_1(plan.command.write_operation)
        case "write_operation_v2":
            return _of_version_2(plan.command.write_operation_v2)
        case "sql_command":
            return _of_sql(plan.command.sql_command)
        case _:
            return None


def _of_version_1(operation: Any) -> Write:
    options = _small(operation.options)
    overwrites = operation.mode == spark_proto.WriteOperation.SAVE_MODE_OVERWRITE
    return Write(
        path=operation.path or options.get("path", ""),
        table=operation.table.table_name if operation.WhichOneof("save_type") == "table" else "",
        format=operation.source.lower(),
        overwrites=overwrites,
        takes_partition_mode=overwrites,
        partitioned_by=tuple(operation.partitioning_columns),
        options=options,
        source=operation.input,
    )


def _of_version_2(operation: Any) -> Write:
    modes = spark_proto.WriteOperationV2
    columns = (column.unresolved_attribute.unparsed_identifier for column in operation.partitioning_columns)
    options = _small(operation.options)
    return Write(
        path=options.get("path", ""),
        table=operation.table_name,
        format=operation.provider.lower(),
        overwrites=operation.mode in {modes.MODE_REPLACE, modes.MODE_CREATE_OR_REPLACE},
        only_partitions=operation.mode == modes.MODE_OVERWRITE_PARTITIONS,
        partitioned_by=tuple(filter(None, columns)),
        options=options,
        source=operation.input,
    )


def _of_sql(command: Any) -> Write | None:
    source = spark_proto.Relation()
    if command.HasField("input"):
        source.CopyFrom(command.input)
    else:
        source.sql.query = command.sql
    sql = source.with_relations.root.sql if source.WhichOneof("rel_type") == "with_relations" else source.sql
    text = sql.query
    first = next((token for token in tokens_of(text) if token.kind not in {"space", "comment"}), None)
    if first is None or first.text.upper() not in _FIRST_WORDS:
        return None
    statement = _Statement(text)
    write = statement.insert_overwrite() or statement.create_as()
    if write is None:
        return None
    sql.query = statement.rest()
    return replace(write, source=source)


class _Statement:
    """An SQL statement that is read from its beginning up to its query."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._reader = Reader(code_of(text))

    def rest(self) -> str:
        return self._text[self._position() :]

    def insert_overwrite(self) -> Write | None:
        reader = self._reader
        if not reader.take("INSERT", "OVERWRITE"):
            return None
        reader.take("LOCAL")
        if reader.take("DIRECTORY"):
            path = reader.skip()
            kind = reader.skip() if reader.take("USING") else None
            if reader.take("OPTIONS"):
                reader.skip_parentheses()
            is_path = path is not None and path.kind == "literal"
            return Write(path=path.text[1:-1], format=_format(kind), overwrites=True) if path and is_path else None
        reader.take("TABLE")
        name = self._name()
        if reader.take("PARTITION"):
            reader.skip_parentheses()
        reader.take("IF", "NOT", "EXISTS")
        inner = reader.peek(1)
        if not reader.take("BY", "NAME") and (inner is None or inner.text.upper() not in _QUERY_WORDS):
            reader.skip_parentheses()  # the names of columns
        return Write(table=name, overwrites=True, takes_partition_mode=True) if name else None

    def create_as(self) -> Write | None:
        """``CREATE TABLE ... AS``, also with ``OR REPLACE``."""
        reader = self._reader
        replaces = reader.take("CREATE", "OR", "REPLACE", "TABLE") or reader.take("REPLACE", "TABLE")
        if not replaces and not reader.take("CREATE", "TABLE"):
            return None
        reader.take("IF", "NOT", "EXISTS")
        name, kind = self._name(), None
        partitioned_by: tuple[str, ...] = ()
        while reader.peek() is not None and not reader.take("AS"):
            if reader.take("USING"):
                kind = reader.peek()
            elif reader.take("PARTITIONED", "BY"):
                partitioned_by = self._names_in_parentheses()
            elif not reader.skip_parentheses():
                reader.skip()
        if not name or (reader.peek() is None and not replaces):
            return None
        return Write(table=name, format=_format(kind), overwrites=replaces, partitioned_by=partitioned_by)

    def _names_in_parentheses(self) -> tuple[str, ...]:
        """Pass ``(a, b)``; a part that is no plain name, such as ``days(t)``, is left out."""
        names: list[str] = []
        depth = 0
        while (token := self._reader.skip()) is not None:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth == 0:
                break
            after = self._reader.peek()
            if depth == 1 and token.name and after is not None and after.text in {",", ")"}:
                names.append(token.name)
        return tuple(names)

    def _name(self) -> str:
        """Pass the name of a table; as it is written."""
        start = self._position()
        self._reader.dotted_name()
        return self._text[start : self._position()].strip()

    def _position(self) -> int:
        token = self._reader.peek()
        return len(self._text) if token is None else token.start


def _format(token: Token | None) -> str:
    return "" if token is None else (token.name or "").lower()


def _small(options: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in options.items()}
