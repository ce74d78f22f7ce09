"""Where panels live in marimo: each viewer has a hub, which goes when the viewer does."""

from __future__ import annotations

import threading

from ..clock import SystemClock
from ..spark.sessions.owners import current_owner, have_several
from ..widgets.hub import Hub
from ..widgets.kernel import ApisHere, Home
from .kernel import ConnectingHere, MarimoKernel

_LOCK = threading.Lock()
_HUBS: dict[str, Hub] = {}


def hub_here() -> Hub:
    """The one of the viewer whose code calls.

    :raises FailedPrecondition: when it is nobody's.
    """
    owner = current_owner()
    with _LOCK:
        if owner not in _HUBS:
            home = Home(MarimoKernel(), ConnectingHere(), owner if have_several() else None)
            _HUBS[owner] = Hub(home, ApisHere(), SystemClock())
        return _HUBS[owner]


def forget(owner: str) -> None:
    """A viewer has left, with all panels."""
    with _LOCK:
        hub = _HUBS.pop(owner, None)
    if hub is not None:
        hub.close()
