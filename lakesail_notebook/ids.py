"""Identifiers: 20 characters of ``A-Z0-9``, sortable by their moment of birth.

Nine base-36 digits of milliseconds, then eleven random ones (56 bits). Keys that grow with time keep an index's
inserts at its end; lower-cased, an id is a DNS label.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TIME_DIGITS = 9
_RANDOM_DIGITS = 11
_RANDOM_BITS = 56
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ID_REGEX = "[A-Z0-9]{1,20}"
"""The API's own pattern for ids; match it with :func:`is_id` or ``fullmatch``."""
_ID = re.compile(ID_REGEX)


def new_id(now: datetime) -> str:
    """A fresh id; later ids sort after earlier ones, by the millisecond."""
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    return _base36(milliseconds, _TIME_DIGITS) + _base36(secrets.randbits(_RANDOM_BITS), _RANDOM_DIGITS)


def stable_id(*parts: str) -> str:
    """The same 20 characters for the same parts, everywhere and always: base32 of a hash."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest).decode()[:20]


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _base36(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
