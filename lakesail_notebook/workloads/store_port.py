"""What the domain asks of a store: consistent reading, guarded writing, news. ``store/`` implements it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import datetime, timedelta
from typing import Literal, Protocol

from .filters import ANYWHERE, EventFilter, PageKey, SessionFilter, UsedFrom
from .records import (
    ConfigRecord,
    EventRecord,
    Handle,
    IdempotentAnswer,
    MemberRecord,
    NotebookRecord,
    Owner,
    QueryRecord,
    ServiceAccountRecord,
    SessionRecord,
    SessionTokens,
    WorkloadRecord,
)
from .rules.lifecycle import SessionMove, WorkloadMove


class Reading(Protocol):
    """A consistent view of the store."""

    async def session(self, session_id: str) -> SessionRecord | None: ...
    async def sessions(self, which: SessionFilter, *, after: PageKey | None, limit: int) -> list[SessionRecord]: ...
    async def count_sessions(self, which: SessionFilter) -> int: ...
    async def live_sessions(self, workload_ids: Collection[str]) -> list[SessionRecord]: ...
    async def live_sessions_of_type(self, endpoint_type: str, owner: Owner) -> list[SessionRecord]:
        """On the workloads of this owner."""
        ...

    async def sessions_by_id(self, session_ids: Collection[str]) -> list[SessionRecord]: ...
    async def due_sessions(self, owner: Owner, now: datetime, *, limit: int) -> list[SessionRecord]:
        """Live sessions of the owner's workloads whose due time has come, the longest overdue first."""
        ...

    async def sessions_of_kernels(self, owner: Owner, kernel_ids: Collection[str] | None) -> list[SessionRecord]:
        """Live sessions of the owner's workloads that belong to one of these kernels, or to any."""
        ...

    async def workload(self, workload_id: str) -> WorkloadRecord | None: ...
    async def workloads(self, workload_ids: Collection[str]) -> list[WorkloadRecord]: ...
    async def unfinished_workloads(self, owner: Owner | None = None) -> list[WorkloadRecord]:
        """Of one owner, or of all."""
        ...

    async def uncleaned_workloads(self, owner: Owner | None = None) -> list[WorkloadRecord]:
        """Those that are over, but may have left something behind; of one owner, or of all."""
        ...

    async def workloads_to_step(self, owner: Owner) -> list[WorkloadRecord]:
        """Of one owner: those that are not where they are to be, that carry no session, or that are not cleaned up."""
        ...

    async def others_workloads(self, owner: Owner) -> list[WorkloadRecord]:
        """Unfinished or uncleaned workloads of other owners."""
        ...

    async def config(self, config_id: str) -> ConfigRecord | None: ...
    async def config_named(self, team_id: str, name: str) -> ConfigRecord | None: ...
    async def configs(
        self, team_ids: Collection[str] | None, *, after: PageKey | None, limit: int
    ) -> list[ConfigRecord]: ...
    async def configs_by_id(self, config_ids: Collection[str]) -> list[ConfigRecord]: ...
    async def members(self, member_ids: Collection[str]) -> list[MemberRecord]: ...
    async def service_account(self, account_id: str) -> ServiceAccountRecord | None: ...
    async def service_account_named(self, team_id: str, username: str) -> ServiceAccountRecord | None: ...
    async def service_accounts(self, team_ids: Collection[str] | None) -> list[ServiceAccountRecord]:
        """Of these teams, or of all; by name."""
        ...

    async def service_accounts_by_id(self, account_ids: Collection[str]) -> list[ServiceAccountRecord]: ...
    async def owner_seen_at(self, owner: Owner) -> datetime | None:
        """When a control plane last said that it lives."""
        ...

    async def queries(self, session_id: str, *, limit: int) -> list[QueryRecord]:
        """Of a session, the latest first."""
        ...

    async def queries_by_id(self, session_id: str, query_ids: Collection[str]) -> list[QueryRecord]: ...
    async def notebook(self, notebook_id: str) -> NotebookRecord | None: ...
    async def notebooks_by_id(self, notebook_ids: Collection[str]) -> list[NotebookRecord]: ...
    async def notebook_at(self, server: str, path: str) -> NotebookRecord | None:
        """The one that is there now."""
        ...

    async def notebooks_below(self, server: str, path: str) -> list[NotebookRecord]:
        """Those that are at a path now, or in that directory."""
        ...

    async def notebooks_of_file(self, server: str, file: str) -> list[NotebookRecord]:
        """Those that are somewhere now first, the latest changed first."""
        ...

    async def has_session_of_notebook(self, caller_id: str, notebook_id: str) -> bool:
        """Whether a session of the caller's, live or over, belongs to a notebook."""
        ...

    async def starts(self, config_ids: Collection[str], *, latest: int) -> Mapping[str, Sequence[timedelta]]:
        """By config, the time from the session that needed an engine until the engine was ready; the latest first."""
        ...

    async def anonymous_starts(self, created_by: str, *, latest: int) -> Sequence[timedelta]:
        """The same of one person's engines on configs without a name."""
        ...

    async def waiting_keys(self, reuse_keys: Collection[str], owner: Owner) -> frozenset[str]:
        """Of these reuse keys, those of which a workload of the owner waits that a new session would be given."""
        ...

    async def newest_session_id_of_kernel(self, caller_id: str, kernel_id: str) -> str | None:
        """Of the caller's sessions that belong to a kernel, live or over, the newest."""
        ...

    async def idempotent_answer(self, caller_id: str, key: str) -> IdempotentAnswer | None: ...
    async def events_after(self, sequence: int, limit: int, which: EventFilter) -> list[EventRecord]: ...
    async def last_event_sequence(self) -> int: ...
    async def last_token_change(self) -> int:
        """The number of the last ending of tokens of any session; 0 before the first."""
        ...

    async def token_changes_after(self, number: int) -> list[SessionRecord]:
        """The sessions whose tokens have ended since then, by :attr:`SessionRecord.tokens_changed`."""
        ...


