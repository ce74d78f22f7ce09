"""The operations on sessions."""

from __future__ import annotations

from .. import models
from .base import Services
from .operations import Call


async def list_sessions(services: Services, call: Call[None, models.SessionListQuery]) -> models.SessionPage:
    """List sessions.

    Members see their own, team admins their team's, organization admins all; newest first.
    """
    return await services.sessions.list(call.principal, call.query)


async def create_session(services: Services, call: Call[models.SessionCreate, None]) -> models.Session:
    """Create a session.

    On a workload that is free for reuse, or on one that is now started. It is pending until its first use.
    """
    return await services.launches.create(call.principal, call.body, call.idempotency_key)


async def relaunch_session(services: Services, call: Call[None, None]) -> models.Session:
    """Relaunch a closed session.

    A new session with the workload config of one that is closed or failed, which stays as it is. For its owner.
    """
    return await services.launches.relaunch(call.principal, call.path["session"])


async def extend_session(services: Services, call: Call[models.SessionExtend, None]) -> models.Session:
    """Extend a session.

    It is not closed for being idle before then.
    """
    return await services.sessions.extend(call.principal, call.path["session"], call.body)


async def describe_engine_use(services: Services, call: Call[None, None]) -> models.EngineUse:
    """Describe what a session's engine uses.

    Two looks tell whether it computes, which its own word on an interrupted query does not.
    """
    return await services.sessions.engine_use(call.principal, call.path["session"])


async def read_logs(services: Services, call: Call[None, models.SessionLogsQuery]) -> models.SessionLogs:
    """Read the logs of a session's workload."""
    return await services.sessions.logs(call.principal, call.path["session"], call.query)


async def list_queries(services: Services, call: Call[None, models.SessionQueriesQuery]) -> models.SessionQueries:
    """List the queries of a session.

    The latest ones that its clients ran, newest first, running ones too. For its owner, since an SQL text may hold
    secrets.
    """
    return await services.sessions.queries(call.principal, call.path["session"], call.query)


async def describe_session(services: Services, call: Call[None, None]) -> models.Session:
    """Describe a session.

    Its owner is also told ``connectionInfo``.
    """
    return await services.sessions.describe(call.principal, call.path["session"])


async def close_session(services: Services, call: Call[None, None]) -> None:
    """Close a session.

    At once; closing a closed one changes nothing. What it ran on is cleaned up afterwards.
    """
    await services.sessions.close(call.principal, call.path["session"])


async def issue_token(services: Services, call: Call[models.TokenCreate, None]) -> models.SessionToken:
    """Issue a session proxy token.

    A signed bearer token for the session's ``grpcEndpoint``; it encodes the session and where it runs.
    """
    return await services.sessions.issue_token(call.principal, call.path["session"], call.body)
