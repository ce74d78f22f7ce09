"""Makes ``connect()`` at home in this marimo process. The package's lazy names call it."""

from __future__ import annotations

import sys
import threading
import warnings
from typing import Any

from ..clock import SystemClock
from ..spark.sessions.host import run_in
from ..spark.sessions.leaving import leave
from ..spark.sessions.owners import key_of
from ..spark.sessions.session_requests import share_among
from .departures import Departures
from .host import Marimo
from .registration import register
from .viewers import Mode, NotThisMarimo, Viewers, context_here, kernel_of, mode_of

_NOT_THIS_MARIMO = (
    "This version of marimo does not tell whose code runs, so all viewers of this process share one Spark session. "
    "lakesail-notebook knows marimo 0.25 and 0.26."
)


class _Installed:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done = False
        self.viewers: Viewers | None = None


_INSTALLED = _Installed()


def install() -> bool:
    """Once, when the first code of a marimo notebook asks for something of this package.

    :returns: whether the code that asks now is a marimo notebook's.
    """
    try:
        mode = _mode_here()
    except NotThisMarimo:
        warnings.warn(_NOT_THIS_MARIMO, stacklevel=2)
        mode = "edit"
    if mode is None:  # marimo is imported, and runs nothing here
        return False
    with _INSTALLED.lock:
        if not _INSTALLED.done:
            _INSTALLED.done = True
            _install(mode)
    return True


def _mode_here() -> Mode | None:
    context = context_here()
    if context is None:
        return None
    mode = mode_of(context)
    if mode == "run":
        kernel_of(context)  # viewers are told apart by it
    return mode


def _install(mode: Mode) -> None:
    register()  # a script has no entry points, and they may be forbidden
    if mode != "script":
        run_in(Marimo())
    if mode == "run":
        _INSTALLED.viewers = _share()


def _share() -> Viewers:
    departures: Departures
    viewers = Viewers(lambda viewer: departures.has_left(viewer))
    departures = Departures(_free, viewers.look)
    departures.start()
    share_among(viewers)
    return viewers


def _free(viewer: str) -> None:
    owner = key_of(viewer)
    homes: Any = sys.modules.get(f"{__package__}.homes")  # no panel, no hub
    if homes is not None:
        homes.forget(owner)
    leave(owner, SystemClock())


def kernel_has_ended(kernel: Any) -> None:
    """A kernel of this process has ended, in whose thread this is called."""
    if _INSTALLED.viewers is not None:
        _INSTALLED.viewers.left(kernel)
