"""The operations on workload configs."""

from __future__ import annotations

from .. import models
from .base import Services
from .operations import Call


async def list_configs(
    services: Services, call: Call[None, models.WorkloadConfigListQuery]
) -> models.WorkloadConfigPage:
    return await services.configs.list(call.principal, call.query)


async def create_config(services: Services, call: Call[models.WorkloadConfigCreate, None]) -> models.WorkloadConfig:
    return await services.configs.create(call.principal, call.body)


async def describe_config(services: Services, call: Call[None, None]) -> models.WorkloadConfig:
    return await services.configs.describe(call.principal, call.path["workloadConfig"])
