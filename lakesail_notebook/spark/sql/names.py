"""Names in SQL: how they are quoted, and the parts of a dotted one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .words import RESERVED

_PLAIN = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"`(?P<quoted>(?:[^`]|``)*)`|(?P<plain>[^`.]+)")


def quoted(name: str) -> str:
    """The name as SQL takes it: in backquotes where it could be read as something else."""
    if _PLAIN.fullmatch(name) and name.upper() not in RESERVED:
        return name
    return f"`{name.replace('`', '``')}`"


def dotted(parts: Iterable[str]) -> str:
    """The name with these parts as SQL takes it."""
    return ".".join(quoted(part) for part in parts)


def parts_of(name: str) -> tuple[str, ...] | None:
    """The parts of a dotted name, without backquotes; ``None`` for a text that is none."""
    parts: list[str] = []
    position = 0
    while match := _PART.match(name, position):
        parts.append(match["plain"] if match["quoted"] is None else match["quoted"].replace("``", "`"))
        position = match.end() + 1
        if match.end() == len(name):
            return tuple(parts)
        if name[match.end()] != ".":
            break
    return None
