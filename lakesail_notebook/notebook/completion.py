"""Completion of ``%sail`` lines: commands, options, compute configs and sessions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..client import Client
from ..errors import LakesailError
from ..spark.choice import LIVE
from ..spark.connect import client_in_use
from .arguments import COMMANDS, options_of

_PATIENCE_SECONDS = 0.5
"""A kernel does nothing else while it completes."""
_KNOWN_FOR_SECONDS = 5.0
_OF_LIVE_SESSIONS = frozenset({"close", "status", "token", "logs", "queries"})
_OF_ENDED_SESSIONS = frozenset({"relaunch", "logs", "queries", "status"})


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to name."""

    configs: tuple[str, ...] = ()
    live_sessions: tuple[str, ...] = ()
    ended_sessions: tuple[str, ...] = ()


def candidates(line: str, known: Callable[[], Known]) -> Sequence[str]:
    """What the last word of a line that begins with ``%sail`` may become.

    :param known: asked only where names of things can stand.
    """
    words = line.split()[1:]
    last = "" if line.endswith((" ", "\t")) or not words else words.pop()
    if not words:
        return _that_begin(last, COMMANDS)
    command, previous = words[0], words[-1]
    if command not in COMMANDS:
        return ()
    if last.startswith("-"):
        return _that_begin(last, options_of(command))
    return _that_begin(last, _names(command, previous, known))


def _names(command: str, previous: str, known: Callable[[], Known]) -> Sequence[str]:
    if command == "connect":
        if previous == "--attach":
            return known().live_sessions
        return known().configs if previous == "connect" or not previous.startswith("-") else ()
    names = known().live_sessions if command in _OF_LIVE_SESSIONS else ()
    return names + (known().ended_sessions if command in _OF_ENDED_SESSIONS else ())


def _that_begin(start: str, words: Sequence[str]) -> Sequence[str]:
    return [word for word in words if word.startswith(start)]


class Things:
    """What the control plane knows, as far as it says so quickly; remembered for some seconds."""

    def __init__(self, client: Callable[[], Client | None]) -> None:
        self._client = client
        self._known = Known()
        self._until = 0.0
        self._asking: threading.Thread | None = None

    def known(self) -> Known:
        if time.monotonic() >= self._until:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, name="lakesail-completion", daemon=True)
                self._asking.start()
            self._asking.join(_PATIENCE_SECONDS)
        return self._known

    def _ask(self) -> None:
        try:
            client = self._client()
            if client is None:
                return
            latest = next(client.session_pages()).included.sessions
            self._known = Known(
                configs=tuple(config.name or config.id for config in client.compute_configs()),
                live_sessions=tuple(one.id for one in latest if one.status in LIVE),
                ended_sessions=tuple(one.id for one in latest if one.status not in LIVE),
            )
        except LakesailError:
            return
        self._until = time.monotonic() + _KNOWN_FOR_SECONDS


def register(shell: Any) -> None:
    """Have this shell complete ``%sail`` lines."""
    things = Things(client_in_use)

    def complete(_shell: Any, event: Any) -> list[str]:
        return list(candidates(event.text_until_cursor, things.known))

    shell.set_hook("complete_command", complete, str_key="%sail")
    shell.set_hook("complete_command", complete, str_key="sail")
