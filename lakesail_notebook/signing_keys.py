"""The Ed25519 keys that sign session tokens, and the files that hold them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .errors import FailedPrecondition, Unavailable
from .key_files import read_or_create
from .private_files import exposed


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key and its id, the RFC 7638 thumbprint."""

    kid: str
    private: Ed25519PrivateKey

    def public_jwk(self) -> dict[str, Any]:
        return {**_public_jwk(self.private.public_key()), "kid": self.kid, "alg": "EdDSA", "use": "sig"}


def load_or_create_signing_key(path: Path) -> SigningKey:
    """The key in ``path``; made there on first use, readable by its owner alone.

    :raises FailedPrecondition: when other users can reach the file or its directory, or it holds something else.
    :raises Unavailable: when it can be neither read nor made.
    """
    try:
        pem = read_or_create(path, _new_key_pem)
        for place, what in ((path.parent, "The directory of the signing key"), (path, "The signing key")):
            if (found := exposed(place)) is not None:
                raise FailedPrecondition(f"{found.sentence(what)}.", reason="signing_key_exposed", paths=(place,))
        private = _private_key(pem)
    except OSError as error:
        message = f"The signing key {path} can be neither read nor made ({error.strerror})."
        raise Unavailable(message, paths=(path,)) from error
    if private is None:
        message = f"{path} holds no Ed25519 private key; move it away to have a new one made."
        raise FailedPrecondition(message, paths=(path,))
    return SigningKey(_thumbprint(private.public_key()), private)


def signing_keys(paths: Sequence[Path], *, default: Path) -> tuple[SigningKey, ...]:
    """The keys in these files, each once; without any, the one in ``default``, which alone is made where it is missing.

    :raises LakesailError: when a file cannot be read, or holds something else.
    """
    if not paths:
        return (load_or_create_signing_key(default),)
    keys: dict[str, SigningKey] = {}
    for path in paths:
        if path != default and not path.exists():
            raise FailedPrecondition(
                f"There is no signing key {path}; make it with 'openssl genpkey -algorithm ed25519 -out {path}', or "
                "take it out of c.LakesailApp.signing_key_files."
            )
        key = load_or_create_signing_key(path)
        keys.setdefault(key.kid, key)
    return tuple(keys.values())


def _public_jwk(public: Ed25519PublicKey) -> dict[str, str]:
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}


def _thumbprint(public: Ed25519PublicKey) -> str:
    jwk = _public_jwk(public)
    canonical = f'{{"crv":"{jwk["crv"]}","kty":"{jwk["kty"]}","x":"{jwk["x"]}"}}'
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _private_key(pem: bytes) -> Ed25519PrivateKey | None:
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return private if isinstance(private, Ed25519PrivateKey) else None


def _new_key_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
