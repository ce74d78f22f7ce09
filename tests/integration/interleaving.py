"""A control plane whose tasks are interleaved as a seed says, in a time that passes only when everybody waits.

The store, the domain and the route table are the real ones. Store, backend and session proxy are wrapped, so that each
of their calls stops at a switch point, and the next task to go on is chosen by chance. A backend that misbehaves
implements the domain's Protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from lakesail_notebook.errors import FieldError, Unavailable
from lakesail_notebook.feed import Route
from lakesail_notebook.models import SailConfig
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.ports import Checkpoint, GrantedSize, Observation, Offer
from lakesail_notebook.workloads.records import Handle, LaunchSpec, WorkloadRecord
from lakesail_notebook.workloads.rules.engine_use import EngineUse

from .by_hand import BEGIN, RoutesOnly

_WRITES_OF_WORKLOADS = frozenset(
    {"move_workload", "free_workload", "retire_workload", "adopt_workload", "mark_cleaned", "set_handle"}
)
_WRITES_OF_SESSIONS = frozenset(
    {
        "add_session",
        "extend_session",
        "mark_warned",
        "move_session",
        "set_detached_since",
        "set_due",
        "set_kernel",
        "set_last_activity",
    }
)
_QUIET_TURNS = 10
"""Turns of the loop without a change, after which everybody is taken to wait."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still until :meth:`skip` moves it to the next timer."""

    def __init__(self) -> None:
        self._virtual = 0.0
        super().__init__()

    def time(self) -> float:
        return self._virtual

    def skip(self, until: float) -> bool:
        """Move to the next timer, or to that moment if it comes first; whether there was such a timer."""
        timers = [timer.when() for timer in self._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        following = min(timers, default=float("inf"))
        self._virtual = max(self._virtual, min(following, until))
        return following <= until


class VirtualClock:
    """The loop's time as a clock of the domain."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=round(self._loop.time(), 3))

    def monotonic(self) -> float:
        return self._loop.time()


class Switch:
    """Lets one of the tasks that stopped at a switch point go on, chosen by a seed."""

    def __init__(self, loop: VirtualTimeLoop, seed: int) -> None:
        self.random = random.Random(seed)
        self._loop = loop
        self._parked: list[asyncio.Future[None]] = []
        self._outside = 0
        """Calls that wait for threads of the store."""
        self._changes = 0

    async def point(self) -> None:
        """Stop here until it is this task's turn."""
        parked = self._loop.create_future()
        self._parked.append(parked)
        self._changes += 1
        try:
            await parked
        finally:
            self._changes += 1
            if parked in self._parked:
                self._parked.remove(parked)

    async def outside(self, call: Awaitable[Any]) -> Any:
        """Await something that threads do."""
        self._outside += 1
        try:
            return await call
        finally:
            self._outside -= 1
            self._changes += 1

    async def run(self, work: Coroutine[Any, Any, Any], *, longest_seconds: float) -> Any:
        """Run the work to its end, and everybody else beside it."""
        task = asyncio.create_task(work)
        await self._turn(task.done, self._loop.time() + longest_seconds)
        assert task.done(), f"not done after {longest_seconds} s"
        return task.result()

    async def pass_time(self, seconds: float) -> None:
        """Let everybody go on for that long."""
        end = self._loop.time() + seconds
        await self._turn(lambda: self._loop.time() >= end, end)

    async def _turn(self, done: Callable[[], bool], until: float) -> None:
        while not done():
            await self._quiet()
            if done():
                return
            if self._parked:
                chosen = self._parked.pop(self.random.randrange(len(self._parked)))
                if not chosen.done():
                    chosen.set_result(None)
            elif not self._loop.skip(until) and self._loop.time() >= until:
                return

    async def _quiet(self) -> None:
        """Return when every task has stopped, or waits for time or for another."""
        quiet = 0
        seen = self._changes
        while quiet < _QUIET_TURNS or self._outside:
            await asyncio.sleep(0)
            quiet = quiet + 1 if seen == self._changes else 0
            seen = self._changes


class SwitchingStore:
    """The real store, with a switch point at each of its calls; implements ``Store``."""

    def __init__(self, store: SqlStore, switch: Switch) -> None:
        self._store = store
        self._switch = switch
        self._writer = asyncio.Lock()  # the store's own would hold a thread while its holder is parked
        self.issuer, self.marker_key = store.issuer, store.marker_key

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        await self._switch.point()
        async with self._unit(self._store.reading()) as view:
            yield view

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        await self._switch.point()
        async with self._writer, self._unit(self._store.writing()) as unit:
            yield unit
            await self._switch.point()
        await self._switch.point()

    @contextlib.asynccontextmanager
    async def _unit(self, transaction: Any) -> AsyncIterator[Any]:
        unit = await self._switch.outside(transaction.__aenter__())
        try:
            yield _SwitchingUnit(unit, self._switch)
        except BaseException as error:
            await self._switch.outside(transaction.__aexit__(type(error), error, error.__traceback__))
            raise
        await self._switch.outside(transaction.__aexit__(None, None, None))

    def listening(self) -> Any:
        return self._store.listening()

    async def close(self) -> None:
        await self._store.close()


class _SwitchingUnit:
    """A unit whose calls are switched, and whose locks are watched."""

    def __init__(self, unit: Any, switch: Switch) -> None:
        self._unit = unit
        self._switch = switch
        self._locked: list[str] = []
        self._wrote_sessions = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._unit, name)

        async def switching(*args: Any, **kwargs: Any) -> Any:
            await self._switch.point()
            self._watch(name, args)
            return await self._switch.outside(method(*args, **kwargs))

        return switching

    def _watch(self, name: str, args: tuple[Any, ...]) -> None:
        """Workloads are locked before sessions are written, in the order of their ids: else two units could wait for
        each other for ever."""
        if name == "lock_workloads":
            self._locked += sorted(args[0])
        elif name in _WRITES_OF_WORKLOADS and args[0] not in self._locked:
            assert not self._wrote_sessions, f"{name} after a session was written"
            assert not self._locked or args[0] > self._locked[-1], f"{name} out of the order of the ids"
            self._locked.append(args[0])
        self._wrote_sessions = self._wrote_sessions or name in _WRITES_OF_SESSIONS


