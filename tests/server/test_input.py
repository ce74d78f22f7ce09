"""What the API refuses to read, and how it says so."""

from __future__ import annotations

import contextlib
import http.client
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from headless import JupyterServer

JSON = {"Content-Type": "application/json"}
SESSIONS = "workloads/sessions"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"config": {"idleTimeoutSeconds": true}}', "/config/idleTimeoutSeconds"),
        (b'{"config": {"idleTimeoutSeconds": 60.0}}', "/config/idleTimeoutSeconds"),
        (b'{"config": {"idleTimeoutSeconds": "60"}}', "/config/idleTimeoutSeconds"),
        (b'{"config": {"idleTimeoutSeconds": 1}}', "/config/idleTimeoutSeconds"),
        (b'{"config": {"idleTimeoutSeconds": 2147483648}}', "/config/idleTimeoutSeconds"),
        (b'{"config": {"maxDurationSeconds": -1}}', "/config/maxDurationSeconds"),
        (b'{"config": {"nope": 1}}', "/config/nope"),
        (b'{"nope": 1}', "/nope"),
        (b'{"id": "ABC"}', "/id"),
        (b'{"status": "active"}', "/status"),
        (b'{"createdAt": "2026-01-01T00:00:00Z"}', "/createdAt"),
        (b'{"endpointType": "jdbc"}', "/endpointType"),
        (b'{"teamId": "abc"}', "/teamId"),
        (b'{"teamId": "ABC\\n"}', "/teamId"),
        (b'{"teamId": "ABCDEFGHIJKLMNOPQRSTU"}', "/teamId"),
        (b'{"name": ""}', "/name"),
        (b'{"name": "two\\nlines"}', "/name"),
        (b'{"name": "turned \\u202e round"}', "/name"),
        (b'{"metadata": {"a b": "x"}}', "/metadata/a b"),
        (b'{"metadata": {"lakesail/secret": "x"}}', "/metadata/lakesail~1secret"),
        (b'{"metadata": {"lakesail/cwd": "/no/such/directory"}}', "/metadata/lakesail~1cwd"),
        (b'{"metadata": {"lakesail/python": "/dev/null"}}', "/metadata/lakesail~1python"),
    ],
)
def test_a_bad_field_is_named_by_its_pointer(api: httpx.Client, body: bytes, pointer: str) -> None:
    answer = api.post(SESSIONS, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"config": {"idleTimeoutSeconds": 1e999}}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}',
        b"[" * 60000,
        b'{"a":' * 10000,
    ],
)
def test_what_is_no_plain_json_object_is_refused(api: httpx.Client, body: bytes) -> None:
    answer = api.post(SESSIONS, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused(api: httpx.Client, media_type: str) -> None:
    answer = api.post(SESSIONS, content=b'{"name": "x"}', headers={"Content-Type": media_type})
    assert answer.status_code == 415


def test_a_compressed_body_is_refused(api: httpx.Client) -> None:
    answer = api.post(SESSIONS, content=b"\x1f\x8b", headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_media_type_may_have_parameters(api: httpx.Client) -> None:
    answer = api.post(SESSIONS, content=b'{"nope": 1}', headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=101",
        "limit=1e2",
        "limit=1_0",
        "limit=%2B5",
        "limit=%205",
        "limit=\u0665",
        "limit=true",
        "limit=",
        "limit=1&limit=2",
        "nope=1",
        "team_id=LOCAL",
        "teamId=abc",
        "status=running",
        "endpoint_type=jdbc",
        "endpointType=spark_connect",
        "marker=nonsense",
        "marker=%ff",
    ],
)
def test_a_bad_query_parameter_is_refused_by_name(api: httpx.Client, query: str) -> None:
    answer = api.get(f"{SESSIONS}?{query}")
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"].lstrip("/") == query.partition("=")[0]


def test_a_body_over_the_limit_is_refused_by_its_length(api: httpx.Client) -> None:
    answer = api.post(SESSIONS, content=b"{" + b" " * 70_000 + b"}", headers=JSON)
    assert answer.status_code == 413


def test_a_large_body_of_a_stranger_is_not_buffered(server: JupyterServer) -> None:
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    connection.putrequest("POST", f"{address.path}lakesail/api/v1/{SESSIONS}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(400_000_000))
    connection.endheaders()
    with contextlib.closing(connection):
        sent = _send_until_refused(connection)
    assert sent < 40_000_000
    assert process.memory_info().rss - before < 20_000_000


def _send_until_refused(connection: http.client.HTTPConnection) -> int:
    chunk = b" " * 1_000_000
    for sent in range(400):
        try:
            connection.send(chunk)
        except OSError:
            return sent * len(chunk)
    return 400 * len(chunk)


@pytest.mark.parametrize("path", ["nope", "workloads", "workloads/sessions/A/nope", "", "workloads/sessions/A/B/C"])
def test_an_unknown_path_is_a_problem_document(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_a_verb_that_a_path_has_not_is_refused_with_those_that_it_has(api: httpx.Client, verb: str) -> None:
    answer = api.request(verb, SESSIONS)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.json()["code"] == "INVALID_ARGUMENT"


def test_an_error_says_what_a_client_needs_and_nothing_more(api: httpx.Client) -> None:
    answer = api.get(f"{SESSIONS}/UNKNOWN")
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code == 404
    assert problem["code"] == "NOT_FOUND"
    assert problem["message"] == problem["detail"]
    assert problem["requestId"]
    assert "Traceback" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
