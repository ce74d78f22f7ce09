"""The operations on workload configs."""

from __future__ import annotations

from .. import models
from .base import Services
from .operations import Call


async def list_configs(
    services: Services, call: Call[None, models.WorkloadConfigListQuery]
) -> models.WorkloadConfigPage:
    """List workload configs.

    Those with a name that the caller may see, newest first.
    """
    return await services.configs.list(call.principal, call.query)


async def create_config(services: Services, call: Call[models.WorkloadConfigCreate, None]) -> models.WorkloadConfig:
    """Create a workload config.

    Names are unique in a team. ``workloadType``, ``clusterId`` and ``teamId`` cannot be changed later.
    """
    return await services.configs.create(call.principal, call.body)


async def describe_config(services: Services, call: Call[None, None]) -> models.WorkloadConfig:
    """Describe a workload config."""
    return await services.configs.describe(call.principal, call.path["workloadConfig"])


async def change_config(services: Services, call: Call[models.WorkloadConfigChange, None]) -> models.WorkloadConfig:
    """Change a workload config.

    What is absent stays as it is. Sessions that run keep what they started with.
    """
    return await services.configs.change(call.principal, call.path["workloadConfig"], call.body)


async def delete_config(services: Services, call: Call[None, None]) -> None:
    """Delete a workload config.

    Its name is free again. Sessions that run keep it.
    """
    await services.configs.delete(call.principal, call.path["workloadConfig"])
