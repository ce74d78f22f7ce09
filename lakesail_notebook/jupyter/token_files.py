"""Tokens in files for their owner alone: a private directory of this server, which the next server clears away when
this one was killed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from ..process_identity import ProcessIdentity, boot_id, identity_of, pid_namespace

_DIRECTORY = "lakesail-"
_OWNER_FILE = "server.json"
"""In such a directory: the server that made it."""


class TokenFiles:
    """:param runtime_directory: where Jupyter keeps its kernels' connection files, too."""

    def __init__(self, runtime_directory: str) -> None:
        self._directory = Path(runtime_directory) / f"{_DIRECTORY}{secrets.token_hex(8)}"

    def write(self, name: str, token: str) -> Path:
        """The path of a new file."""
        if not self._directory.exists():
            _clear_away_dead_servers(self._directory.parent)
            self._directory.mkdir(mode=0o700, parents=True)
            (self._directory / _OWNER_FILE).write_text(json.dumps(asdict(_this_server())))
        path = self._directory / name
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
        return path

    def remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            (self._directory / name).unlink()

    def close(self) -> None:
        """Remove all of them."""
        shutil.rmtree(self._directory, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Server:
    """The server that made a directory. Containers of one machine may share the directory's parent, but no pids."""

    process: ProcessIdentity
    pid_namespace: str

    @classmethod
    def read_from(cls, file: Path) -> _Server:
        """:raises OSError, ValueError, TypeError, KeyError: for anything but what a server of ours has written."""
        said = json.loads(file.read_bytes())
        return cls(ProcessIdentity(**said["process"]), said["pid_namespace"])

    @property
    def dead(self) -> bool:
        """Whether it is gone for sure; of one elsewhere, or before the last boot, nobody here can tell."""
        same_pids = (self.process.boot_id, self.pid_namespace) == (boot_id(), pid_namespace())
        return same_pids and not self.process.alive()


def _this_server() -> _Server:
    return _Server(identity_of(os.getpid()), pid_namespace())


def _clear_away_dead_servers(runtime_directory: Path) -> None:
    """Servers that were killed left their directories; the tokens in them died with their servers."""
    for directory in runtime_directory.glob(f"{_DIRECTORY}*"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # none of ours, or just being written
            if _Server.read_from(directory / _OWNER_FILE).dead:
                shutil.rmtree(directory, ignore_errors=True)
