"""``%sail``: governed sessions from a notebook's cells."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class

from ..client import Client
from ..clock import SystemClock
from ..errors import LakesailError
from ..spark.choice import Candidate, Wanted
from ..spark.connect import default_client
from ..spark.connecting import open_connection
from ..spark.open_sessions import OPEN_SESSIONS
from ..spark.sessions_here import sessions_here, this_place
from . import strip
from .arguments import HelpAsked, connect_arguments, parse_line
from .display import connection_text, session_text, status_line

_NO_SESSION = "This notebook has no session; %sail connect starts one."


def load(shell: Any) -> None:
    """Give an IPython shell the ``%sail`` magic."""
    shell.register_magics(SailMagics)
    strip.register(shell)


@magics_class
class SailMagics(Magics):
    """The ``%sail`` magic."""

    @line_magic
    def sail(self, line: str) -> None:
        """Connect this notebook to a governed Sail session; ``%sail --help`` lists the commands."""
        try:
            command, arguments = parse_line(line)
        except HelpAsked as asked:
            print(asked)
            return
        commands: dict[str, Callable[[argparse.Namespace], None]] = {
            "connect": self._connect,
            "status": self._status,
            "close": self._close,
        }
        try:
            commands[command](arguments)
        except LakesailError as error:
            show_as_one_line(error, error.message)
            raise
        except KeyboardInterrupt as error:
            show_as_one_line(error, "interrupted")
            raise

    def _connect(self, arguments: argparse.Namespace) -> None:
        wanted = Wanted.checked(**connect_arguments(arguments))
        line = status_line(self.shell)
        try:
            connection = open_connection(wanted, default_client(), line)
        except KeyboardInterrupt:
            line.broken_off("Interrupted; the session goes on. %sail connect waits for it, %sail close ends it.")
            raise
        except LakesailError:
            line.broken_off("Not connected.")
            raise
        assert self.shell is not None  # the one that the magics were registered with
        self.shell.user_ns[arguments.var] = connection.spark
        from . import engine_errors  # it needs PySpark, which is loaded by now

        engine_errors.register(self.shell)
        line.ended(connection_text(connection, arguments.var, SystemClock().now()))

    def _status(self, arguments: argparse.Namespace) -> None:
        client = default_client()
        candidate = _session_here(client)
        print(_NO_SESSION if candidate is None else session_text(candidate, SystemClock().now()))

    def _close(self, arguments: argparse.Namespace) -> None:
        client = default_client()
        session_id = arguments.session_id or _live_session_id(client)
        if session_id is None:
            print("This notebook has no live session.")
            return
        client.close_session(session_id)
        OPEN_SESSIONS.drop(session_id)
        print(f"Session {session_id} is closed.")


def show_as_one_line(error: BaseException, message: str) -> None:
    """Have IPython show one readable line when the error is raised; ``%tb`` then shows the rest."""

    def render() -> list[str]:
        del error._render_traceback_  # type: ignore[attr-defined]
        return [f"{type(error).__name__}: {message}"]

    error._render_traceback_ = render  # type: ignore[attr-defined]


def _session_here(client: Client) -> Candidate | None:
    """This notebook's live session, or the one that ended last."""
    here = sessions_here(client, this_place(client))
    return here.live[0] if here.live else here.ended


def _live_session_id(client: Client) -> str | None:
    live = sessions_here(client, this_place(client)).live
    return live[0].session.id if live else None
