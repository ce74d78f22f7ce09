"""The audit on Jupyter's event log: who did what, when and why; and never in the way of what it tells."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from jupyter_events import EventLogger

from lakesail_notebook.jupyter.audit import MOVE, QUERY_INTERRUPT, TOKEN, TOKEN_REVOCATION, JupyterAudit
from lakesail_notebook.workloads.records import EventRecord
from tests.builders import NOW, a_session

CLOSED = EventRecord(
    sequence=7,
    at=NOW,
    kind="move",
    session_id="SESSION",
    workload_id=None,
    caller_id="OWNER",
    team_id="BLUE",
    old_status="active",
    new_status="closed",
    reason="admin_closed",
    message="Session SESSION was closed by an administrator.",
)
MADE = EventRecord(
    sequence=1,
    at=NOW,
    kind="move",
    session_id=None,
    workload_id="WORKLOAD",
    caller_id=None,
    team_id="BLUE",
    old_status=None,
    new_status="requested",
    reason=None,
    message=None,
)


class Unwritable(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("disk full")


class Strict(logging.StreamHandler[io.StringIO]):
    """A handler that raises what goes wrong."""

    def handleError(self, record: logging.LogRecord) -> None:
        raise OSError("disk full")


def _written(tell: Any) -> list[dict[str, Any]]:
    stream = io.StringIO()
    event_logger = EventLogger(handlers=[logging.StreamHandler(stream)])
    tell(JupyterAudit(event_logger, lambda: NOW))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_move_says_who_did_what_when_and_why() -> None:
    [line] = _written(lambda audit: audit.moved(CLOSED, "ADMIN"))
    assert (
        line.items()
        >= {
            "sequence": 7,
            "at": "2026-05-01T12:00:00.000Z",
            "by": "ADMIN",
            "owner": "OWNER",
            "team": "BLUE",
            "session": "SESSION",
            "workload": None,
            "from": "active",
            "to": "closed",
            "reason": "admin_closed",
            "message": "Session SESSION was closed by an administrator.",
        }.items()
    )
    assert line["__schema__"] == MOVE


def test_what_has_no_value_is_null() -> None:
    [line] = _written(lambda audit: audit.moved(MADE, None))
    assert (line["by"], line["owner"], line["session"], line["from"], line["reason"]) == (None,) * 5


def test_a_token_says_who_was_given_it_and_for_how_long() -> None:
    session = a_session(member_id="OWNER", team_id="BLUE")
    end = NOW + timedelta(hours=8)
    [line] = _written(lambda audit: audit.token_issued(session, by="ADMIN", at=NOW, expires_at=end))
    assert (line["by"], line["owner"], line["session"]) == ("ADMIN", "OWNER", session.id)
    assert (line["at"], line["expires_at"]) == ("2026-05-01T12:00:00.000Z", "2026-05-01T20:00:00.000Z")
    assert line["__schema__"] == TOKEN


def test_a_revocation_says_who_ended_whose_tokens() -> None:
    session = a_session(member_id="OWNER", team_id="BLUE")

    def tell(audit: JupyterAudit) -> None:
        audit.learn({"OWNER": "ada", "ADMIN": "ted"})
        audit.tokens_revoked(session, by="ADMIN", at=NOW)

    [line] = _written(tell)
    assert (line["by"], line["by_login"], line["owner_login"]) == ("ADMIN", "ted", "ada")
    assert (line["at"], line["team"], line["session"]) == ("2026-05-01T12:00:00.000Z", "BLUE", session.id)
    assert line["__schema__"] == TOKEN_REVOCATION


def test_an_interrupt_says_who_interrupted_which_queries_of_which_session() -> None:
    session = a_session(member_id="OWNER", team_id="BLUE")

    def tell(audit: JupyterAudit) -> None:
        audit.learn({"OWNER": "ada"})
        audit.queries_interrupted(session, ("one", "two"), by="OWNER", at=NOW)

    [line] = _written(tell)
    assert (line["by"], line["by_login"], line["owner_login"]) == ("OWNER", "ada", "ada")
    assert (line["at"], line["team"], line["session"]) == ("2026-05-01T12:00:00.000Z", "BLUE", session.id)
    assert line["queries"] == ["one", "two"]
    assert line["__schema__"] == QUERY_INTERRUPT


def test_listeners_are_told() -> None:
    told: list[dict[str, Any]] = []

    async def listen(logger: EventLogger, schema_id: str, data: dict[str, Any]) -> None:
        told.append(data)

    async def test() -> None:
        event_logger = EventLogger()
        audit = JupyterAudit(event_logger, lambda: NOW)
        audit.moved(MADE, None)
        event_logger.add_listener(schema_id=MOVE, listener=listen)
        audit.moved(CLOSED, "ADMIN")
        await event_logger.gather_listeners()

    asyncio.run(test())
    assert [data["session"] for data in told] == ["SESSION"]


def test_a_handler_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    audit = JupyterAudit(EventLogger(handlers=[Strict(Unwritable())]), lambda: NOW)
    audit.moved(CLOSED, "ADMIN")
    assert "An event of the audit is lost" in caplog.text
