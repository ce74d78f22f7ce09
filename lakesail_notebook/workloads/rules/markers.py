"""Page markers: opaque, signed, and good only for the list they came from."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

import msgspec

from ...errors import FieldError, InvalidArgument
from ..filters import PageKey

_SIGNATURE_BYTES = 16
_MAX_CHARACTERS = 1024


class _Marker(msgspec.Struct, frozen=True, array_like=True):
    created_at: datetime
    id: str
    scope: str


def make_marker(key: PageKey, scope: str, secret: bytes) -> str:
    """:param scope: the list and its filters, and who may see what: another scope refuses the marker."""
    body = msgspec.json.encode(_Marker(key.created_at, key.id, _digest(scope)))
    return _text(_sign(body, secret) + body)


def read_marker(text: str, scope: str, secret: bytes) -> PageKey:
    """:raises InvalidArgument: for a marker that is not ours, was altered, or belongs to another list."""
    try:
        if len(text) > _MAX_CHARACTERS:
            raise ValueError(text)
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if _text(raw) != text:
            raise ValueError(text)
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _sign(body, secret)):
            raise ValueError(text)
        marker = msgspec.json.decode(body, type=_Marker)
        if marker.scope != _digest(scope):
            raise ValueError(text)
    except ValueError as error:
        message = "is no marker of this list; leave it out to start from the first page"
        raise InvalidArgument(f"marker {message}.", errors=(FieldError("/marker", message),)) from error
    return PageKey(marker.created_at, marker.id)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _sign(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _digest(scope: str) -> str:
    return hashlib.sha256(scope.encode()).hexdigest()[:32]
