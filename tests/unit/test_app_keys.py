"""Tickets and cookies of the pages of marimo sessions: each opens one page, a ticket once and soon."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.workloads.rules.app_keys import (
    MAX_COOKIES,
    MAX_FORMER,
    MAX_TICKETS,
    TICKET_SECONDS,
    Cookies,
    Holder,
    Tickets,
)

ADA = Holder("SESSION", "ADA")
OTHER = Holder("OTHER", "ADA")


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue(ADA, 0.0)
    assert tickets.burn(ticket, "SESSION", 1.0) == ADA
    assert tickets.burn(ticket, "SESSION", 1.0) is None


def test_a_ticket_is_good_for_half_a_minute() -> None:
    tickets = Tickets()
    early, late = tickets.issue(ADA, 0.0), tickets.issue(ADA, 0.0)
    assert tickets.burn(early, "SESSION", TICKET_SECONDS - 0.001) == ADA
    assert tickets.burn(late, "SESSION", TICKET_SECONDS) is None


def test_a_ticket_that_is_tried_at_another_session_is_good_for_nothing_any_more() -> None:
    tickets = Tickets()
    ticket = tickets.issue(ADA, 0.0)
    assert tickets.burn(ticket, "OTHER", 1.0) is None
    assert tickets.burn(ticket, "SESSION", 1.0) is None


def test_the_number_of_tickets_of_a_session_is_bounded_and_the_newest_stay() -> None:
    tickets = Tickets()
    others = tickets.issue(OTHER, 0.0)
    issued = [tickets.issue(ADA, 0.0) for _ in range(MAX_TICKETS + 3)]
    good = [tickets.burn(ticket, "SESSION", 1.0) is not None for ticket in issued]
    assert good == [False] * 3 + [True] * MAX_TICKETS
    assert tickets.burn(others, "OTHER", 1.0) == OTHER


def test_the_tickets_of_a_session_end_with_it() -> None:
    tickets = Tickets()
    ticket, others = tickets.issue(ADA, 0.0), tickets.issue(OTHER, 0.0)
    tickets.end_session("SESSION")
    assert tickets.burn(ticket, "SESSION", 1.0) is None
    assert tickets.burn(others, "OTHER", 1.0) == OTHER


def test_a_cookie_opens_the_page_of_its_session_alone() -> None:
    cookies = Cookies()
    cookie = cookies.issue(ADA)
    cookies.issue(OTHER)
    assert cookies.holder_of(cookie, "SESSION") == ADA
    assert cookies.holder_of(cookie, "OTHER") is None
    assert cookies.holder_of(cookie[:-1], "SESSION") is None
    assert cookies.sessions() == {"SESSION", "OTHER"}


def test_a_cookie_ends_with_its_session_and_is_known_as_having_been_good() -> None:
    cookies = Cookies()
    cookie, others = cookies.issue(ADA), cookies.issue(OTHER)
    cookies.end_session("SESSION")
    assert cookies.holder_of(cookie, "SESSION") is None
    assert cookies.was_of(cookie, "SESSION")
    assert not cookies.was_of(cookie, "OTHER")
    assert not cookies.was_of(others, "OTHER")
    assert cookies.holder_of(others, "OTHER") == OTHER


def test_the_numbers_of_cookies_are_bounded() -> None:
    cookies = Cookies()
    first = cookies.issue(Holder("0", "ADA"))
    for session in range(MAX_FORMER // MAX_COOKIES + 1):
        issued = [cookies.issue(Holder(str(session), "ADA")) for _ in range(MAX_COOKIES + 1)]
        assert cookies.holder_of(issued[0], str(session)) is None
        assert cookies.holder_of(issued[1], str(session)) is not None
        cookies.end_session(str(session))
    assert not cookies.was_of(first, "0")


@given(st.text(max_size=80))
def test_no_other_text_opens_anything(text: str) -> None:
    tickets, cookies = Tickets(), Cookies()
    tickets.issue(ADA, 0.0)
    cookies.issue(ADA)
    assert tickets.burn(text, "SESSION", 0.0) is None
    assert cookies.holder_of(text, "SESSION") is None
    assert not cookies.was_of(text, "SESSION")


def test_the_secrets_themselves_are_not_kept() -> None:
    tickets, cookies = Tickets(), Cookies()
    ticket, cookie = tickets.issue(ADA, 0.0), cookies.issue(ADA)
    kept = repr((vars(tickets), vars(cookies)))
    assert ticket not in kept
    assert cookie not in kept
