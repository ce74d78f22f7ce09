"""Creates that are made once, however often they are asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from ... import models
from ...errors import FailedPrecondition, FieldError, InvalidArgument
from ..records import SessionRecord
from ..rules.access import Principal
from ..store_port import Reading

MAX_KEY_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A create that carries it is made once, however often it is asked."""

    caller_id: str
    key: str
    fingerprint: str
    """Of what is asked: the same key for something else is a mistake."""


def idempotency_key(principal: Principal, key: str, wanted: models.SessionCreate) -> IdempotencyKey:
    """The environment is not part of what is asked: a hash in the database could be used to guess its values.

    :raises InvalidArgument: when the key is none.
    """
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        message = f"must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters"
        raise InvalidArgument(f"Idempotency-Key {message}.", errors=(FieldError("/Idempotency-Key", message),))
    asked = msgspec.json.encode(msgspec.structs.replace(wanted, environment=None), order="deterministic")
    return IdempotencyKey(caller_id=principal.id, key=key, fingerprint=hashlib.sha256(asked).hexdigest())


async def session_made_before(view: Reading, once: IdempotencyKey | None) -> SessionRecord | None:
    """The session that the same create made.

    :raises FailedPrecondition: when the key was used for another request.
    """
    kept = None if once is None else await view.idempotent_answer(once.caller_id, once.key)
    if once is None or kept is None:
        return None
    if kept.fingerprint != once.fingerprint:
        raise FailedPrecondition(
            "This Idempotency-Key was used for another request; take a new one.", reason="idempotency_key_reused"
        )
    return await view.session(kept.session_id)
