"""The words of ``jupyter lakesail``: its commands and their options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..clock import parse_duration

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

PROGRAM = "jupyter lakesail"
_STATUSES = ("pending", "active", "idle", "closed", "failed")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The command (``command``) and its arguments; without words, ``serve``.

    :raises SystemExit: 2 with a usage on standard error for words that cannot be read; 0 after ``--help``.
    """
    parser = _parser()
    arguments, unknown = parser.parse_known_args(words or ["serve"])
    if arguments.command is None:
        parser.error("a command is missing; --help lists them")
    if arguments.command == "serve":
        arguments.jupyter_options = unknown
    elif unknown:
        parser.error(f"{arguments.command.split()[0]} takes no {unknown[0]!r}; --help lists what it takes")
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Governed Sail sessions. Without a command, a control plane of its own is run.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    parser.set_defaults(command=None, json=False, url=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_sessions(commands)
    _add_session_verbs(commands)
    _add_configs(commands)
    _add_service_accounts(commands)
    _add_marimo(commands)
    _add_server(commands)
    return parser


def _add_sessions(commands: _Commands) -> None:
    sessions = _command(commands, "sessions", "list the sessions that you may see, or: show, create")
    which = sessions.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="those that are over, too")
    which.add_argument("--status", choices=_STATUSES, help="those of one status")
    sessions.add_argument("--team", metavar="ID", help="those of one team")
    verbs = sessions.add_subparsers(metavar="show | create")
    show = _command(verbs, "show", "say how one session is", "sessions show")
    show.add_argument("session_id", metavar="ID")
    create = _command(verbs, "create", "start a session", "sessions create")
    create.add_argument("--config", metavar="CONFIG", help="id or name of the compute config to run on")
    create.add_argument("--name", help="what to call it")
    create.add_argument("--team", metavar="ID", help="the team that it belongs to")
    create.add_argument("--idle", metavar="30m", type=_duration, help="unused so long, it is idle")
    create.add_argument("--max", metavar="8h", type=_duration, help="it is closed so long after it began")
    create.add_argument("--shared", action="store_true", help="let it share its engine with others that say the same")


def _add_session_verbs(commands: _Commands) -> None:
    token = _command(commands, "token", "print a token for a session's endpoint: it is a secret")
    token.add_argument("session_id", metavar="ID")
    token.add_argument("--duration", metavar="1h", type=_duration, help="how long it is valid")
    token.add_argument("--revoke", action="store_true", help="end all tokens of the session instead; it stays open")
    close = _command(commands, "close", "close sessions")
    close.add_argument("session_ids", metavar="ID", nargs="+")
    close.add_argument("--reason", metavar="TEXT", help="for their owners to read")
    relaunch = _command(commands, "relaunch", "start a session like one that is over")
    relaunch.add_argument("session_id", metavar="ID")
    extend = _command(commands, "extend", "keep an unused session from being closed for a while")
    extend.add_argument("session_id", metavar="ID")
    extend.add_argument("duration", metavar="30m", nargs="?", type=_duration, help="from now on")
    interrupt = _command(commands, "interrupt", "interrupt what runs on a session of yours, whoever runs it")
    interrupt.add_argument("session_id", metavar="ID")
    interrupt.add_argument("--query", metavar="ID", help="this query alone")
    queries = _command(commands, "queries", "list what was run on a session of yours, newest first")
    queries.add_argument("session_id", metavar="ID", nargs="?", help="not needed for your only live session")
    queries.add_argument("-n", "--limit", metavar="100", type=_count, help="how many")
    logs = _command(commands, "logs", "print the last lines that a session's engine wrote")
    logs.add_argument("session_id", metavar="ID")
    logs.add_argument("-n", "--lines", metavar="50", type=_count, help="how many")


