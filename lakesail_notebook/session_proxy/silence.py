"""How long nothing was heard of the control plane. Pure."""

from __future__ import annotations

LOOK_SECONDS = 1.0
"""So often the silence is to be looked at."""


class Silence:
    """Counts the seconds since something was heard, without the time in which this process was stopped itself.

    A machine that was suspended, or a process that was stopped, has heard nothing because it did not run: its control
    plane may speak at once.

    :param now: of the monotonic clock, in seconds.
    """

    def __init__(self, now: float) -> None:
        self._looked_at = now
        self._seconds = 0.0

    def heard(self, now: float) -> None:
        self._looked_at = now
        self._seconds = 0.0

    def seconds(self, now: float) -> float:
        """To be asked every :data:`LOOK_SECONDS`; of a longer time since the last look, twice as much counts."""
        self._seconds += min(now - self._looked_at, 2 * LOOK_SECONDS)
        self._looked_at = now
        return self._seconds
