"""How a person closes a session: what must be said, and what its owner reads. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...errors import FieldError, InvalidArgument
from ..records import SessionRecord
from . import access
from .access import Principal
from .lifecycle import SessionMove, ending
from .names import check_text

_POINTER = "/reason"


def check_reason(principal: Principal, session: SessionRecord, reason: str | None) -> None:
    """:raises InvalidArgument: when nobody can read it, or when it is missing and the session is another's."""
    if reason is not None:
        check_text(reason, _POINTER)
    elif not access.owns_session(principal, session):
        message = "must be given to close a session of somebody else, who reads it"
        raise InvalidArgument(f"reason {message}.", errors=(FieldError(_POINTER, message),))


def closing(principal: Principal, session: SessionRecord, at: datetime, reason: str | None) -> SessionMove:
    """The end of a session that a person closes."""
    own = access.owns_session(principal, session)
    who = "you" if own else principal.shown_name
    said = f"was closed by {who}" if reason is None else f'was closed by {who}, who said "{reason}"'
    if own and reason is not None:
        said = f'was closed by you, and you said "{reason}"'
    move = ending(session.id, "closed", at, access.closing_reason(principal, session), said, by=principal.id)
    return replace(move, closed_by=None if own else principal.shown_name, close_reason=reason)
