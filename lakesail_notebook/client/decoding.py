"""Reading the API's answers: an older client must understand a newer server."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

Answer = TypeVar("Answer", bound=msgspec.Struct)


def decode_answer(raw: bytes, kind: type[Answer]) -> Answer:
    """An answer as ``kind``, without the fields that this version does not know, at any depth.

    Types that requests share with answers refuse unknown fields, so these are left out before.

    :raises msgspec.MsgspecError: when it is no such answer.
    """
    return msgspec.convert(_known(msgspec.json.decode(raw), _shape(kind)), kind)


@functools.cache
def _shape(kind: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(kind)


def _known(value: Any, shape: inspect.Type) -> Any:
    if isinstance(shape, inspect.UnionType):
        structures = [member for member in shape.types if isinstance(member, inspect.StructType)]
        shape = structures[0] if structures else shape
    if isinstance(shape, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in shape.fields}
        return {name: _known(inner, fields[name]) for name, inner in value.items() if name in fields}
    if isinstance(shape, inspect.VarTupleType) and isinstance(value, list):
        return [_known(inner, shape.item_type) for inner in value]
    return value