class Writing(Reading, Protocol):
    """One transaction. Nothing slow is awaited in it; leaving it by an exception undoes it."""

    async def lock_workloads(self, workload_ids: Collection[str]) -> None:
        """Hold these rows to the end of the transaction.

        Who writes workloads and sessions locks the workloads first, in the order of their ids, and then the sessions in
        theirs, so that two transactions never wait for each other.
        """
        ...

    async def add_session(self, record: SessionRecord, *, by: str | None = None) -> None: ...
    async def add_workload(self, record: WorkloadRecord, *, by: str | None = None) -> None: ...
    async def add_config(self, record: ConfigRecord) -> None: ...

    async def change_config(self, record: ConfigRecord, *, version: int) -> bool:
        """Put the record in place of that version of it; false when somebody else changed or deleted it meanwhile."""
        ...

    async def delete_config(self, config_id: str, *, by: str, now: datetime) -> bool:
        """Its name is free again, and nobody finds it; the sessions that run on it keep it."""
        ...

    async def add_service_account(self, record: ServiceAccountRecord) -> None: ...
    async def delete_service_account(self, account_id: str) -> bool: ...

    async def touch_owner(self, owner: Owner, now: datetime) -> None:
        """Say that a control plane lives."""
        ...

    async def add_idempotent_answer(
        self, caller_id: str, key: str, answer: IdempotentAnswer, now: datetime
    ) -> None: ...
    async def delete_idempotent_answers(self, before: datetime) -> None: ...

    async def extend_session(self, session_id: str, until: datetime, now: datetime) -> SessionRecord | None:
        """Keep a live session until then at least, and note the event; ``None`` when it is over."""
        ...

    async def set_tokens(self, session_id: str, tokens: SessionTokens, *, told: bool) -> SessionRecord | None:
        """Note the tokens of a live session; ``None`` when it is over.

        :param told: whether some have ended, so that proxies must hear of it.
        """
        ...

    async def revoke_tokens(self, session_id: str, now: datetime) -> SessionRecord | None:
        """Begin the next generation of a live session's tokens; ``None`` when it is over."""
        ...

    async def mark_warned(self, session_id: str, message: str, now: datetime) -> bool:
        """Note that a live session was said to close soon; false when it is over."""
        ...

    async def upsert_member(self, record: MemberRecord) -> None:
        """Add a member, or keep its name and teams as they are now."""
        ...

    async def move_session(self, session_id: str, move: SessionMove) -> SessionRecord | None:
        """The session after the move and its event; ``None`` when somebody else moved it out of the way."""
        ...

    async def move_workload(self, workload_id: str, move: WorkloadMove) -> WorkloadRecord | None: ...

    async def take_freed_workload(
        self, reuse_key: str, owner: Owner, *, not_on: str | None = None
    ) -> WorkloadRecord | None:
        """A lingering workload other than ``not_on``, no longer free; ``None`` when there is none.

        It rests, and has run no Python code.
        """
        ...

    async def join_shared_workload(
        self, reuse_key: str, owner: Owner, *, not_on: str | None = None, used_from: UsedFrom = ANYWHERE
    ) -> WorkloadRecord | None:
        """A shared workload other than ``not_on`` with room for one more session, which then is not free any more.

        One that carries no session must be fit for reuse. One that does and has run Python code is given to no further
        session of the same place: who asks for a new session there wants none of the old modules.
        """
        ...

    async def free_workload(self, workload_id: str, freed_at: datetime) -> None:
        """Let a workload linger, unless it still carries a live session; one that has run Python code is to stop."""
        ...

    async def mark_rested(self, workload_id: str, freed_at: datetime, at: datetime) -> None:
        """Note that a workload which has been free since ``freed_at`` computes nothing."""
        ...

    async def note_python(self, workload_id: str, at: datetime) -> None:
        """Note that a workload runs Python code; the first time counts."""
        ...

    async def retire_workload(self, workload_id: str, now: datetime) -> bool:
        """Aim a freed workload at ``stopped``; false when a session has taken it meanwhile."""
        ...

    async def adopt_workload(self, workload_id: str, old: Owner | None, new: Owner) -> bool:
        """Take a workload over from its owner; false when somebody else did."""
        ...

    async def mark_cleaned(self, workload_id: str, at: datetime) -> None:
        """Nothing is left of a workload that is over."""
        ...

    async def set_handle(self, workload_id: str, handle: Handle) -> None: ...
    async def set_last_activity(self, session_id: str, at: datetime) -> None: ...
    async def set_kernel(self, session_id: str, kernel_id: str | None) -> None:
        """The session is this kernel's from now on, or nobody's in particular, and so not detached."""
        ...

    async def set_due(self, session_id: str, at: datetime) -> None:
        """Have a live session looked at then, and not before. Moves, extensions and warnings set the due time too."""
        ...

    async def set_detached_since(self, session_id: str, since: datetime | None) -> None: ...

    async def claim_spark_session(
        self, *, workload_id: str, spark_session_id: str, session_id: str, caller: str, limit: int, now: datetime
    ) -> Literal["granted", "foreign", "released", "limit"]: ...

    async def remove_queries(self, session_id: str, query_ids: Collection[str]) -> None: ...
    async def upsert_queries(self, session_id: str, records: Collection[QueryRecord], *, latest: int) -> None:
        """Keep these as they are now, and of all queries of the session no more than the latest ones."""
        ...

    async def put_notebook(self, record: NotebookRecord) -> None:
        """Add a notebook or change it, and name it in its sessions as it is called now."""
        ...

    async def release_spark_session(self, *, workload_id: str, spark_session_id: str, now: datetime) -> None: ...


class News(Protocol):
    """Word of new events: at once of this process's own, within a second of other processes'."""

    async def later_than(self, sequence: int) -> None:
        """Return when there is an event after that one.

        :raises Unavailable: when the store closes.
        """
        ...


class Store(Protocol):
    @property
    def issuer(self) -> str:
        """The database's own name: ``iss`` of its tokens."""
        ...

    @property
    def marker_key(self) -> bytes:
        """Signs page markers, for every process on this database."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Reading]: ...
    def writing(self) -> AbstractAsyncContextManager[Writing]: ...
    def listening(self) -> AbstractContextManager[News]: ...
    async def close(self) -> None: ...
