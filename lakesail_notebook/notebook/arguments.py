"""What stands behind ``%sail``: its commands and their options, read from one line."""

from __future__ import annotations

import argparse
import difflib
import functools
import shlex
from collections.abc import Iterable
from typing import Any, NoReturn

from IPython.core.error import UsageError

from ..clock import parse_duration

_WIDTH = 160
"""Each usage stays one line; a cell's output is no terminal of 80 columns."""


class HelpAsked(Exception):
    """The line asks for the usage, which is the text of the exception."""


class _Parser(argparse.ArgumentParser):
    """An argparse parser for a notebook: it raises where others print and exit."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(
            prog=f"%sail {command}",
            description=description,
            formatter_class=functools.partial(argparse.HelpFormatter, width=_WIDTH),
            add_help=False,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}\n{self.format_usage().strip()}")

    def read(self, words: list[str]) -> argparse.Namespace:
        """:raises UsageError: for words that it does not know; the message names the nearest one."""
        if {"-h", "--help"} & set(words):
            raise HelpAsked(self.format_help().strip())
        arguments, unknown = self.parse_known_args(words)
        if unknown:
            word = unknown[0].partition("=")[0]
            options = [option for action in self._actions for option in action.option_strings]
            self.error(f"there is no {word!r}{_nearest(word, options)}")
        return arguments


def _connect_parser() -> _Parser:
    parser = _Parser("connect", "Attach this notebook to its live session, or to a new one, and bind it to a variable.")
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="id or name of the compute config to run on")
    parser.add_argument("--name", help="what to call a new session")
    parser.add_argument("--attach", metavar="ID", help="use this session instead")
    parser.add_argument("--new", action="store_true", help="make a new session even if there is a live one")
    parser.add_argument("--var", default="spark", type=_variable, help="the variable to bind (default: spark)")
    parser.add_argument("--idle", metavar="30m", type=_duration, help="of a new session: unused so long, it is idle")
    parser.add_argument("--max", metavar="8h", type=_duration, help="of a new session: it is closed so long after")
    parser.add_argument("--shared", action="store_true", help="let a new session share its engine with others")
    parser.add_argument("--wait", metavar="120s", type=_duration, default=120, help="how long to wait for the session")
    return parser


def _status_parser() -> _Parser:
    return _Parser("status", "Say how this notebook's session is.")


def _close_parser() -> _Parser:
    parser = _Parser("close", "Close this notebook's session, or another one of yours.")
    parser.add_argument("session_id", nargs="?", metavar="ID", help="the session to close")
    return parser


_PARSERS = {"connect": _connect_parser, "status": _status_parser, "close": _close_parser}


def parse_line(line: str) -> tuple[str, argparse.Namespace]:
    """The command of a ``%sail`` line (``status`` for an empty one) and its arguments.

    :raises UsageError: for a line that cannot be read.
    :raises HelpAsked: for ``--help``.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%sail: {error}") from error
    if not words:
        words = ["status"]
    command, *rest = words
    if command in {"-h", "--help", "help"}:
        raise HelpAsked(_overview())
    if command not in _PARSERS:
        raise UsageError(f"%sail: there is no {command!r}{_nearest(command, _PARSERS)}\n{_overview()}")
    return command, _PARSERS[command]().read(rest)


def _overview() -> str:
    return "\n".join(make().format_usage().strip() for make in _PARSERS.values())


def _nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _variable(text: str) -> str:
    if not text.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is no name for a variable")
    return text


def connect_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """The arguments of ``%sail connect`` in the words of ``connect()``."""
    return {
        "config": arguments.config,
        "name": arguments.name,
        "attach": arguments.attach,
        "new": arguments.new,
        "idle_timeout": arguments.idle,
        "max_duration": arguments.max,
        "shared": arguments.shared,
        "wait_seconds": arguments.wait,
    }
