"""Which workload a new session runs on: one that is shared, one that waits for a session, or a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from ...errors import FailedPrecondition, InvalidArgument
from ...ids import new_id
from ..environments import Environments
from ..filters import ANYWHERE, UsedFrom
from ..ports import Backend, Owners, SessionProxy
from ..records import ConfigRecord, LaunchSpec, WorkloadRecord
from ..rules.libraries import refused_indexes
from ..settings import Settings
from ..store_port import Reading, Writing
from .endpoints import Endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a session needs to run."""

    caller_id: str
    team_id: str
    config: ConfigRecord
    spec: LaunchSpec
    shared: bool
    """Whether it may share an engine with others of its team that said the same."""
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """The variables that the engine gets; ``None``: those that its backend gives."""
    used_from: UsedFrom = ANYWHERE
    not_on: str | None = None
    """A workload that is not to be used again: what troubled a session may be its engine."""


class Placement:
    def __init__(
        self,
        *,
        backends: Mapping[str, Backend],
        environments: Environments,
        proxy: SessionProxy,
        owners: Owners,
        settings: Settings,
    ) -> None:
        self.endpoints = Endpoints(proxy, owners)
        self._backends = backends
        self._environments = environments
        self._proxy = proxy
        self._owners = owners
        self._settings = settings

    async def check(self, need: Need) -> None:
        """Before anything is written.

        :raises LakesailError: when no backend can start it; says what stands against it.
        """
        require_readable(need)
        self._require_allowed_indexes(need)
        problems = tuple(await self._backend(need.config).validate(need.spec))
        if problems:
            raise InvalidArgument(f"{problems[0].message[:1].upper()}{problems[0].message[1:]}.", errors=problems)

    async def place(self, unit: Writing, need: Need, now: datetime, *, by: str) -> WorkloadRecord:
        """The workload, in the transaction that adds the session."""
        require_readable(need)  # the config may have been changed since it was checked
        digest = None if need.environment is None else self._environments.digest(need.environment)
        key = reuse_key(need, environment_digest=digest)
        if need.shared:
            waiting = await unit.join_shared_workload(
                key, self._owners.mine, not_on=need.not_on, used_from=need.used_from
            )
        else:
            waiting = await unit.take_freed_workload(key, self._owners.mine, not_on=need.not_on)
        if waiting is not None:
            return waiting
        workload = self._new_workload(need, key, now)
        if need.environment is not None:
            self._environments.keep(workload.id, need.environment)
        await unit.add_workload(workload, by=by)
        return workload

    async def waiting(self, view: Reading, keys: Collection[str]) -> frozenset[str]:
        """Of these reuse keys, those of which a workload waits that :meth:`place` would take."""
        return await view.waiting_keys(keys, self._owners.mine)

    def environment_digest(self, workload: WorkloadRecord) -> str | None:
        """Of the variables that its engine was given; ``None``: it was given none, or they are not known any more."""
        given = self._environments.of(workload.id) if workload.spec.own_environment else None
        return None if given is None else self._environments.digest(given)

    def takes_environment(self, config: ConfigRecord) -> bool:
        """Whether an engine on this config may be given the environment of its kernel."""
        return self._settings.single_user and self._backend(config).offer.environment

    def _require_allowed_indexes(self, need: Need) -> None:
        """The config may be older than the administrator's list."""
        if refused_indexes(need.spec.sail, self._settings.index_hosts):
            raise FailedPrecondition(
                f"Compute config {need.config.name or need.config.id} names a package index that this server does not "
                "allow (any more); an administrator changes the config, or adds the index's host to "
                "c.LakesailApp.allowed_index_hosts.",
                reason="index_not_allowed",
            )

    def _new_workload(self, need: Need, key: str, now: datetime) -> WorkloadRecord:
        limits = need.config.endpoint_limits
        return WorkloadRecord(
            id=new_id(now),
            config_id=need.config.id,
            config_version=need.config.version,
            team_id=need.team_id,
            cluster_id=need.config.cluster_id,
            infra_status="requested",
            target="running",
            shutdown_policy=f"linger:{self._backend(need.config).linger_seconds}",
            reuse_key=key,
            spec=need.spec,
            shared=need.shared,
            capacity=(limits.spark_connect or None) if limits is not None else None,
            owner=self._owners.mine,
            created_by=need.caller_id,
            created_at=now,
            updated_at=now,
            start_deadline=now + timedelta(seconds=self._settings.limits.start_timeout_seconds),
            endpoints={"spark_connect": self._proxy.endpoint},
        )

    def _backend(self, config: ConfigRecord) -> Backend:
        backend = self._backends.get(config.cluster_id)
        if backend is None:
            name = config.name or config.id
            raise FailedPrecondition(
                f"Compute config {name} needs cluster {config.cluster_id}, unknown to this server."
            )
        return backend


def require_readable(need: Need) -> None:
    """:raises FailedPrecondition: when values of the config's variables were encrypted with a key that is not here."""
    unreadable = need.spec.unreadable_env
    if unreadable:
        which = f"{len(unreadable)} extraEnv value{'' if len(unreadable) == 1 else 's'} of compute config"
        raise FailedPrecondition(
            f"This server cannot read {which} {need.config.name or need.config.id} ({', '.join(sorted(unreadable))}): "
            "another key has encrypted it. An administrator puts the old encryption key back, or sets the value again.",
            reason="config_unreadable",
        )


def reuse_key(need: Need, *, environment_digest: str | None = None) -> str:
    """Workloads of one key are interchangeable. Those that are shared are everybody's of the team.

    :param environment_digest: of the variables that the engine is given, where it is given any.
    """
    config = need.config
    which = config.id if config.name is not None else _content_of(config)
    whose = ("shared", need.team_id) if need.shared else ("own", need.caller_id)
    how = (
        which,
        str(config.version),
        need.spec.python or "",
        need.spec.working_directory or "",
        environment_digest or "",
    )
    return hashlib.sha256("\0".join((*whose, *how)).encode()).hexdigest()


def _content_of(config: ConfigRecord) -> str:
    """Each session that names no config may have an anonymous one of its own; those that say the same are the same."""
    content = (config.cluster_id, config.sail, config.endpoint_limits)
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
