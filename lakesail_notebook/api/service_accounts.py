"""The operations on service accounts."""

from __future__ import annotations

from .. import models
from ..workloads.service import WorkloadsService
from .operations import Call


async def list_service_accounts(
    service: WorkloadsService, call: Call[None, models.ServiceAccountListQuery]
) -> models.ServiceAccountPage:
    """List service accounts."""
    return await service.service_accounts.list(call.principal, call.query)


async def create_service_account(
    service: WorkloadsService, call: Call[models.ServiceAccountCreate, None]
) -> models.NewServiceAccount:
    """Create a service account.

    Its key is told here, and never again.
    """
    return await service.service_accounts.create(call.principal, call.body)


async def delete_service_account(service: WorkloadsService, call: Call[None, None]) -> None:
    """Delete a service account.

    Its key is dead at once, and its live sessions are closed.
    """
    await service.service_accounts.delete(call.principal, call.path["serviceAccount"])
