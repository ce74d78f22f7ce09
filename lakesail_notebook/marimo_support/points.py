"""What marimo's entry points name. Each marimo of this environment loads it: it imports nothing heavy."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref
from collections.abc import AsyncIterator
from typing import Any

from .viewers import NotThisMarimo, context_here, kernel_of


@contextlib.asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Goes with a kernel of marimo, in its thread."""
    kernel = _kernel_here()
    yield
    # What was not loaded has kept nothing for anybody.
    installation: Any = sys.modules.get(f"{__package__}.installation")
    ended = None if kernel is None else kernel()
    if installation is not None and ended is not None:
        installation.kernel_has_ended(ended)


@contextlib.asynccontextmanager
async def server_lifespan(_: object) -> AsyncIterator[None]:
    """Goes with a server of marimo. A server that is told to terminate leaves without Python's exit hooks."""
    yield
    host: Any = sys.modules.get(f"{__package__}.host")
    if host is not None:  # viewers have connected in this process
        await asyncio.to_thread(host.ENDING.do)


def _kernel_here() -> weakref.ref[Any] | None:
    try:
        context = context_here()
        return None if context is None else weakref.ref(kernel_of(context))
    except (NotThisMarimo, TypeError):  # a notebook of somebody else's may run here, which needs nothing of ours
        return None
