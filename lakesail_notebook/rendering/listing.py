"""Several pages as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ..models import Member, ServiceAccount, Session, SessionIncluded, SessionPage, Workload, WorkloadConfig

Thing = TypeVar("Thing", Session, Member, ServiceAccount, Workload, WorkloadConfig)


def merged(pages: Iterable[SessionPage]) -> SessionPage:
    """All pages of one or several session lists as one, newest first; what stands in two of them, once."""
    pages = tuple(pages)
    sessions = sorted(
        _once(session for page in pages for session in page.included.sessions),
        key=lambda session: (session.created_at, session.id),
        reverse=True,
    )
    items = {item.id: item for page in pages for item in page.items}
    return SessionPage(
        total=len(items),
        items=tuple(items[session.id] for session in sessions if session.id in items),
        included=SessionIncluded(
            sessions=tuple(sessions),
            members=_once(member for page in pages for member in page.included.members),
            service_accounts=_once(account for page in pages for account in page.included.service_accounts),
            workloads=_once(workload for page in pages for workload in page.included.workloads),
            workload_configs=_once(config for page in pages for config in page.included.workload_configs),
        ),
    )


def _once(things: Iterable[Thing]) -> tuple[Thing, ...]:
    """Without those whose id stood before: of two, the one that was told last."""
    return tuple({thing.id: thing for thing in things}.values())
