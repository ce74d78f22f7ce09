"""Names that people give to sessions, configs and service accounts."""

from __future__ import annotations

import re
from typing import Any

from ...errors import FieldError, InvalidArgument

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 controls, and those that turn the direction of text: they would make one name look like another."""


def check_name(name: str, pointer: str = "/name") -> None:
    """:raises InvalidArgument: when the name holds what no reader can see, or is blank."""
    if _CONTROLS.search(name) is not None or not name.strip():
        message = "must have a visible character, and none that is a control"
        raise InvalidArgument(f"{pointer.removeprefix('/')} {message}.", errors=(FieldError(pointer, message),))


def kind_of(value: Any) -> str:
    """What a wrong setting is, for a message that strangers may read: numbers as they are, of all else the type."""
    return repr(value) if value is None or isinstance(value, bool | int | float) else f"a {type(value).__name__}"
