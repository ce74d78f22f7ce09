"""The operations on the server itself: who is asking, and the keys that check its tokens."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from .. import models
from ..workloads.service import WorkloadsService
from .context import PublicService
from .operations import Call


class KeySet(Struct, frozen=True, kw_only=True):
    """A JWK set (RFC 7517) of public keys."""

    keys: tuple[dict[str, Any], ...]


async def me(service: WorkloadsService, call: Call[None, None]) -> models.Me:
    """Tell who is asking."""
    return await service.me(call.principal)


async def estimate_starts(
    service: WorkloadsService, call: Call[None, models.StartEstimatesQuery]
) -> models.StartEstimates:
    """Estimate how soon a kernel would have an engine.

    For each compute config that the caller may see, and for none: whether an engine waits for it, and how long the last
    starts took.
    """
    return await service.start_estimates.of_kernel(call.principal, call.query)


async def public_keys(public: PublicService, call: Call[None, None]) -> KeySet:
    """Publish the keys that check session tokens."""
    return KeySet(keys=tuple(dict(key) for key in await public.public_keys()))
