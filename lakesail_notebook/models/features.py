"""What this version has beyond the LakeSail API, by name.

A server announces its features in ``/me``. A client of another version sends an extension field only to a server that
announces its feature.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, inspect

Feature = Literal[
    "close_reason",
    "config_changes",
    "config_facts",
    "engine_use",
    "environment",
    "event_kinds",
    "events",
    "extend",
    "health",
    "idempotency_key",
    "instance_types",
    "interrupt",
    "jwks",
    "logs",
    "marimo_sessions",
    "me",
    "openapi",
    "queries",
    "service_accounts",
    "session_facts",
    "session_kernels",
    "short_config_paths",
    "start_estimates",
    "token_revocation",
]
FEATURES: tuple[Feature, ...] = get_args(Feature)

EXTENSION_KEY = "x-lakesail-extension"
"""Marks in ``/openapi.json`` what the LakeSail API does not have."""
FEATURE_KEY = "x-lakesail-feature"
"""Names there the feature that an extension belongs to."""
EXTENSION_VALUES_KEY = "x-lakesail-extension-values"
"""Lists there the values of a field that the LakeSail API does not have, each with the feature that it belongs to."""


def extension_of(feature: Feature) -> Meta:
    """Marks a field of a model as an extension: ``Annotated[str | None, extension_of("logs")]``."""
    return Meta(extra_json_schema=marks_of(feature))


def marks_of(feature: Feature) -> dict[str, Any]:
    """What an extension carries in ``/openapi.json``."""
    return {EXTENSION_KEY: True, FEATURE_KEY: feature}


def extension_values(feature: Feature, *values: str) -> Meta:
    """Marks some values of a field of a model as extensions."""
    return Meta(extra_json_schema={EXTENSION_VALUES_KEY: dict.fromkeys(values, feature)})


def features_needed(request: Struct) -> frozenset[str]:
    """The features without which a server does not understand a request: those of the extension fields and extension
    values that it sets.

    An extension field that has its default value is not sent, so it needs nothing.
    """
    return frozenset(_needed(request))


def encode_request(request: Struct) -> bytes:
    """A request as JSON, without the extension fields that have their default value: older servers do not know them."""
    return msgspec.json.encode(_sent(request))


def _needed(value: Any) -> Iterator[str]:
    if isinstance(value, tuple):
        for item in value:
            yield from _needed(item)
    elif isinstance(value, Struct):
        for field in _fields(type(value)):
            inner = getattr(value, field.name)
            if field.feature is not None and inner != field.default:
                yield field.feature
            if isinstance(inner, str) and inner in field.features_of_values:
                yield field.features_of_values[inner]
            yield from _needed(inner)


def _sent(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_sent(item) for item in value]
    if not isinstance(value, Struct):
        return value
    fields = ((field, getattr(value, field.name)) for field in _fields(type(value)))
    return {
        field.encoded: _sent(inner)
        for field, inner in fields
        if inner is not UNSET and (field.feature is None or inner != field.default)
    }


class _Field(Struct, frozen=True):
    """A field of a model."""

    name: str
    encoded: str
    """Its name in JSON."""
    default: Any
    feature: str | None
    """The feature of an extension field."""
    features_of_values: dict[str, str]
    """The features of its extension values."""


@functools.cache
def _fields(kind: type[Struct]) -> tuple[_Field, ...]:
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    return tuple(_field(field) for field in shape.fields)


def _field(field: inspect.Field) -> _Field:
    marks = (field.type.extra_json_schema or {}) if isinstance(field.type, inspect.Metadata) else {}
    values = marks.get(EXTENSION_VALUES_KEY, {})
    return _Field(field.name, field.encode_name, field.default, marks.get(FEATURE_KEY), values)
