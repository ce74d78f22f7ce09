"""Encryption of single values at rest: AES-256-GCM, with keys from a file."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import FailedPrecondition, Unavailable
from .key_files import read_or_create
from .private_files import exposed

MARK = "lakesail-encrypted:1:"
"""Begins each encrypted value."""
_KEY_BYTES = 32
_NONCE_BYTES = 12


class ValueCipher:
    """Encrypts with the first of its keys, and reads what any of them has encrypted."""

    mark = MARK

    def __init__(self, keys: Sequence[bytes]) -> None:
        """:param keys: 32 bytes each."""
        self._ciphers = [AESGCM(key) for key in keys]

    def encrypt(self, value: str, context: str) -> str:
        """:param context: what the value is of; only together with it, the value can be read again."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, value.encode("utf-8", "surrogatepass"), context.encode())
        return MARK + base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted: str, context: str) -> str | None:
        """The value; ``None`` when none of the keys has encrypted it for this context."""
        try:
            raw = base64.urlsafe_b64decode(encrypted.removeprefix(MARK))
        except ValueError:
            return None
        nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, sealed, context.encode()).decode("utf-8", "surrogatepass")
            except (InvalidTag, ValueError):
                continue
        return None


def load_or_create_cipher(path: Path) -> ValueCipher:
    """The cipher of the keys in ``path``, one a line in base64; made there on first use, readable by its owner alone.

    A line that is put before the others is the key of new values; the others go on reading theirs.

    :raises FailedPrecondition: when other users can reach the file, or it holds something else.
    :raises Unavailable: when it can be neither read nor made.
    """
    try:
        content = read_or_create(path, _new_key_file)
        found = exposed(path)
    except OSError as error:
        message = f"The encryption key {path} can be neither read nor made ({error.strerror})."
        raise Unavailable(message, paths=(path,)) from error
    if found is not None:
        raise FailedPrecondition(
            f"{found.sentence('The encryption key')}.", reason="encryption_key_exposed", paths=(path,)
        )
    try:
        keys = [base64.b64decode(line, validate=True) for line in content.split()]
    except binascii.Error:
        keys = []
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise FailedPrecondition(
            f"{path} does not hold keys of {_KEY_BYTES} bytes in base64, one a line; put the right file back. If it is "
            "lost, move this one away to have a new key made, and set the extraEnv values of compute configs again."
        )
    return ValueCipher(keys)


def _new_key_file() -> bytes:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n"
