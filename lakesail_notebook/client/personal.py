"""The control plane of a user without a Jupyter server: started when first needed, shared by all the user's processes.

Each of them holds a connection to its UNIX socket as long as it lives, however it ends; the control plane ends soon
after the last one. What a process needs to speak to it comes over that socket, so it stands in no file.

There is one at a time: each holds a lock as long as it runs, which it is started with and the operating system frees.
"""

from __future__ import annotations

import atexit
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
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..errors import FailedPrecondition, Unavailable
from ..installed import INSTALL_SERVER, missing_server_libraries

START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_GREETING_SECONDS = 10.0
_NOT_INHERITED = ("JPY_", "LAKESAIL_")
_SOCKET_PATH_BYTES = 103
"""What every operating system takes."""
_started: list[subprocess.Popen[bytes]] = []
"""Kept, since Python warns of a child that is forgotten while it runs."""


@dataclass(frozen=True, slots=True)
class PersonalApi:
    """Where it is, and the token for it."""

    url: str
    token: str = field(repr=False)
    started: bool
    """Whether it was started just now."""
    version: str | None = None
    """Of its lakesail-notebook; ``None`` before it said so."""
    features: tuple[str, ...] = ()
    """What it has beyond the LakeSail API, by name."""


class PersonalControlPlane:
    """This process's connection to it. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._api: PersonalApi | None = None

    @property
    def joined(self) -> bool:
        """Whether this process uses it already."""
        return self._connection is not None

    def api(self) -> PersonalApi:
        """The running one, or one that is started now.

        :raises FailedPrecondition: when it cannot be started; quotes its log.
        :raises Unavailable: when it does not come up in time.
        """
        with self._lock:
            if self._connection is not None and _has_ended(self._connection):
                self._leave()
            if self._connection is None or self._api is None:
                self._connection, self._api = _join()
            return self._api

    def join_at(self, url: str) -> bool:
        """Use the running one, if that is the control plane at this URL; whether it is.

        Who found it otherwise must join it, too: it ends with the last process that has joined.
        """
        with self._lock:
            if self._connection is not None and _has_ended(self._connection):
                self._leave()
            if self._connection is None or self._api is None:
                try:
                    greeted = _greeted(_Place.of_this_user(), started=False)
                except FailedPrecondition:  # no personal one can run here
                    return False
                if greeted is None:
                    return False
                if greeted[1].url != url:
                    greeted[0].close()
                    return False
                self._connection, self._api = greeted
            return self._api.url == url

    def leave(self) -> None:
        """Use it no more; the next call of :meth:`api` joins it again."""
        with self._lock:
            self._leave()

    def before_fork(self) -> None:
        """No child may begin in the middle of joining: it would hold the lock of that as long as it lives."""
        self._lock.acquire()

    def after_fork(self) -> None:
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """A child counts by itself, once it connects."""
        self._leave()
        self._lock.release()

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._api = None


PERSONAL = PersonalControlPlane()
os.register_at_fork(
    before=PERSONAL.before_fork,
    after_in_parent=PERSONAL.after_fork,
    after_in_child=PERSONAL.after_fork_in_child,
)


@atexit.register
def _leave_it_running() -> None:
    PERSONAL.leave()
    with warnings.catch_warnings():  # that a child outlives this process is meant
        warnings.simplefilter("ignore", ResourceWarning)
        _started.clear()


def _join() -> tuple[socket.socket, PersonalApi]:
    place = _Place.of_this_user()
    process: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        joined = _greeted(place, started=process is not None)
        if joined is not None:
            return joined
        if process is None:
            process = _start_if_none_runs(place)
        elif process.poll() is not None:
            raise FailedPrecondition(
                f"The control plane for this user ended with exit code {process.returncode}: {place.last_words()}. "
                f"Its log is {place.log}.",
                reason="no_control_plane",
            )
        time.sleep(_POLL_SECONDS)
    if process is None:
        raise Unavailable(
            f"The control plane for this user neither answers nor ends; see {place.log}. "
            f"End the process that runs lakesail_notebook.jupyter.personal {place.socket}, then try again."
        )
    process.kill()
    raise Unavailable(f"The control plane for this user did not start in {START_SECONDS:.0f} s; see {place.log}.")


def _greeted(place: _Place, *, started: bool) -> tuple[socket.socket, PersonalApi] | None:
    """The connection to a control plane that serves, with what it said first."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_GREETING_SECONDS)
    try:
        connection.connect(str(place.socket))
        with connection.makefile("rb") as lines:
            said = json.loads(lines.readline())
        version, features = said.get("version"), tuple(said.get("features", ()))
        api = PersonalApi(said["url"], said["token"], started, version, features)
        place.socket.lstat()  # it is removed before the end, by one that still greets
    except (OSError, ValueError, KeyError):  # none runs, or it is just ending
        connection.close()
        return None
    connection.setblocking(False)
    return connection, api


def _start_if_none_runs(place: _Place) -> subprocess.Popen[bytes] | None:
    """``None`` while one runs: it is just ending, or somebody else has started it."""
    if missing := missing_server_libraries():
        raise FailedPrecondition(
            f"No control plane runs for this user, and none can be started here: {', '.join(missing)} are not "
            f"installed in {sys.prefix}. Run {INSTALL_SERVER}, or set LAKESAIL_API_URL and LAKESAIL_API_TOKEN.",
            reason="no_control_plane",
        )
    with open(place.life, "wb") as life:
        try:
            fcntl.flock(life, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return _start(place, life)


def _start(place: _Place, life: BinaryIO) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    with open(os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lakesail_notebook.jupyter.personal", str(place.socket)],
            env=environment,
            cwd=Path.home(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(life.fileno(),),
            start_new_session=True,
        )
    _started.append(process)
    return process


def _has_ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
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
        place = cls(directory, hashlib.sha256(jupyter_data_dir().encode()).hexdigest()[:16])
        if len(os.fsencode(place.socket)) > _SOCKET_PATH_BYTES:
            raise FailedPrecondition(
                f"The path of a socket may have {_SOCKET_PATH_BYTES} bytes, and {place.socket} is longer; "
                "set TMPDIR to a directory with a shorter path."
            )
        return place

    @property
    def socket(self) -> Path:
        return self.directory / f"{self.name}.sock"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def life(self) -> Path:
        """Locked as long as the control plane runs."""
        return self.directory / f"{self.name}.life"

    def last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].rstrip(".") if lines else "it wrote nothing"
