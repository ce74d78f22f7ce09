"""What a session token's ``jti`` says of its holder, so that some tokens of a session can end before the others."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_HOLDER = re.compile(r"(?:login\.(?P<number>[1-9][0-9]{0,14})|kernel\.(?P<kernel>[0-9a-f]{16}))\.[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class LoginToken:
    """Issued to a login or to the key of a service account."""

    number: int
    """Of all that were issued so for the session, in their order; the first is 1."""


@dataclass(frozen=True, slots=True)
class KernelToken:
    """Issued to a kernel."""

    kernel: str
    """What :func:`new_kernel_mark` made for it."""


Holder = LoginToken | KernelToken


def new_jti(holder: Holder | None = None) -> str:
    """A ``jti`` that nobody else has; 128 bits of it are random."""
    unique = secrets.token_hex(16)
    if holder is None:
        return unique
    return f"login.{holder.number}.{unique}" if isinstance(holder, LoginToken) else f"kernel.{holder.kernel}.{unique}"


def new_kernel_mark() -> str:
    """Stands for one life of a kernel, and tells nothing of its id."""
    return secrets.token_hex(8)


def holder_of(jti: str) -> Holder | None:
    """``None``: it says nothing of it, as those of older versions."""
    said = _HOLDER.fullmatch(jti)
    if said is None:
        return None
    return KernelToken(said["kernel"]) if said["number"] is None else LoginToken(int(said["number"]))
