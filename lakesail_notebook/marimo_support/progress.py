"""What a running query does, as marimo's spinner in the output of its cell."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, MutableMapping
from typing import Any

_PRINT = "print"


class SpinnerLine:
    """Implements :class:`..rendering.status_line.StatusLine`: a spinner while something lasts, a line of text after.

    marimo takes outputs from the thread that runs the cell, and from threads of its own kind.
    """

    def __init__(self) -> None:
        self._spinner: Any = None
        self._shown: Any = None

    def told(self, elapsed_seconds: float, text: str) -> None:
        import marimo

        head, _, rest = text.partition(": ")  # as in "Running: select 1 · 3 rows received"
        title = html.escape(head)
        subtitle = html.escape(f"{rest} ({elapsed_seconds:.0f} s)".strip())
        if self._shown is None:
            self._spinner = marimo.status.spinner(title=title, subtitle=subtitle, remove_on_exit=True)
            self._shown = self._spinner.__enter__()
        else:
            self._shown.update(title=title, subtitle=subtitle)

    def warned(self, text: str) -> None:
        print(text)

    def cleared(self) -> None:
        return  # it has a place of its own

    def ended(self, text: str) -> None:
        import marimo

        self._fold()
        if marimo.running_in_notebook():  # a script's output is the script's own
            print(text)

    def broken_off(self, text: str) -> None:
        if self._shown is not None:
            self.ended(text)

    def _fold(self) -> None:
        if self._spinner is not None:
            self._spinner.__exit__(None, None, None)
        self._spinner = self._shown = None


def thread_of_marimo(work: Callable[[], None], names: MutableMapping[str, Any]) -> threading.Thread:
    """A thread that may write to the output of the cell whose thread calls this.

    :param names: of the notebook. marimo puts its own ``print`` among them for such a thread, and this one prints not.
    """
    import marimo

    had_print = _PRINT in names
    thread = marimo.Thread(target=work, name="lakesail-strip", daemon=True)
    if not had_print:
        names.pop(_PRINT, None)
    return thread
