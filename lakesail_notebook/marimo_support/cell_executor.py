"""How marimo's kernels run a cell while this package is installed: as ever, with what our sessions need around it.

marimo loads it in each of its processes, by the entry point ``marimo.cell.executor``. A notebook that does not use this
package is run by marimo's own executor, and nothing is imported for it.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

_CONNECTING = "lakesail_notebook.spark.sessions.connect"
"""Who has not loaded it has no session."""


class Told(Protocol):
    """What hears of the cells of a thread."""

    def begins(self, names: Any) -> None: ...

    def ends(self) -> None: ...


def _told_here() -> Told | None:
    if _CONNECTING not in sys.modules:
        return None
    from .cells import CELLS

    return CELLS


class CellExecutor:
    """Implements marimo's ``Executor``.

    :param inner: marimo's own.
    :param told: gives what hears of cells; ``None`` as long as there is no session.
    """

    name = "lakesail"

    def __init__(self, inner: Any, told: Callable[[], Told | None] = _told_here) -> None:
        self._inner = inner
        self._told = told

    def execute_cell(self, cell: Any, names: Any) -> Any:
        with _interrupts_of_the_cell(), _cell(names, self._told):
            return self._inner.execute_cell(cell, names)

    async def execute_cell_async(self, cell: Any, names: Any) -> Any:
        with _interrupts_of_the_cell(), _cell(names, self._told):
            return await self._inner.execute_cell_async(cell, names)


def executor() -> CellExecutor:
    """What marimo calls; its own executor takes over when it raises."""
    from marimo._runtime.executor.executor import DefaultExecutor

    return CellExecutor(DefaultExecutor())


class _Running(threading.local):
    """What runs in a thread."""

    def __init__(self) -> None:
        self.names: list[Any] = []
        """Of the notebooks whose cells run: of one cell, and of those that it runs."""


_RUNNING = _Running()


def names_of_running_cell() -> Any | None:
    """The names of the notebook whose cell runs in this thread; ``None`` where none does."""
    return _RUNNING.names[0] if _RUNNING.names else None


@contextlib.contextmanager
def _interrupts_of_the_cell() -> Iterator[None]:
    """One that comes while a cell begins or ends is the cell's, too: marimo would take it for a fault of its own."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        from marimo._runtime.exceptions import MarimoRuntimeException

        raise MarimoRuntimeException from interrupt


@contextlib.contextmanager
def _cell(names: Any, told: Callable[[], Told | None]) -> Iterator[None]:
    from marimo._runtime.exceptions import MarimoRuntimeException

    _RUNNING.names.append(names)
    try:
        if len(_RUNNING.names) == 1 and (hears := told()) is not None:
            hears.begins(names)
        yield
    except MarimoRuntimeException as wrapped:
        if _CONNECTING not in sys.modules or wrapped.__cause__ is None:
            raise
        shown = _shown(wrapped.__cause__)
        if shown is wrapped.__cause__:
            raise
        raise MarimoRuntimeException from shown
    finally:
        _RUNNING.names.pop()
        if not _RUNNING.names and (hears := told()) is not None:
            hears.ends()


def _shown(error: BaseException) -> BaseException:
    """The exception that marimo is to show: an interrupt, where it was one that ended the query."""
    from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS
    from .errors import made_readable

    module = sys.modules.get("lakesail_notebook.spark.rpcs.stoppable_channel")
    of_a_query = module is not None and isinstance(error, module.QueryInterrupted)
    if of_a_query and INTERRUPTED_CELLS.stops_queries():
        error = KeyboardInterrupt().with_traceback(error.__traceback__)
    return made_readable(error)
