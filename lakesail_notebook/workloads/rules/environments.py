"""What an environment that comes with a request may hold. Pure; no message tells a value."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import FieldError, InvalidArgument, json_pointer
from ...models.own_variables import MAX_ENVIRONMENT_BYTES, beyond_limit, own_variables

POINTER = "/environment"


def accepted_environment(given: Mapping[str, str], *, offered: bool) -> dict[str, str]:
    """What the engine gets of it.

    :param offered: whether this server takes environments: it has one user, and the engine runs on its machine.
    :raises InvalidArgument: with a pointer to each variable that is refused, or to all of them.
    """
    if not offered:
        message = "is taken by servers of one person alone, whose engines run on the same machine"
        raise InvalidArgument(f"environment {message}; leave it out.", errors=(FieldError(POINTER, message),))
    wrong = [name for name, value in given.items() if not _is_variable(name, value)]
    if wrong:
        message = "is no environment variable: a name is not empty and has no '=', and nothing in it is a NUL"
        raise InvalidArgument(f"A variable of environment {message}.", errors=_at(wrong, message))
    environment = own_variables(given)
    if large := beyond_limit(environment):
        message = f"is too large: all variables together have at most {MAX_ENVIRONMENT_BYTES // 1024} KiB"
        raise InvalidArgument(f"{', '.join(large)} of environment {message}.", errors=_at(large, message))
    return environment


def _is_variable(name: str, value: str) -> bool:
    return bool(name) and "=" not in name and "\0" not in name + value


def _at(names: list[str] | tuple[str, ...], message: str) -> tuple[FieldError, ...]:
    return tuple(FieldError(POINTER + json_pointer(name), message) for name in names)
