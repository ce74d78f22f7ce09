"""The ``extraEnv`` values of configs and workloads: the domain sees them, the database holds them encrypted.

A value that cannot be read, because its key is not here, breaks nothing: its record names the variable, and keeps what
is stored of it, so that it is there again when the key is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

import msgspec

from ..errors import Internal
from ..models import SailConfig
from ..workloads.records import ConfigRecord, WorkloadRecord

Record = TypeVar("Record")


class Cipher(Protocol):
    """Encrypts single values; handed in, since the store knows no keys."""

    @property
    def mark(self) -> str:
        """Begins each encrypted value."""
        ...

    def encrypt(self, value: str, context: str) -> str: ...
    def decrypt(self, encrypted: str, context: str) -> str | None:
        """``None`` when the key is not here."""
        ...


class NoCipher:
    """Of those who open a database for other things than values: they read none and write none."""

    mark = "lakesail-encrypted:"

    def encrypt(self, value: str, context: str) -> str:
        raise Internal("The store was opened without a cipher, so it keeps no extraEnv value; hand one in.")

    def decrypt(self, encrypted: str, context: str) -> str | None:
        return None


class RecordEncryption:
    """Records as the domain has them, and as the database has them."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def opened(self, record: Record) -> Record:
        """A record of the database, for the domain."""
        if isinstance(record, ConfigRecord) and record.sail.extra_env:
            sail, unreadable = self._opened(record.sail)
            return replace(record, sail=sail, unreadable_env=unreadable)
        if isinstance(record, WorkloadRecord) and record.spec.sail.extra_env:
            sail, unreadable = self._opened(record.spec.sail)
            return replace(record, spec=replace(record.spec, sail=sail, unreadable_env=unreadable))
        return record

    def encrypted(self, record: Record) -> Record:
        """A record of the domain, for the database."""
        if isinstance(record, ConfigRecord):
            return replace(record, sail=self._encrypted(record.sail, record.unreadable_env), unreadable_env={})
        if isinstance(record, WorkloadRecord):
            sail = self._encrypted(record.spec.sail, record.spec.unreadable_env)
            return replace(record, spec=replace(record.spec, sail=sail, unreadable_env={}))
        return record

    def _opened(self, sail: SailConfig) -> tuple[SailConfig, Mapping[str, str]]:
        readable, unreadable = {}, {}
        for name, stored in sail.extra_env.items():
            plain = stored  # of an older version, which shares this database
            if stored.startswith(self._cipher.mark):
                decrypted = self._cipher.decrypt(stored, name)
                if decrypted is None:
                    unreadable[name] = stored
                    continue
                plain = decrypted
            readable[name] = plain
        return msgspec.structs.replace(sail, extra_env=readable), unreadable

    def _encrypted(self, sail: SailConfig, unreadable: Mapping[str, str]) -> SailConfig:
        encrypted = {name: self._cipher.encrypt(value, name) for name, value in sail.extra_env.items()}
        return (
            msgspec.structs.replace(sail, extra_env=encrypted | dict(unreadable)) if encrypted or unreadable else sail
        )
