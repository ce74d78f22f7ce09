"""Reading requests: what a refusal says about the field, and that null and absent are the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lakesail_notebook import models
from lakesail_notebook.api.decode import decode_body, decode_query
from lakesail_notebook.errors import InvalidArgument


@pytest.mark.parametrize(
    ("kind", "body", "pointer", "said"),
    [
        (models.SessionCreate, {"teamId": "abc"}, "/teamId", "must be 1 to 20 of A-Z and 0-9"),
        (models.SessionCreate, {"teamId": 5}, "/teamId", "must be 1 to 20 of A-Z and 0-9"),
        (models.SessionCreate, {"endpointType": "jdbc"}, "/endpointType", "must be one of marimo, spark_connect"),
        (models.SessionCreate, {"name": ""}, "/name", "must be a text of 1 to 255 characters"),
        (models.SessionCreate, {"config": []}, "/config", "must be an object"),
        (models.SessionCreate, {"allowShared": 1}, "/allowShared", "must be true or false"),
        (models.SessionCreate, {"metadata": {"a": "1", "b/c": 2}}, "/metadata/b~1c", "must be a text"),
        (models.SessionCreate, {"metadata": {"a": None}}, "/metadata/a", "must be a text"),
        (
            models.SessionCreate,
            {"config": {"idleTimeoutSeconds": "1"}},
            "/config/idleTimeoutSeconds",
            "must be a whole number",
        ),
        (models.SessionCreate, {"config": {"a.b": 1}}, "/config/a.b", "is no field of this request"),
        (models.WorkloadConfigCreate, {}, "", "lacks the field name"),
        (models.WorkloadConfigCreate, {"name": None}, "/name", "must be a text of 1 to 255 characters"),
        (
            models.WorkloadConfigCreate,
            {"name": "x", "config": {"sail": {"executionMode": "both"}}},
            "/config/sail/executionMode",
            "must be one of cluster, standalone",
        ),
        (
            models.WorkloadConfigCreate,
            {"name": "x", "config": {"sail": {"libraries": [{}, {"pypi": {}}]}}},
            "/config/sail/libraries/1/pypi",
            "lacks the field package",
        ),
        (
            models.WorkloadConfigCreate,
            {"name": "x", "config": {"sail": {"libraries": {}}}},
            "/config/sail/libraries",
            "must be a list",
        ),
    ],
)
def test_a_bad_field_of_a_body_is_told_what_it_must_be(
    kind: type[msgspec.Struct], body: dict[str, Any], pointer: str, said: str
) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        decode_body(msgspec.json.encode(body), kind)
    [error] = refusal.value.errors
    assert (error.pointer, error.message) == (pointer, said)


@pytest.mark.parametrize(
    ("parameter", "given", "said"),
    [
        ("limit", b"101", "must be a whole number from 0 to 100"),
        ("limit", b"many", "must be a whole number from 0 to 100"),
        ("status", b"running", "must be one of active, closed, failed, idle, pending"),
        ("teamId", b"a", "must be 1 to 20 of A-Z and 0-9"),
        ("nope", b"1", "is no field of this request"),
    ],
)
def test_a_bad_parameter_is_told_what_it_must_be(parameter: str, given: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        decode_query({parameter: [given]}, models.SessionListQuery)
    assert [(error.pointer, error.message) for error in refusal.value.errors] == [(f"/{parameter}", said)]
    assert refusal.value.message == f"{parameter} {said}."


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (models.SessionCreate, {"metadata": None, "allowShared": None, "endpointType": None, "name": None}),
        (models.WorkloadConfigCreate, {"name": "x", "clusterId": None, "config": {"sail": {"libraries": None}}}),
        (models.WorkloadConfigCreate, {"name": "x", "config": {"sail": None}}),
    ],
)
def test_null_is_the_same_as_absent(kind: type[msgspec.Struct], body: dict[str, Any]) -> None:
    absent = {name: value for name, value in body.items() if name == "name" and value is not None}
    assert decode_body(msgspec.json.encode(body), kind) == decode_body(msgspec.json.encode(absent), kind)


def test_null_in_a_change_is_left_to_the_model() -> None:
    changed = decode_body(b'{"endpointLimits": null}', models.WorkloadConfigChange)
    assert (changed.endpoint_limits, changed.name) == (None, msgspec.UNSET)
    with pytest.raises(InvalidArgument):
        decode_body(b'{"name": null}', models.WorkloadConfigChange)
