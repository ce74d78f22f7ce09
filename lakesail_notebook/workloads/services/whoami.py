"""What the server tells callers about themselves and about itself: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import get_args

from ... import models
from ...version import __version__
from ..apps_port import Apps
from ..ports import Backend
from ..records import NotebookRecord
from ..rules.access import Principal
from ..settings import DurationRange, SessionLimits, Settings
from .compute_facts import size_view


def me_view(
    principal: Principal,
    notebook: NotebookRecord | None,
    settings: Settings,
    backends: Mapping[str, Backend],
    apps: Apps | None = None,
) -> models.Me:
    """:param notebook: whose kernel asks."""
    marimo = _marimo(apps)
    return models.Me(
        member_id=None if principal.service_account else principal.id,
        service_account_id=principal.id if principal.service_account else None,
        login=principal.login,
        name=principal.name,
        team_ids=principal.team_ids,
        admin_of=tuple(sorted(principal.admin_of)),
        organization_admin=principal.organization_admin,
        kernel_id=principal.kernel_id,
        notebook_id=None if notebook is None else notebook.id,
        notebook_path=None if notebook is None else notebook.shown_path,
        single_user=settings.single_user,
        limits=_limits(settings.limits),
        quotas=models.Quotas(**asdict(settings.quotas)),
        clusters=tuple(_cluster(cluster_id, backend, marimo) for cluster_id, backend in sorted(backends.items())),
        marimo=marimo,
        default_config=settings.default_config,
        version=__version__,
        features=_features(settings, backends),
    )


def _features(settings: Settings, backends: Mapping[str, Backend]) -> tuple[models.Feature, ...]:
    """Who creates a session does not know on which cluster it will run, so all of them have to take an environment."""
    takes_environments = settings.single_user and all(backend.offer.environment for backend in backends.values())
    return tuple(one for one in models.FEATURES if one != "environment" or takes_environments)


def _marimo(apps: Apps | None) -> models.Marimo:
    why = "This control plane starts no marimo." if apps is None else apps.unavailable
    return models.Marimo(available=why is None, reason=why)


def _limits(limits: SessionLimits) -> models.Limits:
    return models.Limits(
        idle_timeout_seconds=_duration(limits.idle_timeout),
        idle_close_delay_seconds=_duration(limits.idle_close_delay),
        max_duration_seconds=_duration(limits.max_duration),
        token_duration_seconds=_duration(limits.token_duration),
        extension_seconds=_duration(limits.extension),
        detached_seconds=limits.detached_seconds,
        start_timeout_seconds=limits.start_timeout_seconds,
        spark_sessions_per_session=limits.spark_sessions_per_session,
    )


def _duration(limit: DurationRange) -> models.DurationLimit:
    return models.DurationLimit(default=limit.default, floor=limit.floor, ceiling=limit.ceiling)


def _cluster(cluster_id: str, backend: Backend, marimo: models.Marimo) -> models.Cluster:
    types: tuple[models.EndpointType, ...] = get_args(models.EndpointType)
    machine = backend.size_of(models.SailConfig())
    return models.Cluster(
        id=cluster_id,
        endpoint_types=tuple(one for one in types if one != "marimo" or marimo.available),
        execution_modes=backend.offer.execution_modes,
        unused_fields=backend.offer.unused_fields,
        linger_seconds=backend.linger_seconds,
        survives_restart=backend.survives_restart,
        machine=None if machine is None else size_view(machine),
    )
