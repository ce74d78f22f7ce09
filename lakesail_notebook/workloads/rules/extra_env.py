"""The variables of a compute config when it is changed by people who may have seen masked values: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import FieldError, InvalidArgument, json_pointer
from ...models import MASKED


@dataclass(frozen=True, slots=True)
class Env:
    readable: dict[str, str]
    unreadable: dict[str, str]
    """Those whose values cannot be read here, as they are stored."""


def changed_env(wanted: Mapping[str, str], readable: Mapping[str, str], unreadable: Mapping[str, str]) -> Env:
    """The variables after a change: a masked value keeps what is stored under its name.

    :param readable: the variables that there are, and their values.
    :param unreadable: those whose values cannot be read here.
    :raises InvalidArgument: with a pointer to each masked value without a stored one.
    """
    kept = {name for name, value in wanted.items() if value == MASKED}
    refuse_masked({name: MASKED for name in kept if name not in readable and name not in unreadable})
    return Env(
        {
            name: readable[name] if name in kept else wanted[name]
            for name in wanted
            if name not in kept or name in readable
        },
        {name: unreadable[name] for name in wanted if name in kept and name not in readable},
    )


def refuse_masked(wanted: Mapping[str, str]) -> None:
    """:raises InvalidArgument: for masked values, where none is stored that they could keep."""
    message = "is masked, and no value of this name is stored; give the value itself"
    errors = tuple(
        FieldError(json_pointer("config", "sail", "extraEnv", name), message)
        for name, value in wanted.items()
        if value == MASKED
    )
    if errors:
        raise InvalidArgument(f"{errors[0].pointer.removeprefix('/config/sail/')} {message}.", errors=errors)
