"""Every path and verb of the API, in one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_server.utils import url_path_join

from .. import models
from ..api_location import API_PATH
from ..errors import FailedPrecondition, LakesailError, NotFound, ResourceExhausted
from .base import HealthHandler, UnknownPathHandler
from .closed import ClosedHandler
from .configs import (
    change_config,
    create_config,
    delete_config,
    describe_config,
    list_configs,
    list_instance_types,
)
from .context import ApiContext
from .events import EventStreamHandler, poll_events
from .openapi import OpenApiHandler, document_of
from .operations import ApiOperation, OperationHandler
from .server import estimate_starts, me, public_keys
from .service_accounts import create_service_account, delete_service_account, list_service_accounts
from .sessions import (
    close_session,
    close_session_with_reason,
    compare_environment,
    create_session,
    describe_engine_use,
    describe_session,
    extend_session,
    interrupt_queries,
    issue_token,
    list_queries,
    list_sessions,
    read_logs,
    relaunch_session,
    revoke_tokens,
)

SESSIONS = "/workloads/sessions"
SESSION = "/workloads/sessions/{session}"
CONFIG_PATHS = ("/workloads/compute-configs", "/workloads/configs")
"""The reference's path, and the hosted platform's newer one."""
SERVICE_ACCOUNTS = "/service-accounts"


def _config_operations(path: str) -> tuple[ApiOperation, ...]:
    feature: models.Feature | None = None if path == CONFIG_PATHS[0] else "short_config_paths"
    return (
        ApiOperation(verb="GET", path=path, run=list_configs, query=models.WorkloadConfigListQuery, feature=feature),
        ApiOperation(
            verb="POST",
            path=path,
            run=create_config,
            body=models.WorkloadConfigCreate,
            status=201,
            location=f"{path}/{{id}}",
            raises=(NotFound, FailedPrecondition),
            feature=feature,
        ),
        ApiOperation(verb="GET", path=f"{path}/{{workloadConfig}}", run=describe_config, feature=feature),
        ApiOperation(
            verb="PATCH",
            path=f"{path}/{{workloadConfig}}",
            run=change_config,
            body=models.WorkloadConfigChange,
            raises=(FailedPrecondition,),
            feature=feature or "config_changes",
        ),
        ApiOperation(
            verb="DELETE",
            path=f"{path}/{{workloadConfig}}",
            run=delete_config,
            status=204,
            raises=(FailedPrecondition,),
            feature=feature or "config_changes",
        ),
    )


OPERATIONS = (
    ApiOperation(verb="GET", path=SESSIONS, run=list_sessions, query=models.SessionListQuery),
    ApiOperation(
        verb="POST",
        path=SESSIONS,
        run=create_session,
        body=models.SessionCreate,
        status=201,
        location=f"{SESSIONS}/{{id}}",
        raises=(NotFound, FailedPrecondition, ResourceExhausted),
        takes_idempotency_key=True,
    ),
    ApiOperation(verb="GET", path=SESSION, run=describe_session),
    ApiOperation(verb="DELETE", path=SESSION, run=close_session, status=204),
    ApiOperation(
        verb="POST",
        path=f"{SESSION}/close",
        run=close_session_with_reason,
        body=models.SessionClose,
        status=204,
        feature="close_reason",
    ),
    ApiOperation(
        verb="POST",
        path=f"{SESSION}/token",
        run=issue_token,
        body=models.TokenCreate,
        status=201,
        raises=(FailedPrecondition, ResourceExhausted),
    ),
    ApiOperation(
        verb="POST",
        path=f"{SESSION}/token/revoke",
        run=revoke_tokens,
        status=204,
        feature="token_revocation",
    ),
    ApiOperation(
        verb="POST",
        path=f"{SESSION}/relaunch",
        run=relaunch_session,
        body=models.SessionRelaunch,
        status=201,
        location=f"{SESSIONS}/{{id}}",
        raises=(FailedPrecondition, ResourceExhausted),
    ),
    ApiOperation(
        verb="POST",
        path=f"{SESSION}/extend",
        run=extend_session,
        body=models.SessionExtend,
        raises=(FailedPrecondition,),
        feature="extend",
    ),
    ApiOperation(
        verb="POST",
        path=f"{SESSION}/environment",
        run=compare_environment,
        body=models.EnvironmentComparison,
        feature="environment",
    ),
    ApiOperation(verb="GET", path=f"{SESSION}/engine", run=describe_engine_use, feature="engine_use"),
    ApiOperation(verb="GET", path=f"{SESSION}/logs", run=read_logs, query=models.SessionLogsQuery, feature="logs"),
    ApiOperation(
        verb="GET", path=f"{SESSION}/queries", run=list_queries, query=models.SessionQueriesQuery, feature="queries"
    ),
    ApiOperation(
        verb="POST",
        path=f"{SESSION}/interrupt",
        run=interrupt_queries,
        body=models.SessionInterrupt,
        raises=(FailedPrecondition,),
        feature="interrupt",
    ),
    *(operation for path in CONFIG_PATHS for operation in _config_operations(path)),
    ApiOperation(verb="GET", path="/instance-types", run=list_instance_types, feature="instance_types"),
    ApiOperation(verb="GET", path="/events", run=poll_events, query=models.EventQuery, feature="events", passive=True),
    ApiOperation(
        verb="GET",
        path=SERVICE_ACCOUNTS,
        run=list_service_accounts,
        query=models.ServiceAccountListQuery,
        feature="service_accounts",
    ),
    ApiOperation(
        verb="POST",
        path=SERVICE_ACCOUNTS,
        run=create_service_account,
        body=models.ServiceAccountCreate,
        status=201,
        location=f"{SERVICE_ACCOUNTS}/{{id}}",
        raises=(NotFound, FailedPrecondition),
        feature="service_accounts",
    ),
    ApiOperation(
        verb="DELETE",
        path=f"{SERVICE_ACCOUNTS}/{{serviceAccount}}",
        run=delete_service_account,
        status=204,
        feature="service_accounts",
    ),
    ApiOperation(
        verb="GET",
        path="/start-estimates",
        run=estimate_starts,
        query=models.StartEstimatesQuery,
        raises=(NotFound,),
        feature="start_estimates",
    ),
    ApiOperation(verb="GET", path="/me", run=me, feature="me"),
)
PUBLIC_OPERATIONS = (ApiOperation(verb="GET", path="/.well-known/jwks.json", run=public_keys, feature="jwks"),)


def handlers(context: ApiContext) -> list[tuple[str, type, dict[str, Any]]]:
    """The handlers below the API's root, for a tornado application whose base URL is put before them."""
    document = document_of(OPERATIONS, PUBLIC_OPERATIONS, context.root)
    found = [*_of(OPERATIONS, context, public=False), *_of(PUBLIC_OPERATIONS, context, public=True)]
    return [
        *((_pattern(path), OperationHandler, arguments) for path, arguments in found),
        (_pattern("/events/ws"), EventStreamHandler, {"context": context}),
        (_pattern("/health"), HealthHandler, {"context": context}),
        (_pattern("/openapi.json"), OpenApiHandler, {"context": context, "document": document}),
        (f"/{API_PATH}(?:/.*)?", UnknownPathHandler, {"context": context}),
    ]


def closed_handlers(refusal: Callable[[], LakesailError]) -> list[tuple[str, type, dict[str, Any]]]:
    """In place of all handlers, where nothing can be served: every call is answered with ``refusal``."""
    return [(f"/{API_PATH}(?:/.*)?", ClosedHandler, {"refusal": refusal})]


def _of(
    operations: tuple[ApiOperation, ...], context: ApiContext, *, public: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in dict.fromkeys(operation.path for operation in operations):
        verbs = {operation.verb: operation for operation in operations if operation.path == path}
        yield path, {"context": context, "operations": verbs, "public": public}


def _pattern(path: str) -> str:
    fixed = url_path_join("/", API_PATH, path)
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(fixed))
