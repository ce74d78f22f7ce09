"""The API of a server that is not set up rightly: closed, and every call is told why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..errors import LakesailError
from ..workloads.rules.access import Principal
from .base import BoundedHandler
from .context import ApiContext, Refusal


class ClosedHandler(BoundedHandler):
    """Refuses before it looks at who asks: nobody's rights are known."""

    def initialize(self, refusal: Callable[[], LakesailError]) -> None:  # type: ignore[override]
        super().initialize(_context(refusal))

    def check_xsrf_cookie(self) -> None:
        """Nothing is changed here, so there is nothing to protect."""


def _context(refusal: Callable[[], LakesailError]) -> ApiContext:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise refusal()

    async def refuse_later(*_: Any, **__: Any) -> NoReturn:
        raise refusal()

    return ApiContext(
        root="",
        service=refuse_later,
        by_login=refuse,
        by_kernel_token=refuse,
        by_app_token=refuse,
        ready=refuse_later,
        public=_NoKeys(refusal),
        single_user=False,
        audit=_NoAudit(),
    )


class _NoKeys:
    def __init__(self, refusal: Callable[[], LakesailError]) -> None:
        self._refusal = refusal

    async def public_keys(self) -> tuple[Mapping[str, Any], ...]:
        raise self._refusal()


class _NoAudit:
    """The log has each refusal; it is not about who asked."""

    def seen(self, principal: Principal) -> None:
        pass

    def refused(self, refusal: Refusal) -> None:
        pass
