"""A control plane of its own: a Jupyter server without notebooks, kernels and files."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.netutil import bind_sockets
from traitlets import default

from ..api_location import API_PATH
from .extension import LakesailApp
from .mistakes import Mistake, Mistakes

_OPTIONS = ("--no-browser",)
_TOKEN_BYTES = 24
_PORT_RETRIES = 50


class ControlPlaneServer(ServerApp):
    """Reads the same configuration as Jupyter Server; serves login, status, shutdown and its one extension."""

    ends_over_mistakes = True
    """It tells by itself what is wrong with the settings."""
    browsers_log_in = False
    """Its token is in no person's hands: a browser comes to the page of a marimo session by its link alone."""
    default_services = ("api", "auth", "security", "shutdown")  # type: ignore[assignment]

    @default("no_browser_open_file")
    def _no_page_for_a_browser(self) -> bool:
        return True

    @default("port_retries")
    def _the_port_that_was_asked_for(self) -> int:
        """Another port than the one that somebody chose would be found by nobody."""
        return int(os.environ.get(self.port_retries_env, 0 if self._chose_a_port() else _PORT_RETRIES))

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

    def load_server_extensions(self) -> None:
        """It does not start where it would serve nobody."""
        super().load_server_extensions()
        extension: LakesailApp = self.extension_manager.extension_points[LakesailApp.name].app
        found = (*extension.all_that_is_wrong(), *self._port_obstacles())
        if found:
            sys.stderr.write(refusal(Mistakes(found)))
            sys.exit(1)

    def _port_obstacles(self) -> tuple[Mistake, ...]:
        """That its own port is taken, where Jupyter would not take another."""
        if self.sock or not self.port or self.port_retries:
            return ()
        try:
            for listening in bind_sockets(self.port, self.ip):
                listening.close()
        except OSError as error:
            sentence = f"port {self.port} of {self.ip or 'this machine'} cannot be had: {error.strerror}; see --port"
            return (Mistake(("ServerApp", "port"), sentence, sentence),)
        return ()

    def _chose_a_port(self) -> bool:
        sections = (self.config.get(name, {}) for name in self.section_names())
        return self.port_env in os.environ or any("port" in section for section in sections)

    def _stop_by_signal(self, *_: Any) -> None:
        self.stop(from_signal=True)


class ControlPlaneApp(LakesailApp):
    """Starts the server. The extension in it is the one that Jupyter finds by the package's name."""

    serverapp_class = ControlPlaneServer
    load_other_extensions = False


def refusal(mistakes: Mistakes) -> str:
    """The last line holds all of them: who started it may read no other."""
    lines = mistakes.lines()
    listed = [f"- {line}\n" for line in lines] if len(lines) > 1 else []
    return f"{''.join(listed)}The control plane does not start: {'; '.join(lines)}.\n"


def serve(jupyter_options: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; Jupyter Server's own options and files say where and how."""
    ControlPlaneApp.launch_instance([*_OPTIONS, *jupyter_options])  # type: ignore[no-untyped-call]
    return 0
