"""What the panels of this process show: read from the API while a view of one is open, and at no other time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ..clock import Clock
from ..errors import LakesailError
from ..models import EventKind, Me
from . import parts
from .api import Apis, WaitingApi
from .here import here, value_of
from .parts import Part, Parts
from .reads import Reads
from .views import RollCall, ViewId, Views
from .wanted import LISTS, changed_by, is_needed, is_of_topic, without_needless

log = logging.getLogger(__name__)

Told = Callable[[Parts], None]

_WAIT_SECONDS = 60
_MERGED_SECONDS = 0.05
"""Events that come together cost one reading."""
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_WITHOUT_EVENTS_SECONDS = 10.0
_KINDS: tuple[EventKind, ...] = ("move", "warning", "extension", "config", "query")


class Feed:
    """Feeds all panels of this process. Threads may share it.

    One thread waits for events, in one long poll; another one reads what has changed, and tells it. Both end with the
    last view.

    :param told: hears of parts that have changed; it is called by one thread at a time.
    :param call: asks all views to say that they are there.
    :param may_answer: whether the kernel is free to hear what views answer.
    :param used: the ids of the sessions that this process uses.
    """

    def __init__(
        self,
        apis: Apis,
        clock: Clock,
        told: Told,
        call: Callable[[], None],
        may_answer: Callable[[], bool],
        used: Callable[[], Collection[str]],
    ) -> None:
        self._apis = apis
        self._clock = clock
        self._told = told
        self._call = call
        self._may_answer = may_answer
        self._used = used
        self._telling = threading.Lock()
        self._state = threading.Condition()
        self._parts: dict[str, Part | None] = {"link": parts.link("loading", clock.now())}
        self._views = Views()
        self._roll_call = RollCall(clock.monotonic())
        self._wanted: dict[str, None] = {}
        """What is to be read, in this order."""
        self._run: _Run | None = None
        self._asked_to_retry = False

    @property
    def parts(self) -> Parts:
        with self._state:
            return dict(self._parts)

    @property
    def open(self) -> bool:
        return self._run is not None

    @property
    def value(self) -> dict[str, Any] | None:
        """How this notebook's session is; ``None`` while it is not known."""
        run = self._run
        if run is None or run.reads.me is None:
            return None
        return value_of(here(run.reads.sessions, run.reads.me, self._used()))

    def seen(self, view: ViewId, topics: Iterable[Mapping[str, Any]]) -> bool:
        """A view is open, and looks at these topics; it says so again when they change, and at each roll call.

        :returns: whether the view is new.
        """
        names = [name for name in map(parts.topic_key, topics) if name is not None]
        with self._state:
            is_new = view not in self._views.topics
            news = self._views.seen(view, names)
            self._wanted |= dict.fromkeys(sorted(news))
            if self._run is None:
                self._run = _Run(self, Reads(self._clock, self._used))
                self._run.start()
            self._state.notify_all()
        return is_new

    def has_view_of(self, panel: str) -> bool:
        with self._state:
            return any(of == panel for of, _ in self._views.topics)

    def closed(self, view: ViewId) -> None:
        self._change_views(lambda: self._views.closed(view))

    def closed_all_of(self, panel: str) -> None:
        """A panel is closed with all its views."""
        self._change_views(lambda: self._views.closed_all_of(panel))

    def count_views(self) -> None:
        """Hold a roll call when it is time: a page that was closed by force says nothing any more."""
        step = self._roll_call.step(self._clock.monotonic())
        if step == "call":
            with self._state:
                self._views.call()
            self._call()
        elif step == "count" and self._may_answer():
            self._change_views(self._views.drop_silent)

    def retry(self) -> None:
        """Ask again now."""
        with self._state:
            self._asked_to_retry = True
        self.read_everything()

    def read_everything(self) -> None:
        with self._state:
            watched = sorted(self._views.watched())
        self.read_again(*LISTS, *watched)

    def read_again(self, *names: str) -> None:
        """Something has changed that these parts tell of."""
        with self._state:
            watched = self._views.watched()
            self._wanted |= {name: None for name in names if is_needed(name, watched)}
            self._state.notify_all()

    def tell(self, changed: Parts) -> None:
        """Take parts over, and tell them."""
        with self._telling:
            with self._state:
                news = {name: part for name, part in changed.items() if self._parts.get(name) != part}
                self._parts |= news
            if news:
                self._told(news)

    def tell_all_to(self, one: Told) -> None:
        """Tell one hearer all parts; no newer part is told meanwhile."""
        with self._telling:
            one(self.parts)

    def _change_views(self, change: Callable[[], None]) -> None:
        with self._state:
            change()
            kept = self._views.watched()
            for name in [name for name in self._parts if is_of_topic(name) and name not in kept]:
                del self._parts[name]
            ending = None if self._views.any_open else self._run
            if ending is not None:
                self._run = None
                self._wanted.clear()
            self._state.notify_all()
        if ending is not None:
            ending.cut_off()


