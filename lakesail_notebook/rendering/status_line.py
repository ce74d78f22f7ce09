"""One line of output that is written anew as things go on."""

from __future__ import annotations

from typing import Protocol


class StatusLine(Protocol):
    """One line of output; implements :class:`..spark.sessions.waiting.Progress`."""

    def told(self, elapsed_seconds: float, text: str) -> None: ...

    def warned(self, text: str) -> None: ...

    def cleared(self) -> None:
        """Something else is about to be written."""
        ...

    def ended(self, text: str) -> None:
        """The line's last text."""
        ...

    def broken_off(self, text: str) -> None:
        """The last text of a line that was begun."""
        ...
