"""The control plane of a user without a Jupyter server: started when first needed, shared by all the user's processes.

Each of them holds a connection to its UNIX socket as long as it lives, however it ends; the control plane ends soon
after the last one. What a process needs to speak to it comes over that socket, so it stands in no file.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .errors import FailedPrecondition, Unavailable

START_SECONDS = 30.0
_POLL_SECONDS = 0.05
_GREETING_SECONDS = 10.0
_NOT_INHERITED = ("JPY_", "LAKESAIL_")
_started: list[subprocess.Popen[bytes]] = []
"""Kept, since Python warns of a child that is forgotten while it runs."""


@dataclass(frozen=True, slots=True)
class EmbeddedApi:
    """Where it is, and the token for it."""

    url: str
    token: str = field(repr=False)
    started: bool
    """Whether it was started just now."""


class Embedded:
    """This process's connection to it. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._api: EmbeddedApi | None = None
        self._process_id = os.getpid()

    @property
    def joined(self) -> bool:
        """Whether this process uses it already."""
        return self._connection is not None and self._process_id == os.getpid()

    def api(self) -> EmbeddedApi:
        """The running one, or one that is started now.

        :raises FailedPrecondition: when it cannot be started; quotes its log.
        :raises Unavailable: when it does not come up in time.
        """
        with self._lock:
            if self._process_id != os.getpid():  # a forked child counts by itself
                self._connection, self._process_id = None, os.getpid()
            if self._connection is None or self._api is None or _has_ended(self._connection):
                self._connection, self._api = _join()
            return self._api


EMBEDDED = Embedded()


def _join() -> tuple[socket.socket, EmbeddedApi]:
    place = _Place.of_this_user()
    with place.locked():
        joined = _greeted(place, started=False)
        if joined is not None:
            return joined
        process = _start(place)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            joined = _greeted(place, started=True)
            if joined is not None:
                return joined
            if process.poll() is not None:
                raise FailedPrecondition(
                    f"The control plane for this user ended with exit code {process.returncode}: {place.last_words()} "
                    f"Its log is {place.log}.",
                    reason="no_control_plane",
                )
            time.sleep(_POLL_SECONDS)
        process.terminate()
        raise Unavailable(f"The control plane for this user did not start in {START_SECONDS:.0f} s; see {place.log}.")


def _greeted(place: _Place, *, started: bool) -> tuple[socket.socket, EmbeddedApi] | None:
    """The connection to a control plane that serves, with what it said first."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_GREETING_SECONDS)
    try:
        connection.connect(str(place.socket))
        with connection.makefile("rb") as lines:
            said = json.loads(lines.readline())
        return connection, EmbeddedApi(said["url"], said["token"], started)
    except (OSError, ValueError, KeyError):  # none runs, or it is just ending
        connection.close()
        return None


def _start(place: _Place) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    with open(os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lakesail_notebook.cli.embedded", str(place.socket)],
            env=environment,
            cwd=Path.home(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _started.append(process)
    return process


def _has_ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@dataclass(frozen=True, slots=True)
class _Place:
    """Where it listens and writes: a directory that its user alone may enter."""

    directory: Path
    name: str

    @classmethod
    def of_this_user(cls) -> _Place:
        """One for each data directory, and so for each default database."""
        from jupyter_core.paths import jupyter_data_dir

        # Not Jupyter's runtime directory, whose path may be longer than a socket's may be.
        directory = Path(tempfile.gettempdir()) / f"lakesail-{os.getuid()}"
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        found = directory.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o077 or directory.is_symlink():
            raise FailedPrecondition(f"{directory} is no directory of yours alone; remove it, or set TMPDIR.")
        return cls(directory, hashlib.sha256(jupyter_data_dir().encode()).hexdigest()[:16])

    @property
    def socket(self) -> Path:
        return self.directory / f"{self.name}.sock"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time looks and starts; the lock of a dead one is free."""
        with open(self.directory / f"{self.name}.lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it wrote nothing."
