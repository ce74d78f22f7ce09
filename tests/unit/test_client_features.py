"""A client and a control plane of different versions: extension fields are sent where they are announced."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
import pytest

from lakesail_notebook import models
from lakesail_notebook.client.client import Client
from lakesail_notebook.errors import FailedPrecondition, NotFound
from lakesail_notebook.version import __version__
from tests.unit.small_api import Answer, SmallApi, me, session

SESSIONS = "/workloads/sessions"
PATH_NOT_FOUND = Answer(404, {"code": "NOT_FOUND", "message": "No such path.", "reason": "path_not_found"})


class NewerCreate(models.SessionCreate, frozen=True, kw_only=True):
    """A request with a field that not every server knows."""

    note: Annotated[str | None, models.extension_of("logs")] = None


class NestedChange(models.WorkloadConfigChange, frozen=True, kw_only=True):
    wanted: tuple[NewerCreate, ...] = ()


@pytest.fixture
def api() -> Iterator[SmallApi]:
    with SmallApi() as api:
        api.on("POST", SESSIONS, Answer(201, session()))
        yield api


@pytest.fixture
def client(api: SmallApi) -> Iterator[Client]:
    with api.client() as client:
        yield client


def sent(api: SmallApi) -> Any:
    return next(request.body for request in api.requests if request.verb == "POST")


def test_an_extension_field_goes_to_a_server_that_announces_it(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(body=me("logs")))
    client.create_session(NewerCreate(note="x"))
    client.create_session(NewerCreate(note="y"))
    assert sent(api)["note"] == "x"
    assert api.count("GET", "/me") == 1, "a server is asked for its features once"


@pytest.mark.parametrize(
    "told", [Answer(body=me("extend")), Answer(body=me()), PATH_NOT_FOUND, Answer(404, b"nothing")]
)
def test_what_a_server_does_not_announce_is_not_sent_and_named(api: SmallApi, client: Client, told: Answer) -> None:
    api.on("GET", "/me", told)
    with pytest.raises(FailedPrecondition, match="has no logs") as raised:
        client.create_session(NewerCreate(note="x"))
    assert raised.value.reason == "feature_missing"
    assert __version__ in raised.value.message
    assert api.count("POST", SESSIONS) == 0


def test_an_extension_field_that_is_not_set_is_not_there_and_needs_nothing(api: SmallApi, client: Client) -> None:
    client.create_session(NewerCreate(name="mine"))
    assert "note" not in sent(api)
    assert sent(api)["name"] == "mine"
    assert api.count("GET", "/me") == 0


def test_a_value_of_an_extension_needs_its_feature(api: SmallApi, client: Client) -> None:
    marimo = models.SessionCreate(endpoint_type="marimo")
    assert models.features_needed(models.SessionCreate()) == frozenset()
    assert models.features_needed(marimo) == {"marimo_sessions"}
    api.on("GET", "/me", Answer(body=me("logs")))
    with pytest.raises(FailedPrecondition, match="has no marimo_sessions"):
        client.create_session(marimo)
    assert api.count("POST", SESSIONS) == 0


def test_a_server_that_announces_a_value_is_sent_it(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(body=me("marimo_sessions")))
    client.create_session(models.SessionCreate(endpoint_type="marimo"))
    assert sent(api)["endpointType"] == "marimo"


def test_extension_fields_are_found_at_any_depth() -> None:
    change = NestedChange(wanted=(NewerCreate(), NewerCreate(note="x")))
    assert models.features_needed(change) == {"logs"}
    assert b'"note":"x"' in models.encode_request(change)
    assert models.encode_request(change).count(b'"note"') == 1
    assert b"endpointLimits" not in models.encode_request(change), "what is absent stays as it is"


@pytest.mark.parametrize(
    ("call", "verb", "path", "feature"),
    [
        (lambda client: client.session_logs("S1"), "GET", f"{SESSIONS}/S1/logs", "logs"),
        (lambda client: client.extend_session("S1"), "POST", f"{SESSIONS}/S1/extend", "extend"),
        (lambda client: client.event_page(), "GET", "/events?wait=0", "events"),
        (lambda client: client.interrupt("S1"), "POST", f"{SESSIONS}/S1/interrupt", "interrupt"),
        (lambda client: client.service_accounts(), "GET", "/service-accounts", "service_accounts"),
        (lambda client: client.close_session("S1", "why"), "POST", f"{SESSIONS}/S1/close", "close_reason"),
        (lambda client: client.instance_types(), "GET", "/instance-types", "instance_types"),
    ],
)
def test_an_operation_that_a_server_does_not_have_is_named(
    api: SmallApi, client: Client, call: Callable[[Client], object], verb: str, path: str, feature: str
) -> None:
    api.on(verb, path, PATH_NOT_FOUND)
    with pytest.raises(FailedPrecondition, match=f"has no {feature}"):
        call(client)


def test_a_session_that_is_not_there_is_no_missing_feature(api: SmallApi, client: Client) -> None:
    api.on("GET", f"{SESSIONS}/S1/logs", Answer(404, {"code": "NOT_FOUND", "message": "There is no such session."}))
    with pytest.raises(NotFound, match="no such session"):
        client.session_logs("S1")


def test_an_answer_of_a_newer_server_may_have_fields_that_are_not_known_here(api: SmallApi, client: Client) -> None:
    newer = models.encode(session()).replace(b'"config":{', b'"cost":{"perHour":1},"config":{"more":[1],')
    api.on("GET", f"{SESSIONS}/S1", Answer(body=newer))
    assert client.session("S1") == session()


def test_a_session_of_a_server_without_facts_is_read_without_them(api: SmallApi, client: Client) -> None:
    known = {field.encode_name for field in msgspec.structs.fields(models.Session)}
    facts = known & {"size", "ownerName", "closedBy", "costSoFar", "timeoutReason"}
    assert len(facts) == 5
    older = {name: value for name, value in json.loads(models.encode(session())).items() if name not in facts}
    api.on("GET", f"{SESSIONS}/S1", Answer(body=older))
    told = client.session("S1")
    assert (told.size, told.owner_name, told.closed_by, told.cost_so_far, told.timeout_reason) == (None,) * 5


def test_a_close_without_a_reason_needs_no_feature(api: SmallApi, client: Client) -> None:
    api.on("DELETE", f"{SESSIONS}/S1", Answer(204))
    client.close_session("S1")
    assert [request.verb for request in api.requests] == ["DELETE"]


NOTICE = models.Event(sequence=None, at="2026-01-31T12:00:00.000Z", kind="query", session_id="S1")


def test_kinds_of_events_are_named_to_a_server_that_knows_them(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(200, me("events", "event_kinds")))
    api.on("GET", "/events?wait=9&kinds=move%2Cquery", Answer(200, models.EventPage(events=(NOTICE,), sequence=3)))
    assert client.event_page(wait_seconds=9, kinds=("query", "move")).events == (NOTICE,)


def test_an_older_server_is_asked_for_what_it_has(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(200, me("events")))
    api.on("GET", "/events?wait=9", Answer(200, models.EventPage(events=(), sequence=3)))
    assert client.event_page(wait_seconds=9, kinds=("query", "move")).events == ()
