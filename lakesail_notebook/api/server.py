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


async def public_keys(public: PublicService, call: Call[None, None]) -> KeySet:
    """Publish the keys that check session tokens."""
    return KeySet(keys=tuple(dict(key) for key in await public.public_keys()))
