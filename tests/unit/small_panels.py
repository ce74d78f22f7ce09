"""An API for panels that is a few values in memory, and a kernel whose main thread a test runs by hand."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from lakesail_notebook import models
from lakesail_notebook.errors import LakesailError, NotFound, Unavailable
from lakesail_notebook.widgets.acts import Line
from lakesail_notebook.widgets.parts import Parts
from tests.unit.small_api import NOW, page, session

T = TypeVar("T")
KERNEL_ID = "K1"


def eventually(look: Callable[[], T], what: str, seconds: float = 60.0) -> T:
    """The first thing seen that counts as true."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return seen


def event(session_id: str | None = "S1", **changes: Any) -> models.Event:
    fields: dict[str, Any] = {"sequence": 8, "at": NOW, "kind": "move", "session_id": session_id}
    return models.Event(**(fields | changes))


def mine(session_id: str = "S1", **changes: Any) -> models.Session:
    """A session of the notebook that asks."""
    return session(session_id, metadata={models.KERNEL_KEY: KERNEL_ID}, **changes)


class SmallApis:
    """Implements ``Apis`` and all that it gives, and notes what it is asked for."""

    def __init__(self, *sessions: models.Session) -> None:
        self.sessions = {one.id: one for one in sessions}
        self.asked: list[str] = []
        self.features: tuple[str, ...] = ("events", "event_kinds", "queries")
        self.error: LakesailError | None = None
        """Of every request, while it stands."""
        self.poll_error: LakesailError | None = None
        """Of every long poll."""
        self.refusal: LakesailError | None = None
        """Of everything that changes something."""
        self.polls: list[SmallPoll] = []

    def reading(self) -> SmallApis:
        return self

    def acting(self) -> SmallApis:
        return self

    def waiting(self) -> SmallPoll:
        self.polls.append(SmallPoll(self))
        return self.polls[-1]

    @property
    def open_polls(self) -> list[SmallPoll]:
        return [poll for poll in self.polls if not poll.is_closed]

    def ask(self, what: str) -> None:
        self.asked.append(what)
        if self.error is not None:
            raise self.error

    def me(self) -> models.Me:
        self.ask("me")
        return models.Me(
            member_id="M1",
            team_ids=("T1",),
            organization_admin=False,
            kernel_id=KERNEL_ID,
            notebook_path="deep/flights.ipynb",
            features=self.features,
        )

    def session(self, session_id: str) -> models.Session:
        self.ask(f"session {session_id}")
        if session_id not in self.sessions:
            raise NotFound(f"There is no session {session_id}.")
        return self.sessions[session_id]

    def session_pages(
        self, *, team_id: str | None = None, endpoint_type: str | None = None, status: str | None = None
    ) -> Iterator[models.SessionPage]:
        self.ask(f"sessions {status}")
        yield page(*(one for one in self.sessions.values() if status in {None, one.status}))

    def compute_configs(self, *, team_id: str | None = None) -> Iterator[models.WorkloadConfig]:
        self.ask("configs")
        return iter(())

    def queries(self, session_id: str, limit: int | None = None) -> tuple[models.Query, ...]:
        self.ask(f"queries {session_id}")
        return ()

    def session_logs(self, session_id: str, tail: int | None = None) -> tuple[str, ...]:
        self.ask(f"log {session_id}")
        return ("a line",)

    def start_estimates(self, kernel_id: str) -> tuple[models.StartEstimate, ...]:
        self.ask(f"estimates {kernel_id}")
        return (models.StartEstimate(workload_config_id=None, warm=True, median_seconds=1.5),)

    def close_session(self, session_id: str) -> None:
        self._change(f"close {session_id}")

    def extend_session(self, session_id: str, duration_seconds: int | None = None) -> models.Session:
        self._change(f"extend {session_id} {duration_seconds}")
        return self.sessions[session_id]

    def interrupt(self, session_id: str, query_id: str | None = None) -> Sequence[str]:
        self._change(f"interrupt {session_id} {query_id}")
        return ()

    def _change(self, what: str) -> None:
        self.ask(what)
        if self.refusal is not None:
            raise self.refusal


