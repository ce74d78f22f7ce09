"""How marimo's kernels run a cell while this package is installed: as ever, with what our sessions need around it.

marimo loads it in each of its processes, by the entry point ``marimo.cell.executor``. A notebook that does not use this
package is run by marimo's own executor, and nothing is imported for it.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

_CONNECTING = "lakesail_notebook.spark.sessions.connect"
"""Who has not loaded it has no session."""


class CellExecutor:
    """Implements marimo's ``Executor``.

    :param inner: marimo's own.
    """

    name = "lakesail"

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def execute_cell(self, cell: Any, names: Any) -> Any:
        with _cell(names):
            return self._inner.execute_cell(cell, names)

    async def execute_cell_async(self, cell: Any, names: Any) -> Any:
        with _cell(names):
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
def _cell(names: Any) -> Iterator[None]:
    from marimo._runtime.exceptions import MarimoRuntimeException

    _RUNNING.names.append(names)
    try:
        if len(_RUNNING.names) == 1 and _CONNECTING in sys.modules:
            from .cells import CELLS

            CELLS.begins(names)
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
        if not _RUNNING.names and _CONNECTING in sys.modules:
            _ends()


def _ends() -> None:
    from .cells import CELLS

    CELLS.ends()


def _shown(error: BaseException) -> BaseException:
    """The exception that marimo is to show: an interrupt, where it was one that ended the query."""
    from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS
    from .errors import made_readable

    module = sys.modules.get("lakesail_notebook.spark.rpcs.stoppable_channel")
    of_a_query = module is not None and isinstance(error, module.QueryInterrupted)
    if of_a_query and INTERRUPTED_CELLS.stops_queries():
        error = KeyboardInterrupt().with_traceback(error.__traceback__)
    return made_readable(error)
