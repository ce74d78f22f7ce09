"""The audit: moves and tokens as events of Jupyter's own event log, for whoever listens to that."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock import to_rfc3339
from ..workloads.records import EventRecord, SessionRecord

if TYPE_CHECKING:
    from jupyter_events import EventLogger

MOVE = "https://schema.lakesail.com/lakesail_notebook/move/v1"
TOKEN = "https://schema.lakesail.com/lakesail_notebook/token/v1"
_SCHEMAS = Path(__file__).parent / "event_schemas"

log = logging.getLogger(__name__)


class JupyterAudit:
    """Implements the domain's ``Audit``. An event that nobody listens to or writes down costs microseconds."""

    def __init__(self, event_logger: EventLogger) -> None:
        self._event_logger = event_logger
        for schema in sorted(_SCHEMAS.glob("*/*.yaml")):
            event_logger.register_event_schema(schema)

    def moved(self, event: EventRecord, by: str | None) -> None:
        self._emit(
            MOVE,
            {
                "sequence": event.sequence,
                "at": to_rfc3339(event.at),
                "by": by,
                "owner": event.caller_id,
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
                "by": by,
                "owner": session.caller_id,
                "team": session.team_id,
                "session": session.id,
                "expires_at": to_rfc3339(expires_at),
            },
        )

    def _emit(self, schema_id: str, data: Mapping[str, Any]) -> None:
        try:
            self._event_logger.emit(schema_id=schema_id, data=dict(data))
        except Exception:  # of other people's handlers; what is told has happened already
            log.exception("An event of the audit is lost: %s", data)
