"""The control plane of a server, opened by the first request that needs it and closed with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..errors import LakesailError, Unavailable
from ..workloads.rules.access import Principal
from .assembly import ControlPlane


class LazyControlPlane:
    """Opens the control plane once, for the first who asks; a failure to open is told, and tried again by the next."""

    def __init__(self, open_it: Callable[[bool], Awaitable[ControlPlane]], look: Callable[[], Awaitable[None]]) -> None:
        """
        :param open_it: told whether a session will be asked for next.
        :param look: raises what stands in the way of opening, without opening anything.
        """
        self._open = open_it
        self._look = look
        self._lock = asyncio.Lock()
        self._opened: ControlPlane | None = None
        self._opening = False
        self._closed = False

    async def get(self, principal: Principal, *, passive: bool = False) -> ControlPlane:
        """The control plane, for who asks. A kernel that asks first is about to connect, unless it only listens.

        :raises LakesailError: when it cannot be opened; says what to do.
        """
        async with self._lock:
            if self._closed:
                raise Unavailable("The control plane is stopping; ask again when it is back.", reason="stopping")
            if self._opened is None:
                await self._look()
                self._opening = True
                try:
                    self._opened = await self._open(principal.kernel_id is not None and not passive)
                finally:
                    self._opening = False
            opened = self._opened
        await opened.notebooks.catch_up()
        return opened

    @property
    def opened(self) -> ControlPlane | None:
        """``None``: nobody has asked yet, or it is closed."""
        return self._opened

    async def ready(self) -> None:
        """Open nothing, but see whether it can be opened.

        :raises LakesailError: when it cannot; says what to do.
        """
        if not self._looks_from_outside():
            return
        try:
            await self._look()
        except LakesailError:
            if self._looks_from_outside():
                raise

    def _looks_from_outside(self) -> bool:
        """What an opening in progress holds would stand in its own way."""
        return self._opened is None and not self._opening and not self._closed

    async def close(self) -> None:
        """Close it, if it was opened, for good. Safe to call twice."""
        async with self._lock:
            self._closed = True
            opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()
