"""``%sail``: governed sessions from a notebook's cells."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from traitlets import Bool

from ..clock import SystemClock
from ..cures import SESSION_CLOSED, with_cure
from ..errors import LakesailError, NotFound
from ..rendering.sessions import connection_text
from ..rendering.status_line import StatusLine
from ..spark.interrupts.interrupts import old_query_note
from ..spark.sessions.choice import Wanted
from ..spark.sessions.connect import default_client
from ..spark.sessions.connecting import open_connection
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from ..spark.sessions.session_requests import install
from ..spark.sessions.surroundings import environment_for
from . import changed_directory, completion, frames, interrupted_cells, name_completion, reloaded_modules, strip
from .arguments import HelpAsked, connect_arguments, parse_line, usage
from .commands import COMMANDS, cured, ended_session_id
from .display import status_line
from .one_line import show_as_one_line
from .overview import show_overview


def load(shell: Any) -> None:
    """Give an IPython shell the ``%sail`` magic, and what goes with it, once."""
    if SailMagics.__name__ in shell.magics_manager.registry:
        return
    install()
    magics = SailMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.before_cell)
    interrupted_cells.register(shell)
    reloaded_modules.register(shell)
    changed_directory.register(shell)
    strip.register(shell)
    frames.register(shell)
    completion.register(shell)
    name_completion.register(shell)


@magics_class
class SailMagics(Magics):
    """The ``%sail`` magic."""

    auto_reconnect = Bool(
        False,
        help="Connect again before a cell runs, when the session that the notebook was connected to is over.",
    ).tag(config=True)

    restore = Bool(
        True,
        help="Make the temp views, functions and settings of a session that is over again in the one that replaces it.",
    ).tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._connected: tuple[str, argparse.Namespace] | None = None
        """The session that the last connect came to, and how it was asked for."""

    @line_cell_magic
    def sail(self, line: str, cell: str | None = None) -> None:
        """Governed Sail sessions: %sail connect, %%sail sql; ``%sail --help`` lists the commands."""
        try:
            self._run(line, cell)
        except HelpAsked as asked:
            print(asked)
        except LakesailError as error:
            over = error.reason == SESSION_CLOSED
            show_as_one_line(error, with_cure(error.message) if over else error.message)
            raise
        except KeyboardInterrupt as error:
            show_as_one_line(error, "interrupted")
            raise

    def before_cell(self, info: Any) -> None:
        """Replace a session that is over, for a user who asked for that; the connect commands do it themselves."""
        if not self.auto_reconnect or self._connected is None or str(info.raw_cell).lstrip().startswith("%sail"):
            return
        session_id, arguments = self._connected
        try:
            if not OPEN_SESSIONS.may_be_over(session_id, default_client()):
                return
            arguments.attach, arguments.new = None, False
            self._connect(arguments)
        except LakesailError as error:
            print(f"Not connected again: {error.message}")

    # What a panel asks for: it finds these methods by the name of the class in IPython's registry of magics

    def connect_for(self, line: StatusLine, options: Mapping[str, Any]) -> None:
        """``%sail connect`` with these options, by name; ``line`` is told how it goes on."""
        arguments = parse_line("connect")[1]
        for name, value in options.items():
            setattr(arguments, name, value)
        if self._connected is not None:
            arguments.var = self._connected[1].var
        self._connect(arguments, line=line)

    def relaunch_for(self, line: StatusLine, session_id: str) -> None:
        """``%sail relaunch`` of a session that is over."""
        arguments = parse_line("relaunch")[1]
        arguments.session_id = session_id
        if self._connected is not None:
            arguments.var = self._connected[1].var
        self._relaunch(arguments, line=line)

    def has_closed(self, session_id: str) -> None:
        """A session was closed from here: its Spark sessions are of no use, and it is not replaced by itself."""
        OPEN_SESSIONS.drop(session_id)
        if self._connected is not None and self._connected[0] == session_id:
            self._connected = None

    def _run(self, line: str, cell: str | None) -> None:
        if cell is not None:
            command, _, rest = line.strip().partition(" ")
            if command != "sql":
                raise UsageError(f"%%sail: a cell is for sql, as in %%sail sql; there is no {command or 'empty one'!r}")
            from .sql_cell import run

            run(self.shell, rest, cell)
            return
        command, arguments = parse_line(line)
        try:
            self._obey(command, arguments)
        except NotFound as error:
            raise NotFound(cured(error.message, arguments), reason=error.reason) from error

    def _obey(self, command: str, arguments: argparse.Namespace) -> None:
        if command == "":
            show_overview(self.shell)
        elif command == "connect":
            self._connect(arguments)
        elif command == "relaunch":
            self._relaunch(arguments)
        else:
            COMMANDS[command](arguments)
        if command == "close" and self._connected and arguments.session_id in {None, self._connected[0]}:
            self._connected = None  # who closes a session wants no other by itself

    def _relaunch(self, arguments: argparse.Namespace, line: StatusLine | None = None) -> None:
        client = default_client()
        old = arguments.session_id or ended_session_id(client)
        new = client.relaunch_session(old, environment_for(client.me()))
        OPEN_SESSIONS.drop(old)
        words = f"connect --attach {new.id} --var {arguments.var} --wait {arguments.wait}s"
        again = parse_line(f"{words} --bare" if arguments.bare else words)[1]
        self._connect(again, replaces=old, line=line)

    def _connect(
        self, arguments: argparse.Namespace, replaces: str | None = None, line: StatusLine | None = None
    ) -> None:
        """:param line: who watches; without one, the cell that runs shows it."""
        wanted = Wanted.checked(**connect_arguments(arguments))
        wanted = replace(wanted, restore=wanted.restore and self.restore, replaces=replaces)
        line = status_line(self.shell) if line is None else line
        self._tell_of_an_old_query(wanted, line)
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
        self._connected = (connection.reached.session.id, arguments)
        from . import engine_errors  # it needs PySpark, which is loaded by now

        engine_errors.register(self.shell)
        line.ended(connection_text(connection, arguments.var, SystemClock().now()))

    def _tell_of_an_old_query(self, wanted: Wanted, line: StatusLine) -> None:
        """Before the connect, which may have to wait for it."""
        if wanted.new or wanted.attach is not None or self._connected is None:
            return
        note = old_query_note(default_client, self._connected[0])
        if note is not None:
            line.warned(note)


SailMagics.sail.__doc__ = f"Governed Sail sessions.\n\n{usage()}"  # what %sail? shows
