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


def extension_of(feature: Feature) -> Meta:
    """Marks a field of a model as an extension: ``Annotated[str | None, extension_of("logs")]``."""
    return Meta(extra_json_schema=marks_of(feature))


def marks_of(feature: Feature) -> dict[str, Any]:
    """What an extension carries in ``/openapi.json``."""
    return {EXTENSION_KEY: True, FEATURE_KEY: feature}


def features_needed(request: Struct) -> frozenset[str]:
    """The features without which a server does not understand a request: those of the extension fields that it sets.

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
        for name, _, feature, default in _fields(type(value)):
            inner = getattr(value, name)
            if feature is not None and inner != default:
                yield feature
            yield from _needed(inner)


def _sent(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_sent(item) for item in value]
    if not isinstance(value, Struct):
        return value
    fields = (
        (encoded, getattr(value, name), feature, default) for name, encoded, feature, default in _fields(type(value))
    )
    return {
        encoded: _sent(inner)
        for encoded, inner, feature, default in fields
        if inner is not UNSET and (feature is None or inner != default)
    }


@functools.cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, str, str | None, Any], ...]:
    """Of each field: its name here and in JSON, its feature if it is an extension, and its default."""
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    return tuple((field.name, field.encode_name, _feature_of(field.type), field.default) for field in shape.fields)


def _feature_of(shape: inspect.Type) -> str | None:
    return (shape.extra_json_schema or {}).get(FEATURE_KEY) if isinstance(shape, inspect.Metadata) else None
