"""Which workloads a new session may be given, and what happens to one that no session uses any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..models import LIVE_STATUSES
from ..workloads.filters import UsedFrom
from ..workloads.records import Owner
from ..workloads.rules.lifecycle import REUSABLE
from .schema import session, workload

_FIT = (workload.c.freed_at.is_not(None), workload.c.rested_at.is_not(None), workload.c.python_at.is_(None))
"""Free, computing nothing, and without the modules of an earlier session."""
_IN_USE = {"freed_at": None, "rested_at": None}


def taking(reuse_key: str, owner: Owner, *, not_on: str | None) -> sa.Executable:
    """Takes the newest free workload."""
    free = (*_running(reuse_key, owner, not_on), *_FIT)
    newest = sa.select(workload.c.id).where(*free).order_by(workload.c.created_at.desc()).limit(1).scalar_subquery()
    return sa.update(workload).where(workload.c.id == newest, *free).values(_IN_USE).returning(workload)


def waiting(reuse_keys: Collection[str], owner: Owner) -> sa.Select[Any]:
    """The keys of which a workload waits that :func:`taking` or :func:`joining` would take."""
    ready = (workload.c.owner == owner, workload.c.target == "running", workload.c.infra_status == "ready")
    return sa.select(workload.c.reuse_key).where(workload.c.reuse_key.in_(reuse_keys), *ready, *_FIT).distinct()


def joining(reuse_key: str, owner: Owner, *, not_on: str | None, used_from: UsedFrom) -> sa.Executable:
    """Joins the oldest shared workload that has room."""
    roomy = (
        *_running(reuse_key, owner, not_on),
        workload.c.shared,
        sa.or_(workload.c.capacity.is_(None), _sessions_carried() < workload.c.capacity),
        sa.or_(sa.and_(*_FIT), sa.and_(workload.c.freed_at.is_(None), _without_python_of(used_from))),
    )
    oldest = sa.select(workload.c.id).where(*roomy).order_by(workload.c.created_at, workload.c.id).limit(1)
    joined = sa.update(workload).where(workload.c.id == oldest.scalar_subquery())
    return joined.values(_IN_USE).returning(workload)


def freeing(workload_id: str, freed_at: datetime) -> sa.Update:
    """Frees a workload that carries no live session."""
    still_used = sa.exists().where(session.c.workload_id == workload_id, session.c.status.in_(LIVE_STATUSES))
    unused = (workload.c.id == workload_id, workload.c.infra_status.in_(REUSABLE), ~still_used)
    target = sa.case((workload.c.python_at.is_not(None), "stopped"), else_=workload.c.target)
    now = sa.literal(freed_at, workload.c.rested_at.type)
    rested_at = sa.case((workload.c.infra_status != "ready", now), else_=None)  # it has computed nothing yet
    changes = {"freed_at": freed_at, "rested_at": rested_at, "updated_at": freed_at, "target": target}
    return sa.update(workload).where(*unused).values(changes)


def _running(reuse_key: str, owner: Owner, not_on: str | None) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        workload.c.reuse_key == reuse_key,
        *([] if not_on is None else [workload.c.id != not_on]),
        workload.c.owner == owner,
        workload.c.target == "running",
        workload.c.infra_status.in_(REUSABLE),
    )


def _sessions_carried() -> sa.ScalarSelect[int]:
    live = sa.select(sa.func.count()).where(session.c.workload_id == workload.c.id, session.c.status.in_(LIVE_STATUSES))
    return live.correlate(workload).scalar_subquery()


def _without_python_of(place: UsedFrom) -> sa.ColumnElement[bool]:
    same = [
        column == value
        for column, value in ((session.c.notebook_id, place.notebook_id), (session.c.kernel_id, place.kernel_id))
        if value is not None
    ]
    if not same:
        return sa.true()
    used = sa.exists().where(session.c.workload_id == workload.c.id, sa.or_(*same)).correlate(workload)
    return sa.or_(workload.c.python_at.is_(None), ~used)
