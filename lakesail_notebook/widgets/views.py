"""Which views of panels are open, and what they look at: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

ViewId = tuple[str, str]
"""Of a panel, and of its view there."""


_CALL_EVERY_SECONDS = 600.0
_ANSWER_WITHIN_SECONDS = 60.0


@dataclass(slots=True)
class RollCall:
    """When to ask who is there, and when to count the answers."""

    _last_step_at: float
    """The clock's reading at the last step."""
    _called: bool = False

    def step(self, now: float) -> Literal["call", "count"] | None:
        """:param now: in seconds of a clock that never jumps."""
        if now - self._last_step_at < (_ANSWER_WITHIN_SECONDS if self._called else _CALL_EVERY_SECONDS):
            return None
        self._last_step_at, self._called = now, not self._called
        return "call" if self._called else "count"


@dataclass(slots=True)
class Views:
    """Counts views by what they say of themselves."""

    topics: dict[ViewId, frozenset[str]] = field(default_factory=dict)
    """The parts that each open view looks at, beside those that all need."""
    _silent: set[ViewId] = field(default_factory=set)
    """Those that have not answered the last roll call."""

    @property
    def any_open(self) -> bool:
        return bool(self.topics)

    def seen(self, view: ViewId, topics: Iterable[str]) -> frozenset[str]:
        """A view says that it is there, and what it looks at.

        :returns: what nobody looked at before.
        """
        wanted = frozenset(topics)
        news = wanted - self.watched()
        self.topics[view] = wanted
        self._silent.discard(view)
        return news

    def closed(self, view: ViewId) -> None:
        self.topics.pop(view, None)
        self._silent.discard(view)

    def closed_all_of(self, panel: str) -> None:
        for view in [view for view in self.topics if view[0] == panel]:
            self.closed(view)

    def watched(self) -> frozenset[str]:
        return frozenset().union(*self.topics.values())

    def call(self) -> None:
        """Begin a roll call: a page that was closed by force says nothing any more."""
        self._silent = set(self.topics)

    def drop_silent(self) -> None:
        """End the roll call: views that have not answered are gone."""
        for view in self._silent:
            self.topics.pop(view, None)
        self._silent = set()
