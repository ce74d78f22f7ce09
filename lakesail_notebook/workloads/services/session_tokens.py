"""Tokens of sessions: issued, counted, and revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

from ... import models
from ...clock import Clock, to_rfc3339
from ...errors import FailedPrecondition, NotFound, PermissionDenied
from ...ids import is_id
from ...models import LIVE_STATUSES
from ...token_ids import Holder, KernelToken, LoginToken
from ...tokens import TokenIssuer, TokenTime
from ..logins import tell_logins
from ..notices import QueryNotices
from ..ports import Audit, Kernels, Owners
from ..reconciling.token_endings import TokenEndings
from ..records import SessionRecord, SessionTokens
from ..rules import access
from ..rules.access import Principal
from ..rules.session_tokens import with_login_token
from ..settings import Settings
from ..store_port import Reading, Store
from .quota_keeper import QuotaKeeper


class SessionTokenService:
    def __init__(
        self,
        *,
        store: Store,
        owners: Owners,
        kernels: Kernels,
        endings: TokenEndings,
        tokens: TokenIssuer,
        token_time: TokenTime,
        quotas: QuotaKeeper,
        notices: QueryNotices,
        audit: Audit | None,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._store = store
        self._owners = owners
        self._kernels = kernels
        self._endings = endings
        self._tokens = tokens
        self._token_time = token_time
        self._quotas = quotas
        self._notices = notices
        self._audit = audit
        self._clock = clock
        self._settings = settings

    async def issue(self, principal: Principal, session_id: str, wanted: models.TokenCreate) -> models.SessionToken:
        """A session token, cut to the end that the session's maximum duration sets.

        A login, or the key of a service account, may end the session's oldest token with it; see
        :data:`~..rules.session_tokens.MAX_LOGIN_TOKENS`.

        :raises LakesailError: not visible, not the caller's to use, over, or a duration out of range.
        """
        limit = self._settings.limits.token_duration
        seconds = limit.value(wanted.duration_seconds, "/durationSeconds") or 0
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            if self._audit is not None:
                await tell_logins(self._audit, view, (session.caller_id,))
        if not access.issues_token(principal, session):
            raise denied(session, f"Only its owner may have a token for session {session_id}.")
        if session.status not in LIVE_STATUSES:
            raise over(session)
        now = self._clock.now()
        ahead = self._token_time.ahead_of(now)
        self._quotas.check_token(principal, now)
        expires_at = _token_end(session, now, seconds)
        await self._note_kernel(principal, session)
        session, holder = await self._holder(principal, session, now + ahead, expires_at + ahead)
        token = self._tokens.issue(
            caller=principal.id,
            session_id=session.id,
            workload_id=session.workload_id,
            generation=session.generation,
            now=now + ahead,
            expires_at=expires_at + ahead,
            holder=holder,
        )
        if self._audit is not None:
            self._audit.token_issued(session, by=principal.id, at=now, expires_at=expires_at)
        return models.SessionToken(token=token, expires_at=to_rfc3339(expires_at))

    async def revoke(self, principal: Principal, session_id: str) -> None:
        """End all tokens of the session and what runs under them; the session stays. Kernels fetch a new one.

        :raises NotFound: unknown, or not for the caller to see.
        """
        async with self._store.writing() as unit:
            session = await find_session(unit, principal, session_id)
            if not access.revokes_tokens(principal, session):
                raise denied(session, f"Only its owner or an administrator may revoke tokens of session {session_id}.")
            now = self._clock.now()
            revoked = await unit.revoke_tokens(session_id, now)
            workload = await unit.workload(session.workload_id)
            if self._audit is not None:
                await tell_logins(self._audit, unit, (session.caller_id,))
        if revoked is None:
            return  # the session is over, and so are its tokens
        if self._audit is not None:
            self._audit.tokens_revoked(session, by=principal.id, at=now)
        await self._endings.tell(revoked, workload)

    async def _holder(
        self, principal: Principal, session: SessionRecord, now: datetime, expires_at: datetime
    ) -> tuple[SessionRecord, Holder | None]:
        """Who holds a token that is now issued, counted as such; and the session as it is then.

        What runs on the session itself ends with it, and so do its tokens: they are not counted.
        """
        if principal.session_id is not None:
            return session, None
        if principal.kernel_id is not None:
            return session, KernelToken(self._mark_of(principal.kernel_id, session, expires_at))
        async with self._store.writing() as unit:
            current = await find_session(unit, principal, session.id)
            before = current.tokens or SessionTokens()
            tokens = with_login_token(before, expires_at, now)
            one_ends = tokens.logins_from > before.logins_from
            counted = await unit.set_tokens(session.id, tokens, told=one_ends)
            if counted is None:
                raise over(current)
            workload = await unit.workload(session.workload_id)
        if one_ends:
            await self._endings.tell(counted, workload)
        return counted, LoginToken(tokens.issued)

    def _mark_of(self, kernel_id: str, session: SessionRecord, expires_at: datetime) -> str:
        """What the token says of the kernel. If the kernel used another session before, the owner is told of both."""
        before = self._endings.session_of(kernel_id)
        mark = self._endings.mark_of(kernel_id, session.id, expires_at)
        if before != session.id:
            for changed in (session.id,) if before is None else (session.id, before):
                self._notices.tell(changed, session.caller_id)
        return mark

    async def _note_kernel(self, principal: Principal, session: SessionRecord) -> None:
        """A kernel takes the place of one that is gone. A session of several kernels, or of one that the control
        plane of its engine cannot see, is nobody's in particular: the idle rules alone end it."""
        if not _is_of_another_kernel(principal, session):
            return
        async with self._store.writing() as unit:
            workload = await unit.workload(session.workload_id)
            current = await unit.session(session.id)  # a third kernel may have come meanwhile
            if current is None or current.kernel_id is None or not _is_of_another_kernel(principal, current):
                return
            ours = workload is not None and workload.owner == self._owners.mine
            gone = not self._kernels.alive(current.kernel_id)
            await unit.set_kernel(session.id, principal.kernel_id if ours and gone else None)


def _is_of_another_kernel(principal: Principal, session: SessionRecord) -> bool:
    return principal.kernel_id is not None and session.kernel_id not in (None, principal.kernel_id)


async def find_session(view: Reading, principal: Principal, session_id: str) -> SessionRecord:
    """:raises NotFound: unknown, or not for the caller to see."""
    session = await view.session(session_id) if is_id(session_id) else None
    if session is None or not access.sees_session(principal, session):
        whose = None if session is None else session.caller_id
        raise NotFound("There is no such session.", reason="session_not_found", whose=whose)
    return session


def over(session: SessionRecord) -> FailedPrecondition:
    return FailedPrecondition(
        session.status_message or f"Session {session.id} is {session.status}.",
        reason="session_closed",
        whose=session.caller_id,
    )


def denied(session: SessionRecord, message: str) -> PermissionDenied:
    return PermissionDenied(message, whose=session.caller_id)


def _token_end(session: SessionRecord, now: datetime, seconds: int) -> datetime:
    """Whole seconds, since that is what a token can say."""
    end = now + timedelta(seconds=seconds)
    longest = session.timeouts.max_duration
    if longest is not None and session.active_since is not None:
        end = min(end, session.active_since + timedelta(seconds=longest))
    return end.replace(microsecond=0)
