"""Interrupts, and a sentence on whether the engine stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ...client.client import Client
from ...clock import in_words
from ...errors import FailedPrecondition, LakesailError
from ..queries.observed import QUERIES, ObservedQuery
from ..rpcs.running_calls import RUNNING_CALLS
from ..sail_workarounds.engine_load import EngineLoad, engine_load
from ..sail_workarounds.interrupting import DEADLINE_SECONDS, INTERRUPTIONS
from ..sessions.installation import check_installation
from ..sessions.open_sessions import OPEN_SESSIONS
from .stopping import EngineAfter, Stop, StoppedQuery

_BETWEEN_BATCHES = "it stops a query between two batches, and a Python function or a large join holds that up"
_UNLESS_SHARED = "If no other notebook or thread uses the session,"
_CURE = "%sail close, then %sail relaunch, end it for sure; temp views and settings are made again."
_LOOK_SECONDS = 1.7
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Disobeyed:
    """An interrupt that an engine did not obey."""

    queries: tuple[StoppedQuery, ...]
    at: float
    """Of the monotonic clock, in seconds."""


class Disobedience:
    """What engines did not stop, by session. Threads may share it: each step is one of the interpreter's."""

    def __init__(self) -> None:
        self._by_session: dict[str, Disobeyed] = {}

    def note(self, session_id: str, disobeyed: Disobeyed) -> None:
        self._by_session[session_id] = disobeyed

    def forget(self, session_id: str) -> None:
        self._by_session.pop(session_id, None)

    def of(self, session_id: str) -> Disobeyed | None:
        return self._by_session.get(session_id)


DISOBEDIENCE = Disobedience()


def engine_after(
    client: Callable[[], Client], spark_session_id: str, operations: frozenset[str], until: float
) -> EngineAfter:
    """What the engine of a Spark session does after these operations were interrupted.

    :param until: how long to look at most, of the monotonic clock, in seconds.
    """
    session_id = OPEN_SESSIONS.session_id_of(spark_session_id)
    if session_id is None:
        return EngineAfter(None)
    load = engine_load(client, session_id, until)
    others = 0 if load is None or load.at_rest else len(_running(client, session_id).keys() - _actions_of(operations))
    return EngineAfter(load, others)


def sentence(stop: Stop) -> str | None:
    """What to say of an interrupt of a cell; ``None`` when the cell ran no query.

    It waits until that is known, 3 seconds after the interrupt at most.
    """
    stop.wait()
    if not stop.queries:
        return None
    after = stop.after or EngineAfter(None)
    session_id = OPEN_SESSIONS.session_id_of(stop.spark_session_id or "")
    if session_id is not None and disobeys(stop.queries, after):
        DISOBEDIENCE.note(session_id, Disobeyed(stop.queries, stop.at))
    return verdict(stop.queries, after)


def disobeys(queries: Sequence[StoppedQuery], after: EngineAfter) -> bool:
    """Whether the engine is known to work on."""
    busy = after.load is not None and after.load.busy and not after.others
    return busy or any(query.obeyed is None for query in queries)


def verdict(queries: Sequence[StoppedQuery], after: EngineAfter) -> str:
    """What to say of interrupted queries."""
    told, load = _interrupted(queries), after.load
    if load is not None and not load.at_rest and after.others:
        busy = "another query" if after.others == 1 else f"{after.others} other queries"
        return f"{told}; whether the engine obeys cannot be seen, since it works on {busy} of the session."
    if load is not None and load.busy:
        return f"{told}, but the engine does not obey: it still uses {load.share:.0%} of a core. {_CURE}"
    if any(query.obeyed is None for query in queries):
        return f"{told}, but the engine does not obey yet: {_BETWEEN_BATCHES}. {_CURE}"
    what = "the query" if len(queries) == 1 else "the queries"
    if load is None:
        return f"{told}; {what} {'was' if len(queries) == 1 else 'were'} told to stop."
    if not load.at_rest:
        return f"{told}; the engine still uses {load.share:.0%} of a core: %sail interrupt says whether it goes on."
    return f"{told}; {what} {'is' if len(queries) == 1 else 'are'} stopped, and the engine is at rest."


def _interrupted(queries: Sequence[StoppedQuery]) -> str:
    if len(queries) == 1:
        return f"interrupted after {queries[0].seconds:.1f} s: {queries[0].what}"
    seconds: dict[str, list[float]] = {}
    for query in queries:
        seconds.setdefault(query.what, []).append(query.seconds)
    named = "; ".join(_with_its_time(what, times) for what, times in islice(seconds.items(), _NAMED))
    unnamed = sum(len(times) for times in islice(seconds.values(), _NAMED, None))
    more = f"; {unnamed} more" if unnamed else ""
    return f"{len(queries)} queries interrupted: {named}{more}"


