"""Text for people: aligned columns and labelled facts. Pure; nothing that others wrote can steer the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from wcwidth import wcswidth, wcwidth

from ..clock import from_rfc3339, in_words

_GAP = "  "
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """The rows under their headings; a column that is empty in every row is left out."""
    cells = [[printable(cell or "") for cell in row] for row in rows]
    used = [column for column in range(len(headings)) if any(row[column] for row in cells)]
    lines = [[headings[column] for column in used], *([row[column] for column in used] for row in cells)]
    widths = [max(width(line[column]) for line in lines) for column in range(len(used))]
    return "\n".join(
        _GAP.join(cell + " " * (wide - width(cell)) for cell, wide in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def facts(rows: Iterable[tuple[str, str | None]]) -> str:
    """A label and its value on each line; rows without a value are left out."""
    said = [(label, printable(value)) for label, value in rows if value]
    longest = max((len(label) for label, _ in said), default=0)
    return "\n".join(f"{label.ljust(longest)}{_GAP}{value}" for label, value in said)


def facts_of(value: Mapping[str, Any]) -> str:
    """A JSON object as facts: nested names are joined by dots, and what is empty is left out."""
    return facts(_flat("", value))


def moment(text: str | None) -> str | None:
    """A time of the API, in this machine's time zone."""
    return None if text is None else from_rfc3339(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def moment_ahead(text: str | None, now: datetime) -> str | None:
    """How far a time of the API is ahead."""
    return None if text is None else f"in {in_words(max(0.0, (from_rfc3339(text) - now).total_seconds()))}"


def printable(text: str) -> str:
    """The text without control characters: a name is no command to a terminal."""
    return "".join(one if one.isprintable() else " " if one == "\t" else _REPLACEMENT for one in text)


def width(text: str) -> int:
    """How many columns of a terminal a printable text takes."""
    return max(0, wcswidth(text))


def clipped(text: str, columns: int) -> str:
    """As much of the beginning of a printable text as fits into these columns of a terminal."""
    used = 0
    for end, character in enumerate(text):
        used += max(0, wcwidth(character))
        if used > columns:
            return text[:end]
    return text


def _flat(name: str, value: Any) -> Iterable[tuple[str, str | None]]:
    if isinstance(value, Mapping):
        for inner_name, inner in value.items():
            yield from _flat(f"{name}.{inner_name}" if name else str(inner_name), inner)
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping) for inner in value):
        for index, inner in enumerate(value):
            yield from _flat(f"{name}.{index}", inner)
    elif isinstance(value, list | tuple):
        yield name, ", ".join(str(inner) for inner in value)
    elif isinstance(value, bool):
        yield name, "yes" if value else "no"
    else:
        yield name, None if value is None else str(value)
