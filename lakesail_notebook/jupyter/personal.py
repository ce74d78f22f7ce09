"""The control plane that ends with the last process that uses it.

``python -m lakesail_notebook.jupyter.personal SOCKET`` runs it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from traitlets import Unicode

from ..api_location import API_PATH
from ..models import FEATURES
from ..version import __version__
from .standalone import ControlPlaneApp, ControlPlaneServer

ALONE_SECONDS = 3.0
"""So long after the last process has left, it ends; the next one may be about to begin."""
FIRST_SECONDS = 30.0
"""So long it waits for the first."""
_NOT_FOR_PROGRAMS = ("certfile", "keyfile", "client_ca", "sock")
"""The user's own Jupyter server may have them: programs on this machine would not trust it, or not find it."""


class PersonalServer(ControlPlaneServer):
    """Greets whoever connects to its socket, with its address and token, and counts them."""

    socket_path = Unicode(help="The UNIX socket of the processes that use it.").tag(config=True)

    def start_app(self) -> None:
        super().start_app()
        self._present = 0
        self.io_loop.add_callback(self._listen)

    async def _listen(self) -> None:
        self._remove_socket()  # of one that was killed
        self._listener = await asyncio.start_unix_server(self._meet, sock=private_socket(Path(self.socket_path)))
        self.io_loop.call_later(FIRST_SECONDS, self._stop_if_alone)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._present += 1
        try:
            greeting = {
                "url": url_path_join(self.connection_url, API_PATH),
                "token": self.identity_provider.token,
                "version": __version__,
                "features": FEATURES,
            }
            writer.write(json.dumps(greeting).encode() + b"\n")
            await reader.read()  # it says nothing: this returns when its process has ended
        except OSError:
            pass
        finally:
            writer.close()
            self._present -= 1
            self.io_loop.call_later(ALONE_SECONDS, self._stop_if_alone)

    def _stop_if_alone(self) -> None:
        if self._present or not self._listener.is_serving():
            return
        # First the name, then the end: who comes now starts another one.
        self._remove_socket()
        self._listener.close()
        self.stop()

    def _remove_socket(self) -> None:
        Path(self.socket_path).unlink(missing_ok=True)


def private_socket(path: Path) -> socket.socket:
    """A UNIX socket that is bound, and that its owner alone may connect to.

    It takes its name when it has its mode. The process's umask would do so too, but for the files of other threads as
    well.

    :raises OSError: when it cannot be bound.
    """
    draft = path.with_name(f".{secrets.token_hex(4)}")
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(draft))
        draft.chmod(0o600)
        draft.rename(path)
    except OSError:
        listening.close()
        draft.unlink(missing_ok=True)
        raise
    return listening


class PersonalApp(ControlPlaneApp):
    serverapp_class = PersonalServer


def main(socket_path: str) -> int:
    options: list[Any] = ["--no-browser", "--ip=127.0.0.1", "--port=0", f"--PersonalServer.socket_path={socket_path}"]
    for_browsers = [f"--ServerApp.{name}=" for name in _NOT_FOR_PROGRAMS]
    root = ["--allow-root"] if os.geteuid() == 0 else []
    PersonalApp.launch_instance([*options, *for_browsers, *root])  # type: ignore[no-untyped-call]
    return 0


if __name__ == "__main__":
    # Jupyter takes the module that an application is from for its package's name.
    from lakesail_notebook.jupyter import personal

    sys.exit(personal.main(sys.argv[1]))
