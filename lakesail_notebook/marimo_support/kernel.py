"""A kernel of marimo, as panels use it: its thread, and connecting there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ..spark.sessions.choice import Wanted
from ..spark.sessions.connect import connect_in_host, default_client
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from ..spark.sessions.surroundings import environment_for
from ..widgets.acts import Line
from ..widgets.kernel import interrupts_raise
from .words import in_marimo


class MarimoKernel:
    """The kernel whose code makes it; implements :class:`..widgets.kernel.LiveKernel`."""

    def __init__(self) -> None:
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:  # a thread that the notebook's code has started
            self._loop = None

    def on_main_thread(self, work: Callable[[], None]) -> None:
        if self._loop is None:
            threading.Thread(target=work, name="lakesail-panel-act", daemon=True).start()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work)

    def interruptible(self) -> AbstractContextManager[None]:
        return interrupts_raise()

    def is_free(self, seconds: float) -> bool:
        free = threading.Event()
        self.on_main_thread(free.set)
        return free.wait(seconds)


class ConnectingHere:
    """What a panel asks for; implements :class:`..widgets.acts.Notebook`. The notebook's code takes the Spark session
    from the panel, since marimo's variables are bound by cells alone."""

    def connect_for(self, line: Line, options: Mapping[str, Any]) -> None:
        self._connect(line, wanted(options))

    def relaunch_for(self, line: Line, session_id: str) -> None:
        client = default_client()
        new = client.relaunch_session(session_id, environment_for(client.me()))
        OPEN_SESSIONS.drop(session_id)
        self._connect(line, replace(wanted({"attach": new.id}), replaces=session_id))

    def has_closed(self, session_id: str) -> None:
        OPEN_SESSIONS.drop(session_id)

    def _connect(self, line: Line, wanted: Wanted) -> None:
        connection = connect_in_host(wanted, line)
        line.ended("\n".join(["Connected.", *map(in_marimo, connection.notes)]))


def wanted(options: Mapping[str, Any]) -> Wanted:
    """What the options of a panel's Connect ask for.

    :raises InvalidArgument: for a duration that is none.
    """
    return Wanted.checked(
        config=options.get("config"),
        name=options.get("name"),
        attach=options.get("attach"),
        new=False,
        idle_timeout=options.get("idle"),
        max_duration=options.get("max"),
        shared=False,
        wait_seconds=120,
    )