class _Run:
    """From the first view to the last one: the two threads, and what they read so far."""

    def __init__(self, feed: Feed, reads: Reads) -> None:
        self.reads = reads
        self._feed = feed
        self._connection: WaitingApi | None = None
        self._pause = _FIRST_PAUSE_SECONDS
        """How long to rest after the next failure."""

    def start(self) -> None:
        for work in (self._wait_for_events, self._read_what_is_wanted):
            threading.Thread(target=self._guarded, args=(work,), name="lakesail-panel", daemon=True).start()

    def cut_off(self) -> None:
        """End the long poll now, not when it is over."""
        connection = self._connection
        if connection is not None:
            connection.cut_off()

    @property
    def _goes_on(self) -> bool:
        return self._feed._run is self

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # a fault of ours is shown in the panel, and the kernel goes on
            log.exception("The panel is not fed any more.")
            now = self._feed._clock.now()
            self._feed.tell({"link": parts.link("stale", now, parts.problem_of(error, now))})

    # The thread that waits

    def _wait_for_events(self) -> None:
        while self._goes_on:
            try:
                self._follow()
            except LakesailError as error:
                if self._goes_on:
                    self._rest(error)

    def _follow(self) -> None:
        """Follow the events until the last view is closed; all lists are read when they are followed, so that no change
        falls in between.

        :raises LakesailError: when the API does not answer.
        """
        feed = self._feed
        features = self._ask_who_asks().features
        if "events" not in features:
            self._look_now_and_then()
            return
        tells_all = "event_kinds" in features  # else nothing of configs and queries: they are looked at now and then
        wait_seconds = _WAIT_SECONDS if tells_all else round(_WITHOUT_EVENTS_SECONDS)
        with _closing(feed._apis.waiting()) as connection:
            self._connection = connection
            position = connection.event_page().sequence
            feed.read_everything()
            while self._goes_on:
                page = connection.event_page(position, wait_seconds=wait_seconds, kinds=_KINDS)
                position = page.sequence
                self._pause = _FIRST_PAUSE_SECONDS
                if not tells_all:
                    feed.read_everything()
                elif page.events:
                    feed.read_again(*changed_by(page.events))
                feed.count_views()

    def _look_now_and_then(self) -> None:
        """Of a control plane that tells no events."""
        feed = self._feed
        while self._goes_on:
            self._ask_who_asks()
            feed.read_everything()
            feed.count_views()
            with feed._state:
                feed._state.wait_for(lambda: not self._goes_on, _WITHOUT_EVENTS_SECONDS)
            self._pause = _FIRST_PAUSE_SECONDS

    def _ask_who_asks(self) -> Me:
        feed = self._feed
        me = feed._apis.reading().me()
        self.reads.me = me
        feed.tell({"me": parts.of_me(me), "link": parts.link("live", feed._clock.now())})
        return me

    def _rest(self, error: LakesailError) -> None:
        """Until the next try; a login that has expired is tried again when somebody asks."""
        feed, now = self._feed, self._feed._clock.now()
        state = parts.state_of_link(error)
        seconds = None if state == "loggedOut" else max(self._pause, error.retry_after_seconds or 0.0)
        feed.tell({"link": parts.link(state, now, parts.problem_of(error, now), seconds)})
        with feed._state:
            feed._asked_to_retry = False
            feed._state.wait_for(lambda: feed._asked_to_retry or not self._goes_on, seconds)
            asked = feed._asked_to_retry
        self._pause = _FIRST_PAUSE_SECONDS if asked else min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    # The thread that reads

    def _read_what_is_wanted(self) -> None:
        feed = self._feed
        while True:
            with feed._state:
                feed._state.wait_for(lambda: feed._wanted or not self._goes_on)
                if not self._goes_on:
                    return
                feed._state.wait_for(lambda: not self._goes_on, _MERGED_SECONDS)
                names = without_needless(feed._wanted)
                feed._wanted.clear()
            for name in names:
                if self._goes_on:
                    self._read(name)

    def _read(self, name: str) -> None:
        feed = self._feed
        try:
            api = feed._apis.reading()
        except LakesailError:  # the other thread tells of it
            return
        changed = self.reads.read(name, api, feed.parts)
        if self._goes_on:
            feed.tell(changed)


class _closing:
    """``contextlib.closing`` for a connection whose end may be cut off at any moment."""

    def __init__(self, connection: WaitingApi) -> None:
        self._connection = connection

    def __enter__(self) -> WaitingApi:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()
