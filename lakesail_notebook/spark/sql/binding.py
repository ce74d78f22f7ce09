"""The Python values that the ``{name}`` of a statement stand for, as the engine can be handed them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from numbers import Integral
from typing import Any

from ..frame_columns import is_frame
from ..sail_workarounds.list_types import common_type
from .literals import KINDS, MOST_DIGITS, decimal_digits
from .statements import Statement

_BIGINT = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Items:
    """The values of a list."""

    values: Sequence[Any]
    type: str | None
    """What each has to be cast to; ``None`` where they are of one type already."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement ready for PySpark."""

    sql: str
    """With ``:name`` for values and ``{frame_name}`` for DataFrames."""
    values: Mapping[str, Any]
    """Lists as :class:`Items`."""
    frames: Mapping[str, Any]
    """By ``frame_name``, which is no argument of ``spark.sql`` itself."""


class NotBindable(ValueError):
    """The text of the exception says which name, and why."""


def bind(statement: Statement, namespace: Mapping[str, Any]) -> Bound:
    """The values of the names in a statement: bound by the engine, never pasted into the text.

    :raises NotBindable: for a name that is not there, or a value that SQL knows no literal for.
    """
    values: dict[str, Any] = {}
    frames: dict[str, Any] = {}
    for name in (piece.text for piece in statement if piece.kind == "name"):
        if name not in namespace:
            raise NotBindable(f"there is no Python variable {name!r} to bind to {{{name}}}")
        value = namespace[name]
        if is_frame(value):
            frames[f"frame_{name}"] = value
            continue
        try:
            values[name] = _items(value) if isinstance(value, list | tuple) else _scalar(value)
        except ValueError as error:
            raise NotBindable(f"{name} {error}") from error
    return Bound(_text(statement, values, braces=bool(frames)).strip(), values, frames)


def _text(statement: Statement, values: Mapping[str, Any], *, braces: bool) -> str:
    text = ""
    after_name = False
    for piece in statement:
        part = _part(piece.kind, piece.text, values, braces=braces)
        # Else a word beside the braces would become a part of the parameter's name, and a colon a cast.
        if (after_name and _joins(part[:1])) or (piece.kind == "name" and (_joins(text[-1:]) or text.endswith(":"))):
            text += " "
        text += part
        after_name = piece.kind == "name"
    return text


def _joins(character: str) -> bool:
    return character.isalnum() or character == "_"


def _part(kind: str, text: str, values: Mapping[str, Any], *, braces: bool) -> str:
    if kind == "name":
        return f":{text}" if text in values else f"{{frame_{text}}}"
    # With DataFrames, PySpark reads the text as a format.
    return text.replace("{", "{{").replace("}", "}}") if braces else text


def _scalar(value: Any) -> Any:
    """:raises ValueError: for what cannot be bound; its text goes on after the variable's name."""
    if value is None:
        return None
    if type(value).__module__ == "numpy" and isinstance(value, Integral):
        value = int(value)
    if not isinstance(value, KINDS):
        raise ValueError(
            f"is of type {type(value).__name__}; what can be bound are DataFrames of this session, numbers, texts, "
            "bytes, dates, None and lists of these"
        )
    if isinstance(value, int) and value not in _BIGINT:
        raise ValueError("is larger than a BIGINT; bind it as a Decimal or a text")
    if isinstance(value, Decimal) and sum(decimal_digits(value)) > MOST_DIGITS:
        raise ValueError(f"has more than the {MOST_DIGITS} digits of a DECIMAL")
    if isinstance(value, str):
        _check_text(value)
    if isinstance(value, date) and value != value:
        raise ValueError("is no time (NaT); bind None instead")
    return value


def _check_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"has half a character at position {error.start}, which is no text in UTF-8") from error


def _items(values: Sequence[Any]) -> Items:
    checked = [_scalar(value) for value in values]
    present = [value for value in checked if value is not None]
    if not present:
        raise ValueError("is an empty list, or one of None alone: its type is not known")
    return Items(checked, common_type(present))
