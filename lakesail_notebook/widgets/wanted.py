"""Which parts are to be read: pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..models import Event

LISTS = ("sessions", "configs")
_AT_ONCE = 10
"""So many sessions that have changed are read one by one; for more, the list."""


def changed_by(events: Iterable[Event]) -> list[str]:
    """The parts to read again after these events."""
    names: dict[str, None] = {}
    for event in events:
        if event.kind == "config":
            names["configs"] = None
        elif event.session_id is not None and event.kind == "query":
            names[f"queries:{event.session_id}"] = None
        elif event.session_id is not None:
            names[f"session:{event.session_id}"] = None
            names["ended"] = None
        elif event.workload_id is not None:  # what its sessions wait for; only a list tells of workloads
            names["sessions"] = None
    return list(names)


def without_needless(wanted: Iterable[str]) -> list[str]:
    """Without the single sessions, where the list is read anyway or where they are many."""
    names = list(wanted)
    single = [name for name in names if name.startswith("session:")]
    if "sessions" not in names and len(single) <= _AT_ONCE:
        return names
    rest = [name for name in names if name not in single]
    return rest if "sessions" in rest else [*rest, "sessions"]


def is_of_topic(name: str) -> bool:
    """Whether a part is read only while a view looks at it."""
    return ":" in name or name == "ended"


def is_needed(name: str, watched: frozenset[str]) -> bool:
    """Whether a part is to be read when it has changed.

    :param watched: the topics that views look at.
    """
    return name in LISTS or name.startswith("session:") or name in watched
