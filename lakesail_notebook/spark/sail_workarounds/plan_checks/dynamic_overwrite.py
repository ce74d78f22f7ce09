"""Refuses what asks to replace some partitions: Sail 0.7.2 ignores that, and deletes the others too.

Goes when Sail obeys ``spark.sql.sources.partitionOverwriteMode`` and ``overwritePartitions``, or refuses them.
"""

from __future__ import annotations

from .engine import Engine
from .findings import Finding
from .writes import TRANSACTIONAL, Write

_SETTING = "spark.sql.sources.partitionOverwriteMode"
_OPTION = "partitionoverwritemode"
_REPLACED_ROWS = "replacewhere"
"""The option of Delta that says which rows are replaced; it goes before the mode."""


def find(write: Write, engine: Engine) -> Finding | None:
    """What a write would delete beyond the partitions that it has rows for."""
    if write.only_partitions:
        return _finding(
            f"overwritePartitions() on {write.what} was not sent: Sail replaces the whole of an Iceberg table, and "
            f"refuses other formats. Instead, use writeTo(...).overwrite(condition) with Delta, or delete the old rows "
            f"by a DELETE FROM and append the new ones."
        )
    if _replaces_some_rows(write):
        return None
    if not (write.overwrites and write.takes_partition_mode and _is_dynamic(write, engine)):
        return None
    if not _is_partitioned(write, engine) or not _is_there(write, engine):
        return None
    return _finding(
        f"The overwrite of {write.what} was not sent: partitionOverwriteMode is dynamic, which Sail ignores, so it "
        f"would delete every partition of {write.what}, also those that the new rows do not touch. Instead, "
        f"{_cure(write)}."
    )


def _cure(write: Write) -> str:
    column = write.partitioned_by[0] if write.partitioned_by else "p"
    delta = f"""with Delta, .option("replaceWhere", "{column} = 'x'") replaces one partition"""
    if write.format in TRANSACTIONAL:
        return delta
    directory = f"{write.path.rstrip('/')}/{column}=x" if write.path else f"<the table's location>/{column}=x"
    frame = f'df.where("{column} = \'x\'").drop("{column}").write.mode("overwrite")'
    kind = write.format or "parquet"
    return f'write each partition into its own directory, as in {frame}.{kind}("{directory}"); {delta}'


def _replaces_some_rows(write: Write) -> bool:
    """Whether it says itself which rows it replaces; formats of files ignore the option, and lose the others."""
    may_be_delta = write.format in TRANSACTIONAL or (not write.format and bool(write.table))
    return may_be_delta and bool(write.options.get(_REPLACED_ROWS))


def _is_dynamic(write: Write, engine: Engine) -> bool:
    if write.path and not write.table and not write.partitioned_by:
        return False  # without partitions there is no mode, and nothing to ask
    said = write.options.get(_OPTION)
    if said is None:
        [said] = engine.settings([_SETTING])
    return said is not None and said.strip().lower() == "dynamic"


def _is_partitioned(write: Write, engine: Engine) -> bool:
    return bool(write.partitioned_by) or bool(write.table and engine.partition_columns(write.table))


def _is_there(write: Write, engine: Engine) -> bool:
    """Whether there is something to lose; an engine that does not say it is taken for a yes."""
    found = [engine.files(target) for target in write.targets]
    if any(files is None or files for files in found):
        return True
    if write.path and write.format not in TRANSACTIONAL:
        return False
    return any(engine.has_rows(target) for target in write.targets)


def _finding(text: str) -> Finding:
    return Finding("dynamicPartitionOverwrite", text)