def _add_configs(commands: _Commands) -> None:
    configs = _command(commands, "configs", "list the compute configs, or: show, create, change, delete")
    configs.add_argument("--team", metavar="ID", help="those of one team")
    verbs = configs.add_subparsers(metavar="show | create | change | delete")
    show = _command(verbs, "show", "say what one is", "configs show")
    show.add_argument("config", metavar="CONFIG", help="its id or name")
    create = _command(verbs, "create", "make one of a JSON file", "configs create")
    create.add_argument("file", metavar="FILE", type=_file, help="the API's JSON; - for standard input")
    change = _command(verbs, "change", "change what a JSON file names", "configs change")
    change.add_argument("config", metavar="CONFIG", help="its id or name")
    change.add_argument("file", metavar="FILE", type=_file, help="the API's JSON; - for standard input")
    delete = _command(verbs, "delete", "delete one; its sessions go on", "configs delete")
    delete.add_argument("config", metavar="CONFIG", help="its id or name")


def _add_service_accounts(commands: _Commands) -> None:
    accounts = _command(commands, "service-accounts", "list the service accounts of your teams, or: create, delete")
    accounts.add_argument("--team", metavar="ID", help="those of one team")
    verbs = accounts.add_subparsers(metavar="create | delete")
    create = _command(verbs, "create", "make one, and print its key, a secret, this once", "service-accounts create")
    create.add_argument("username", metavar="NAME")
    create.add_argument("--description", metavar="TEXT")
    create.add_argument("--team", metavar="ID", help="the team that it belongs to")
    delete = _command(verbs, "delete", "delete one, and close its sessions", "service-accounts delete")
    delete.add_argument("service_account_id", metavar="ID")


def _add_marimo(commands: _Commands) -> None:
    description = "open a marimo notebook on a Spark session, until Ctrl+C: edit, run"
    marimo = commands.add_parser("marimo", help=description, description=_sentence(description), allow_abbrev=False)
    modes = marimo.add_subparsers(title="modes", metavar="edit | run", dest="mode", required=True)
    for mode, what in (("edit", "edit a marimo notebook, or begin one"), ("run", "run a marimo notebook as an app")):
        parser = modes.add_parser(mode, help=what, description=_sentence(what), allow_abbrev=False)
        parser.set_defaults(command="marimo")
        parser.add_argument("notebook", metavar="NOTEBOOK", type=Path, help="its .py file")
        parser.add_argument("--config", metavar="CONFIG", help="id or name of the compute config to run on")
        parser.add_argument("--name", help="what to call the session")
        parser.add_argument("--no-browser", action="store_true", help="open no browser")
        parser.add_argument("--url", default=argparse.SUPPRESS, help="which control plane, where there are several")


def _add_server(commands: _Commands) -> None:
    events = _command(commands, "events", "follow what happens to sessions and configs that you may see, until Ctrl+C")
    events.add_argument("--after", metavar="NUMBER", type=_count, help="begin behind this sequence number")
    _command(commands, "me", "say who you are to the control plane")
    _command(commands, "doctor", "try the whole way to a query, and name the first thing that is wrong")
    serve = commands.add_parser(
        "serve",
        help="run a control plane of its own (the default)",
        description="Run a control plane without notebooks. Other options are Jupyter Server's, such as --port=8889.",
        allow_abbrev=False,
    )
    serve.set_defaults(command="serve")


def _command(commands: _Commands, word: str, description: str, command: str | None = None) -> argparse.ArgumentParser:
    """A command that talks to the API. What it is not told, it leaves to the defaults of the whole."""
    parser = commands.add_parser(word, help=description, description=_sentence(description), allow_abbrev=False)
    parser.set_defaults(command=command or word)
    parser.add_argument("--url", default=argparse.SUPPRESS, help="which control plane, where there are several")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the API's own JSON")
    return parser


def _sentence(description: str) -> str:
    return f"{description[0].upper()}{description[1:]}."


def _version() -> str:
    from .. import __version__

    return __version__


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return int(text)


def _file(text: str) -> Path | None:
    """``None`` for standard input."""
    return None if text == "-" else Path(text)
