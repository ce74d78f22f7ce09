"""The kernel that panels live in: its main thread, what connects there, and its API. This one is IPython's."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from ..errors import FailedPrecondition
from ..spark.sessions.connect import default_client, new_client
from .acts import Kernel, Notebook
from .api import ActingApi, ReadingApi, WaitingApi

_MAGICS = "SailMagics"
_PACKAGE = "lakesail_notebook"


class ApisHere:
    """Those of the control plane that this process uses; implements :class:`.api.Apis`."""

    def reading(self) -> ReadingApi:
        return default_client()

    def acting(self) -> ActingApi:
        return default_client()

    def waiting(self) -> WaitingApi:
        return new_client()


class LiveKernel(Kernel, Protocol):
    """The process that panels live in, or the part of it that is one person's."""

    def is_free(self, seconds: float) -> bool:
        """Whether no cell keeps it from messages for so long."""
        ...


@dataclass(frozen=True, slots=True)
class Home:
    """Where panels live."""

    kernel: LiveKernel
    notebook: Notebook
    place_key: str | None = None
    """Of the owner whose panels they are, where several owners share the process."""


@contextmanager
def interrupts_raise() -> Iterator[None]:
    """While it lasts, an interrupt raises ``KeyboardInterrupt``. Kernels ignore interrupts while no cell runs, since an
    error would end them then. Threads other than the main one get none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class IPythonKernel:
    """Implements :class:`LiveKernel`.

    :param shell: IPython's, as ``get_ipython()`` gives it; ``None`` outside of IPython.
    """

    def __init__(self, shell: Any) -> None:
        self._loop = getattr(getattr(shell, "kernel", None), "io_loop", None)

    def on_main_thread(self, work: Callable[[], None]) -> None:
        if self._loop is None:  # no loop runs: nothing but the caller's code would ever call it
            threading.Thread(target=work, name="lakesail-panel-act", daemon=True).start()
        else:  # by the one method of the loop that other threads may call
            self._loop.add_callback(work)

    def interruptible(self) -> AbstractContextManager[None]:
        return interrupts_raise()

    def is_free(self, seconds: float) -> bool:
        """Whether no cell keeps it from messages for so long."""
        free = threading.Event()
        self.on_main_thread(free.set)
        return free.wait(seconds)


def ipython_home(shell: Any) -> Home:
    """:raises FailedPrecondition: outside of IPython."""
    return Home(IPythonKernel(shell), _notebook_of(shell))


def _notebook_of(shell: Any) -> Notebook:
    """The magics of this shell; they are loaded if need be.

    :raises FailedPrecondition: outside of IPython.
    """
    if shell is None:
        raise FailedPrecondition("This process is no notebook's kernel; use lakesail_notebook.connect() there.")
    # By IPython's own means: rooms of one row do not import each other.
    shell.extension_manager.load_extension(_PACKAGE)
    return cast(Notebook, shell.magics_manager.registry[_MAGICS])
