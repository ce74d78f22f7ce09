"""The served description of the API: valid, complete, and field by field what the reference says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from lakesail_notebook.errors import FAMILIES
from lakesail_notebook.models import EXTENSION_KEY as EXTENSION
from lakesail_notebook.models import EXTENSION_VALUES_KEY, FEATURE_KEY, FEATURES

from . import reference

VERBS = {"get", "post", "put", "patch", "delete"}
TYPES: dict[type, str] = {str: "string", int: "integer", bool: "boolean", list: "array", dict: "object"}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document(stranger: httpx.Client) -> Json:
    answer = stranger.get("openapi.json")
    assert answer.status_code == 200, answer.text
    return cast("Json", answer.json())


def test_the_document_is_a_valid_openapi_document(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_document_says_where_the_api_is(document: Json, stranger: httpx.Client) -> None:
    assert document["servers"] == [{"url": stranger.base_url.raw_path.decode().rstrip("/")}]


@pytest.mark.parametrize("operation", reference.OPERATIONS, ids=lambda item: f"{item.verb} {item.path}")
class TestOfTheReference:
    def test_every_operation_is_there_under_its_name(self, document: Json, operation: reference.Operation) -> None:
        served = _served(document, operation)
        assert served["summary"] == operation.summary
        assert EXTENSION not in served

    def test_its_parameters_are_exact(self, document: Json, operation: reference.Operation) -> None:
        served = {
            parameter["name"]: parameter
            for parameter in _served(document, operation).get("parameters", [])
            if parameter["in"] != "path" and EXTENSION not in parameter
        }
        assert set(served) == {parameter.name for parameter in operation.parameters}
        for parameter in operation.parameters:
            assert (served[parameter.name]["in"], served[parameter.name]["required"]) == ("query", False)
            assert _parameter(parameter.name, served[parameter.name]["schema"]) == _unordered(parameter)

    def test_its_body_has_the_fields_of_the_reference(self, document: Json, operation: reference.Operation) -> None:
        body = _served(document, operation).get("requestBody")
        assert body is not None or operation.request is None
        if body is not None:
            schema = body["content"]["application/json"]["schema"]
            assert list(_differences(document, schema, operation.request or {})) == []
            assert operation.request is not None or not body["required"], "where the reference has none, all is ours"

    def test_its_answer_has_the_fields_of_the_reference(self, document: Json, operation: reference.Operation) -> None:
        [answer] = [
            answer for status, answer in _served(document, operation)["responses"].items() if status.startswith("2")
        ]
        assert ("content" in answer) == (operation.answer is not None)
        if operation.answer is not None:
            schema = answer["content"]["application/json"]["schema"]
            assert list(_differences(document, schema, operation.answer)) == []


def test_what_the_reference_has_not_is_marked_as_ours(document: Json) -> None:
    of_the_reference = {(operation.verb.lower(), operation.path) for operation in reference.OPERATIONS}
    for verb, path, served in _operations(document):
        assert served.get(EXTENSION, False) == ((verb, path) not in of_the_reference), (verb, path)


def test_every_extension_names_a_feature_that_the_server_announces(document: Json) -> None:
    named = set()
    for marked in _marked(document):
        assert marked[FEATURE_KEY] in FEATURES, marked
        named.add(marked[FEATURE_KEY])
    for schema in _with_extension_values(document):
        assert set(schema[EXTENSION_VALUES_KEY]) <= set(schema["enum"]), schema
        named |= set(schema[EXTENSION_VALUES_KEY].values())
    assert named == set(FEATURES)


def test_every_operation_says_what_it_is_and_how_it_refuses(document: Json) -> None:
    ids = [served["operationId"] for _, _, served in _operations(document)]
    assert len(ids) == len(set(ids))
    for verb, path, served in _operations(document):
        assert served["summary"], (verb, path)
        statuses = set(served["responses"])
        asks_for_login = served.get("security") != []
        assert asks_for_login == ({"401", "403"} <= statuses), (verb, path)
        assert "{" not in path or "404" in statuses, (verb, path)
        assert "requestBody" not in served or {"400", "413", "415"} <= statuses, (verb, path)


def test_every_refusal_is_a_problem_document_with_a_known_code(document: Json) -> None:
    for _, _, served in _operations(document):
        for status, answer in served["responses"].items():
            if not status.startswith("2") and status != "101":
                resolved = _resolved(document, answer)
                schema = resolved["content"]["application/problem+json"]["schema"]
                assert _resolved(document, schema)["properties"]["code"]["enum"] == sorted(FAMILIES)


def test_a_created_resource_links_to_what_can_be_done_with_it(document: Json) -> None:
    links = document["paths"][reference.SESSIONS]["post"]["responses"]["201"]["links"]
    assert links["issueToken"]["parameters"] == {"session": "$response.body#/id"}
    assert {link["operationId"] for link in links.values()} >= {"describeSession", "closeSession", "issueToken"}


def test_a_create_may_carry_an_idempotency_key(document: Json) -> None:
    [header] = [
        parameter
        for parameter in document["paths"][reference.SESSIONS]["post"]["parameters"]
        if parameter["in"] == "header"
    ]
    assert (header["name"], header["required"], header[EXTENSION]) == ("Idempotency-Key", False, True)


def _served(document: Json, operation: reference.Operation) -> Json:
    return cast("Json", document["paths"][operation.path][operation.verb.lower()])


def _marked(value: Any) -> Iterator[Json]:
    """Everything in the document that is marked as an extension."""
    if isinstance(value, list):
        for inner in value:
            yield from _marked(inner)
    elif isinstance(value, dict):
        if value.get(EXTENSION):
            yield value
        for inner in value.values():
            yield from _marked(inner)


def _with_extension_values(value: Any) -> Iterator[Json]:
    """Every schema in the document some of whose values are extensions."""
    if isinstance(value, list):
        for inner in value:
            yield from _with_extension_values(inner)
    elif isinstance(value, dict):
        if EXTENSION_VALUES_KEY in value:
            yield value
        for inner in value.values():
            yield from _with_extension_values(inner)


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for verb in VERBS & set(item):
            yield verb, path, item[verb]


def _parameter(name: str, schema: Json) -> reference.Parameter:
    return reference.Parameter(
        name=name,
        type=schema["type"],
        values=tuple(sorted(set(schema.get("enum", ())) - set(schema.get(EXTENSION_VALUES_KEY, ())))),
        pattern=schema.get("pattern"),
        min_length=schema.get("minLength"),
        max_length=schema.get("maxLength"),
        format=schema.get("format"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        default=schema.get("default"),
        example=next(iter(schema.get("examples", ())), None),
    )


def _unordered(parameter: reference.Parameter) -> reference.Parameter:
    fields = {name: getattr(parameter, name) for name in parameter.__slots__}
    return reference.Parameter(**fields | {"values": tuple(sorted(parameter.values))})


def _differences(document: Json, schema: Json, example: Any, pointer: str = "") -> Iterator[str]:
    """Where a schema and the reference's example of it part: a field too few, one too many, another type."""
    schema = _resolved(document, schema)
    if schema.get("type") != TYPES[type(example)]:
        yield f"{pointer}: {schema.get('type')}, not {TYPES[type(example)]}"
    elif isinstance(example, list):
        yield from _differences(document, schema["items"], example[0], f"{pointer}/0")
    elif example == reference.MAP:
        if schema.get("additionalProperties") != {"type": "string"}:
            yield f"{pointer}: no map of texts"
    elif isinstance(example, dict):
        yield from _differing_fields(document, schema.get("properties", {}), example, pointer)


def _differing_fields(document: Json, properties: Json, example: Json, pointer: str) -> Iterator[str]:
    ours = {name for name, inner in properties.items() if _is_ours(document, inner)}
    for name in example.keys() - (properties.keys() - ours):
        yield f"{pointer}/{name}: missing"
    for name in properties.keys() - ours - example.keys():
        yield f"{pointer}/{name}: not in the reference, and not marked as ours"
    for name in example.keys() & properties.keys():
        yield from _differences(document, properties[name], example[name], f"{pointer}/{name}")


def _is_ours(document: Json, schema: Json) -> bool:
    """Whether a field is marked as an extension; the mark of one that may be null stands beside its types."""
    return bool(schema.get(EXTENSION) or _resolved(document, schema).get(EXTENSION))


def _resolved(document: Json, schema: Json) -> Json:
    """Without references, and without null beside another type."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            *_, group, name = schema["$ref"].split("/")
            schema = document["components"][group][name]
        else:
            [schema] = [option for option in schema["anyOf"] if option != {"type": "null"}]
    return schema
