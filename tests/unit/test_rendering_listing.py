from __future__ import annotations

from lakesail_notebook import models
from lakesail_notebook.rendering.listing import merged
from tests.unit.small_api import page, session


def test_pages_of_several_lists_become_one_newest_first() -> None:
    idle = session("S1", status="idle", created_at="2026-03-01T10:00:00.000Z")
    active = session("S2", created_at="2026-03-01T11:00:00.000Z")
    found = merged([page(idle, marker="m"), page(active)])
    assert [item.id for item in found.items] == ["S2", "S1"]
    assert found.included.sessions == (active, idle)
    assert (found.total, found.marker) == (2, None)


def test_a_session_that_moved_on_meanwhile_stands_once_as_it_was_told_last() -> None:
    found = merged([page(session("S1", status="pending")), page(session("S1", status="active"))])
    assert [one.status for one in found.included.sessions] == ["active"]
    assert found.total == 1


def test_what_pages_include_is_kept_once() -> None:
    included = models.SessionIncluded(sessions=(session("S1"),), members=(models.Member(id="M1"),))
    one = models.SessionPage(total=1, items=(models.SessionReference(id="S1"),), included=included)
    assert merged([one, one]).included.members == (models.Member(id="M1"),)


def test_no_pages_are_an_empty_one() -> None:
    assert merged([]).total == 0