def _with_its_time(what: str, seconds: Sequence[float]) -> str:
    """What queries with the same words were, and how long they ran."""
    if len(seconds) == 1:
        return f"{what} after {seconds[0]:.1f} s"
    return f"{what} ({len(seconds)} times, the longest after {max(seconds):.1f} s)"


def old_query_note(client: Callable[[], Client], session_id: str) -> str | None:
    """A sentence with the cure, when the session's engine still works on a query that this process interrupted.

    It takes up to two seconds, and only after an interrupt that the engine did not obey.
    """
    disobeyed = DISOBEDIENCE.of(session_id)
    if disobeyed is None:
        return None
    load = engine_load(client, session_id, time.monotonic() + _LOOK_SECONDS)
    if load is not None and load.at_rest and all(query.obeyed is not None for query in disobeyed.queries):
        DISOBEDIENCE.forget(session_id)
        return None
    ago = in_words(max(time.monotonic() - disobeyed.at, 1.0))
    how = "may still work" if load is None or load.at_rest else "still works"
    what = "; ".join(query.what for query in disobeyed.queries[:_NAMED])
    return f"The engine {how} on what was interrupted {ago} ago ({what}), and other queries wait for it. {_CURE}"


def interrupt_all(client: Callable[[], Client]) -> str:
    """Stop what other threads, or cells that were given up, left running; a sentence on it.

    It takes up to four seconds.

    :raises FailedPrecondition: when the notebook is not connected, or the engine does not obey.
    """
    check_installation()
    from pyspark.sql.connect.session import SparkSession

    spark = SparkSession.getActiveSession()
    if spark is None:
        raise FailedPrecondition("This notebook is not connected; %sail connect does it.")
    session_id = OPEN_SESSIONS.active_session_id()
    running = _running_here(str(spark.session_id))
    if session_id is not None:
        running = {**_running(client, session_id), **running}
    began = time.monotonic()
    spark.interruptAll()
    for call in RUNNING_CALLS.now():
        if call.request.session_id == spark.session_id:
            call.cut_off()
    if any(one.answer == "none" for one in INTERRUPTIONS.since(began)):
        told = f"Told to stop: {'; '.join(running.values())}. " if running else ""
        raise FailedPrecondition(
            f"{told}The engine did not answer within {in_words(DEADLINE_SECONDS)}: {_BETWEEN_BATCHES}. {_CURE}"
        )
    load = None if session_id is None else engine_load(client, session_id, time.monotonic() + _LOOK_SECONDS)
    return verdict_on_all(list(running.values()), load)


def _running_here(spark_session_id: str) -> dict[str, str]:
    """What this process waits for, by action."""
    return {
        _action_of(query): query.what
        for query in QUERIES.after(0)
        if query.ended is None and query.spark_session_id == spark_session_id
    }


def _running(client: Callable[[], Client], session_id: str) -> Mapping[str, str]:
    """What runs on a session, whoever sent it, by action; empty when that cannot be seen.

    The control plane may not have heard yet of an end that this process has seen.
    """
    known = QUERIES.after(0)
    ended = {_action_of(query) for query in known if query.ended is not None}
    ended -= {_action_of(query) for query in known if query.ended is None}
    try:
        queries = client().queries(session_id)
    except LakesailError:  # a server of another version, or one that is busy itself
        return {}
    actions = {query.operation_id: _action_of(query) for query in known}  # an older server lists operations
    running = {actions.get(query.id, query.id): query.what for query in queries if query.outcome == "running"}
    return {action: what for action, what in running.items() if action not in ended}


def _actions_of(operations: frozenset[str]) -> frozenset[str]:
    known = {query.operation_id: _action_of(query) for query in QUERIES.after(0)}
    return frozenset(known.get(operation, operation) for operation in operations)


def _action_of(query: ObservedQuery) -> str:
    return query.action_id or query.operation_id


def verdict_on_all(stopped: Sequence[str], load: EngineLoad | None) -> str:
    """What to say when all queries were interrupted.

    :param stopped: those that ran.
    :param load: of the engine, afterwards; ``None`` when it cannot be seen.
    :raises FailedPrecondition: when the engine computes on.
    """
    told = f"Told to stop: {'; '.join(stopped)}" if stopped else "No query was running"
    if load is None or load.at_rest:
        return f"{told}."
    busy = f"the engine still uses {load.share:.0%} of a core"
    if not load.busy:
        return f"{told}, but {busy}; another %sail interrupt says whether it goes on."
    if stopped:
        raise FailedPrecondition(f"{told}, but the engine does not obey: {busy}. {_UNLESS_SHARED} {_CURE}")
    return f"No query of this notebook was running, but {busy}. {_UNLESS_SHARED} {_CURE}"
