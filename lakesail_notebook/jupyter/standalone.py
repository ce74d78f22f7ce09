"""A control plane of its own: a Jupyter server without notebooks, kernels and files."""

from __future__ import annotations

import logging
import secrets
import signal
from collections.abc import Sequence
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets import default

from ..api_location import API_PATH
from .extension import LakesailApp

_OPTIONS = ("--no-browser",)
_TOKEN_BYTES = 24


class ControlPlaneServer(ServerApp):
    """Reads the same configuration as Jupyter Server; serves login, status, shutdown and its one extension."""

    default_services = ("api", "auth", "security", "shutdown")  # type: ignore[assignment]

    @default("no_browser_open_file")
    def _no_page_for_a_browser(self) -> bool:
        return True

    @default("log_level")
    def _only_warnings(self) -> int:
        return logging.WARNING

    def init_configurables(self) -> None:
        """Serve no files, and make up a token that nobody prints: commands find it in the server's info file.

        A configuration with a password instead, or without any login, is meant for browsers: programs need a token.
        """
        super().init_configurables()
        self.contents_manager.files_handler_class = None
        if not self.identity_provider.token:
            self.identity_provider.token = secrets.token_hex(_TOKEN_BYTES)
        self.identity_provider.token_generated = False

    def init_signal(self) -> None:
        """Ctrl+C ends it like SIGTERM: there is no kernel to be asked about."""
        super().init_signal()
        signal.signal(signal.SIGINT, self._stop_by_signal)

    def start_app(self) -> None:
        super().start_app()
        print(f"The control plane is at {url_path_join(self.connection_url, API_PATH)}", flush=True)

    def _stop_by_signal(self, *_: Any) -> None:
        self.stop(from_signal=True)


class ControlPlaneApp(LakesailApp):
    """Our extension, as the one that starts the server."""

    serverapp_class = ControlPlaneServer
    load_other_extensions = False


def serve(jupyter_options: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; Jupyter Server's own options and files say where and how."""
    ControlPlaneApp.launch_instance([*_OPTIONS, *jupyter_options])  # type: ignore[no-untyped-call]
    return 0
