"""All panels of one home, and what they share: one feed, and one who does what they ask for."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Mapping
from typing import Any, Protocol

from IPython.core.getipython import get_ipython

from ..clock import Clock, SystemClock
from ..spark.sessions.connects import CONNECTS
from . import parts
from .acts import Acts, Tickets
from .api import Apis
from .feed import Feed
from .held import temp_views_of, used_session_ids
from .kernel import ApisHere, Home, ipython_home
from .parts import Parts
from .scripts import scripts

log = logging.getLogger(__name__)

_FREE_SECONDS = 1.0


class Shown(Protocol):
    """A panel, as the hub sees it."""

    key: str

    def say(self, message: Mapping[str, Any]) -> None:
        """Tell all of its views."""
        ...

    def take_value(self, value: Mapping[str, Any]) -> None: ...


class Hub:
    """Hears what the views of panels say, and tells them what has changed. Threads may share it."""

    def __init__(self, home: Home, apis: Apis, clock: Clock) -> None:
        self._clock = clock
        self._panels: weakref.WeakValueDictionary[str, Shown] = weakref.WeakValueDictionary()
        self._place_key = home.place_key
        kernel = home.kernel
        self.feed = Feed(apis, clock, self._told, self._call, lambda: kernel.is_free(_FREE_SECONDS), used_session_ids)
        self._acts = Acts(apis, home.notebook, kernel, self.feed, clock)
        self._tickets = Tickets(clock)
        CONNECTS.listen(self)

    def add(self, panel: Shown) -> None:
        self._panels[panel.key] = panel

    def remove(self, panel: Shown) -> None:
        self._panels.pop(panel.key, None)
        self.feed.closed_all_of(panel.key)

    def close(self) -> None:
        """All panels are gone, and so is who looked at them."""
        for panel in list(self._panels.values()):
            self.remove(panel)

    def code_has_connected(self) -> None:
        """The list of sessions may be there already, from before this process used the session."""
        self.feed.read_again("sessions")

    def heard(self, panel: Shown, message: object) -> None:
        """What a view says; what it cannot mean is passed over, since a page may be of another version."""
        match message:
            case {"type": "view", "view": str(view), "topics": list(topics)}:
                if self.feed.seen((panel.key, view), [one for one in topics if isinstance(one, dict)]):
                    self.feed.tell_all_to(lambda told: self._tell(panel, told))
            case {"type": "elements"}:
                panel.say({"type": "elements", "script": scripts().elements})
            case {"type": "closed", "view": str(view)}:
                self.feed.closed((panel.key, view))
            case {"type": "ready", "id": str(ticket)}:
                self._tickets.give(ticket)
                panel.say({"type": "ready", "id": ticket})
            case {"type": "act", "id": str(ticket), "act": dict(act)} if self._tickets.take(ticket):
                self._acts.do(act)
            case _:
                log.debug("A panel said something that is not known here.")

    def _told(self, changed: Parts) -> None:
        for panel in list(self._panels.values()):
            if self.feed.has_view_of(panel.key):
                self._tell(panel, changed)

    def _tell(self, panel: Shown, told: Parts) -> None:
        panel.say(
            {"type": "parts", "now": parts.milliseconds(self._clock.now()), "parts": {**told, **self._notebook()}}
        )
        value = self.feed.value
        if value is not None and told.get("sessions") is not None:
            panel.take_value(value)

    def _call(self) -> None:
        for panel in list(self._panels.values()):
            panel.say({"type": "present"})

    def _notebook(self) -> Parts:
        session_id = None if self.feed.value is None else self.feed.value["sessionId"]
        names = temp_views_of(session_id, self._place_key)
        return {"notebook": {"sessionId": session_id, "known": names is not None, "tempViews": names or []}}


_hubs: list[Hub] = []


def hub() -> Hub:
    """The one of this process.

    :raises FailedPrecondition: when no IPython runs here.
    """
    if not _hubs:
        _hubs.append(Hub(ipython_home(get_ipython()), ApisHere(), SystemClock()))
    return _hubs[0]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_hubs.clear)  # the threads and the pages are the parent's
