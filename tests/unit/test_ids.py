"""Ids: the API's own pattern, sortable by their moment of birth, and no two alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.ids import ID_REGEX, is_id, new_id, stable_id

PATTERN_OF_THE_REFERENCE = r"[A-Z0-9]{1,20}"
moments = st.datetimes(datetime(1970, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC))


def test_the_pattern_is_the_references() -> None:
    assert ID_REGEX == PATTERN_OF_THE_REFERENCE


@given(moments)
def test_an_id_has_twenty_characters_of_the_apis_pattern(moment: datetime) -> None:
    made = new_id(moment)
    assert len(made) == 20
    assert re.fullmatch(PATTERN_OF_THE_REFERENCE, made)
    assert is_id(made)


@given(moments, st.timedeltas(timedelta(milliseconds=1), timedelta(days=400_000)))
def test_a_later_id_sorts_after_an_earlier_one(moment: datetime, gap: timedelta) -> None:
    later = min(moment + gap, datetime(5000, 1, 1, tzinfo=UTC))
    if later - moment >= timedelta(milliseconds=1):
        assert new_id(moment) < new_id(later)


def test_ids_of_one_moment_differ() -> None:
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    assert len({new_id(moment) for _ in range(10_000)}) == 10_000


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_a_stable_id_is_always_the_same(parts: list[str]) -> None:
    assert stable_id(*parts) == stable_id(*parts)
    assert is_id(stable_id(*parts))
    assert len(stable_id(*parts)) == 20
    assert stable_id(*parts) != stable_id(*parts, "more")


def test_a_stable_id_stays_the_same_in_the_next_release() -> None:
    assert stable_id("member", "LOCAL") == "VG4YVPJJLX6IK4SKV2EJ"


def test_the_parts_of_a_stable_id_do_not_run_together() -> None:
    assert stable_id("ab", "c") != stable_id("a", "bc")


def test_what_is_no_id_is_told() -> None:
    for text in ("", "a1", "A-1", "A1\n", "\nA1", "A" * 21, "\u0661", "../../etc", "A1 "):
        assert not is_id(text)
    for text in ("A", "0", "LOCAL", "Z" * 20):
        assert is_id(text)
