"""The line of output that the magics update in place."""

from __future__ import annotations

import shutil
import sys
from typing import Any, TextIO

from IPython.display import DisplayHandle, display

from ..rendering.status_line import StatusLine
from ..rendering.text_tables import clipped, width


class NotebookLine:
    """An output of the cell, updated in place."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def told(self, elapsed_seconds: float, text: str) -> None:
        self._show(_with_seconds(elapsed_seconds, text))

    def warned(self, text: str) -> None:
        print(text)

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
            self._write(clipped(_with_seconds(elapsed_seconds, text), fits), end="")
        elif text != self._said:
            self._write(text, end="\n")
        self._said = text

    def warned(self, text: str) -> None:
        self.cleared()
        self._stream.write(f"{text}\n")
        self._stream.flush()

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
        self._stream.write(f"{start}{text}{' ' * (self._width - width(text))}{end}")
        self._stream.flush()
        self._width = 0 if end else width(text)


def status_line(shell: Any) -> StatusLine:
    """The line that suits this shell: a kernel's front end updates outputs, a terminal writes over them."""
    return NotebookLine() if getattr(shell, "kernel", None) is not None else TerminalLine()


def _with_seconds(elapsed_seconds: float, text: str) -> str:
    return f"{text} ({elapsed_seconds:.0f} s)"
