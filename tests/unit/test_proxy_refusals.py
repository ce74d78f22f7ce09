"""Refused RPCs are counted and reported: bounded, merged, once a second at most."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.session_proxy.refusals import MOST_KINDS, RefusedRpcs


def test_what_is_alike_is_one_line_with_its_count() -> None:
    refused = RefusedRpcs()
    for _ in range(1000):
        refused.note("S1", "UNAUTHENTICATED")
    refused.note("S1", "PERMISSION_DENIED")
    refused.note(None, "UNAUTHENTICATED")
    assert refused.news.is_set()
    told = {(one.session_id, one.reason): one.count for one in refused.report()}
    assert told == {("S1", "UNAUTHENTICATED"): 1000, ("S1", "PERMISSION_DENIED"): 1, (None, "UNAUTHENTICATED"): 1}
    assert not refused.news.is_set()
    assert refused.report() == ()


@given(st.lists(st.integers(0, 3 * MOST_KINDS), max_size=4 * MOST_KINDS))
def test_none_is_lost_and_no_report_grows_without_bound(sessions: list[int]) -> None:
    refused = RefusedRpcs()
    for session in sessions:
        refused.note(f"S{session}", "UNAUTHENTICATED")
    report = refused.report()
    assert len(report) <= MOST_KINDS + 1
    assert sum(one.count for one in report) == len(sessions)


def test_a_report_that_nobody_heard_is_in_the_next() -> None:
    refused = RefusedRpcs()
    refused.note("S1", "UNAUTHENTICATED")
    report = refused.report()
    refused.note("S1", "UNAUTHENTICATED")
    refused.not_reported(report)
    [one] = refused.report()
    assert (one.session_id, one.count) == ("S1", 2)
