"""What a Spark session takes over from the one that its place had before: belongings and DataFrames, or their loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..belongings.observed import NAMED_OF_A_KIND, in_a_sentence
from .choice import Wanted
from .open_sessions import OPEN_SESSIONS, OpenSession

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_NOT_ASKED_FOR = "nothing was made again, as was asked"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Heir:
    """What the next Spark session of a place comes into."""

    before: OpenSession | None
    """The one that it replaces."""
    restore: bool

    @property
    def goes_on(self) -> SparkSession | None:
        """The PySpark session that goes on as the new one, so that its DataFrames run there."""
        return self.before.spark if self.before is not None and self.restore else None

    def has_more_than(self, opened: OpenSession) -> bool:
        """Whether a Spark session is a new one, which lacks what there was before."""
        return self.before is not None and opened.spark_session_id != self.before.spark_session_id

    def inherit(self, opened: OpenSession, tell: Tell) -> tuple[str, ...]:
        """Make again what was there; what came of it, in sentences.

        :raises FailedPrecondition: when the new session ends meanwhile.
        """
        if self.before is None:
            return ()
        OPEN_SESSIONS.forget_left(opened.place_key)
        held = self.before.channel_builder.belongings
        if not self.has_more_than(opened):
            opened.channel_builder.plan_checks.take_over(self.before.channel_builder.plan_checks)
            opened.channel_builder.belongings.take_over(held)  # it was never gone
            return ()
        if not self.restore:
            opened.channel_builder.belongings.leave_behind(held, _NOT_ASKED_FOR)
            known = in_a_sentence(held.all(), NAMED_OF_A_KIND)
            return (f"Not made again: {known}.",) if known else ()
        opened.channel_builder.plan_checks.take_over(self.before.channel_builder.plan_checks)
        opened.channel_builder.belongings.take_over(held)
        return _make_again(opened, tell)


def heir_of(session_id: str, place_key: str, wanted: Wanted, *, created: bool) -> Heir:
    """What a Spark session on this session will come into."""
    before = OPEN_SESSIONS.left(place_key, session_id)
    replaces = created or (before is not None and before.session_id in {session_id, wanted.replaces})
    return Heir(before if replaces else None, wanted.restore and not wanted.new)


def go_on(opened: OpenSession, wanted: Wanted, tell: Tell) -> tuple[str, ...]:
    """Finish what was being made again when it was interrupted; what came of it, in sentences.

    :raises FailedPrecondition: when the session ends meanwhile.
    """
    builder = opened.channel_builder
    if builder.restoring is None:
        return ()
    if wanted.restore:
        return _make_again(opened, tell)
    builder.restoring = None
    return ("What the session before held is not made again any further.",)


def _make_again(opened: OpenSession, tell: Tell) -> tuple[str, ...]:
    from ..belongings.restoring import Restoring, in_sentences

    builder = opened.channel_builder
    if not builder.belongings.all():
        return ()
    if builder.restoring is None:
        builder.restoring = Restoring(builder.bare_channel, opened.spark_session_id, builder.belongings)
    restored = builder.restoring.run(tell)
    builder.restoring = None
    return in_sentences(restored)
