"""The catalog of one Spark session, asked for as far as somebody needs it, and remembered."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from ...errors import FailedPrecondition, NotFound
from .entries import (
    Answer,
    Catalog,
    Column,
    Current,
    Database,
    Entry,
    Failure,
    Function,
    Question,
    QuestionKind,
    Table,
)

_FRESH_SECONDS: dict[QuestionKind, float] = {"catalogs": 300.0, "functions": 300.0}
"""The engine is started with its catalogs. Functions come from this process, whose changes are seen."""
_OTHERWISE_FRESH_SECONDS = 5.0
"""Other processes may change the rest."""
_REMEMBERED = 1000

Ask = Callable[[Question], Answer | Failure]
E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class _Known:
    outcome: Answer | Failure
    fresh_until: float
    changes: int
    """How many changes had been seen when the question was asked."""


class LazyCatalog:
    """Nothing is asked before it is needed, and each question only once at a time. Threads may share it.

    :param ask: answers one question, in a thread of its own.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._changes = 0
        self._known: OrderedDict[Question, _Known] = OrderedDict()
        self._asking: dict[Question, threading.Thread] = {}

    def changed(self) -> None:
        """Something was made or dropped: what is known is asked for again before it is relied on."""
        with self._lock:
            self._changes += 1

    def within(self, seconds: float) -> Reader:
        """What is known, or answered within so many seconds together; what is not counts as empty."""
        return Reader(self, seconds, strict=False)

    def all_of_it(self, seconds: float) -> Reader:
        """The same, but what is not answered in time, or refused, is raised."""
        return Reader(self, seconds, strict=True)

    def answer(self, question: Question, seconds: float) -> Answer | Failure | None:
        """The answer, an older one when no new one comes within so many seconds, or ``None``."""
        with self._lock:
            known = self._known.get(question)
            if known is not None and known.changes == self._changes and time.monotonic() < known.fresh_until:
                return known.outcome
            thread = self._asking.get(question)
            if thread is None:
                thread = threading.Thread(
                    target=self._find, args=(question, self._changes), name="lakesail-catalog", daemon=True
                )
                self._asking[question] = thread
                thread.start()
        thread.join(max(0.0, seconds))
        with self._lock:
            known = self._known.get(question)
            return None if known is None else known.outcome

    def _find(self, question: Question, changes: int) -> None:
        try:
            self._keep(question, self._ask(question), changes)
        finally:
            with self._lock:
                del self._asking[question]

    def _keep(self, question: Question, outcome: Answer | Failure, changes: int) -> None:
        fresh_until = time.monotonic() + _FRESH_SECONDS.get(question.kind, _OTHERWISE_FRESH_SECONDS)
        if isinstance(outcome, Failure):
            fresh_until = time.monotonic() + _OTHERWISE_FRESH_SECONDS
        with self._lock:
            known = self._known.pop(question, None)
            if known is not None and isinstance(outcome, Failure) and outcome.passing:
                outcome = known.outcome
            self._known[question] = _Known(outcome, fresh_until, changes)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


class Reader:
    """A look at a catalog that takes a limited time. Made by :class:`LazyCatalog`."""

    def __init__(self, catalog: LazyCatalog, seconds: float, *, strict: bool) -> None:
        self._catalog = catalog
        self._deadline = time.monotonic() + seconds
        self._strict = strict

    def current(self) -> Current | None:
        """``None`` when it is not known."""
        return next(iter(self._entries(Question("current"), Current)), None)

    def catalogs(self) -> tuple[Catalog, ...]:
        return self._entries(Question("catalogs"), Catalog)

    def databases(self, catalog: str) -> tuple[Database, ...]:
        return self._entries(Question("databases", (catalog,)), Database)

    def tables(self, catalog: str, namespace: tuple[str, ...]) -> tuple[Table, ...]:
        """Of one database, without the temp views."""
        return self._entries(Question("tables", (catalog, *namespace)), Table)

    def temp_views(self) -> tuple[Table, ...]:
        """Of the Spark session, and the global ones of its engine."""
        return self._entries(Question("temp views"), Table)

    def columns(self, parts: tuple[str, ...]) -> tuple[Column, ...]:
        """Of a table, named as SQL may name it."""
        return self._entries(Question("columns", parts), Column)

    def functions(self) -> tuple[Function, ...]:
        return self._entries(Question("functions"), Function)

    def _entries(self, question: Question, kind: type[E]) -> tuple[E, ...]:
        outcome = self._catalog.answer(question, self._deadline - time.monotonic())
        if outcome is None or isinstance(outcome, Failure):
            if self._strict:
                raise _error(question, outcome)
            return ()
        return cast("tuple[E, ...]", outcome)


def _error(question: Question, failure: Failure | None) -> NotFound | FailedPrecondition:
    name = ".".join(question.parts)
    about = f"the {question.kind}{f' of {name}' if name else ''}"
    if failure is None:
        return FailedPrecondition(
            f"The engine did not list {about} in time. It may be busy; %sail queries tells what runs. Try again later."
        )
    if failure.passing:
        return FailedPrecondition(f"The engine did not list {about}: {failure.message}")
    return NotFound(f"The engine does not list {about}: {failure.message}")
