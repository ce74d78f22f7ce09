"""The environments that kernels gave to their engines: in this process's memory, and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping

_REMEMBERED = 200
"""Workloads; a relaunch finds the environments of those that are over. At 48 KiB each, 10 MB."""


class Environments:
    """By workload. No value is told again, written to a log, or shown by ``repr``."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        """Of this process: a workload is reused by the process that started it, so no other has to get the same."""
        self._kept: OrderedDict[str, Mapping[str, str]] = OrderedDict()

    def digest(self, environment: Mapping[str, str]) -> str:
        """The same for the same variables; who has not this process's memory learns nothing from it."""
        told = json.dumps(sorted(environment.items())).encode()
        return hmac.new(self._key, told, hashlib.sha256).hexdigest()

    def keep(self, workload_id: str, environment: Mapping[str, str]) -> None:
        self._kept[workload_id] = dict(environment)
        if len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)

    def of(self, workload_id: str) -> Mapping[str, str] | None:
        """``None``: its engine was given none, or this process does not know it any more."""
        return self._kept.get(workload_id)
