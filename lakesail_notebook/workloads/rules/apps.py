"""Marimo sessions: what their metadata asks for, when to look whether a kernel computes, and their log. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ...errors import FieldError, InvalidArgument
from ...models import DIRECTORY_KEY, MARIMO_FILE_KEY, MARIMO_MODE_KEY, PYTHON_KEY
from ..records import SessionRecord

MARIMO = "marimo"
"""The endpoint type of a session that has an app."""
_LOOKS_BEFORE_IDLE = 3
_LOOKS_IN_IDLE_TIMEOUT = 6
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppWanted:
    """What the metadata of a marimo session says."""

    file: str
    mode: Literal["edit", "run"]
    python: str | None
    working_directory: str | None


def app_wanted(metadata: Mapping[str, str]) -> AppWanted:
    """:raises InvalidArgument: with a pointer to the pair that is wrong or missing."""
    file = metadata.get(MARIMO_FILE_KEY, "")
    if not file or "\0" in file:
        raise _wrong(MARIMO_FILE_KEY, f"names the notebook of a marimo session: set {MARIMO_FILE_KEY} to a .py file")
    mode = metadata.get(MARIMO_MODE_KEY, "edit")
    if mode not in ("edit", "run"):
        raise _wrong(MARIMO_MODE_KEY, f"is edit or run, not {mode[:40]!r}")
    return AppWanted(
        file=file,
        mode="run" if mode == "run" else "edit",
        python=metadata.get(PYTHON_KEY),
        working_directory=metadata.get(DIRECTORY_KEY),
    )


def seconds_between_looks(session: SessionRecord) -> float:
    """How often it is looked whether a kernel of the session computes."""
    wanted = session.timeouts.idle_timeout / _LOOKS_IN_IDLE_TIMEOUT
    return min(max(wanted, _SHORTEST_SECONDS), _LONGEST_SECONDS)


def near_idle(session: SessionRecord, now: datetime) -> bool:
    """Whether a session that is in use will be idle soon, or is, unless one of its kernels computes."""
    before = timedelta(seconds=_LOOKS_BEFORE_IDLE * seconds_between_looks(session))
    idle_from = session.last_activity_at + timedelta(seconds=session.timeouts.idle_timeout)
    return session.status in {"active", "idle"} and now >= idle_from - before


def merged_tail(engine: Sequence[str], app: Sequence[str], count: int) -> tuple[str, ...]:
    """The last lines of both, each with half of the room, or with what the other leaves.

    :param engine: its lines come first; those of marimo say whose they are.
    """
    half = count // 2
    of_app = min(len(app), max(half, count - len(engine)))
    of_engine = min(len(engine), count - of_app)
    engines = engine[len(engine) - of_engine :]
    return (*engines, *(f"marimo: {line}" for line in app[len(app) - of_app :]))


def _wrong(key: str, message: str) -> InvalidArgument:
    pointer = f"/metadata/{key.replace('/', '~1')}"
    return InvalidArgument(f"{key} {message}.", errors=(FieldError(pointer, message),))
