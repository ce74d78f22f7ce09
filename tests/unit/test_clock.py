"""Time as the API tells it, and as people do."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.clock import SystemClock, from_rfc3339, in_words, parse_duration, to_rfc3339, whole_milliseconds

moments = st.datetimes(datetime(1900, 1, 1), datetime(2500, 1, 1), timezones=st.timezones())


@given(moments)
def test_a_moment_survives_its_journey_as_text(moment: datetime) -> None:
    text = to_rfc3339(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert from_rfc3339(text) == whole_milliseconds(moment.astimezone(UTC))


def test_a_moment_elsewhere_is_told_in_utc() -> None:
    moment = datetime(2026, 1, 31, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert to_rfc3339(moment) == "2026-01-31T12:00:00.999Z"
    assert from_rfc3339("2026-01-31T13:00:00.5+01:00") == datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z", "2026-01-31"])
def test_a_text_that_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_rfc3339(text)


def test_the_systems_clock_tells_whole_milliseconds_of_now() -> None:
    clock = SystemClock()
    assert clock.now().microsecond % 1000 == 0
    assert abs(clock.now().timestamp() - time.time()) < 5
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (90, "90 s"),
        (119.6, "2 min"),
        (120, "2 min"),
        (1800, "30 min"),
        (5400, "90 min"),
        (7199, "2 h"),
        (30600, "8 h 30 min"),
        (28800, "8 h"),
        (604800, "168 h"),
    ],
)
def test_durations_are_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [(0, 0), (90, 90), ("90", 90), ("45s", 45), ("30m", 1800), ("8h", 28800), ("1h30m", 5400), ("1H5S", 3605)],
)
def test_durations_are_read(duration: str | int, seconds: int) -> None:
    assert parse_duration(duration) == seconds


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59))
def test_any_written_duration_is_read_back(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(
    "duration", ["", " ", "h", "-5", "1.5h", "30 m", "30m1h", "1d", "\u0663", "1h\n", -1, True, 1.5, None]
)
def test_a_text_that_is_no_duration_is_refused(duration: object) -> None:
    with pytest.raises(ValueError, match="45s, 30m, 8h, 1h30m"):
        parse_duration(duration)  # type: ignore[arg-type]
