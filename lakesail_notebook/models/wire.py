"""What all models are made of: the two kinds, and the types that several of them use."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ..ids import ID_REGEX

SessionStatus = Literal["pending", "active", "idle", "closed", "failed"]
LIVE_STATUSES: tuple[SessionStatus, ...] = ("pending", "active", "idle")
"""Of sessions that can be used, or will be; in the order of a session's life, so that who lists one status after the
other misses no session that moves on meanwhile."""
InfraStatus = Literal["requested", "starting", "ready", "stopping", "stopped", "failed"]
EndpointType = Literal["spark_connect", "marimo"]
ExecutionMode = Literal["standalone", "cluster"]
CapacityType = Literal["on-demand", "spot"]

EventKind = Literal["move", "warning", "extension", "config", "query"]
TimeoutReason = Literal["idle_timeout", "max_duration", "detached"]
QueryOutcome = Literal["running", "succeeded", "failed", "cancelled"]

# `$` would also match before a line's end; the API's document has its own spelling.
Id = Annotated[
    str,
    Meta(
        pattern=rf"^{ID_REGEX}\Z",
        min_length=1,
        max_length=20,
        description="1 to 20 of A-Z and 0-9",
        examples=["A1B2C3D4E5"],
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
_INT32 = 2**31 - 1
Size = Annotated[int, Meta(ge=1, le=_INT32)]
PageLimit = Annotated[int, Meta(ge=0, le=100, extra_json_schema={"format": "int32"})]
IdempotencyKey = Annotated[
    str,
    Meta(
        pattern=r"^[\x21-\x7e]{1,200}\Z",
        min_length=1,
        max_length=200,
        description="1 to 200 visible ASCII characters without spaces",
    ),
]
Metadata = dict[str, str]
SequenceNumber = Annotated[int, Meta(ge=0)]

PYTHON_KEY = "lakesail/python"
"""Session metadata: the interpreter that runs the engine, and so the UDFs."""
DIRECTORY_KEY = "lakesail/cwd"
"""Session metadata: the engine's working directory."""
NOTEBOOK_KEY = "lakesail/notebook"
"""Session metadata: the notebook's path, for people."""
KERNEL_KEY = "lakesail/kernel"
"""Session metadata: the kernel that the session was made in; set by the server."""
MARIMO_FILE_KEY = "lakesail/marimo-file"
"""Metadata of a marimo session: its notebook, as an absolute path or relative to the server's root directory."""
MARIMO_MODE_KEY = "lakesail/marimo-mode"
"""Metadata of a marimo session: ``edit`` (the default) or ``run``."""


class Answer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something the API says."""


class Request(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something the API is told."""


def encode(value: Struct) -> bytes:
    return msgspec.json.encode(value)
