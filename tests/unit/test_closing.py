"""Closing a session: who must say why, and what is kept of it."""

from __future__ import annotations

import pytest

from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.rules.closing import check_reason, closing
from tests.builders import NOW, a_principal, a_session

OWNER = a_principal(id="MEMBER", login="ada", name="Ada")
ADMIN = a_principal(id="OLA", login="ola", name="Ola", organization_admin=True)
NAMELESS = a_principal(id="OLA", login="ola", organization_admin=True)
SESSION = a_session(id="S1", status="active")


def test_its_owner_need_not_say_why() -> None:
    check_reason(OWNER, SESSION, None)
    move = closing(OWNER, SESSION, NOW, None)
    assert (move.to, move.reason, move.by) == ("closed", "user_closed", "MEMBER")
    assert (move.closed_by, move.close_reason) == (None, None)
    assert "was closed by you" in str(move.message)


def test_its_owner_may_say_why() -> None:
    move = closing(OWNER, SESSION, NOW, "Done for today")
    assert (move.closed_by, move.close_reason) == (None, "Done for today")
    assert 'was closed by you, and you said "Done for today"' in str(move.message)


def test_who_closes_anothers_session_must_say_why() -> None:
    with pytest.raises(InvalidArgument, match="reason must be given") as caught:
        check_reason(ADMIN, SESSION, None)
    assert [error.pointer for error in caught.value.errors] == ["/reason"]
    check_reason(ADMIN, SESSION, "The machine is needed")


@pytest.mark.parametrize("reason", ["two\nlines", "  ", "turned \u202e around"])
@pytest.mark.parametrize("principal", [OWNER, ADMIN])
def test_a_reason_that_nobody_can_read_is_refused(principal: Principal, reason: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_reason(principal, SESSION, reason)
    assert [error.pointer for error in caught.value.errors] == ["/reason"]


@pytest.mark.parametrize(("principal", "name"), [(ADMIN, "Ola"), (NAMELESS, "ola")])
def test_its_owner_reads_who_closed_it_and_why(principal: Principal, name: str) -> None:
    move = closing(principal, SESSION, NOW, "The machine is needed")
    assert (move.reason, move.by) == ("admin_closed", "OLA")
    assert (move.closed_by, move.close_reason) == (name, "The machine is needed")
    assert f'was closed by {name}, who said "The machine is needed"' in str(move.message)


def test_who_closed_anothers_session_is_told_without_a_reason_too() -> None:
    move = closing(ADMIN, SESSION, NOW, None)
    assert (move.closed_by, move.close_reason) == ("Ola", None)
