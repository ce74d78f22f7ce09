"""Says after a cell that changed the working directory that the engine stays in its own.

The engine looks for relative paths there, and a file of the same name would be the wrong one.
"""

from __future__ import annotations

import os
from typing import Any

from ..spark.sessions.open_sessions import OPEN_SESSIONS
from ..spark.sessions.surroundings import ENGINE_DIRECTORIES


class ChangedDirectory:
    """Compares the directory after each cell with the one after the cell before."""

    def __init__(self) -> None:
        self._last = _here()

    def cell_ends(self, *_: Any) -> None:
        before, self._last = self._last, _here()
        if self._last == before:
            return
        session_id = OPEN_SESSIONS.active_session_id()
        sentence = None if session_id is None else ENGINE_DIRECTORIES.difference(session_id)
        if sentence is not None:
            print(sentence)


def register(shell: Any) -> None:
    """Look at the working directory after each cell of this shell."""
    shell.events.register("post_run_cell", ChangedDirectory().cell_ends)


def _here() -> str | None:
    """``None`` when the directory was removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None
