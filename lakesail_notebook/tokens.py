"""Session tokens and kernel tokens: signed JWTs, and one strict check of everything in them.

PyJWT checks the signature; the rest is judged here, because PyJWT also takes names given twice, numbers given as
strings, audiences given as lists, any ``typ`` and unbounded lifetimes.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from .clock import Clock
from .errors import Unauthenticated
from .signing_keys import SigningKey
from .token_ids import Holder, new_jti

SESSION_AUDIENCE = "lakesail-session-proxy"
SESSION_TYPE = "sail-session+jwt"
SESSION_SCOPE = "spark_connect"
KERNEL_AUDIENCE = "lakesail-kernel"
KERNEL_TYPE = "sail-kernel+jwt"
APP_AUDIENCE = "lakesail-app"
APP_TYPE = "sail-app+jwt"

MAX_LIFETIME_SECONDS = 7_776_000
LEEWAY_SECONDS = 5
"""How far two clocks may disagree about a token's first moment. Its last moment has no leeway."""
_MAX_TEXT = 256
_MAX_TOKEN_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """What a session token says, in the words of RFC 7519 and ours. Times are Unix seconds."""

    iss: str
    sub: str
    """The caller: a member's or a service account's id."""
    sid: str
    """The session."""
    wid: str
    """The workload."""
    gen: int
    """The session's token generation; a higher one in force revokes this token."""
    scope: str
    iat: int
    nbf: int
    exp: int
    jti: str

    def expired(self, now: datetime) -> bool:
        return now.timestamp() >= self.exp


class TokenTime:
    """The time that session tokens live by: it always runs, and follows the wall clock ahead (a laptop that slept) but
    never back, so that an ended token stays dead whatever the clock is set to.

    The control plane issues tokens by its own and tells it to the session proxy, where it is then at least as late: a
    token that is issued after the clock was set back is good there.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest = clock.now().timestamp()
        self._latest_monotonic = clock.monotonic()

    def now(self) -> float:
        """Unix seconds."""
        monotonic = self._clock.monotonic()
        self._latest = max(self._clock.now().timestamp(), self._latest + monotonic - self._latest_monotonic)
        self._latest_monotonic = monotonic
        return self._latest

    def reached(self, moment: float) -> None:
        """Elsewhere it is so late already."""
        self._latest = max(self.now(), moment)

    def ahead_of(self, wall: datetime) -> timedelta:
        """By how many whole seconds the wall clock has fallen behind this time."""
        return timedelta(seconds=max(0, int(self.now() - wall.timestamp())))


class TokenIssuer:
    """Signs session tokens for one database (``issuer``).

    :param others: keys whose tokens are good as well: yesterday's, or tomorrow's.
    """

    def __init__(self, issuer: str, key: SigningKey, *others: SigningKey) -> None:
        self.issuer = issuer
        self._key = key
        self._others = others

    def public_keys(self) -> tuple[dict[str, Any], ...]:
        return tuple(key.public_jwk() for key in (self._key, *self._others))

    def issue(
        self,
        *,
        caller: str,
        session_id: str,
        workload_id: str,
        generation: int,
        now: datetime,
        expires_at: datetime,
        holder: Holder | None = None,
    ) -> str:
        """A token that lets ``caller`` use one session until ``expires_at`` (whole seconds)."""
        issued_at = int(now.timestamp())
        payload = {
            "iss": self.issuer,
            "aud": SESSION_AUDIENCE,
            "sub": caller,
            "sid": session_id,
            "wid": workload_id,
            "gen": generation,
            "scope": SESSION_SCOPE,
            "iat": issued_at,
            "nbf": issued_at,
            "exp": int(expires_at.timestamp()),
            "jti": new_jti(holder),
        }
        headers = {"typ": SESSION_TYPE, "kid": self._key.kid}
        return jwt.encode(payload, self._key.private, algorithm="EdDSA", headers=headers)


class TokenVerifier:
    """Checks session tokens against the public keys of one issuer."""

    def __init__(self, issuer: str, keys: Sequence[Mapping[str, Any]]) -> None:
        self._issuer = issuer
        self._keys = {str(key["kid"]): jwt.PyJWK(dict(key), algorithm="EdDSA") for key in keys}

    def verify(self, token: str, now: datetime) -> SessionClaims:
        """The claims of a genuine token, **also of an expired one**: ask :meth:`SessionClaims.expired`.

        :raises Unauthenticated: for anything that this issuer did not sign, or not in this form.
        """
        try:
            header, payload = _opened(token, "EdDSA", self._key_named_by)
        except Unauthenticated:
            raise
        except Exception as error:  # PyJWT also lets TypeError through
            raise Unauthenticated("The token is not valid; fetch a new one.") from error
        return _session_claims(header, payload, self._issuer, now)

    def _key_named_by(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        kid = header.get("kid")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise Unauthenticated("The token is not signed by this control plane; fetch a new one.")
        return key


class _OwnTokens:
    """Tokens for processes of this server. They die with it: the secret is in its memory alone.

    :param refusal: for everything else.
    :param secret: 32 bytes that nobody can guess; made up when not given.
    """

    def __init__(self, audience: str, kind: str, refusal: str, secret: bytes | None) -> None:
        self._audience = audience
        self._kind = kind
        self._refusal = refusal
        self._secret = secret or secrets.token_bytes(32)

    def issue(self, subject: str) -> str:
        payload = {"aud": self._audience, "sub": subject, "jti": secrets.token_hex(16)}
        return jwt.encode(payload, self._secret, algorithm="HS256", headers={"typ": self._kind})

    def _subject_of(self, token: str) -> str:
        try:
            header, payload = _opened(token, "HS256", lambda _: self._secret)
        except Exception as error:
            raise Unauthenticated(self._refusal) from error
        subject = payload.get("sub")
        genuine = header.get("typ") == self._kind and payload.get("aud") == self._audience
        if not genuine or not isinstance(subject, str) or not subject:
            raise Unauthenticated(self._refusal)
        return subject


class KernelTokens(_OwnTokens):
    """Tokens for the kernels of this server process."""

    def __init__(self, secret: bytes | None = None) -> None:
        super().__init__(KERNEL_AUDIENCE, KERNEL_TYPE, "The kernel's token is not valid; restart the kernel.", secret)

    def kernel_of(self, token: str) -> str:
        """The kernel that the token was made for; whether it still lives is for the caller to ask.

        :raises Unauthenticated: for anything else.
        """
        return self._subject_of(token)


class AppTokens(_OwnTokens):
    """Tokens for what runs on a session of this server process, such as its marimo."""

    def __init__(self, secret: bytes | None = None) -> None:
        super().__init__(APP_AUDIENCE, APP_TYPE, "The token is not valid; relaunch its session.", secret)

    def session_of(self, token: str) -> str:
        """The session that the token was made for; whether it still lives is for the caller to ask.

        :raises Unauthenticated: for anything else.
        """
        return self._subject_of(token)


_JWS = jwt.PyJWS()


def _opened(
    token: str, algorithm: str, key_of: Callable[[Mapping[str, Any]], jwt.PyJWK | bytes]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload of a token whose signature is right.

    :raises Exception: of many kinds, for a token that is not.
    """
    if len(token) > _MAX_TOKEN_CHARACTERS:
        raise ValueError("the token is too long")
    header_segment, payload_segment, signature_segment = token.split(".")
    header = _object(_decoded(header_segment))
    payload = _decoded(payload_segment)
    _decoded(signature_segment)
    _JWS.decode(token, key_of(header), algorithms=[algorithm])
    return header, _object(payload)


