"""A page of sessions, with the objects that it names."""

from __future__ import annotations

from .compute import Workload, WorkloadConfig
from .people import Member, ServiceAccount
from .sessions import Session
from .wire import Answer


class SessionReference(Answer, frozen=True, kw_only=True):
    """A row of a session list; the objects it names stand in ``included``."""

    id: str
    compute_instance_id: str | None = None
    member_id: str | None = None
    service_account_id: str | None = None


class SessionIncluded(Answer, frozen=True, kw_only=True):
    sessions: tuple[Session, ...] = ()
    members: tuple[Member, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    workloads: tuple[Workload, ...] = ()
    workload_configs: tuple[WorkloadConfig, ...] = ()


class SessionPage(Answer, omit_defaults=True, frozen=True, kw_only=True):
    total: int
    items: tuple[SessionReference, ...]
    included: SessionIncluded
    marker: str | None = None
