"""How soon a connect from a kernel would have an engine."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .wire import Answer


class StartEstimate(Answer, frozen=True, kw_only=True):
    """Of one compute config."""

    workload_config_id: str | None
    """``None``: of sessions that name no config."""
    warm: bool
    """Whether a connect from the kernel now would be given an engine that waits; ``False``: it is not certain."""
    median_seconds: float | None
    """From a session's creation to its engine's readiness, of the last 20 starts; ``None`` before the third."""


class StartEstimates(Answer, frozen=True, kw_only=True):
    items: tuple[StartEstimate, ...]


class StartEstimatesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The parameters of start estimates."""

    kernel_id: Annotated[str, Meta(min_length=1, max_length=100)]
    """A kernel that the caller has started on this server, and that runs."""
