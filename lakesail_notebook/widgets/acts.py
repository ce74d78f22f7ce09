"""What a person asks for in a panel, done by the kernel; the outcome is told as a part of what all panels show."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ..clock import Clock
from ..errors import LakesailError
from . import parts
from .api import Apis
from .parts import Part, Parts

log = logging.getLogger(__name__)

Act = Mapping[str, Any]

_ELSEWHERE = (
    "A panel in a notebook cannot do that. Use the Spark sessions sidebar of JupyterLab, or the command "
    "jupyter lakesail."
)
_INTERRUPTED = "Interrupted; the session goes on. Connect again to wait for it."
_TICKET_SECONDS = 3.0
_DONE_IS_SHOWN_SECONDS = 2.0
_INTERRUPT_IS_SHOWN_SECONDS = 60.0
"""An engine may take a while to obey, and the panel says for how long it was asked."""


class Line(Protocol):
    """Somebody who watches a connect: one line of text, which changes."""

    def told(self, elapsed_seconds: float, text: str) -> None: ...

    def warned(self, text: str) -> None: ...

    def cleared(self) -> None: ...

    def ended(self, text: str) -> None: ...

    def broken_off(self, text: str) -> None: ...


class Notebook(Protocol):
    """What ``%sail`` does in this kernel; the magics implement it. Its main thread calls the first two."""

    def connect_for(self, line: Line, options: Mapping[str, Any]) -> None:
        """Connect, and bind the PySpark session in the user's namespace.

        :param options: of ``%sail connect``, by name.
        """
        ...

    def relaunch_for(self, line: Line, session_id: str) -> None: ...

    def has_closed(self, session_id: str) -> None:
        """Stop the PySpark sessions on a session that was closed here, and do not connect again by itself."""
        ...


class Kernel(Protocol):
    """The process that panels live in."""

    def on_main_thread(self, work: Callable[[], None]) -> None:
        """Do something once no cell runs."""
        ...

    def interruptible(self) -> AbstractContextManager[None]:
        """While it lasts, an interrupt of the kernel raises ``KeyboardInterrupt`` in the main thread."""
        ...


class Feed(Protocol):
    """What :class:`.feed.Feed` is to acts."""

    def tell(self, changed: Parts) -> None: ...

    def read_again(self, *names: str) -> None: ...

    def retry(self) -> None: ...


class Tickets:
    """An act is done only soon after the kernel has said that it hears: one that waited behind a long cell would
    surprise a person who has given it up. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._given: dict[str, float] = {}

    def give(self, ticket: str) -> None:
        now = self._clock.monotonic()
        with self._lock:
            self._given = {one: at for one, at in self._given.items() if now - at < _TICKET_SECONDS} | {ticket: now}

    def take(self, ticket: str) -> bool:
        """Whether an act with this ticket is to be done; each is good for one."""
        with self._lock:
            given = self._given.pop(ticket, None)
        return given is not None and self._clock.monotonic() - given < _TICKET_SECONDS


