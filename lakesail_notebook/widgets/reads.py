"""What is read from the API for panels: one reading for each part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..clock import Clock
from ..errors import LakesailError, NotFound
from ..models import LIVE_STATUSES, Me, SessionIncluded, SessionPage
from ..rendering.listing import merged
from . import parts
from .api import ReadingApi
from .here import here
from .parts import Part

_LINES = 500
_QUERIES = 100


class Reads:
    """Reads parts, and keeps the list of sessions so that an event costs one request. One thread uses it."""

    def __init__(self, clock: Clock, used: Callable[[], Collection[str]]) -> None:
        self._clock = clock
        self._used = used
        self.sessions = SessionPage(total=0, items=(), included=SessionIncluded())
        """The live ones, those that ended while somebody watched, and the one of this notebook that ended last."""
        self.me: Me | None = None
        """Who asks, and in which notebook."""

    def read(self, name: str, api: ReadingApi, before: Mapping[str, Part | None]) -> dict[str, Part | None]:
        """The parts that a reading gives; a failure stands in its part.

        :param name: ``sessions``, ``configs``, or of a topic.
        :param before: all parts so far.
        """
        kind, _, about = name.partition(":")
        part = "sessions" if kind == "session" else name
        try:
            return {part: self._read(kind, about, api)}
        except LakesailError as error:
            return {part: parts.not_loaded(error, self._clock.now(), before.get(part))}

    def _read(self, kind: str, about: str, api: ReadingApi) -> Part:
        now = self._clock.now
        match kind:
            case "sessions":
                self.sessions = self._listed(api)
                return parts.of_sessions(self.sessions, now())
            case "session":
                self.sessions = self._with_session(about, api)
                return parts.of_sessions(self.sessions, now())
            case "configs":
                return parts.of_configs(api.compute_configs(), now())
            case "ended":
                latest = next(api.session_pages(), self.sessions)
                return parts.of_sessions(parts.ended_of(latest), now())
            case "queries":
                return _items(api.queries(about, _QUERIES), self._clock)
            case "estimates":
                return _items(api.start_estimates(about), self._clock)
            case "log":
                lines = api.session_logs(about, _LINES)
                return parts.loaded({"lines": list(lines)}, now(), len(lines))
            case _:
                raise ValueError(kind)

    def _listed(self, api: ReadingApi) -> SessionPage:
        live = merged(page for status in LIVE_STATUSES for page in api.session_pages(status=status))
        if self.me is None or here(live, self.me, self._used()) is not None:
            return live
        over = here(next(api.session_pages(), live), self.me, self._used())
        return live if over is None else parts.with_session(live, over.session)

    def _with_session(self, session_id: str, api: ReadingApi) -> SessionPage:
        try:
            return parts.with_session(self.sessions, api.session(session_id))
        except NotFound:
            return parts.without_session(self.sessions, session_id)


def _items(items: Any, clock: Clock) -> Part:
    shown = [parts.json_of(item) for item in items]
    return parts.loaded({"items": shown}, clock.now(), len(shown))
