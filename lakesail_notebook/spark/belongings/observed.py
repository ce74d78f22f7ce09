"""What a Spark session holds that is gone with it, and how it was made: learned from the plans that are sent."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from ..queries.actions import ACTIONS
from ..rpcs.observing import has_failed
from .plan_effects import Belonging, Effects, Kind, effects_of, is_bound_to_its_session, names_in
from .recipes import BEYOND, BOUND, EARLIER, KEPT_BYTES, Recipe, Recipes, Setting

SHOWN_OF_A_KIND, NAMED_OF_A_KIND = 10, 100
"""So many names are told of what is there, and of what is lost."""
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_IN_MEMORY = "the engine's catalog ended with it; files that were written stay"


@dataclass(frozen=True, slots=True)
class Gone:
    """A view or table of a Spark session before this one, which was not made again."""

    belonging: Belonging
    why: str
    line: str
    """The user's code that made it, in one line; empty when it is not known."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """What a plan that was sent will have done, once all of its results came."""

    effects: Effects
    plan: bytes | None
    why_not: str
    names: frozenset[str]
    line: str
    """The user's code that asked for it."""

    @property
    def bytes(self) -> int:
        return len(self.plan or b"")


class Belongings:
    """Those of one Spark session, made from this process or found; implements :class:`..rpcs.observing.Observer`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, _UnderWay] = {}
        self._recipes = Recipes()
        self._ended_an_engine: frozenset[Recipe] = frozenset()
        self._lines: dict[tuple[Kind, str], str] = {}
        self._gone: dict[str, Gone] = {}

    def all(self) -> tuple[Belonging, ...]:
        """In the order in which they were made, the settings last."""
        with self._lock:
            settings = (Belonging("setting", name) for name in self._recipes.settings)
            return (*(one.belonging for one in self._recipes.current), *settings)

    def found(self, belongings: Iterable[Belonging], settings: Mapping[str, str] = _NO_SETTINGS) -> None:
        """Another process, such as the kernel before a restart, made these.

        :param settings: values by name, which can be set again.
        """
        with self._lock:
            for name, value in settings.items():
                if name not in self._recipes.settings:
                    self._recipes.set(name, value)
            for belonging in belongings:
                if self._recipes.find(belonging) is None:
                    self._recipes.made(belonging, None, why_not=EARLIER)

    def take_over(self, others: Belongings) -> None:
        """Count what another Spark session had as this one's: it is the same one, or is being made again."""
        with self._lock, others._lock:
            self._recipes.take_over(others._recipes)
            self._ended_an_engine = others._ended_an_engine
            self._lines, self._gone = dict(others._lines), dict(others._gone)

    def leave_behind(self, others: Belongings, why: str) -> None:
        """Know of what another Spark session had that it was not made again here."""
        left = others.all()
        with self._lock, others._lock:
            self._lines, self._gone = dict(others._lines), dict(others._gone)
            for belonging in left:
                self._miss(belonging, why)

    def gone(self, name: str) -> Gone | None:
        """What had that name, was not made again, and has not been made anew since."""
        with self._lock:
            return self._gone.get(name)

    def recipes(self) -> tuple[tuple[Recipe, ...], dict[str, Setting]]:
        """How to make all of them, in order, and the settings."""
        with self._lock:
            return self._recipes.in_order, dict(self._recipes.settings)

    def is_current(self, recipe: Recipe) -> bool:
        """Whether what it makes is to be there, rather than another one of that name or none."""
        with self._lock:
            return self._recipes.find(recipe.belonging) is recipe

    @property
    def ended_an_engine(self) -> frozenset[Recipe]:
        """What was being made again when the engine ended, and is not tried once more."""
        return self._ended_an_engine

    def ended_the_engine(self, recipe: Recipe) -> None:
        with self._lock:
            self._ended_an_engine |= {recipe}

    def lost(self, belonging: Belonging, why: str) -> None:
        """It could not be made again."""
        with self._lock:
            self._forget(belonging)
            self._miss(belonging, why)

    def begins(self, request: Any) -> None:
        effects = effects_of(request.plan)
        if effects:
            action = ACTIONS.of_operation(request.operation_id)
            under_way = _under_way(effects, request.plan, "" if action is None else action.line)
            with self._lock:
                self._under_way[request.operation_id] = under_way
                while len(self._under_way) > 1 and sum(one.bytes for one in self._under_way.values()) > KEPT_BYTES:
                    self._under_way.pop(next(iter(self._under_way)))  # it failed, as a rule

    def analyses(self, request: Any) -> None:
        return

    def rejoins(self, operation_id: str) -> None:
        return

    def answered(self, operation_id: str, answer: Any) -> None:
        if not answer.HasField("result_complete"):
            return
        with self._lock:
            done = self._under_way.pop(operation_id, None)
            if done is not None:
                self._keep(done)

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        if has_failed(error):
            with self._lock:
                self._under_way.pop(operation_id, None)

    def configures(self, request: Any) -> None:
        operation = request.operation
        with self._lock:
            if operation.WhichOneof("op_type") == "set":
                for pair in operation.set.pairs:
                    self._recipes.set(pair.key, pair.value)
            elif operation.WhichOneof("op_type") == "unset":
                for key in operation.unset.keys:
                    self._recipes.unset(key)

    def _keep(self, done: _UnderWay) -> None:
        made = done.effects.made
        if made is not None and made.kind == "setting":
            if done.plan is not None:
                self._recipes.set(made.name, done.plan)
        elif made is not None:
            self._recipes.made(made, done.plan, done.names, done.why_not)
            self._lines[made.key] = done.line
            self._gone.pop(made.name, None)
        if done.effects.dropped is not None:
            self._recipes.dropped(done.effects.dropped)

    def _miss(self, belonging: Belonging, why: str) -> None:
        if belonging.kind in {"temp view", "table"}:
            self._gone[belonging.name] = Gone(belonging, why, self._lines.get(belonging.key, ""))

    def _forget(self, belonging: Belonging) -> None:
        if belonging.kind == "setting":
            self._recipes.unset(belonging.name)
        else:
            self._recipes.dropped(belonging)


def _under_way(effects: Effects, plan: Any, line: str) -> _UnderWay:
    made = effects.made
    if made is None:
        return _UnderWay(effects, None, "", frozenset(), line)
    if made.kind == "table":
        return _UnderWay(effects, None, _IN_MEMORY, frozenset(), line)
    if plan.ByteSize() > KEPT_BYTES:
        return _UnderWay(effects, None, BEYOND, frozenset(), line)
    if is_bound_to_its_session(plan):
        return _UnderWay(effects, None, BOUND, frozenset(), line)
    return _UnderWay(effects, plan.SerializeToString(), "", names_in(plan), line)


def in_a_sentence(belongings: Collection[Belonging], most: int = SHOWN_OF_A_KIND) -> str:
    """``temp views flights, planes; setting spark.sql.x``; empty for none."""
    parts = []
    for kind in get_args(Kind):
        names = [one.name for one in belongings if one.kind == kind]
        more = f" and {len(names) - most} more" if len(names) > most else ""
        if names:
            parts.append(f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names[:most])}{more}")
    return "; ".join(parts)
