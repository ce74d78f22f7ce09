"""What a kernel tells its panels, part by part, as JSON: pure.

A part has a name and stands for one thing of the page's snapshot: ``link``, ``me``, ``sessions``, ``configs``,
``acts``, ``notebook``, and what is loaded only while somebody looks at it, named by its topic (``queries:ID``). What is
read from the API stands in it as the API tells it, without what no page needs: variables of engines, and addresses that
log in whoever opens them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from ..client.transport import ERROR_OF_STATUS
from ..cures import SESSION_CLOSED, without_cure
from ..errors import FailedPrecondition, LakesailError, NotFound, Unauthenticated
from ..models import LIVE_STATUSES, ConnectionInfo, Me, Session, SessionPage, SessionReference, WorkloadConfig

Part = Mapping[str, Any]
Parts = Mapping[str, Part | None]

_ABSENT = frozenset({"no_control_plane", "no_api_token", "not_the_api", "feature_missing"})
_REFUSED = "settings_wrong"


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def link(state: str, now: datetime, problem: Part | None = None, retry_seconds: float | None = None) -> Part:
    """Whether the API answers.

    :param state: one of the words of ``Link`` in ``frontend/src/model/snapshot.ts``.
    """
    at = milliseconds(now)
    retry_at = None if retry_seconds is None else at + round(retry_seconds * 1000)
    return {"link": state, "problem": problem, "asOf": at, "retryAt": retry_at}


def state_of_link(error: LakesailError) -> str:
    """What it means for the whole panel that the API refuses even to say who is asking."""
    if isinstance(error, Unauthenticated):
        return "loggedOut"
    if error.reason == _REFUSED:
        return "refused"
    if isinstance(error, NotFound | FailedPrecondition) and (error.reason in _ABSENT or isinstance(error, NotFound)):
        return "absent"
    return "stale"


def problem_of(error: Exception, now: datetime) -> Part:
    """An error as the page's ``Problem``; the panel itself offers what to do about a session that is over."""
    if not isinstance(error, LakesailError):
        return _problem("INTERNAL", f"{type(error).__name__}: {error}")
    retry_at = None
    if error.retry_after_seconds is not None:
        retry_at = milliseconds(now) + round(error.retry_after_seconds * 1000)
    message = without_cure(error.message) if error.reason == SESSION_CLOSED else error.message
    return _problem(error.code, message) | {
        "reason": error.reason,
        "status": next((status for status, kind in ERROR_OF_STATUS.items() if type(error) is kind), None),
        "retryAt": retry_at,
        "errors": [{"pointer": field.pointer, "message": field.message} for field in error.errors],
    }


def refusal(message: str) -> Part:
    """Of an act that this kernel does not do."""
    return _problem(FailedPrecondition.code, message)


def _problem(code: str, message: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "reason": None,
        "status": None,
        "requestId": None,
        "retryAt": None,
        "errors": [],
    }


def loaded(answer: Any, now: datetime, total: int | None = None) -> Part:
    return {"answer": answer, "problem": None, "asOf": milliseconds(now), "total": total}


def not_loaded(error: Exception, now: datetime, before: Part | None) -> Part:
    """A part that could not be read: what it held before stays, with the reason beside it."""
    answer = None if before is None else before["answer"]
    total = None if before is None else before["total"]
    return {"answer": answer, "problem": problem_of(error, now), "asOf": milliseconds(now), "total": total}


def json_of(value: Any) -> Any:
    """A model as the API writes it."""
    return msgspec.to_builtins(value)


def of_me(me: Me) -> Part:
    answer: Part = json_of(me)
    return answer


def of_sessions(page: SessionPage, now: datetime) -> Part:
    included = structs.replace(
        page.included,
        sessions=tuple(map(shown_session, page.included.sessions)),
        workload_configs=tuple(map(shown_config, page.included.workload_configs)),
    )
    return loaded(json_of(structs.replace(page, included=included, marker=None)), now, page.total)


def of_configs(configs: Iterable[WorkloadConfig], now: datetime) -> Part:
    shown = [json_of(shown_config(config)) for config in configs]
    return loaded({"items": shown}, now, len(shown))


def shown_session(session: Session) -> Session:
    """Without the address at which a browser is logged in."""
    info = session.connection_info
    if info is None:
        return session
    return structs.replace(session, connection_info=ConnectionInfo(grpc_endpoint=info.grpc_endpoint))


def shown_config(config: WorkloadConfig) -> WorkloadConfig:
    """With the names of its variables, without their values: who may read them may not be who reads the notebook."""
    return structs.replace(config, config=structs.replace(config.config, sail=config.config.sail.masked()))


def with_session(page: SessionPage, session: Session) -> SessionPage:
    """The list after one session has changed; a new one stands first, since lists begin with the newest."""
    included = structs.replace(
        page.included, sessions=(session, *(one for one in page.included.sessions if one.id != session.id))
    )
    if any(item.id == session.id for item in page.items):
        return structs.replace(page, included=included)
    item = SessionReference(id=session.id, member_id=session.member_id, service_account_id=session.service_account_id)
    return structs.replace(page, total=page.total + 1, items=(item, *page.items), included=included)


def without_session(page: SessionPage, session_id: str) -> SessionPage:
    """The list after one session has ended, or cannot be seen any more."""
    items = tuple(item for item in page.items if item.id != session_id)
    sessions = tuple(one for one in page.included.sessions if one.id != session_id)
    total = page.total - (len(page.items) - len(items))
    return structs.replace(page, total=total, items=items, included=structs.replace(page.included, sessions=sessions))


def ended_of(page: SessionPage) -> SessionPage:
    """The sessions of a list that are over."""
    sessions = tuple(one for one in page.included.sessions if one.status not in LIVE_STATUSES)
    ids = {one.id for one in sessions}
    items = tuple(item for item in page.items if item.id in ids)
    return structs.replace(
        page, total=len(items), items=items, included=structs.replace(page.included, sessions=sessions)
    )


def topic_key(topic: Mapping[str, Any]) -> str | None:
    """The name of the part of a topic; ``None`` for one that this kernel does not know."""
    match topic:
        case {"topic": "ended"}:
            return "ended"
        case {"topic": "queries" | "log" | "session" as name, "sessionId": str(session_id)}:
            return f"{name}:{session_id}"
        case {"topic": "estimates", "kernelId": str(kernel_id)}:
            return f"estimates:{kernel_id}"
        case _:
            return None
