"""Which stream ends when the session proxy holds too much for clients that take nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.session_proxy.held_bytes import (
    BUDGET_BYTES,
    CEILING_BYTES,
    GRACE_SECONDS,
    SLOWEST_BYTES_PER_SECOND,
    Held,
    Verdict,
    decide,
)

MB = 1024 * 1024
LONG_AFTER = 1000.0

streams = st.dictionaries(
    st.integers(0, 20),
    st.builds(Held, bytes=st.integers(1, CEILING_BYTES), since=st.floats(0, 100)),
)


@given(streams, st.floats(100, 200))
def test_when_all_is_decided_the_rest_fits_or_is_one_message_or_is_being_read(
    held: dict[int, Held], now: float
) -> None:
    left = dict(held)
    while (end := decide(left, now).end) is not None:
        del left[end]
    total = sum(one.bytes for one in left.values())
    assert total <= CEILING_BYTES or len(left) == 1
    assert total <= BUDGET_BYTES or len(left) == 1 or all(one.stalls_at > now for one in left.values())


@given(streams)
def test_a_stream_ends_only_over_the_budget_and_never_the_last_one(held: dict[int, Held]) -> None:
    end = decide(held, LONG_AFTER).end
    assert (end is not None) == (len(held) > 1 and sum(one.bytes for one in held.values()) > BUDGET_BYTES)


@given(streams)
def test_of_stalled_streams_the_longest_stalled_ends(held: dict[int, Held]) -> None:
    end = decide(held, LONG_AFTER).end
    assert end is None or held[end].since == min(one.since for one in held.values())


def test_one_message_over_the_budget_passes_alone() -> None:
    assert decide({"a": Held(CEILING_BYTES + MB, 0.0)}, LONG_AFTER) == Verdict()


def test_a_client_that_reads_is_not_stalled_until_it_has_had_time_for_its_message() -> None:
    held = {"a": Held(40 * MB, 0.0), "b": Held(30 * MB, 1.0)}
    stalls_at = GRACE_SECONDS + 40 * MB / SLOWEST_BYTES_PER_SECOND
    assert decide(held, 1.0) == Verdict(look_again_at=stalls_at)
    assert decide(held, stalls_at) == Verdict(end="a")


def test_a_stalled_stream_ends_before_one_that_is_read_for_longer() -> None:
    held = {"large and read": Held(60 * MB, 0.0), "small and stalled": Held(5 * MB, 1.0)}
    assert decide(held, 2.0) == Verdict(end="small and stalled")


def test_above_the_ceiling_the_longest_held_message_goes_at_once() -> None:
    held = {"a": Held(80 * MB, 0.0), "b": Held(80 * MB, 0.01)}
    assert decide(held, 0.01) == Verdict(end="a")
