"""How soon a connect from a kernel would have an engine, for each compute config.

An engine that waits is given to sessions of one reuse key alone: owner, config, interpreter, directory, environment.
On a server of one person, a kernel says the last three when it connects, and not before. So the newest session that was
made in the kernel is the evidence of them; without one, nothing counts as warm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ... import models
from ...clock import Clock
from ...errors import NotFound
from ..ports import Kernels
from ..records import ConfigRecord, LaunchSpec
from ..rules.access import Principal, visible_teams
from ..rules.start_estimates import COUNTED, median_seconds
from ..settings import Settings
from ..store_port import Reading, Store
from .configs import config_for_session
from .placement import Need, Placement, reuse_key

_MOST_CONFIGS = 1000


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What of a kernel decides which engines it may be given."""

    spec: LaunchSpec
    environment_digest: str | None
    shared: bool


class StartEstimatesOfKernels:
    def __init__(
        self, *, store: Store, kernels: Kernels, placement: Placement, clock: Clock, settings: Settings
    ) -> None:
        self._store = store
        self._kernels = kernels
        self._placement = placement
        self._clock = clock
        self._settings = settings

    async def of_kernel(self, principal: Principal, query: models.StartEstimatesQuery) -> models.StartEstimates:
        """For each config that the caller may see, and for none.

        :raises NotFound: when the caller has no such kernel here that runs.
        """
        if self._kernels.owner_of(query.kernel_id) != principal.id:
            raise NotFound(f"No kernel {query.kernel_id} of yours runs on this server.", reason="kernel_not_found")
        async with self._store.reading() as view:
            configs = await view.configs(visible_teams(principal), after=None, limit=_MOST_CONFIGS)
            default = await self._default(view, principal)
            surroundings = await self._surroundings(view, principal, query.kernel_id)
            keys = {config.id: self._key(config, principal, surroundings) for config in (*configs, default) if config}
            waiting = await self._placement.waiting(view, [key for key in keys.values() if key])
            starts = await view.starts(keys.keys(), latest=COUNTED)
            anonymous = await view.anonymous_starts(principal.id, latest=COUNTED)
        ids: list[tuple[str | None, ConfigRecord | None]] = [(config.id, config) for config in configs]
        return models.StartEstimates(
            items=tuple(
                models.StartEstimate(
                    workload_config_id=shown_id,
                    warm=config is not None and keys[config.id] in waiting,
                    median_seconds=median_seconds(
                        anonymous if config is None or config.name is None else starts.get(config.id, ())
                    ),
                )
                for shown_id, config in (*ids, (None, default))
            )
        )

    async def _default(self, view: Reading, principal: Principal) -> ConfigRecord | None:
        """What a session runs on that names no config; ``None`` for a caller who may have no session."""
        if not principal.team_ids:
            return None
        return await config_for_session(view, principal, principal.team_ids[0], None, self._settings, self._clock)

    async def _surroundings(self, view: Reading, principal: Principal, kernel_id: str) -> _Surroundings | None:
        """``None``: they are not known for certain."""
        newest_id = await view.newest_session_id_of_kernel(principal.id, kernel_id)
        newest = None if newest_id is None else await view.session(newest_id)
        if not self._settings.single_user:  # whatever a kernel says, its engines are like all others
            shared = newest is not None and newest.allow_shared
            return _Surroundings(LaunchSpec(sail=models.SailConfig()), None, shared)
        workload = None if newest is None else await view.workload(newest.workload_id)
        if newest is None or workload is None:
            return None
        digest = self._placement.environment_digest(workload)
        if workload.spec.own_environment and digest is None:
            return None
        return _Surroundings(workload.spec, digest, newest.allow_shared)

    def _key(self, config: ConfigRecord, principal: Principal, surroundings: _Surroundings | None) -> str | None:
        """Of the engines that a connect would be given; ``None``: not known, or it could not connect so."""
        if surroundings is None or not principal.team_ids:
            return None
        if surroundings.environment_digest is not None and not self._placement.takes_environment(config):
            return None
        need = Need(
            caller_id=principal.id,
            team_id=principal.team_ids[0],
            config=config,
            spec=replace(surroundings.spec, sail=config.sail, unreadable_env=config.unreadable_env),
            shared=surroundings.shared,
        )
        return reuse_key(need, environment_digest=surroundings.environment_digest)
