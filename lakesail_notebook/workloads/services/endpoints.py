"""Whether the endpoint of a session is served yet, so that it can be told."""

from __future__ import annotations

from ..ports import Owners, SessionProxy
from ..records import WorkloadRecord


class Endpoints:
    def __init__(self, proxy: SessionProxy, owners: Owners) -> None:
        self._proxy = proxy
        self._owners = owners

    def served(self, workload: WorkloadRecord | None) -> bool:
        """Of this control plane's workloads: once its session proxy listens. Of another's, their rows alone tell."""
        return workload is None or workload.owner != self._owners.mine or self._proxy.listening
