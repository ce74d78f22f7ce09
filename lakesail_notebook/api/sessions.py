"""The operations on sessions."""

from __future__ import annotations

from typing import Any

import msgspec
from jupyter_server.utils import url_path_join

from .. import models
from ..workloads.service import WorkloadsService
from .operations import Call


async def list_sessions(service: WorkloadsService, call: Call[None, models.SessionListQuery]) -> models.SessionPage:
    """List sessions.

    Members see their own, team admins their team's, organization admins all; newest first.
    """
    return await service.sessions.list(call.principal, call.query)


async def create_session(service: WorkloadsService, call: Call[models.SessionCreate, None]) -> models.Session:
    """Create a session.

    On a workload that is free for reuse, or on one that is now started. It is pending until its first use.
    """
    return _with_whole_link(await service.launches.create(call.principal, call.body, call.idempotency_key), call)


async def relaunch_session(service: WorkloadsService, call: Call[models.SessionRelaunch, None]) -> models.Session:
    """Relaunch a closed session.

    A new session with the workload config of one that is closed or failed, which stays as it is. For its owner.
    """
    return await service.launches.relaunch(call.principal, call.path["session"], call.body)


async def extend_session(service: WorkloadsService, call: Call[models.SessionExtend, None]) -> models.Session:
    """Extend a session.

    It is not closed for being idle before then.
    """
    return await service.sessions.extend(call.principal, call.path["session"], call.body)


async def describe_engine_use(service: WorkloadsService, call: Call[None, None]) -> models.EngineUse:
    """Describe what a session's engine uses.

    Two looks tell whether it computes, which its own word on an interrupted query does not.
    """
    return await service.sessions.engine_use(call.principal, call.path["session"])


async def compare_environment(
    service: WorkloadsService, call: Call[models.EnvironmentComparison, None]
) -> models.EnvironmentDifference:
    """Compare a kernel's environment with its session's.

    The names of the variables that differ from those that the session's engine was given. For its owner.
    """
    return await service.sessions.compare_environment(call.principal, call.path["session"], call.body)


async def read_logs(service: WorkloadsService, call: Call[None, models.SessionLogsQuery]) -> models.SessionLogs:
    """Read the logs of a session's workload."""
    return await service.sessions.logs(call.principal, call.path["session"], call.query)


async def list_queries(
    service: WorkloadsService, call: Call[None, models.SessionQueriesQuery]
) -> models.SessionQueries:
    """List the queries of a session.

    The latest ones that its clients ran, newest first, running ones too. For its owner, since an SQL text may hold
    secrets.
    """
    return await service.sessions.queries(call.principal, call.path["session"], call.query)


async def interrupt_queries(
    service: WorkloadsService, call: Call[models.SessionInterrupt, None]
) -> models.InterruptedQueries:
    """Interrupt the queries of a session.

    All that run, or one, whichever of its clients runs them; each client gets an error at once. For its owner. The list
    of queries says whether the engine obeys.
    """
    return await service.sessions.interrupt(call.principal, call.path["session"], call.body)


async def describe_session(service: WorkloadsService, call: Call[None, None]) -> models.Session:
    """Describe a session.

    Its owner is also told ``connectionInfo``. Of a marimo session that serves its page, ``proxyAuthUrl`` logs a browser
    in to it; each one is good once, for 30 seconds.
    """
    return _with_whole_link(await service.sessions.describe(call.principal, call.path["session"]), call)


async def close_session(service: WorkloadsService, call: Call[None, None]) -> None:
    """Close a session.

    At once; closing a closed one changes nothing. What it ran on is cleaned up afterwards.
    """
    await service.sessions.close(call.principal, call.path["session"])


async def close_session_with_reason(service: WorkloadsService, call: Call[models.SessionClose, None]) -> None:
    """Close a session with a reason.

    As closing does; its owner reads the reason, and who closed it. Whoever closes another's session must give one.
    """
    await service.sessions.close(call.principal, call.path["session"], call.body)


async def issue_token(service: WorkloadsService, call: Call[models.TokenCreate, None]) -> models.SessionToken:
    """Issue a session proxy token.

    A signed bearer token for the session's ``grpcEndpoint``; it encodes the session and where it runs.
    """
    return await service.sessions.issue_token(call.principal, call.path["session"], call.body)


async def revoke_tokens(service: WorkloadsService, call: Call[None, None]) -> None:
    """Revoke all tokens of a session.

    The session stays, and what runs under them is cut. Kernels that use it fetch a new token.
    """
    await service.sessions.revoke_tokens(call.principal, call.path["session"])


def _with_whole_link(session: models.Session, call: Call[Any, Any]) -> models.Session:
    """With the link to its page as the caller reaches this server."""
    info = session.connection_info
    if info is None or info.proxy_auth_url is None:
        return session
    whole = msgspec.structs.replace(info, proxy_auth_url=url_path_join(call.server_url, info.proxy_auth_url))
    return msgspec.structs.replace(session, connection_info=whole)
