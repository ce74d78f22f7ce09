"""Makes the belongings of a Spark session that is over again in another one, by the plans that made them.

Sent are plans that make views and functions, and settings: nothing that writes, and nothing that fetches rows.
"""

from __future__ import annotations

import itertools
import textwrap
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto

from ...errors import FailedPrecondition
from ...feed import UNLISTED_TAG
from ..readable_errors import one_line
from ..rpcs.looks import look
from .observed import NAMED_OF_A_KIND, Belongings, in_a_sentence
from .plan_effects import GLOBAL_VIEWS, Belonging
from .recipes import Recipe, Setting, changes

_STEP_SECONDS = 60.0
"""So long the engine may take for one view: it may have to list files, or to look into one for its columns."""
_TABLES_LOOKED_FOR = 20
_OUTAGE_SECONDS = 10.0
"""So long the session proxy may take to say what became of an engine, or to come back itself."""
_PAUSE_SECONDS = 0.2
_SHOWN_OF_A_REASON = 160
_ENDED_IT = "the engine ended while it was made again"

Tell = Callable[[str], None]
"""Told what is being done."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A belonging that could not be made again."""

    belonging: Belonging
    why: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it."""

    made: tuple[Belonging, ...]
    lost: tuple[Lost, ...]
    seconds: float


class Restoring:
    """One restoration, which goes on where it was when it was interrupted.

    :param channel: one that nobody observes.
    :param belongings: of the new Spark session; they hold what it is to have.
    """

    def __init__(self, channel: grpc.Channel, spark_session_id: str, belongings: Belongings) -> None:
        self._stub = spark_proto.SparkConnectServiceStub(channel)
        self._channel = channel
        self._spark_session_id = spark_session_id
        self._belongings = belongings
        self._recipes, _ = belongings.recipes()
        self._position = 0
        self._settings: dict[str, Setting] = {}
        self._there: dict[tuple[str, str], Recipe] = {}
        self._failed = dict.fromkeys(belongings.ended_an_engine, _ENDED_IT)
        self._lost_settings: dict[str, str] = {}

    def run(self, tell: Tell) -> Restored:
        """Make what is not there yet.

        :raises FailedPrecondition: when the session ends meanwhile. What it was about to make then is not tried again.
        """
        began = time.monotonic()
        while self._position < len(self._recipes):
            recipe = self._recipes[self._position]
            counted = f"{self._position + 1} of {len(self._recipes)}"
            what = f"{recipe.belonging.kind} {recipe.belonging.name}"
            tell(f"Making again what the old session had ({counted}): {what}")
            why_not = self._make(recipe)
            if why_not:
                self._failed[recipe] = textwrap.shorten(why_not, _SHOWN_OF_A_REASON, placeholder="…")
            self._position += 1
        self._drop_what_was_replaced()
        _, settings = self._belongings.recipes()
        self._set({name: value for name, value in settings.items() if name not in self._lost_settings})
        return self._outcome(time.monotonic() - began)

    def _make(self, recipe: Recipe) -> str:
        """Why it is not made; empty when it is."""
        if recipe in self._failed:
            return self._failed[recipe]
        if recipe.plan is None:
            return recipe.why_not
        if not self._belongings.is_current(recipe) and not self._is_needed(recipe):
            return "another one has its name by now"
        if lacking := next((need for need in recipe.needs if need in self._failed), None):
            return f"it needs the {lacking.belonging.kind} {lacking.belonging.name}"
        self._set({name: value for name, value in recipe.settings.items() if name not in self._lost_settings})
        before = self._there.get(recipe.belonging.key)
        if before is not None and before not in recipe.needs:  # a plan that used the one before replaced it
            self._drop(recipe.belonging)
        why_not = self._send(recipe.plan, recipe)
        if why_not and not _is_there_already(recipe.belonging, why_not):
            lost = next((name for name in recipe.settings if name in self._lost_settings), None)
            return why_not if lost is None else f"it was made under the setting {lost}, which is lost: {why_not}"
        self._there[recipe.belonging.key] = recipe
        return ""

    def _is_needed(self, recipe: Recipe) -> bool:
        return any(recipe in other.needs for other in self._recipes[self._position :])

    def _drop_what_was_replaced(self) -> None:
        """What was there only because others needed it when they were made."""
        for key, recipe in list(self._there.items()):
            if not self._belongings.is_current(recipe):
                self._drop(recipe.belonging)
                del self._there[key]

    def _drop(self, belonging: Belonging) -> None:
        plan = spark_proto.Plan()
        if belonging.kind == "temp view" and belonging.name.startswith(f"{GLOBAL_VIEWS}."):
            plan.root.catalog.drop_global_temp_view.view_name = belonging.name.removeprefix(f"{GLOBAL_VIEWS}.")
        elif belonging.kind == "temp view":
            plan.root.catalog.drop_temp_view.view_name = belonging.name
        else:
            return  # a function or a data source takes the place of the one before
        self._send(plan.SerializeToString(), None)

    def _set(self, wanted: dict[str, Setting]) -> None:
        for name, value in list(changes(self._settings, wanted)):
            why_not = self._send(value, None) if isinstance(value, bytes) else self._configure(name, value)
            if why_not:
                self._lost_settings[name] = why_not
            elif value is None:
                self._settings.pop(name, None)
            else:
                self._settings[name] = value

    def _configure(self, name: str, value: str | None) -> str:
        request = spark_proto.ConfigRequest(session_id=self._spark_session_id)
        if value is None:
            request.operation.unset.keys.append(name)
        else:
            request.operation.set.pairs.add(key=name, value=value)
        return self._answered(lambda: self._stub.Config(request, timeout=_STEP_SECONDS), None)

    def _send(self, plan: bytes, recipe: Recipe | None) -> str:
        request = spark_proto.ExecutePlanRequest(
            session_id=self._spark_session_id, operation_id=str(uuid.uuid4()), tags=[UNLISTED_TAG]
        )
        request.plan.ParseFromString(plan)
        return self._answered(lambda: list(self._stub.ExecutePlan(request, timeout=_STEP_SECONDS)), recipe)

    def _answered(self, ask: Callable[[], Any], recipe: Recipe | None) -> str:
        """Why the engine refused; empty when it did not."""
        give_up_at = time.monotonic() + _OUTAGE_SECONDS
        while True:
            try:
                ask()
            except grpc.RpcError as error:
                code, details = error.code(), error.details() or error.code().name
                if code is grpc.StatusCode.UNAVAILABLE and time.monotonic() < give_up_at:
                    time.sleep(_PAUSE_SECONDS)
                    continue
                if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.FAILED_PRECONDITION}:
                    if recipe is not None:
                        self._belongings.ended_the_engine(recipe)
                    raise FailedPrecondition(_broken_off(recipe, details)) from error
                return one_line(details)
            return ""

    def _outcome(self, seconds: float) -> Restored:
        lost = [Lost(one.belonging, why) for one, why in self._failed.items() if self._belongings.is_current(one)]
        kept = set(self._tables_still_there([one.belonging for one in lost if one.belonging.kind == "table"]))
        lost = [one for one in lost if one.belonging not in kept]
        lost += [Lost(Belonging("setting", name), why) for name, why in self._lost_settings.items()]
        for one in lost:
            self._belongings.lost(one.belonging, one.why)
        gone = {one.belonging for one in lost} | kept
        return Restored(tuple(one for one in self._belongings.all() if one not in gone), tuple(lost), seconds)

    def _tables_still_there(self, tables: list[Belonging]) -> list[Belonging]:
        """Those in a catalog that outlives the engine."""
        return [one for one in tables[:_TABLES_LOOKED_FOR] if self._is_there(one.name)]

    def _is_there(self, table: str) -> bool:
        relation = spark_proto.Relation()
        relation.catalog.table_exists.table_name = table
        rows = look(self._channel, self._spark_session_id, relation)
        return bool(rows and rows[0][0])


def in_sentences(restored: Restored) -> tuple[str, ...]:
    """What came of it, for a person."""
    sentences = []
    if restored.made:
        sentences.append(f"Made again in {restored.seconds:.1f} s: {in_a_sentence(restored.made)}.")
    lost = sorted(restored.lost, key=lambda one: one.why)
    if lost:
        parts = [
            f"{in_a_sentence([one.belonging for one in group], NAMED_OF_A_KIND)} ({why})"
            for why, group in itertools.groupby(lost, key=lambda one: one.why)
        ]
        sentences.append(f"Gone: {'; '.join(parts)}.")
    return tuple(sentences)


def _is_there_already(belonging: Belonging, why_not: str) -> bool:
    """Whether a global temp view is there still: it ends with its engine, not with a Spark session."""
    return belonging.name.startswith(f"{GLOBAL_VIEWS}.") and "already exists" in why_not


def _broken_off(recipe: Recipe | None, details: str) -> str:
    what = f" at {recipe.belonging.kind} {recipe.belonging.name}, which is not tried again" if recipe else ""
    return (
        f"The new session ended while the old one's belongings were made again{what}: {details.rstrip('.')}. "
        "%sail connect makes the rest; %sail connect --bare makes nothing."
    )