class Acts:
    """Does acts, one at a time for each thing. Threads may share it."""

    def __init__(self, apis: Apis, notebook: Notebook, kernel: Kernel, feed: Feed, clock: Clock) -> None:
        self._apis = apis
        self._notebook = notebook
        self._kernel = kernel
        self._feed = feed
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, Part] = {}
        self._withdrawn = threading.Event()

    def do(self, act: Act) -> None:
        """Begin to do it; returns at once."""
        name = act.get("act")
        if name == "cancel":
            self._withdrawn.set()
        elif name == "dismiss":
            self._dismiss(str(act.get("subject")))
        elif name == "retry":
            self._feed.retry()
        elif name in {"connect", "relaunch"}:
            if self._begins(act):
                self._connect_later(act)
        elif name in _BY_REST:
            if self._begins(act):
                threading.Thread(target=self._do, args=(act,), name="lakesail-panel-act", daemon=True).start()
        elif self._begins(act):
            self._ends(act, parts.refusal(_ELSEWHERE))

    def _connect_later(self, act: Act) -> None:
        try:
            self._forget_relaunches()
            self._withdrawn.clear()
            self._tell_of_connecting("waiting")
            self._kernel.on_main_thread(lambda: self._connect(act))
        except KeyboardInterrupt:  # a kernel may be interrupted while it hears of an act
            self._withdrawn.set()
            self._ends(act, parts.refusal(_INTERRUPTED))
            self._tell_of_connecting("no")

    def _connect(self, act: Act) -> None:
        """On the main thread: the user's namespace and PySpark's active session are the main thread's."""
        if self._withdrawn.is_set():
            self._forget(subject_of(act))
            self._tell_of_connecting("no")
            return
        self._tell_of_connecting("connecting")
        line = NotedLine()
        problem = None
        try:
            with self._kernel.interruptible():
                if act["act"] == "connect":
                    self._notebook.connect_for(line, connect_options(act.get("choice")))
                else:
                    self._relaunch(str(act["sessionId"]), line)
        except KeyboardInterrupt:
            problem = parts.refusal(_INTERRUPTED)
        except Exception as error:
            problem = self._problem(error)
        self._feed.tell({"notes": {"notes": line.notes}})
        self._feed.read_again("sessions")
        self._ends(act, problem)
        self._tell_of_connecting("no")

    def _relaunch(self, session_id: str, line: Line) -> None:
        acting = self._apis.acting()
        acting.close_session(session_id)  # closing one that is over changes nothing
        self._notebook.has_closed(session_id)
        self._notebook.relaunch_for(line, session_id)

    def _do(self, act: Act) -> None:
        problem, failures = None, {}
        try:
            if act["act"] == "closeMany":
                failures = self._close_many(act)
            else:
                self._change(act)
        except Exception as error:
            problem = self._problem(error)
        self._ends(act, problem, failures)

    def _change(self, act: Act) -> None:
        acting, session_id = self._apis.acting(), str(act["sessionId"])
        if act["act"] == "close":
            acting.close_session(session_id)
            self._notebook.has_closed(session_id)
        elif act["act"] == "keep":
            acting.extend_session(session_id, int(act["seconds"]))
        else:
            acting.interrupt(session_id, act.get("queryId"))
            self._feed.read_again(f"queries:{session_id}")
        self._feed.read_again(f"session:{session_id}")

    def _close_many(self, act: Act) -> dict[str, Part]:
        failures: dict[str, Part] = {}
        for session_id in map(str, act["sessionIds"]):
            try:
                self._apis.acting().close_session(session_id)
                self._notebook.has_closed(session_id)
            except LakesailError as error:
                failures[session_id] = self._problem(error)
        self._feed.read_again("sessions")
        return failures

    def _problem(self, error: Exception) -> Part:
        if not isinstance(error, LakesailError):
            log.exception("What a panel asked for failed.")
        return parts.problem_of(error, self._clock.now())

    def _begins(self, act: Act) -> bool:
        """``False`` while something is being done with the same thing."""
        subject = subject_of(act)
        with self._lock:
            before = self._states.get(subject)
            if before is not None and before["phase"] == "running":
                return False
            self._states[subject] = self._state(act, "running")
        self._tell()
        return True

    def _ends(self, act: Act, problem: Part | None, failures: Mapping[str, Part] | None = None) -> None:
        phase = "failed" if problem is not None or failures else "done"
        state, subject = self._state(act, phase, problem, failures), subject_of(act)
        with self._lock:
            state = {**state, "since": self._states.get(subject, state)["since"]}
            self._states[subject] = state
        self._tell()
        if phase == "done" and act["act"] != "relaunch":  # what a relaunch has lost stays to be read
            seconds = _INTERRUPT_IS_SHOWN_SECONDS if act["act"] == "interrupt" else _DONE_IS_SHOWN_SECONDS
            timer = threading.Timer(seconds, self._forget, (subject, state))
            timer.daemon = True
            timer.start()

    def _forget(self, subject: str, state: Part | None = None) -> None:
        """Forget a state, unless another one has taken its place; without ``state``, whichever there is."""
        with self._lock:
            if state is None or self._states.get(subject) is state:
                self._states.pop(subject, None)
        self._tell()

    def _forget_relaunches(self) -> None:
        """Those that are done: their sessions are about to be replaced."""
        with self._lock:
            self._states = {
                subject: state
                for subject, state in self._states.items()
                if (state["act"]["act"], state["phase"]) != ("relaunch", "done")
            }

    def _dismiss(self, subject: str) -> None:
        with self._lock:
            if self._states.get(subject, {}).get("phase") != "running":
                self._states.pop(subject, None)
        self._tell()

    def _state(
        self, act: Act, phase: str, problem: Part | None = None, failures: Mapping[str, Part] | None = None
    ) -> Part:
        since = parts.milliseconds(self._clock.now())
        return {"act": act, "phase": phase, "since": since, "problem": problem, "failures": dict(failures or {})}

    def _tell(self) -> None:
        with self._lock:  # also while it is told: else a thread could tell its older states last
            self._feed.tell({"acts": dict(self._states)})

    def _tell_of_connecting(self, how: str) -> None:
        self._feed.tell({"connecting": {"connecting": how}})


class NotedLine:
    """Keeps the sentences of a connect that people are to read; how it goes on, the session's card shows."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def told(self, elapsed_seconds: float, text: str) -> None:
        return

    def warned(self, text: str) -> None:
        self.notes.append(text)

    def cleared(self) -> None:
        return

    def ended(self, text: str) -> None:
        self.notes.extend(text.splitlines()[1:])  # the first line says what the card shows

    def broken_off(self, text: str) -> None:
        return  # the error says more


_BY_REST = frozenset({"close", "closeMany", "keep", "interrupt"})


def subject_of(act: Act) -> str:
    """Which thing an act is about; the same as ``subjectOf`` in ``frontend/src/model/acts.ts``."""
    match act.get("act"):
        case "close" | "keep" | "interrupt" | "relaunch":
            return f"session:{act.get('sessionId')}"
        case "saveConfig":
            return f"form:{act.get('configId') or ''}"
        case "deleteConfig" | "setDefault":
            return f"config:{act.get('configId')}"
        case "closeMany":
            return "sessions"
        case "connect":
            return "connect"
        case _:
            return "page"


def connect_options(choice: Any) -> dict[str, Any]:
    """The options of ``%sail connect`` for a ``ConnectChoice``."""
    chosen: Mapping[str, Any] = choice if isinstance(choice, Mapping) else {}
    if session_id := chosen.get("sessionId"):
        return {"attach": session_id}
    names = {"config": "config", "name": "name", "idleSeconds": "idle", "maxSeconds": "max"}
    return {ours: chosen[theirs] for theirs, ours in names.items() if chosen.get(theirs) is not None}
