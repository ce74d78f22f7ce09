"""The LakeSail workloads API as its reference tells it: paths, verbs, parameters, and fields by example.

An example's value stands for a type: a text, a number, true or false, a list of one, an object. ``MAP`` is an object
with any names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Example = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query parameter, and what it may be."""

    name: str
    type: str
    values: tuple[str, ...] = ()
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    format: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    default: int | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One verb on one path."""

    verb: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    request: Example = None
    answer: Example = None


ID = "A1B2C3D4E5"
TEXT = "string"
NAME = "Production Cluster"
MAP = {"additionalProperties": TEXT}

TEAM = Parameter(name="teamId", type=TEXT, example=ID, min_length=1, max_length=20, pattern="^[A-Z0-9]{1,20}$")
ENDPOINT_TYPE = Parameter(name="endpoint_type", type=TEXT, values=("spark_connect",))
STATUS = Parameter(name="status", type=TEXT, values=("pending", "active", "idle", "closed", "failed"))
LIMIT = Parameter(name="limit", type="integer", format="int32", minimum=0, maximum=100, default=100)
MARKER = Parameter(name="marker", type=TEXT)

CREATED = {"createdAt": TEXT, "createdBy": ID, "updatedAt": TEXT, "updatedBy": ID}
SESSION_CONFIG = {"idleTimeoutSeconds": 0, "idleCloseDelaySeconds": 0, "maxDurationSeconds": 0}
SESSION_CREATE = {
    "endpointType": TEXT,
    "name": NAME,
    "teamId": ID,
    "memberId": ID,
    "serviceAccountId": ID,
    "notebookId": ID,
    "config": SESSION_CONFIG,
    "metadata": MAP,
    "workloadConfigId": ID,
    "allowShared": False,
}
SESSION = {
    "id": ID,
    "endpointType": TEXT,
    "name": NAME,
    "status": TEXT,
    "workloadId": ID,
    "teamId": ID,
    "memberId": ID,
    "serviceAccountId": ID,
    "notebookId": ID,
    "terminationReason": TEXT,
    "statusMessage": TEXT,
    "connectionInfo": {"proxyAuthUrl": TEXT, "grpcEndpoint": TEXT},
    "lastActivityAt": TEXT,
    "idleSince": TEXT,
    "closedAt": TEXT,
    "timeoutAt": TEXT,
    "config": SESSION_CONFIG,
    "metadata": MAP,
    "createdAt": TEXT,
    "updatedAt": TEXT,
}
MEMBER = {
    "id": ID,
    "organizationId": ID,
    "userId": ID,
    "name": TEXT,
    "email": "alice@example.com",
    "preferences": {},
    "invitedByMemberId": ID,
    "inviteExpiresAt": TEXT,
    "inviteAcceptedAt": TEXT,
    "lastLoginAt": TEXT,
    "lastActiveAt": TEXT,
    "isEnabled": True,
    "accountType": "managed",
    **CREATED,
}
SERVICE_ACCOUNT = {"id": ID, "username": "ci-deploy-bot", "description": TEXT, **CREATED}
WORKLOAD = {
    "id": ID,
    "workloadConfigId": ID,
    "infraStatus": TEXT,
    "shutdownPolicy": TEXT,
    "endpoints": MAP,
    "provisionedAt": TEXT,
    "cleanedAt": TEXT,
    "lastActivityAt": TEXT,
    "statusMessage": TEXT,
    **CREATED,
}
EBS_CONFIG = {"volumeType": "gp3", "volumeSize": 100, "iops": 3000, "throughput": 125, "deleteOnTermination": True}
COMPUTE = {
    "driver": {"instanceType": "c8g.2xlarge", "ebsConfig": EBS_CONFIG},
    "worker": {
        "instanceType": "c8g.4xlarge",
        "ebsConfig": EBS_CONFIG,
        "maxNodes": 4,
        "capacityType": "on-demand",
    },
}
LIBRARY = {
    "pypi": {"package": TEXT, "repo": TEXT},
    "requirements": {"source": TEXT, "uri": TEXT},
    "whl": TEXT,
}
CONFIG_CREATE = {
    "name": NAME,
    "workloadType": TEXT,
    "clusterId": ID,
    "teamId": ID,
    "config": {
        "sail": {
            "executionMode": "standalone",
            "compute": COMPUTE,
            "lakesailImageUri": TEXT,
            "libraries": [LIBRARY],
            "extraEnv": MAP,
        }
    },
    "endpointLimits": {"spark_connect": 0},
}
CONFIG = {"id": ID, **CONFIG_CREATE, **CREATED}
SESSION_LIST = {
    "total": 0,
    "items": [{"id": ID, "computeInstanceId": ID, "memberId": ID, "serviceAccountId": ID}],
    "included": {
        "sessions": [SESSION],
        "members": [MEMBER],
        "serviceAccounts": [SERVICE_ACCOUNT],
        "workloads": [WORKLOAD],
        "workloadConfigs": [CONFIG],
    },
    "marker": TEXT,
}

SESSIONS = "/workloads/sessions"
CONFIGS = "/workloads/compute-configs"

OPERATIONS = (
    Operation(
        verb="GET",
        path=SESSIONS,
        summary="List sessions",
        parameters=(TEAM, ENDPOINT_TYPE, STATUS, LIMIT, MARKER),
        answer=SESSION_LIST,
    ),
    Operation(verb="POST", path=SESSIONS, summary="Create a session", request=SESSION_CREATE, answer=SESSION),
    Operation(verb="GET", path=f"{SESSIONS}/{{session}}", summary="Describe a session", answer=SESSION),
    Operation(verb="DELETE", path=f"{SESSIONS}/{{session}}", summary="Close a session"),
    Operation(
        verb="POST",
        path=f"{SESSIONS}/{{session}}/token",
        summary="Issue a session proxy token",
        request={"durationSeconds": 28800},
        answer={"token": TEXT, "expiresAt": TEXT},
    ),
    Operation(
        verb="POST",
        path=f"{SESSIONS}/{{session}}/relaunch",
        summary="Relaunch a closed session",
        answer=SESSION,
    ),
    Operation(
        verb="GET",
        path=CONFIGS,
        summary="List workload configs",
        parameters=(TEAM, LIMIT, MARKER),
        answer={"items": [CONFIG], "marker": TEXT},
    ),
    Operation(verb="POST", path=CONFIGS, summary="Create a workload config", request=CONFIG_CREATE, answer=CONFIG),
    Operation(verb="GET", path=f"{CONFIGS}/{{workloadConfig}}", summary="Describe a workload config", answer=CONFIG),
)
