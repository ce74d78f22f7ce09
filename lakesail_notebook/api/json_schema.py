"""The wire models as JSON Schema, as the API means them: what it reads, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.inspect import StructType

TEMPLATE = "#/components/schemas/{name}"
"""Where an OpenAPI document keeps its schemas."""

Schema = dict[str, Any]


def components(kinds: Iterable[type[Struct]]) -> dict[str, Schema]:
    """The schema of each model, and of all that it holds, by name."""
    wanted = tuple(dict.fromkeys(kinds))
    _, schemas = msgspec.json.schema_components(wanted, ref_template=TEMPLATE)
    for model in _models(wanted):
        _refine(schemas[model.cls.__name__], model)
    return {name: _respelt(schema) for name, schema in sorted(schemas.items())}


def reference(kind: type[Struct]) -> Schema:
    return {"$ref": TEMPLATE.format(name=kind.__name__)}


def of_type(kind: Any) -> Schema:
    """The schema of a type that is no model, such as :data:`lakesail_notebook.models.Id`."""
    return cast("Schema", _respelt(msgspec.json.schema(kind)))


def query_parameters(query: type[Struct]) -> Iterator[Schema]:
    """The fields of a query as OpenAPI parameters: texts and whole numbers, never null."""
    _, schemas = msgspec.json.schema_components((query,), ref_template=TEMPLATE)
    schema: Schema = _respelt(schemas[query.__name__])
    for name, inner in schema["properties"].items():
        required = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": _without_null(inner)}


def _models(kinds: Iterable[type[Struct]]) -> list[StructType]:
    """The models, and all that they hold, each once."""
    found: dict[type[Struct], StructType] = {}
    waiting: list[Any] = [msgspec.inspect.type_info(kind) for kind in kinds]
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, StructType):
            if shape.cls in found:
                continue
            found[shape.cls] = shape
            waiting += [field.type for field in shape.fields]
        else:
            waiting += _parts(shape)
    return list(found.values())


def _parts(shape: Any) -> list[Any]:
    """The types that a container, a union or an annotated type is made of."""
    held = (getattr(shape, name, None) for name in ("type", "item_type", "value_type"))
    return [*getattr(shape, "types", ()), *getattr(shape, "item_types", ()), *(part for part in held if part)]


def _refine(schema: Schema, model: StructType) -> None:
    settings = model.cls.__struct_config__
    properties = schema["properties"]
    if settings.forbid_unknown_fields:  # a request, where null and absent mean the same
        properties.update({name: _or_null(inner) for name, inner in properties.items() if "default" in inner})
    elif settings.omit_defaults:  # an answer that leaves out what it has not
        properties.update({name: _without_null(inner) for name, inner in properties.items()})
    else:  # an answer that carries every field
        schema["required"] = list(properties)
        for inner in properties.values():
            inner.pop("default", None)


def _or_null(schema: Schema) -> Schema:
    if any(option == {"type": "null"} for option in schema.get("anyOf", ())):
        return schema
    own = {name: value for name, value in schema.items() if name != "default"}
    return {"anyOf": [own, {"type": "null"}], "default": schema["default"]}


def _without_null(schema: Schema) -> Schema:
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    around = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    default = {} if schema.get("default") is None else {"default": schema["default"]}
    return {**around, **options[0], **default}


def _respelt(value: Any) -> Any:
    """Python's end of text in ECMA's spelling, and the type of enumerated texts, which msgspec leaves out."""
    if isinstance(value, list):
        return [_respelt(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    found = {name: _respelt(inner) for name, inner in value.items()}
    if isinstance(pattern := found.get("pattern"), str):
        found["pattern"] = pattern.replace(r"\Z", "$")
    choices = found.get("enum")
    if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices):
        found.setdefault("type", "string")
    return found
