"""The keys of service accounts: ``lakesail_sa_<id>_<random>``, of which only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from ...errors import Unauthenticated
from ...ids import ID_REGEX

KEY_PREFIX = "lakesail_sa_"
_SECRET_BYTES = 32
_KEY = re.compile(rf"{KEY_PREFIX}(?P<id>{ID_REGEX})_[A-Za-z0-9_-]{{43}}", re.ASCII)
_NO_HASH = hashlib.sha256(b"no key at all").hexdigest()


def new_key(account_id: str) -> str:
    return f"{KEY_PREFIX}{account_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def hash_of(key: str) -> str:
    """A key has 256 random bits, so a plain hash keeps it."""
    return hashlib.sha256(key.encode()).hexdigest()


def account_of(key: str) -> str:
    """The id of the account that a key says it is of.

    :raises Unauthenticated: when it has not the form of a key.
    """
    parts = _KEY.fullmatch(key)
    if parts is None:
        raise wrong_key()
    return parts["id"]


def matches(key: str, key_hash: str | None) -> bool:
    """Takes the same time for a wrong key as for an account that does not exist (``None``)."""
    return hmac.compare_digest(hash_of(key), key_hash or _NO_HASH) and key_hash is not None


def wrong_key() -> Unauthenticated:
    return Unauthenticated("This is no key of a service account here; it may have been deleted. Ask for a new one.")
