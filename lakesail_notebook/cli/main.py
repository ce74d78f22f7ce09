"""From the words of a command line to an exit code: 0, 1 for an error, 2 for words that cannot be read."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..cures import SESSION_CLOSED, with_cure
from ..errors import LakesailError
from ..installed import INSTALL_SERVER, missing_server_libraries
from ..rendering.text_tables import printable
from .arguments import PROGRAM, parse

if TYPE_CHECKING:
    from ..rendering.shown import Shown

_FAILED = 1
_ANOTHER = f"'{PROGRAM} relaunch ID' starts another like it"
_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells say it."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; what it says goes to standard output, what is wrong to standard error in one line."""
    arguments = parse(sys.argv[1:] if words is None else words)
    if arguments.command == "serve":
        return _serve(arguments)
    try:
        for shown in _run(arguments):
            _show(shown, as_json=arguments.json)
    except LakesailError as error:
        print(f"{PROGRAM}: {_line(error)}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # nobody reads any more; the interpreter must not try once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    if missing := missing_server_libraries():
        lacking = f"a control plane needs {', '.join(missing)}, which are not installed in {sys.prefix}"
        print(f"{PROGRAM}: {lacking}. Run {INSTALL_SERVER}.", file=sys.stderr)
        return _FAILED
    from ..jupyter.standalone import serve

    return serve(arguments.jupyter_options)


def _run(arguments: argparse.Namespace) -> Iterator[Shown]:
    from .commands import COMMANDS, examine
    from .finding import find_client

    if arguments.command == "doctor":
        yield from examine(lambda: find_client(arguments.url, os.environ), as_json=arguments.json)
        return
    if arguments.command == "marimo":
        from .marimo_page import open_page

        yield from open_page(arguments)
        return
    with find_client(arguments.url, os.environ) as client:
        yield from COMMANDS[arguments.command](client, arguments)


def _line(error: LakesailError) -> str:
    """Its message, which tells the first bad field, and the other bad fields."""
    message = with_cure(error.message, _ANOTHER) if error.reason == SESSION_CLOSED else error.message
    others = (f"{field.pointer.lstrip('/')} {field.message}." for field in error.errors[1:])
    return printable(" ".join(" ".join([message, *others]).split()))


def _show(shown: Shown, *, as_json: bool) -> None:
    if not as_json and shown.aside:
        print(shown.aside, file=sys.stderr)
    text = shown.json.decode() if as_json else shown.text
    if text:
        print(text, flush=True)
