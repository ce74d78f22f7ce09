"""The program whose code connects: Python alone, or one around it, such as marimo."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from ...api_location import URL_VARIABLE
from .waiting import NoProgress, Progress

_PASSED_OVER = frozenset({"lakesail_notebook", "pyspark"})


class Host(Protocol):
    """What ``connect()`` needs of the program around it."""

    def watching(self) -> AbstractContextManager[Progress]:
        """Shows a connect while it lasts."""
        ...

    def in_its_words(self, text: str) -> str:
        """What is to be read, with the next step as it is done in this program."""
        ...

    def closes_its_sessions(self) -> bool:
        """Whether a session that was made here ends with this process."""
        ...

    def at_end(self, work: Callable[[], None]) -> None:
        """Do something when the process ends."""
        ...


class PythonWarnings(NoProgress):
    """Nobody watches the wait; what is to be read before it is a warning at the user's line."""

    def warned(self, text: str) -> None:
        warnings.warn(text, stacklevel=stack_level_of_the_user())


class Python:
    """An interpreter that runs a script, or any program that says nothing else."""

    @contextmanager
    def watching(self) -> Iterator[Progress]:
        yield PythonWarnings()

    def in_its_words(self, text: str) -> str:
        return text

    def closes_its_sessions(self) -> bool:
        return not os.environ.get(URL_VARIABLE)

    def at_end(self, work: Callable[[], None]) -> None:
        atexit.register(work)


class _Here:
    host: Host = Python()


def host_here() -> Host:
    return _Here.host


def run_in(host: Host) -> None:
    """From now on, the code of this process runs in this program."""
    _Here.host = host


def stack_level_of_the_user() -> int:
    """How far up the code is that asked, past this package and PySpark."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_OVER:
        level, frame = level + 1, frame.f_back
    return level
