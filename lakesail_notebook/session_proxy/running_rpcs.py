"""The RPCs in flight, by session: how many, how to cut them, and what they say of the session's use."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import TracebackType

from ..clock import Clock
from ..errors import LakesailError, ResourceExhausted
from ..feed import SessionActivity

MAX_CALLS_PER_SESSION = 64
REPORT_SECONDS = 1.0


class RunningRpc:
    """One RPC while it runs: a context manager in the RPC's own task.

    Leaving it after :meth:`cut` raises the error that it was cut with, in place of the cancellation.

    :param relieves: it helps a session with too many RPCs in flight, so their limit does not hold for it.
    """

    def __init__(self, calls: RunningRpcs, session_id: str, *, relieves: bool = False) -> None:
        self._calls = calls
        self.session_id = session_id
        self.relieves = relieves
        self._task = asyncio.current_task()
        self.cut_with: LakesailError | None = None
        self.passed = False

    def cut(self, error: LakesailError) -> None:
        """End the RPC now, from another task, with this error."""
        if self.cut_with is None and self._task is not None:
            self.cut_with = error
            self._task.cancel()

    def passes(self) -> None:
        """From here on the RPC counts as use of the session; a refused one never does."""
        if not self.passed:
            self.passed = True
            self._calls.note_passing(self.session_id)

    def __enter__(self) -> RunningRpc:
        self._calls.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._calls.leave(self)
        if self.cut_with is None or self._task is None:
            return
        # As in asyncio.timeout: a cancellation from outside (the client went away) that came as well goes first.
        if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise self.cut_with from None


@dataclass(slots=True)
class _Use:
    """How a session is used. Times are of the monotonic clock."""

    calls: set[RunningRpc] = field(default_factory=set)
    running: int = 0
    last_used: float | None = None
    unreported: bool = False


class RunningRpcs:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._uses: dict[str, _Use] = {}
        self.used = asyncio.Event()
        """Set while there may be something to report."""

    def cut(self, session_id: str, error: LakesailError) -> None:
        """End every RPC of a session."""
        use = self._uses.get(session_id)
        for call in list(use.calls) if use is not None else ():
            call.cut(error)

    def cut_all(self, error: LakesailError) -> None:
        for session_id in list(self._uses):
            self.cut(session_id, error)

    def enter(self, call: RunningRpc) -> None:
        """:raises ResourceExhausted: when the session has too many RPCs in flight."""
        use = self._uses.setdefault(call.session_id, _Use())
        if len(use.calls) >= MAX_CALLS_PER_SESSION and not call.relieves:
            raise ResourceExhausted(
                f"Session {call.session_id} has {MAX_CALLS_PER_SESSION} requests in flight, the most allowed; "
                "wait for one to end, or interrupt it."
            )
        use.calls.add(call)

    def note_passing(self, session_id: str) -> None:
        use = self._uses[session_id]
        use.running += 1
        self._note(use)

    def leave(self, call: RunningRpc) -> None:
        use = self._uses[call.session_id]
        use.calls.discard(call)
        if call.passed:
            use.running -= 1
            self._note(use)
        self._forget_if_told(call.session_id, use)

    def report(self) -> list[SessionActivity]:
        """What to tell of each session that was used since the last report, or is being used now."""
        now = self._clock.monotonic()
        report = []
        for session_id, use in list(self._uses.items()):
            if use.last_used is not None and (use.unreported or use.running):
                age = 0.0 if use.running else max(0.0, now - use.last_used)
                report.append(SessionActivity(session_id=session_id, running=use.running, seconds_since=age))
                use.unreported = False
            self._forget_if_told(session_id, use)
        if not any(use.running for use in self._uses.values()):
            self.used.clear()
        return report

    def not_reported(self, report: list[SessionActivity], made_at: float) -> None:
        """A report that was made at this moment of the monotonic clock was not kept: it is to be made again."""
        for activity in report:
            last_used = made_at - activity.seconds_since
            use = self._uses.setdefault(activity.session_id, _Use())
            use.last_used = last_used if use.last_used is None else max(last_used, use.last_used)
            self._note_unreported(use)

    def _note(self, use: _Use) -> None:
        use.last_used = self._clock.monotonic()
        self._note_unreported(use)

    def _note_unreported(self, use: _Use) -> None:
        use.unreported = True
        self.used.set()

    def _forget_if_told(self, session_id: str, use: _Use) -> None:
        if not use.calls and not use.unreported:
            self._uses.pop(session_id, None)
