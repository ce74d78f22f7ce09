"""What travels: strict where we are told, lenient where we listen, and nothing of the reference left out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import ValidationError

from lakesail_notebook import models
from lakesail_notebook.client.decoding import decode_answer
from lakesail_notebook.models.features import EXTENSION_KEY

SESSION: dict[str, Any] = {
    "id": "A1",
    "endpointType": "spark_connect",
    "status": "active",
    "config": {"idleTimeoutSeconds": 60},
    "metadata": {},
    "createdAt": "2026-01-31T12:00:00.000Z",
    "updatedAt": "2026-01-31T12:00:00.000Z",
}
CONFIG: dict[str, Any] = {
    "id": "C1",
    "workloadType": "sail",
    "clusterId": "LOCAL",
    "config": {"sail": {"executionMode": "cluster", "libraries": [{"pypi": {"package": "pandas"}}]}},
    "createdAt": "2026-01-31T12:00:00.000Z",
    "updatedAt": "2026-01-31T12:00:00.000Z",
}

FIELDS_OF_A_SESSION = {
    "id",
    "endpointType",
    "name",
    "status",
    "workloadId",
    "teamId",
    "memberId",
    "serviceAccountId",
    "notebookId",
    "terminationReason",
    "statusMessage",
    "connectionInfo",
    "lastActivityAt",
    "idleSince",
    "closedAt",
    "timeoutAt",
    "config",
    "metadata",
    "createdAt",
    "updatedAt",
}


def wire(value: object) -> bytes:
    return msgspec.json.encode(value)


@pytest.mark.parametrize(
    "body",
    [
        {"unknown": 1},
        {"id": "A1"},
        {"status": "active"},
        {"createdAt": "2026-01-31T12:00:00.000Z"},
        {"config": {"idleTimeout": 1}},
        {"config": {"idleTimeoutSeconds": "60"}},
        {"config": {"idleTimeoutSeconds": True}},
        {"config": {"idleTimeoutSeconds": 60.5}},
        {"endpointType": "jdbc"},
        {"teamId": ""},
        {"teamId": "lower"},
        {"teamId": "A" * 21},
        {"teamId": "A1\n"},
        {"name": ""},
        {"name": "x" * 256},
        {"metadata": {"key": 1}},
        {"workloadConfigId": "x" * 256},
    ],
)
def test_a_request_with_anything_wrong_in_it_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        msgspec.json.decode(wire(body), type=models.SessionCreate)


def test_null_means_the_same_as_absent() -> None:
    nothing = msgspec.json.decode(b"{}", type=models.SessionCreate)
    nulls = b'{"name": null, "teamId": null, "config": null, "workloadConfigId": null}'
    assert msgspec.json.decode(nulls, type=models.SessionCreate) == nothing
    assert nothing.endpoint_type == "spark_connect"


def is_marked(field: msgspec.inspect.Field) -> bool:
    """Whether it is an extension of the reference."""
    kind = field.type
    return isinstance(kind, msgspec.inspect.Metadata) and EXTENSION_KEY in (kind.extra_json_schema or {})


def test_an_answer_carries_every_field_of_the_reference() -> None:
    session = msgspec.to_builtins(msgspec.convert(SESSION, models.Session))
    shape = msgspec.inspect.type_info(models.Session)
    assert isinstance(shape, msgspec.inspect.StructType)
    extensions = {field.encode_name for field in shape.fields if is_marked(field)}
    assert set(session) == FIELDS_OF_A_SESSION | extensions
    assert FIELDS_OF_A_SESSION.isdisjoint(extensions)
    assert session["config"] == {"idleTimeoutSeconds": 60, "idleCloseDelaySeconds": None, "maxDurationSeconds": None}
    assert session["name"] is None


def test_endpoint_limits_keep_the_spelling_of_the_reference() -> None:
    limits = models.EndpointLimits(spark_connect=2)
    assert models.encode(limits) == b'{"spark_connect":2}'


def test_the_last_page_has_no_marker() -> None:
    page = models.SessionPage(total=0, items=(), included=models.SessionIncluded())
    assert "marker" not in msgspec.json.decode(models.encode(page))
    assert "marker" not in msgspec.json.decode(models.encode(models.WorkloadConfigPage(items=())))


def test_an_empty_page_still_has_its_lists() -> None:
    page = msgspec.json.decode(models.encode(models.SessionPage(total=0, items=(), included=models.SessionIncluded())))
    assert page == {
        "total": 0,
        "items": [],
        "included": {"sessions": [], "members": [], "serviceAccounts": [], "workloads": [], "workloadConfigs": []},
    }


def test_a_token_is_not_shown() -> None:
    token = models.SessionToken(token="eyJsecret", expires_at="2026-01-31T12:00:00.000Z")
    assert "eyJ" not in f"{token} {token!r}"


def test_an_answer_of_a_newer_server_is_understood() -> None:
    newer = {**SESSION, "region": "eu", "config": {**SESSION["config"], "warmSeconds": 5}}
    assert decode_answer(wire(newer), models.Session) == msgspec.convert(SESSION, models.Session)


def test_a_newer_field_is_left_out_at_any_depth() -> None:
    sail = {
        **CONFIG["config"]["sail"],
        "gpu": 1,
        "libraries": [{"pypi": {"package": "pandas", "hash": "x"}, "conda": 1}],
    }
    page = {"items": [{**CONFIG, "config": {"sail": sail, "flink": {}}}], "marker": "M", "took": 3}
    assert decode_answer(wire(page), models.WorkloadConfigPage) == models.WorkloadConfigPage(
        items=(msgspec.convert(CONFIG, models.WorkloadConfig),), marker="M"
    )


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"<html>", b"{}", wire({**SESSION, "status": 7})])
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_answer(raw, models.Session)
