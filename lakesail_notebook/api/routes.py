"""Every path and verb of the API, on one screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jupyter_server.utils import url_path_join

from .. import models
from .base import ApiContext, HealthHandler, UnknownPathHandler
from .configs import create_config, describe_config, list_configs
from .operations import Operation, OperationHandler
from .server import me, public_keys
from .sessions import close_session, create_session, describe_session, issue_token, list_sessions

API_PATH = "lakesail/api/v1"

SESSIONS = "/workloads/sessions"
SESSION = "/workloads/sessions/{session}"
CONFIG_PATHS = ("/workloads/compute-configs", "/workloads/configs")
"""The reference's path, and the hosted platform's newer one."""


def _config_operations(path: str) -> tuple[Operation, ...]:
    return (
        Operation(verb="GET", path=path, run=list_configs, query=models.WorkloadConfigListQuery),
        Operation(
            verb="POST",
            path=path,
            run=create_config,
            body=models.WorkloadConfigCreate,
            status=201,
            location=f"{path}/{{id}}",
        ),
        Operation(verb="GET", path=f"{path}/{{workloadConfig}}", run=describe_config),
    )


OPERATIONS = (
    Operation(verb="GET", path=SESSIONS, run=list_sessions, query=models.SessionListQuery),
    Operation(
        verb="POST",
        path=SESSIONS,
        run=create_session,
        body=models.SessionCreate,
        status=201,
        location=f"{SESSIONS}/{{id}}",
    ),
    Operation(verb="GET", path=SESSION, run=describe_session),
    Operation(verb="DELETE", path=SESSION, run=close_session, status=204),
    Operation(verb="POST", path=f"{SESSION}/token", run=issue_token, body=models.TokenCreate, status=201),
    *(operation for path in CONFIG_PATHS for operation in _config_operations(path)),
    Operation(verb="GET", path="/me", run=me),
)
PUBLIC_OPERATIONS = (Operation(verb="GET", path="/.well-known/jwks.json", run=public_keys),)


def handlers(context: ApiContext) -> list[tuple[str, type, dict[str, Any]]]:
    """The handlers below the API's root, for a tornado application whose base URL is put before them."""
    found = [*_of(OPERATIONS, context, public=False), *_of(PUBLIC_OPERATIONS, context, public=True)]
    return [
        *((_pattern(path), OperationHandler, arguments) for path, arguments in found),
        (_pattern("/health"), HealthHandler, {"context": context}),
        (f"/{API_PATH}(?:/.*)?", UnknownPathHandler, {"context": context}),
    ]


def _of(
    operations: tuple[Operation, ...], context: ApiContext, *, public: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in dict.fromkeys(operation.path for operation in operations):
        verbs = {operation.verb: operation for operation in operations if operation.path == path}
        yield path, {"context": context, "operations": verbs, "public": public}


def _pattern(path: str) -> str:
    fixed = url_path_join("/", API_PATH, path)
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(fixed))
