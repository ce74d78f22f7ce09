"""Texts of one line that people give: names of sessions, configs and service accounts, and reasons."""

from __future__ import annotations

import re
from typing import Any

from ...errors import FieldError, InvalidArgument

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 controls, and those that turn the direction of text: they would make one name look like another."""


def check_name(name: str) -> None:
    """:raises InvalidArgument: when the name holds what no reader can see, or is blank."""
    check_text(name, "/name")


def check_text(text: str, pointer: str) -> None:
    """:raises InvalidArgument: when the text of this field holds what no reader can see, or is blank."""
    if _CONTROLS.search(text) is not None or not text.strip():
        message = "must have a visible character, and none that is a control"
        raise InvalidArgument(f"{pointer.removeprefix('/')} {message}.", errors=(FieldError(pointer, message),))


def kind_of(value: Any) -> str:
    """What a wrong setting is, for a message that strangers may read: numbers as they are, of all else the type."""
    return repr(value) if value is None or isinstance(value, bool | int | float) else f"a {type(value).__name__}"
