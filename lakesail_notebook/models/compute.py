"""Compute configs and workloads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .features import extension_of
from .wire import _INT32, Answer, CapacityType, ExecutionMode, Id, InfraStatus, Name, PageLimit, Request, Size


class EbsConfig(Request, frozen=True, kw_only=True):
    volume_type: str | None = None
    volume_size: Size | None = None
    iops: Size | None = None
    throughput: Size | None = None
    delete_on_termination: bool | None = None


class DriverCompute(Request, frozen=True, kw_only=True):
    instance_type: str | None = None
    ebs_config: EbsConfig | None = None


class WorkerCompute(Request, frozen=True, kw_only=True):
    instance_type: str | None = None
    ebs_config: EbsConfig | None = None
    max_nodes: Size | None = None
    capacity_type: CapacityType | None = None


class Compute(Request, frozen=True, kw_only=True):
    driver: DriverCompute | None = None
    worker: WorkerCompute | None = None


class PypiLibrary(Request, frozen=True, kw_only=True):
    package: str
    repo: str | None = None


class RequirementsLibrary(Request, frozen=True, kw_only=True):
    source: str | None = None
    uri: str | None = None


class Library(Request, frozen=True, kw_only=True):
    pypi: PypiLibrary | None = None
    requirements: RequirementsLibrary | None = None
    whl: str | None = None


MASKED = "********"
"""Stands in answers for a value that is not the caller's to see; in a change it keeps the value that there is."""


class SailConfig(Request, frozen=True, kw_only=True):
    execution_mode: ExecutionMode = "standalone"
    compute: Compute | None = None
    lakesail_image_uri: str | None = None
    libraries: tuple[Library, ...] = ()
    extra_env: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it

    def masked(self) -> SailConfig:
        """The same without the values of variables."""
        return msgspec.structs.replace(self, extra_env=dict.fromkeys(self.extra_env, MASKED))

    def __repr__(self) -> str:
        return f"SailConfig({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = self.masked()
        return [(name, getattr(shown, name)) for name in self.__struct_fields__]


class WorkloadConfigBody(Request, frozen=True, kw_only=True):
    sail: SailConfig = SailConfig()


class EndpointLimits(Request, rename=None, frozen=True, kw_only=True):
    """How many live sessions one workload may carry; null and 0 set no limit of their own."""

    spark_connect: Annotated[int, Meta(ge=0, le=_INT32)] | None = None


class ComputeSize(Answer, frozen=True, kw_only=True):
    """What an engine has of the machines that it runs on, all of its nodes together."""

    vcpus: int
    memory_bytes: int


class InstanceType(Answer, frozen=True, kw_only=True):
    """A size that compute configs may name."""

    name: str
    vcpus: int
    memory_bytes: int
    price_per_hour: float | None = None
    """``None``: not known."""
    currency: str | None = None
    """Of the price: three letters, such as ``USD``."""


class InstanceTypes(Answer, frozen=True, kw_only=True):
    items: tuple[InstanceType, ...]
    """By name."""


class WorkloadConfig(Answer, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    workload_type: str
    cluster_id: str
    team_id: str | None = None
    config: WorkloadConfigBody
    endpoint_limits: EndpointLimits | None = None
    created_at: str
    created_by: str | None = None
    updated_at: str
    updated_by: str | None = None
    size: Annotated[
        ComputeSize | None,
        Meta(description="What an engine on it has, after the cut to the machine that it runs on."),
        extension_of("config_facts"),
    ] = None
    price_per_hour: Annotated[
        float | None, Meta(description="Of all nodes; null: not known."), extension_of("config_facts")
    ] = None
    currency: Annotated[str | None, extension_of("config_facts")] = None


class WorkloadConfigCreate(Request, frozen=True, kw_only=True):
    name: Name
    workload_type: Literal["sail"] = "sail"
    cluster_id: Id = "LOCAL"
    team_id: Id | None = None
    config: WorkloadConfigBody = WorkloadConfigBody()
    endpoint_limits: EndpointLimits | None = None


class WorkloadConfigChange(Request, frozen=True, kw_only=True):
    """What is absent stays as it is. The last three cannot be changed; they are here to say so."""

    name: Name | UnsetType = UNSET
    config: WorkloadConfigBody | UnsetType = UNSET
    endpoint_limits: EndpointLimits | UnsetType | None = UNSET
    workload_type: str | UnsetType | None = UNSET
    cluster_id: str | UnsetType | None = UNSET
    team_id: str | UnsetType | None = UNSET


class Workload(Answer, frozen=True, kw_only=True):
    id: str
    workload_config_id: str | None = None
    infra_status: InfraStatus
    shutdown_policy: str | None = None
    endpoints: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    provisioned_at: str | None = None
    cleaned_at: str | None = None
    last_activity_at: str | None = None
    status_message: str | None = None
    created_at: str
    created_by: str | None = None
    updated_at: str
    updated_by: str | None = None


class WorkloadConfigListQuery(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"team_id": "teamId"}
):
    """The parameters of a config list."""

    team_id: Id | None = None
    limit: PageLimit = 100
    marker: str | None = None


class WorkloadConfigPage(Answer, omit_defaults=True, frozen=True, kw_only=True):
    items: tuple[WorkloadConfig, ...]
    marker: str | None = None
