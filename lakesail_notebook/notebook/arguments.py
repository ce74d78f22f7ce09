"""What stands behind ``%sail``: its commands and their options, read from one line."""

from __future__ import annotations

import argparse
import difflib
import functools
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from IPython.core.error import UsageError

from ..clock import parse_duration

_WIDTH = 160
"""Each usage stays one line; a cell's output is no terminal of 80 columns."""


class HelpAsked(Exception):
    """The line asks for the usage, which is the text of the exception."""


class Parser(argparse.ArgumentParser):
    """An argparse parser for a notebook: it raises where others print and exit."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(
            prog=command,
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
            self.error(f"there is no {word!r}{nearest(word, options)}")
        return arguments


def _connect_parser() -> Parser:
    parser = _parser("connect", "Attach this notebook to its live session or a new one, and bind it to a variable.")
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="id or name of the compute config to run on")
    parser.add_argument("--name", help="what to call a new session")
    parser.add_argument("--attach", metavar="ID", help="use this session instead")
    parser.add_argument("--new", action="store_true", help="make a new session even if there is a live one")
    parser.add_argument("--var", default="spark", type=variable, help="the variable to bind (default: spark)")
    parser.add_argument("--idle", metavar="30m", type=_duration, help="of a new session: unused so long, it is idle")
    parser.add_argument("--max", metavar="8h", type=_duration, help="of a new session: it is closed so long after")
    parser.add_argument("--shared", action="store_true", help="let a new session share its engine with others")
    parser.add_argument("--wait", metavar="120s", type=_duration, default=120, help="how long to wait for the session")
    _add_bare(parser)
    return parser


def _add_bare(parser: Parser) -> None:
    parser.add_argument(
        "--bare", action="store_true", help="without the temp views, functions and settings of a session that is over"
    )


def sql_parser() -> Parser:
    """Of the line of ``%%sail sql``."""
    parser = Parser(
        "%%sail sql",
        "Run SQL on this notebook's session; {name} binds the Python variable of that name. Of several statements with "
        "; between them, the last one's result is shown.",
    )
    parser.add_argument("var", nargs="?", metavar="VAR", type=variable, help="assign the result to it, as a DataFrame")
    parser.add_argument("--limit", type=_count(100_000), default=1000, metavar="1000", help="how many rows to show")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--explain", action="store_true", help="show the plan, without running it")
    instead.add_argument(
        "--schema", action="store_true", help="show names and types of the columns, without running it"
    )
    instead.add_argument("--plot", action="store_true", help="draw the rows: the first column over the others")
    return parser


def _parser(name: str, description: str) -> Parser:
    return Parser(f"%sail {name}", description)


def _of_a_session(name: str, description: str) -> Parser:
    """The parser of a command on one session: this notebook's where none is named."""
    parser = _parser(name, description)
    parser.add_argument("session_id", nargs="?", metavar="ID", help="another session of yours")
    return parser


def _sessions_parser() -> Parser:
    parser = _parser("sessions", "List your sessions.")
    parser.add_argument("--all", action="store_true", help="those that are over, too, with the reason")
    return parser


def _relaunch_parser() -> Parser:
    parser = _of_a_session("relaunch", "Connect to a new session like one that is over, on a new engine.")
    parser.add_argument("--var", default="spark", type=variable, help="the variable to bind (default: spark)")
    parser.add_argument("--wait", metavar="120s", type=_duration, default=120, help="how long to wait for the session")
    _add_bare(parser)
    return parser


def _extend_parser() -> Parser:
    parser = _parser("extend", "Keep this notebook's session open, used or not.")
    parser.add_argument("duration", nargs="?", metavar="30m", type=_duration, default=1800, help="for so long from now")
    parser.add_argument("session_id", nargs="?", metavar="ID", help="another session of yours")
    return parser


def _logs_parser() -> Parser:
    parser = _of_a_session("logs", "Show the last lines that a session's engine wrote.")
    parser.add_argument(
        "-n", dest="lines", type=_count(500), default=50, metavar="50", help="how many lines, at most 500"
    )
    return parser


def _queries_parser() -> Parser:
    parser = _of_a_session("queries", "Show what was run on a session: when, for how long, and how it ended.")
    parser.add_argument("-n", dest="limit", type=_count(100), default=20, metavar="20", help="the latest, at most 100")
    return parser


def _catalog_parser() -> Parser:
    parser = _parser("catalog", "List catalogs, databases, tables and temp views, or what is below one of them.")
    parser.add_argument(
        "name", nargs="*", metavar="NAME", help="a catalog, a database or a table, such as sales.orders"
    )
    return parser


def _token_parser() -> Parser:
    parser = _of_a_session("token", "Print a session's endpoint and a token for a client outside the notebook.")
    parser.add_argument("--duration", metavar="1h", type=_duration, default=3600, help="how long it is valid")
    parser.add_argument("--revoke", action="store_true", help="end all tokens of the session instead; it stays open")
    return parser


_PARSERS: Mapping[str, Callable[[], Parser]] = {
    "connect": _connect_parser,
    "status": lambda: _of_a_session("status", "Say how this notebook's session is."),
    "sessions": _sessions_parser,
    "configs": lambda: _parser("configs", "List the compute configs to connect with."),
    "close": lambda: _of_a_session("close", "Close this notebook's session, or another one of yours."),
    "relaunch": _relaunch_parser,
    "extend": _extend_parser,
    "interrupt": lambda: _parser("interrupt", "Stop every query that this notebook left running."),
    "queries": _queries_parser,
    "catalog": _catalog_parser,
    "logs": _logs_parser,
    "token": _token_parser,
    "doctor": lambda: _parser("doctor", "Check the whole way to a query, and name the first thing that is wrong."),
}
COMMANDS = tuple(_PARSERS)


def parse_line(line: str) -> tuple[str, argparse.Namespace]:
    """The command of a ``%sail`` line (``""`` for an empty one) and its arguments.

    :raises UsageError: for a line that cannot be read.
    :raises HelpAsked: for ``--help``.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%sail: {error}") from error
    if not words:
        return "", argparse.Namespace()
    command, *rest = words
    if command in {"-h", "--help", "help"}:
        if not rest:
            raise HelpAsked(usage())
        command, rest = rest[0], ["--help"]
    if command not in _PARSERS:
        raise UsageError(f"%sail: there is no {command!r}{nearest(command, _PARSERS)}\n{usage()}")
    return command, _PARSERS[command]().read(rest)


def options_of(command: str) -> Mapping[str, bool]:
    """The options of a command of :data:`COMMANDS`, and whether each takes a value."""
    return _options(_PARSERS[command]())


def sql_options() -> Mapping[str, bool]:
    """Those of ``%%sail sql``, likewise."""
    return _options(sql_parser())


def _options(parser: Parser) -> Mapping[str, bool]:
    return {option: action.nargs != 0 for action in parser._actions for option in action.option_strings}


def usage() -> str:
    """All commands, a line each."""
    lines = [f"  {name:<11}{make().description}" for name, make in _PARSERS.items()]
    return "\n".join(
        [
            "%sail COMMAND; %sail COMMAND --help says more. %sail alone tells of this notebook's session.",
            *lines,
            "%%sail sql   Run a cell of SQL; %%sail sql --help says more.",
        ]
    )


def nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {most:,}")
        return int(text)

    return read


def variable(text: str) -> str:
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
        "restore": not arguments.bare,
    }
