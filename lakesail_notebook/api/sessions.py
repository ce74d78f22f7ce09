"""The operations on sessions."""

from __future__ import annotations

from .. import models
from .base import Services
from .operations import Call


async def list_sessions(services: Services, call: Call[None, models.SessionListQuery]) -> models.SessionPage:
    return await services.sessions.list(call.principal, call.query)


async def create_session(services: Services, call: Call[models.SessionCreate, None]) -> models.Session:
    return await services.sessions.create(call.principal, call.body)


async def describe_session(services: Services, call: Call[None, None]) -> models.Session:
    return await services.sessions.describe(call.principal, call.path["session"])


async def close_session(services: Services, call: Call[None, None]) -> None:
    await services.sessions.close(call.principal, call.path["session"])


async def issue_token(services: Services, call: Call[models.TokenCreate, None]) -> models.SessionToken:
    return await services.sessions.issue_token(call.principal, call.path["session"], call.body)
