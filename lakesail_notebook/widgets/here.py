"""The session of this notebook, and what a panel's ``value`` says of it: pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..models import Me, SessionPage
from ..spark.sessions.choice import Candidate, candidates_of, of_place

NO_SESSION: dict[str, Any] = {
    "sessionId": None,
    "status": None,
    "name": None,
    "config": None,
    "createdAt": None,
    "timeoutAt": None,
    "closedAt": None,
    "terminationReason": None,
    "statusMessage": None,
}


def here(page: SessionPage, me: Me, used: Collection[str] = ()) -> Candidate | None:
    """The live session of the notebook that asks, else a live one that this process uses, else what ended last.

    :param used: the ids of the sessions that this process uses: a kernel that no Jupyter server has started has no
        other.
    """
    candidates = candidates_of(page)
    of_notebook = of_place(candidates, me)
    found = of_notebook + [one for one in candidates if one.session.id in used and one not in of_notebook]
    live = next((one for one in found if one.live), None)
    return live or max(found, key=lambda one: one.session.closed_at or "", default=None)


def value_of(candidate: Candidate | None) -> dict[str, Any]:
    """What people may read and observe: how the session is; no address and no token."""
    if candidate is None:
        return dict(NO_SESSION)
    session = candidate.session
    return {
        "sessionId": session.id,
        "status": session.status,
        "name": session.name,
        "config": candidate.config_name,
        "createdAt": session.created_at,
        "timeoutAt": session.timeout_at,
        "closedAt": session.closed_at,
        "terminationReason": session.termination_reason,
        "statusMessage": session.status_message,
    }
