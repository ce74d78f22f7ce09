"""A clock of the machine that a test can set: for a Jupyter server, and for all that comes from it."""

from __future__ import annotations

import glob
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

_LIBRARIES = "/usr/lib/*/faketime/libfaketime.so.1"
"""Where Debian's package libfaketime has it."""

_SITE = """
import select, sys, time

def sleep(seconds):
    select.select([], [], [], seconds)

time.sleep = sleep
sys.executable = {python!r}
"""
"""libfaketime 0.9.10, told to leave the monotonic clock alone as the machine does when its clock is set, still fails
``clock_nanosleep`` until a moment of that clock (EINVAL), which is Python's ``time.sleep``. ``select`` it does right.
"""


class FakedClock:
    """The wall clock of the processes that are started with its environment; their monotonic clock goes on.

    The session proxy inherits next to nothing, so every Python that such a process starts is a script that sets the
    environment again.
    """

    def __init__(self, directory: Path) -> None:
        """Skips the test when this machine has no libfaketime."""
        library = next(iter(glob.glob(_LIBRARIES)), None)
        if library is None:
            pytest.skip("libfaketime is not here; apt-get install libfaketime")
        self._offset = directory / "offset"
        self.jump(0)
        python = directory / "python"
        (directory / "sitecustomize.py").write_text(_SITE.format(python=str(python)))
        self.environment: Mapping[str, str] = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(directory),
        }
        exports = [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        python.write_text("\n".join(["#!/bin/sh", *exports, f'exec {shlex.quote(sys.executable)} "$@"', ""]))
        python.chmod(0o700)

    def jump(self, seconds_from_now: int) -> None:
        """Set the clock of all of them at once.

        :param seconds_from_now: from what the machine's own clock shows.
        """
        new = self._offset.with_suffix(".new")
        new.write_text(f"{seconds_from_now:+d}\n")
        os.replace(new, self._offset)
