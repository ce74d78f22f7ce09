"""Errors, as they travel."""

from __future__ import annotations

from .wire import Answer


class ProblemField(Answer, frozen=True, kw_only=True):
    pointer: str
    message: str


class Problem(Answer, frozen=True, kw_only=True):
    """An ``application/problem+json`` answer (RFC 9457).

    ``code`` is the stable contract; ``message`` says the same as ``detail`` because Jupyter's clients read it.
    """

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    message: str
    reason: str | None = None
    instance: str | None = None
    request_id: str
    errors: tuple[ProblemField, ...] = ()
    retry_after_seconds: float | None = None
