"""Interrupts, and a sentence on whether the engine stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ..client.client import Client
from ..clock import in_words
from ..errors import FailedPrecondition
from .installation import check_installation
from .queries import QUERIES, ObservedQuery
from .sail_workarounds.engine_load import AT_REST, BUSY, engine_load
from .sail_workarounds.interrupting import DEADLINE_SECONDS, INTERRUPTIONS, Interruption

_JUST_NOW_SECONDS = 1.0
_BETWEEN_BATCHES = "it stops a query between two batches, and a Python function or a large join holds that up"
_UNLESS_SHARED = "If no other notebook or thread uses the session,"
_CURE = "%sail close, then %sail relaunch, end it for sure: a new engine, without temp views and settings."


def after_interrupt(client: Callable[[], Client]) -> str | None:
    """A sentence on the query of this thread that a KeyboardInterrupt has just ended; ``None`` when it was none.

    It takes up to two seconds.
    """
    mine = (one for one in reversed(QUERIES.after(0)) if one.thread_id == threading.get_ident())
    query = next((one for one in mine if one.ended is not None), None)
    if query is None or query.complete:
        return None
    answers = [one for one in INTERRUPTIONS.since(query.began) if one.operation_id == query.operation_id]
    if not answers or time.monotonic() - answers[-1].at > _JUST_NOW_SECONDS:
        return None  # this interrupt was another one's
    return verdict(query, answers, None if answers[-1].answer == "none" else engine_load(client))


def verdict(query: ObservedQuery, answers: Sequence[Interruption], share: float | None) -> str:
    """What to say of an interrupted query.

    :param share: of one processor core, that the engine still uses; ``None`` when it cannot be seen.
    """
    after = f"interrupted after {query.seconds(query.ended or query.began):.1f} s"
    if answers[-1].answer == "none":
        return f"{after}, but the engine does not obey yet: {_BETWEEN_BATCHES}. {_CURE}"
    if share is None:
        return f"{after}; the query was told to stop."
    if share >= BUSY:
        return f"{after}, but the engine does not obey: it still uses {share:.0%} of a core. {_CURE}"
    return f"{after}; the query is stopped, and the engine is at rest."


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
    known = {query.operation_id: query.what for query in QUERIES.after(0)}
    began = time.monotonic()
    stopped = [known.get(operation_id, "a query") for operation_id in spark.interruptAll()]
    if any(one.answer == "none" for one in INTERRUPTIONS.since(began)):
        raise FailedPrecondition(
            f"The engine did not answer within {in_words(DEADLINE_SECONDS)}: {_BETWEEN_BATCHES}. {_CURE}"
        )
    return verdict_on_all(stopped, engine_load(client))


def verdict_on_all(stopped: Sequence[str], share: float | None) -> str:
    """What to say when all queries were interrupted.

    :param stopped: those that the engine says it stops.
    :param share: see :func:`verdict`.
    :raises FailedPrecondition: when the engine computes on.
    """
    told = f"Told to stop: {'; '.join(stopped)}" if stopped else "No query was running"
    if share is None or share <= AT_REST:
        return f"{told}."
    busy = f"the engine still uses {share:.0%} of a core"
    if share < BUSY:
        return f"{told}, but {busy}; another %sail interrupt says whether it goes on."
    if stopped:
        raise FailedPrecondition(f"{told}, but the engine does not obey: {busy}. {_UNLESS_SHARED} {_CURE}")
    return f"No query of this notebook was running, but {busy}. {_UNLESS_SHARED} {_CURE}"
