"""What the magics show: one line that is updated in place, and sessions as text. None of it is markup."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from typing import Any, Protocol, TextIO

from IPython.display import DisplayHandle, display

from ..clock import from_rfc3339, in_words
from ..models import NOTEBOOK_KEY
from ..rendering.text_tables import facts, moment
from ..spark.choice import Candidate
from ..spark.connecting import Connection


class StatusLine(Protocol):
    """One line of output; implements :class:`..spark.waiting.Progress`."""

    def told(self, elapsed_seconds: float, text: str) -> None: ...

    def cleared(self) -> None:
        """Something else is about to be written."""
        ...

    def ended(self, text: str) -> None:
        """The line's last text."""
        ...

    def broken_off(self, text: str) -> None:
        """The last text of a line that was begun."""
        ...


class NotebookLine:
    """An output of the cell, updated in place."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def told(self, elapsed_seconds: float, text: str) -> None:
        self._show(_with_seconds(elapsed_seconds, text))

    def cleared(self) -> None:
        return  # it has a place of its own

    def ended(self, text: str) -> None:
        self._show(text)

    def broken_off(self, text: str) -> None:
        if self._handle is not None:
            self._show(text)

    def _show(self, text: str) -> None:
        bundle = {"text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)  # type: ignore[no-untyped-call]


class TerminalLine:
    """A line of a terminal, written over; where output goes to a file, each new text is a line of its own."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._said: str | None = None
        self._width = 0

    def told(self, elapsed_seconds: float, text: str) -> None:
        if self._stream.isatty():
            fits = shutil.get_terminal_size().columns - 1  # what runs over could not be written over
            self._write(_with_seconds(elapsed_seconds, text)[:fits], end="")
        elif text != self._said:
            self._write(text, end="\n")
        self._said = text

    def cleared(self) -> None:
        if self._width:
            self._stream.write(f"\r{' ' * self._width}\r")
            self._stream.flush()
            self._width = 0

    def ended(self, text: str) -> None:
        self._write(text, end="\n")

    def broken_off(self, text: str) -> None:
        if self._said is not None:
            self.ended(text)

    def _write(self, text: str, *, end: str) -> None:
        start = "\r" if self._width else ""
        self._stream.write(f"{start}{text.ljust(self._width)}{end}")
        self._stream.flush()
        self._width = 0 if end else len(text)


def status_line(shell: Any) -> StatusLine:
    """The line that suits this shell: a kernel's front end updates outputs, a terminal writes over them."""
    return NotebookLine() if getattr(shell, "kernel", None) is not None else TerminalLine()


def connection_text(connection: Connection, variable: str, now: datetime) -> str:
    """One line on what ``%sail connect`` came to, then its notes."""
    session = connection.reached.session
    how = {"created": "new", "attached": "attached", "kept": "connected already"}[connection.how]
    config = _config_name(connection.reached)
    facts = (how, config and f"config {config}", connection.endpoint, f"ready in {connection.seconds:.1f} s")
    sentences = [f"Session {session.id}{_named(session.name)} is {session.status}: {', '.join(filter(None, facts))}."]
    if session.timeout_at is not None:
        sentences.append(f"It closes {_moment_ahead(session.timeout_at, now)}.")
    sentences.append(f"Use it as {variable}.")
    return "\n".join([" ".join(sentences), *connection.notes])


def session_text(candidate: Candidate, now: datetime) -> str:
    """What the control plane says of a session, a line each."""
    session = candidate.session
    info = session.connection_info
    rows = [
        ("session", f"{session.id}{_named(session.name)}"),
        ("status", session.status),
        ("reason", session.termination_reason),
        ("message", session.status_message),
        ("config", _config_name(candidate)),
        ("endpoint", None if info is None else info.grpc_endpoint),
        ("notebook", session.metadata.get(NOTEBOOK_KEY)),
        ("created", moment(session.created_at)),
        ("last used", moment(session.last_activity_at)),
        ("idle since", moment(session.idle_since)),
        ("closes", _moment_ahead(session.timeout_at, now)),
        ("closed", moment(session.closed_at)),
    ]
    return facts(rows)


def _with_seconds(elapsed_seconds: float, text: str) -> str:
    return f"{text} ({elapsed_seconds:.0f} s)"


def _named(name: str | None) -> str:
    return f" {name!r}" if name else ""


def _config_name(candidate: Candidate) -> str | None:
    return None if candidate.config is None else candidate.config.name or "unnamed"


def _moment_ahead(text: str | None, now: datetime) -> str | None:
    if text is None:
        return None
    seconds = max(0.0, (from_rfc3339(text) - now).total_seconds())
    return f"at {moment(text)} if unused (in {in_words(seconds)})"
