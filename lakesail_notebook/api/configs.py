"""The operations on workload configs."""

from __future__ import annotations

from .. import models
from ..workloads.service import WorkloadsService
from .operations import Call


async def list_configs(
    service: WorkloadsService, call: Call[None, models.WorkloadConfigListQuery]
) -> models.WorkloadConfigPage:
    """List workload configs.

    Those with a name that the caller may see, newest first.
    """
    return await service.configs.list(call.principal, call.query)


async def list_instance_types(service: WorkloadsService, call: Call[None, None]) -> models.InstanceTypes:
    """List instance types.

    The sizes that workload configs may name, with what they cost where the administrator has said it. By name.
    """
    return await service.configs.instance_types()


async def create_config(
    service: WorkloadsService, call: Call[models.WorkloadConfigCreate, None]
) -> models.WorkloadConfig:
    """Create a workload config.

    Names are unique in a team. ``workloadType``, ``clusterId`` and ``teamId`` cannot be changed later.
    """
    return await service.configs.create(call.principal, call.body)


async def describe_config(service: WorkloadsService, call: Call[None, None]) -> models.WorkloadConfig:
    """Describe a workload config."""
    return await service.configs.describe(call.principal, call.path["workloadConfig"])


async def change_config(
    service: WorkloadsService, call: Call[models.WorkloadConfigChange, None]
) -> models.WorkloadConfig:
    """Change a workload config.

    What is absent stays as it is. Sessions that run keep what they started with.
    """
    return await service.configs.change(call.principal, call.path["workloadConfig"], call.body)


async def delete_config(service: WorkloadsService, call: Call[None, None]) -> None:
    """Delete a workload config.

    Its name is free again. Sessions that run keep it.
    """
    await service.configs.delete(call.principal, call.path["workloadConfig"])
