"""The audit: moves, tokens, revocations, interrupts and refusals as events of Jupyter's own event log."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..api.context import Refusal
from ..clock import to_rfc3339
from ..workloads.records import EventRecord, SessionRecord
from ..workloads.rules.access import Principal

if TYPE_CHECKING:
    from jupyter_events import EventLogger

MOVE = "https://schema.lakesail.com/lakesail_notebook/move/v1"
TOKEN = "https://schema.lakesail.com/lakesail_notebook/token/v1"
TOKEN_REVOCATION = "https://schema.lakesail.com/lakesail_notebook/token_revocation/v1"
QUERY_INTERRUPT = "https://schema.lakesail.com/lakesail_notebook/query_interrupt/v1"
REFUSAL = "https://schema.lakesail.com/lakesail_notebook/refusal/v1"
RPC_REFUSAL = "https://schema.lakesail.com/lakesail_notebook/rpc_refusal/v1"
_LOGINS_REMEMBERED = 10_000
_LONGEST_TEXT = 256
_SCHEMAS = Path(__file__).parent / "event_schemas"

log = logging.getLogger(__name__)


class JupyterAudit:
    """Implements the domain's ``Audit`` and the API's ``EdgeAudit``.

    An event that nobody listens to or writes down costs microseconds.

    :param now: the moment; refusals have no other.
    """

    def __init__(self, event_logger: EventLogger, now: Callable[[], datetime]) -> None:
        self._event_logger = event_logger
        self._now = now
        self._logins: OrderedDict[str, str] = OrderedDict()
        for schema in sorted(_SCHEMAS.glob("*/*.yaml")):
            event_logger.register_event_schema(schema)

    def seen(self, principal: Principal) -> None:
        self.learn({principal.id: principal.login})

    def unknown(self, ids: Iterable[str | None]) -> frozenset[str]:
        return frozenset(one for one in ids if one is not None and one not in self._logins)

    def learn(self, logins: Mapping[str, str]) -> None:
        for person, login in logins.items():
            self._logins[person] = login
            self._logins.move_to_end(person)
        while len(self._logins) > _LOGINS_REMEMBERED:
            self._logins.popitem(last=False)

    def moved(self, event: EventRecord, by: str | None) -> None:
        self._emit(
            MOVE,
            {
                "sequence": event.sequence,
                "at": to_rfc3339(event.at),
                **self._people(by, event.caller_id),
                "team": event.team_id,
                "session": event.session_id,
                "workload": event.workload_id,
                "from": event.old_status,
                "to": event.new_status,
                "reason": event.reason,
                "message": event.message,
            },
        )

    def token_issued(self, session: SessionRecord, *, by: str, at: datetime, expires_at: datetime) -> None:
        self._emit(
            TOKEN,
            {
                "at": to_rfc3339(at),
                **self._people(by, session.caller_id),
                "team": session.team_id,
                "session": session.id,
                "expires_at": to_rfc3339(expires_at),
            },
        )

    def tokens_revoked(self, session: SessionRecord, *, by: str, at: datetime) -> None:
        self._emit(
            TOKEN_REVOCATION,
            {
                "at": to_rfc3339(at),
                **self._people(by, session.caller_id),
                "team": session.team_id,
                "session": session.id,
            },
        )

    def queries_interrupted(self, session: SessionRecord, query_ids: Sequence[str], *, by: str, at: datetime) -> None:
        self._emit(
            QUERY_INTERRUPT,
            {
                "at": to_rfc3339(at),
                **self._people(by, session.caller_id),
                "team": session.team_id,
                "session": session.id,
                "queries": list(query_ids),
            },
        )

    def refused(self, refusal: Refusal) -> None:
        by = None if refusal.by is None or not refusal.by.id else refusal.by.id
        self._emit(
            REFUSAL,
            {
                "at": to_rfc3339(self._now()),
                "request": refusal.request_id,
                "method": refusal.method,
                "path": refusal.path[:_LONGEST_TEXT],
                "status": refusal.status,
                "code": refusal.code,
                "reason": refusal.reason,
                "credential": refusal.credential,
                "address": refusal.address,
                **self._people(by, refusal.owner),
                "session": None if refusal.session_id is None else refusal.session_id[:_LONGEST_TEXT],
            },
        )

    def rpcs_refused(self, session: SessionRecord | None, *, reason: str, count: int, at: datetime) -> None:
        owner = None if session is None else session.caller_id
        self._emit(
            RPC_REFUSAL,
            {
                "at": to_rfc3339(at),
                "session": None if session is None else session.id,
                "owner": owner,
                "owner_login": self._login(owner),
                "team": None if session is None else session.team_id,
                "reason": reason,
                "count": count,
            },
        )

    def _people(self, by: str | None, owner: str | None) -> dict[str, str | None]:
        return {"by": by, "by_login": self._login(by), "owner": owner, "owner_login": self._login(owner)}

    def _login(self, person: str | None) -> str | None:
        return None if person is None else self._logins.get(person)

    def _emit(self, schema_id: str, data: Mapping[str, Any]) -> None:
        try:
            self._event_logger.emit(schema_id=schema_id, data=dict(data))
        except Exception:  # of other people's handlers; what is told has happened already
            log.exception("An event of the audit is lost: %s", data)