def _decoded(segment: str) -> bytes:
    """A segment that is spelt in the one right way: no padding, no white space, no spare bits."""
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if _base64url(raw) != segment:
        raise ValueError("the token is not in its canonical form")
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    value = json.loads(raw, object_pairs_hook=_unique)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _session_claims(header: Mapping[str, Any], payload: Mapping[str, Any], issuer: str, now: datetime) -> SessionClaims:
    if header.get("typ") != SESSION_TYPE:
        raise Unauthenticated("This is not a session token; fetch one for the session.")
    if payload.get("aud") != SESSION_AUDIENCE or payload.get("iss") != issuer:
        raise Unauthenticated("The token is for another service; fetch one for the session.")
    claims = SessionClaims(
        iss=issuer,
        sub=_text(payload, "sub"),
        sid=_text(payload, "sid"),
        wid=_text(payload, "wid"),
        gen=_number(payload, "gen"),
        scope=_text(payload, "scope"),
        iat=_number(payload, "iat"),
        nbf=_number(payload, "nbf"),
        exp=_number(payload, "exp"),
        jti=_text(payload, "jti"),
    )
    if claims.scope != SESSION_SCOPE:
        raise Unauthenticated("The token's scope does not cover Spark Connect.")
    lifetime = claims.exp - claims.iat
    if not 0 < lifetime <= MAX_LIFETIME_SECONDS:
        raise Unauthenticated("The token's lifetime is out of range; fetch a new one.")
    latest_start = now + timedelta(seconds=LEEWAY_SECONDS)
    if max(claims.iat, claims.nbf) > latest_start.timestamp():
        raise Unauthenticated("The token is not valid yet; check this machine's clock.")
    return claims


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if type(value) is not str or not 0 < len(value) <= _MAX_TEXT:
        raise Unauthenticated(f"The token's {name} is not valid; fetch a new one.")
    return value


def _number(payload: Mapping[str, Any], name: str) -> int:
    value = payload.get(name)
    if type(value) is not int or not 0 <= value < 2**53:
        raise Unauthenticated(f"The token's {name} is not valid; fetch a new one.")
    return value


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
