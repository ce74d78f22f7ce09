"""``/openapi.json``: the API as the server serves it, made from the table of operations and the models they decode."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.client import responses
from typing import Any

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated

from .. import models
from ..errors import (
    FAMILIES,
    Internal,
    InvalidArgument,
    LakesailError,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from ..version import __version__
from . import json_schema
from .base import BoundedHandler
from .json_schema import Schema
from .operations import IDEMPOTENCY_KEY, ApiOperation
from .problems import HTTP_STATUS

_EVERY_OPERATION = (InvalidArgument, Internal, Unavailable)
_WITH_LOGIN = (Unauthenticated, PermissionDenied)
_WITH_BODY = (PayloadTooLarge, UnsupportedMediaType)
_RETRY_LATER = frozenset({429, 503})
_PARAMETER = re.compile(r"\{(\w+)\}")
_PATH_PARAMETERS: Mapping[str, Any] = {"workloadConfig": models.Name}
"""All others are ids."""

_SECURITY: Mapping[str, Mapping[str, str]] = {
    "jupyterToken": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The Jupyter server's token, as `token TOKEN`.",
    },
    "jupyterCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "username-localhost-8888",
        "description": "Jupyter's login cookie, named after the server's host and port. What changes something also "
        "needs the `_xsrf` cookie's value in `X-XSRFToken`.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A kernel's own token, a service account's key, or the Jupyter server's token.",
    },
}
_LOGIN: list[dict[str, list[str]]] = [{name: []} for name in _SECURITY]

_IDEMPOTENCY_KEY: Schema = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "A retried request with the same key answers what the first one made.",
    "schema": json_schema.of_type(models.IdempotencyKey),
    **models.marks_of("idempotency_key"),
}
_APART: Mapping[str, Schema] = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Whether the server answers",
            "security": [],
            "responses": {
                "200": {
                    "description": "It does.",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"status": {"type": "string", "const": "ok"}},
                                "required": ["status"],
                            }
                        }
                    },
                }
            },
            **models.marks_of("health"),
        }
    },
    "/openapi.json": {
        "get": {
            "operationId": "openapi",
            "summary": "This document",
            "security": [],
            "responses": {
                "200": {
                    "description": "An OpenAPI 3.1 document.",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                }
            },
            **models.marks_of("openapi"),
        }
    },
    "/events/ws": {
        "get": {
            "operationId": "streamEvents",
            "summary": "Stream events",
            "description": "A WebSocket: each text frame is one `Event`, of every kind. The server pings every "
            "20 seconds. It closes with 4001 when the login has expired, and with 4002 when the server stops.",
            "parameters": list(json_schema.query_parameters(models.EventStreamQuery)),
            "responses": {
                "101": {"description": "The stream begins."},
                "400": {"$ref": "#/components/responses/InvalidArgument"},
                "401": {"$ref": "#/components/responses/Unauthenticated"},
                "403": {"$ref": "#/components/responses/PermissionDenied"},
            },
            **models.marks_of("events"),
        }
    },
}
"""Paths with a handler of their own."""


class OpenApiHandler(BoundedHandler):
    """Tells what the API is; holds no data, so it asks for no login, opens nothing and starts nothing."""

    def initialize(self, context: Any, document: Callable[[], bytes]) -> None:  # type: ignore[override]
        super().initialize(context)
        self._document = document

    def needs_login(self) -> bool:
        return False

    @allow_unauthenticated
    def get(self) -> None:
        self.on_body_read()
        self.finish(self._document())


def document_of(private: tuple[ApiOperation, ...], public: tuple[ApiOperation, ...], root: str) -> Callable[[], bytes]:
    """Makes the document when it is first asked for.

    :param root: the API's root path on this server.
    """
    return functools.cache(lambda: msgspec.json.encode(describe(private, public, root)))


def describe(private: Iterable[ApiOperation], public: Iterable[ApiOperation], root: str) -> Schema:
    """The OpenAPI document of these operations; ``public`` ones ask for no login."""
    private, public = tuple(private), tuple(public)
    names = _operation_ids((*private, *public))
    paths: dict[str, Schema] = {path: dict(verbs) for path, verbs in _APART.items()}
    for operation in (*private, *public):
        described = _operation(operation, names, login=operation in private)
        paths.setdefault(operation.path, {})[operation.verb.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LakeSail workloads",
            "version": __version__,
            "description": "Interactive compute sessions, lifecycle management, and token issuance. "
            f"What is marked `{models.EXTENSION_KEY}` is served here and not part of the LakeSail API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": root}],
        "security": _LOGIN,
        "paths": paths,
        "components": {
            "schemas": _schemas((*private, *public)),
            "responses": {kind.__name__: _problem(kind) for kind in HTTP_STATUS},
            "securitySchemes": _SECURITY,
        },
    }


def _operation_ids(operations: tuple[ApiOperation, ...]) -> dict[tuple[str, str], str]:
    """Verb and path -> a name of its own: the function's, and where a function serves a second path, that too."""
    names: dict[tuple[str, str], str] = {}
    for operation in operations:
        name = _camel(operation.run.__name__)
        if name in names.values():
            name += "At" + "".join(word.title() for word in re.findall(r"\w+", _PARAMETER.sub("", operation.path)))
        names[operation.verb, operation.path] = name
    return names


