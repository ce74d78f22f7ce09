"""This process as an owner of workloads, and whether other owners still live."""

from __future__ import annotations

import os

from ..process_identity import ProcessIdentity, identity_of, pid_namespace
from ..workloads.records import Owner


class ProcessOwners:
    """Implements the domain's ``Owners`` by the processes of this machine."""

    def __init__(self) -> None:
        me = identity_of(os.getpid())
        self.mine = Owner(me.boot_id, me.pid, me.started_at, pid_namespace())

    def alive(self, owner: Owner) -> bool | None:
        """``None`` for an owner of another boot or pid namespace: this process cannot look at it."""
        if (owner.boot_id, owner.pid_namespace) != (self.mine.boot_id, self.mine.pid_namespace):
            return None
        return ProcessIdentity(owner.boot_id, owner.pid, owner.started_at).alive()
