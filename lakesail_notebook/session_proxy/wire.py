"""The bytes of protobuf messages, read field by field without copying what they hold, and written. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..errors import InvalidArgument

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
_MAX_TAG = 2**32 - 1
_MAX_FIRST_FIELDS = 1000
"""Of one message; a request of any size costs no more than this to look at."""
_MAX_TEXT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Field:
    number: int
    payload: memoryview | None
    """Of a length-delimited field; ``None`` for numbers."""
    value: int
    """Of a varint; else 0."""


def fields(message: bytes | memoryview) -> Iterator[Field]:
    """:raises InvalidArgument: from the iterator, where the bytes are no fields, or could be read in two ways."""
    view = memoryview(message)
    for number, start, end, value in spans(view, 0, len(view)):
        yield Field(number, view[start:end] if start >= 0 else None, value)


def first_fields(message: bytes | memoryview) -> Iterator[Field]:
    """As far as they can be read; for who only describes a message."""
    try:
        yield from islice(fields(message), _MAX_FIRST_FIELDS)
    except InvalidArgument:
        return


def payload_in(message: bytes | memoryview, number: int) -> memoryview | None:
    """Of the first field with that number, among the :func:`first_fields`."""
    return next((field.payload for field in first_fields(message) if field.number == number), None)


def short_text(payload: memoryview) -> str:
    """The beginning of a text; what is not UTF-8 is left out."""
    return bytes(payload[:_MAX_TEXT_BYTES]).decode(errors="ignore")


def spans(message: bytes | memoryview, position: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message at these positions, for who reads a great many: the number of each, the start and end
    of its payload (-1 when it is a number), and its value (of a varint; else 0).

    :raises InvalidArgument: as :func:`fields`.
    """
    while position < stop:
        tag = message[position]
        if tag < 0x80:  # most are one byte long
            position += 1
        else:
            tag, position = _varint(message, position, minimal=True)
        number, wire_type = tag >> 3, tag & 7
        if tag > _MAX_TAG or number == 0:
            raise malformed("a field number is out of range")
        start, value = -1, 0
        if wire_type == _BYTES:
            length, start = _varint(message, position, minimal=True)
            position = start + length
        elif wire_type == _VARINT:
            value, position = _varint(message, position, minimal=False)
        elif wire_type in {_FIXED64, _FIXED32}:
            position += 8 if wire_type == _FIXED64 else 4
        else:
            raise malformed(f"wire type {wire_type} has no place in it")
        if position > stop:
            raise malformed("it is cut short")
        yield number, start, position, value


def _varint(message: bytes | memoryview, position: int, *, minimal: bool) -> tuple[int, int]:
    """The number at ``position``, and the position after it. Tags and lengths have one spelling: the shortest."""
    value = 0
    for index, byte in enumerate(message[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if minimal and index > 0 and byte == 0:
                raise malformed("a number is padded")
            return value, position + index + 1
    raise malformed("a number has no end")


def encoded(number: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return _encoded_varint(number << 3 | _BYTES) + _encoded_varint(len(payload)) + payload


def _encoded_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def payload_of(field: Field) -> memoryview:
    """:raises InvalidArgument: when the field is a number."""
    if field.payload is None:
        raise malformed(f"field {field.number} is no message")
    return field.payload


def text_of(value: bytes) -> str:
    """:raises InvalidArgument: when it is not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise malformed("a text is not UTF-8") from error


def malformed(what: str) -> InvalidArgument:
    return InvalidArgument(f"The request is no Spark Connect message: {what}.")