def _operation(operation: ApiOperation, names: Mapping[tuple[str, str], str], *, login: bool) -> Schema:
    summary, _, description = inspect.cleandoc(operation.run.__doc__ or "").partition("\n")
    parameters = list(_parameters(operation))
    found: Schema = {
        "operationId": names[operation.verb, operation.path],
        "summary": summary.rstrip("."),
        "responses": {str(operation.status): _success(operation, names)} | _problems(operation, login=login),
    }
    if description.strip():
        found["description"] = " ".join(description.split())
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        content = {"application/json": {"schema": json_schema.reference(operation.body)}}
        found["requestBody"] = {"required": _needs_a_body(operation.body), "content": content}
    if not login:
        found["security"] = []
    if operation.feature is not None:
        found |= models.marks_of(operation.feature)
    return found


def _parameters(operation: ApiOperation) -> Iterator[Schema]:
    for name in _PARAMETER.findall(operation.path):
        schema = json_schema.of_type(_PATH_PARAMETERS.get(name, models.Id))
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if operation.query is not None:
        yield from json_schema.query_parameters(operation.query)
    if operation.takes_idempotency_key:
        yield _IDEMPOTENCY_KEY


def _needs_a_body(body: type[msgspec.Struct]) -> bool:
    """An empty body is an empty object: enough where every field has a default."""
    return any(field.required for field in msgspec.structs.fields(body))


def _success(operation: ApiOperation, names: Mapping[tuple[str, str], str]) -> Schema:
    found: Schema = {"description": responses[operation.status]}
    if operation.answer is not None:
        found["content"] = {"application/json": {"schema": json_schema.reference(operation.answer)}}
    if operation.location is not None:
        found["headers"] = {"Location": {"required": True, "schema": {"type": "string"}}}
        found["links"] = dict(_links(operation.location, names))
    return found


def _links(location: str, names: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, Schema]]:
    """What can be done next with what was created."""
    collection = location.removesuffix("/{id}")
    for (_, path), name in names.items():
        parameters = _PARAMETER.findall(path)
        if path.startswith(f"{collection}/{{") and len(parameters) == 1:
            yield name, {"operationId": name, "parameters": {parameters[0]: "$response.body#/id"}}


def _problems(operation: ApiOperation, *, login: bool) -> Schema:
    kinds: list[type[LakesailError]] = [*_EVERY_OPERATION, *operation.raises]
    kinds += _WITH_LOGIN if login else ()
    kinds += _WITH_BODY if operation.body is not None else ()
    kinds += (NotFound,) if _PARAMETER.search(operation.path) else ()
    by_status = sorted({HTTP_STATUS[kind]: kind for kind in kinds}.items())
    return {str(status): {"$ref": f"#/components/responses/{kind.__name__}"} for status, kind in by_status}


def _problem(kind: type[LakesailError]) -> Schema:
    status = HTTP_STATUS[kind]
    found: Schema = {
        "description": responses[status],
        "content": {"application/problem+json": {"schema": json_schema.reference(models.Problem)}},
    }
    if status in _RETRY_LATER:
        found["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
    return found


def _schemas(operations: tuple[ApiOperation, ...]) -> dict[str, Schema]:
    kinds = [kind for operation in operations for kind in (operation.body, operation.answer) if kind is not None]
    schemas = json_schema.components([*kinds, models.Problem])
    schemas["Problem"]["properties"]["code"]["enum"] = sorted(FAMILIES)
    return schemas


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
