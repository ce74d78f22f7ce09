"""Warns of options that Sail 0.7.2 accepts and ignores, where rows differ for it.

Goes option by option, when Sail obeys it or refuses it. An option with the value that Sail works by is not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .findings import Finding
from .writes import Write

_READ: Mapping[str, Mapping[str, frozenset[str]]] = {
    "": {
        "basePath": frozenset(),
        "modifiedAfter": frozenset(),
        "modifiedBefore": frozenset(),
        "recursiveFileLookup": frozenset(),
    },
    "csv": {
        "charset": frozenset({"utf-8", "utf8"}),
        "dateFormat": frozenset({"yyyy-mm-dd"}),
        "emptyValue": frozenset({""}),
        "encoding": frozenset({"utf-8", "utf8"}),
        "ignoreLeadingWhiteSpace": frozenset({"false"}),
        "ignoreTrailingWhiteSpace": frozenset({"false"}),
        "nanValue": frozenset({"nan"}),
        "negativeInf": frozenset({"-inf"}),
        "nullValue": frozenset({""}),
        "positiveInf": frozenset({"inf"}),
    },
    "json": {
        "dateFormat": frozenset({"yyyy-mm-dd"}),
        "dropFieldIfAllNull": frozenset({"false"}),
        "prefersDecimal": frozenset({"false"}),
        "primitivesAsString": frozenset({"false"}),
    },
}
"""By format, the empty one for all formats of files: the options, and their values that change nothing."""
_WRITE: Mapping[str, Mapping[str, frozenset[str]]] = {
    "": {"maxRecordsPerFile": frozenset({"0"})},
    "csv": {"dateFormat": frozenset({"yyyy-mm-dd"})},
}


def in_read(source: Any) -> Iterator[Finding]:
    """The ignored options of a read.

    :param source: a ``Read.DataSource``.
    """
    for name in _ignored(_READ, source.format, source.options):
        yield Finding(
            "ignoredOptions",
            f"Sail ignores the option {name} of this read of {', '.join(source.paths)}: rows may differ from what "
            f"Spark would read.",
            about=f"read {source.format} {name}",
        )


def in_write(write: Write) -> Iterator[Finding]:
    """The ignored options of a write."""
    for name in _ignored(_WRITE, write.format, write.options):
        yield Finding(
            "ignoredOptions",
            f"Sail ignores the option {name} of this write to {write.what}: its files differ from what Spark would "
            f"write.",
            about=f"write {write.format} {name}",
        )


def _ignored(table: Mapping[str, Mapping[str, frozenset[str]]], kind: str, given: Mapping[str, str]) -> Iterator[str]:
    known = {
        name.lower(): (name, harmless) for key in ("", kind.lower()) for name, harmless in table.get(key, {}).items()
    }
    for option, value in given.items():
        name, harmless = known.get(option.lower(), ("", frozenset()))
        if name and value.strip().lower() not in harmless:
            yield name
