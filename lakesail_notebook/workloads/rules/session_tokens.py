"""Which tokens of a session are alive: pure. ``now`` is the time that tokens live by."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..records import EndedKernel, IssuedToken, SessionTokens

MAX_LOGIN_TOKENS = 20
"""Live ones of a session, issued to logins and to keys of service accounts; those of kernels end with their kernel."""


def with_login_token(tokens: SessionTokens, expires_at: datetime, now: datetime) -> SessionTokens:
    """One more, numbered ``issued``; when there are too many then, the oldest ends."""
    number = tokens.issued + 1
    live = (*(token for token in tokens.live if token.expires_at > now), IssuedToken(number, expires_at))
    logins_from = tokens.logins_from
    if len(live) > MAX_LOGIN_TOKENS:
        live = live[-MAX_LOGIN_TOKENS:]
        logins_from = live[0].number
    return replace(tokens, issued=number, live=live, logins_from=logins_from)


def with_ended_kernel(tokens: SessionTokens, kernel: str, expires_at: datetime, now: datetime) -> SessionTokens:
    """The tokens of a kernel are dead, the last of which would have lived until ``expires_at``."""
    others = tuple(one for one in tokens.ended_kernels if one.expires_at > now and one.kernel != kernel)
    return replace(tokens, ended_kernels=(*others, EndedKernel(kernel, expires_at)))


def revoked(tokens: SessionTokens) -> SessionTokens:
    """The generation that follows ends all that were issued, so nothing more need be known of them."""
    return SessionTokens(issued=tokens.issued)
