"""What a new session asks for beyond an engine: the marimo server of a marimo session."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ...errors import FailedPrecondition, InvalidArgument, PermissionDenied
from ..apps_port import Apps, AppSpec
from ..reconciling.apps import spec_of
from ..rules import access
from ..rules.access import Principal
from ..rules.apps import MARIMO


def require_may_begin(principal: Principal) -> None:
    """:raises PermissionDenied: to what runs on a session."""
    if not access.begins_sessions(principal):
        raise PermissionDenied(
            f"What asks runs on session {principal.session_id} and may use that session alone: it begins no other. "
            "Close this one, or run 'jupyter lakesail marimo' again.",
            reason="bound_to_session",
        )


async def app_spec(
    apps: Apps | None, endpoint_type: str, metadata: Mapping[str, str], *, single_user: bool
) -> AppSpec | None:
    """The app of a new session; ``None`` for a session without one.

    :raises LakesailError: when there can be no such app; the message says what to do.
    """
    if endpoint_type != MARIMO:
        return None
    if apps is None:
        raise FailedPrecondition("This control plane starts no marimo.", reason="marimo_unavailable")
    if not single_user:
        raise PermissionDenied(
            apps.unavailable or "This server starts no marimo for its users.", reason="marimo_unavailable"
        )
    spec = spec_of(apps, metadata)
    problems = tuple(await apps.validate(spec))
    if problems:
        raise InvalidArgument(f"{problems[0].message[:1].upper()}{problems[0].message[1:]}.", errors=problems)
    return spec


def directory_of(spec: AppSpec) -> str:
    """Where the app and the engine of its session work."""
    return spec.working_directory or os.path.dirname(spec.file)