class SmallPoll:
    """Implements ``WaitingApi``: each poll waits for a page of events that the test puts in, or for its end."""

    def __init__(self, apis: SmallApis) -> None:
        self._apis = apis
        self._pages: queue.Queue[models.EventPage | None] = queue.Queue()
        self.is_closed = False

    def event_page(
        self,
        after: int | None = None,
        *,
        wait_seconds: int = 0,
        limit: int | None = None,
        kinds: Collection[models.EventKind] | None = None,
    ) -> models.EventPage:
        self._apis.ask(f"events after={after} wait={wait_seconds}")
        if not wait_seconds:
            return models.EventPage(events=(), sequence=7)
        if self._apis.poll_error is not None:
            raise self._apis.poll_error
        told = self._pages.get(timeout=60)
        if told is None:
            raise Unavailable("The connection was ended.")
        return told

    def tell(self, *events: models.Event) -> None:
        self._pages.put(models.EventPage(events=events, sequence=8))

    def cut_off(self) -> None:
        self._pages.put(None)

    def close(self) -> None:
        self.is_closed = True


class Told:
    """What a feed has told, all together."""

    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}
        self.changes: list[Parts] = []

    def __call__(self, changed: Parts) -> None:
        self.changes.append(changed)
        self.parts |= changed

    @property
    def link(self) -> str | None:
        part = self.parts.get("link")
        return None if part is None else part["link"]

    @property
    def session_ids(self) -> list[str]:
        part = self.parts.get("sessions")
        return [] if part is None else [item["id"] for item in part["answer"]["items"]]


class HandRunKernel:
    """Implements ``Kernel``: nothing runs on its main thread before the test lets it."""

    def __init__(self) -> None:
        self.works: list[Callable[[], None]] = []
        self.can_be_interrupted = False

    def on_main_thread(self, work: Callable[[], None]) -> None:
        self.works.append(work)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        self.can_be_interrupted = True
        try:
            yield
        finally:
            self.can_be_interrupted = False

    def run(self) -> None:
        while self.works:
            self.works.pop(0)()


class NotedNotebook:
    """Implements ``Notebook``: it notes what it is to do, and in which thread."""

    def __init__(self) -> None:
        self.did: list[tuple[Any, ...]] = []
        self.threads: set[threading.Thread] = set()
        self.error: BaseException | None = None

    def connect_for(self, line: Line, options: Mapping[str, Any]) -> None:
        self._do("connect", dict(options))
        line.ended("Session S1 is active.\nView flights was made again.")

    def relaunch_for(self, line: Line, session_id: str) -> None:
        self._do("relaunch", session_id)

    def has_closed(self, session_id: str) -> None:
        self._do("closed", session_id)

    def _do(self, *what: Any) -> None:
        self.did.append(what)
        self.threads.add(threading.current_thread())
        if self.error is not None:
            raise self.error


class SmallShell:
    """What the hub needs of IPython's shell: our magics, loaded by name."""

    def __init__(self) -> None:
        self.extension_manager = self
        self.magics_manager = self
        self.registry = {"SailMagics": NotedNotebook()}

    def load_extension(self, name: str) -> None:
        return


class SmallPanel:
    """Implements ``Shown``: it notes what its pages are told."""

    def __init__(self, key: str = "P1") -> None:
        self.key = key
        self.told: list[Mapping[str, Any]] = []
        self.value: Mapping[str, Any] = {}

    @property
    def parts(self) -> dict[str, Any]:
        """What it was told of them, all together."""
        return {name: part for message in self.told for name, part in message.get("parts", {}).items()}

    @property
    def view(self) -> dict[str, Any]:
        """What a view of it says when it opens."""
        return {"type": "view", "view": f"of {self.key}", "topics": []}

    def say(self, message: Mapping[str, Any]) -> None:
        self.told.append(message)

    def take_value(self, value: Mapping[str, Any]) -> None:
        self.value = value