class SwitchingProxy(RoutesOnly):
    """A session proxy's route table, with a switch point at each call, which counts what it is told."""

    def __init__(self, switch: Switch) -> None:
        super().__init__()
        self._switch = switch
        self.fails = 0
        """So many of the next calls fail."""

    async def publish(self, route: Route, *, confirmed: bool = False) -> None:
        await self._switch.point()
        if self.fails:
            self.fails -= 1
            raise Unavailable("the session proxy was told to fail")
        await super().publish(route)
        await self._switch.point()


class UnrulyBackend:
    """Engines that misbehave as chance decides, as long as they may; implements ``Backend``."""

    offer = Offer(execution_modes=("standalone",), unused_fields=())
    linger_seconds = 5
    survives_restart = False

    def __init__(self, switch: Switch, *, unruly: bool = True) -> None:
        self._switch = switch
        self.unruly = unruly
        self.running: set[str] = set()
        self.started: Counter[str] = Counter()
        self.harmed: set[str] = set()
        """Workloads to which something was done that may fail their sessions."""

    def size_of(self, sail: SailConfig) -> GrantedSize | None:
        return None

    async def validate(self, spec: LaunchSpec) -> Sequence[FieldError]:
        return ()

    async def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        await self._misbehave(workload.id)
        yield Checkpoint({"engine": workload.id})
        self.started[workload.id] += 1
        self.running.add(workload.id)
        await self._misbehave(workload.id)
        yield Checkpoint({"engine": workload.id}, address="127.0.0.1:1")
        await self._misbehave(workload.id)

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        await self._misbehave(None)
        return {one: Observation("running" if one in self.running else "gone") for one in handles}

    async def watch(self) -> AsyncIterator[str]:
        while True:
            await asyncio.sleep(20)
            yield min(self.running, default="NOTHING")

    def held(self) -> Collection[str]:
        return tuple(self.running)

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        await self._misbehave(None)
        self.running.discard(workload_id)
        await self._switch.point()

    def lose_an_engine(self) -> None:
        if self.running:
            lost = self._switch.random.choice(sorted(self.running))
            self.running.discard(lost)
            self.harmed.add(lost)

    def log_tail(self, workload_id: str, count: int) -> Sequence[str]:
        return ()

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        return None

    async def close(self) -> None:
        self.running.clear()

    async def _misbehave(self, workload_id: str | None) -> None:
        """Raise, hang or answer late, at times.

        :param workload_id: whose sessions may fail by it; ``None``: nobody's may.
        """
        await self._switch.point()
        chance = self._switch.random.random() if self.unruly else 1.0
        if chance < 0.09 and workload_id is not None:
            self.harmed.add(workload_id)
        if chance < 0.03:
            raise Unavailable("the backend was told to fail")
        if chance < 0.06:
            raise RuntimeError("a fault of the backend")
        if chance < 0.09:
            await asyncio.Event().wait()
        if chance < 0.2:
            await asyncio.sleep(self._switch.random.uniform(0.1, 5))


def run_interleaved(seed: int, scenario: Callable[[VirtualTimeLoop, Switch], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario on a loop of virtual time; a failure names its seed."""
    loop = VirtualTimeLoop()
    try:
        loop.run_until_complete(scenario(loop, Switch(loop, seed)))
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        with contextlib.suppress(Exception):
            loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def as_store(store: SwitchingStore) -> SqlStore:
    """For what is typed by the store's class."""
    return cast("SqlStore", store)
