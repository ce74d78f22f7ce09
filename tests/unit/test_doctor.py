"""The doctor on a way that is right, or broken at one link; the right one to its end is in tests/integration."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from lakesail_notebook import errors, models
from lakesail_notebook.client.client import Client
from lakesail_notebook.clock import to_rfc3339
from lakesail_notebook.spark.doctor import (
    LINKS,
    Finding,
    check_packages,
    check_session_proxy,
    examination,
    first_broken,
)
from tests.unit.small_api import TOKEN, Answer, SmallApi, page, session
from tests.unit.small_endpoint import SmallEndpoint, refused

SESSIONS = "/workloads/sessions"
SESSION = f"{SESSIONS}/S1"
BUSY = Answer(409, {"code": "FAILED_PRECONDITION", "message": "what is wrong and its cure."})
NOBODY = Answer(401, {"code": "UNAUTHENTICATED", "message": "what is wrong and its cure."})
OVER = Answer(409, {"code": "FAILED_PRECONDITION", "message": "it ended at once with exit code 1."})
SESSION_TOKEN = models.SessionToken(token="jwt", expires_at=to_rfc3339(datetime.now(UTC) + timedelta(hours=8)))
Break = Callable[[SmallApi, SmallEndpoint], None]


@pytest.fixture
def endpoint() -> Iterator[SmallEndpoint]:
    with SmallEndpoint() as endpoint:
        yield endpoint


def session_on(endpoint: SmallEndpoint) -> models.Session:
    return session("S1", connection_info=models.ConnectionInfo(grpc_endpoint=endpoint.address))


@pytest.fixture
def api(endpoint: SmallEndpoint) -> Iterator[SmallApi]:
    """A control plane where all is right, and a session on the endpoint."""
    made = session_on(endpoint)
    with SmallApi() as api:
        api.on("GET", "/health", Answer(200, {"status": "ok"}))
        api.on("GET", "/me", Answer(200, models.Me(member_id="M1", team_ids=(), organization_admin=False)))
        api.on("GET", SESSIONS, Answer(200, page()))
        api.on("POST", SESSIONS, Answer(201, made))
        api.on("GET", SESSION, Answer(200, made))
        api.on("DELETE", SESSION, Answer(204))
        api.on("POST", f"{SESSION}/token", Answer(201, SESSION_TOKEN))
        yield api


def examined(api: SmallApi) -> list[Finding]:
    return list(examination(api.client))


def statuses(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.status for finding in findings}


def no_health(api: SmallApi, endpoint: SmallEndpoint) -> None:
    api.on("GET", "/health", Answer(404, b"<html>"))


def no_login(api: SmallApi, endpoint: SmallEndpoint) -> None:
    api.on("GET", "/me", NOBODY)


def no_database(api: SmallApi, endpoint: SmallEndpoint) -> None:
    api.on("GET", "/me", BUSY)
    api.on("GET", SESSIONS, BUSY)


def no_session(api: SmallApi, endpoint: SmallEndpoint) -> None:
    api.on("POST", SESSIONS, Answer(429, {"code": "RESOURCE_EXHAUSTED", "message": "what is wrong and its cure."}))


def no_token(api: SmallApi, endpoint: SmallEndpoint) -> None:
    api.on(
        "POST", f"{SESSION}/token", Answer(403, {"code": "PERMISSION_DENIED", "message": "what is wrong and its cure."})
    )


def no_engine(api: SmallApi, endpoint: SmallEndpoint) -> None:
    endpoint.refusals = [refused(grpc.StatusCode.FAILED_PRECONDITION, "what is wrong and its cure.")]


def no_proxy(api: SmallApi, endpoint: SmallEndpoint) -> None:
    nowhere = models.ConnectionInfo(grpc_endpoint="255.255.255.255:4040")  # the system refuses it at once
    api.on("POST", SESSIONS, Answer(201, session("S1", connection_info=nowhere)))


def no_trust(api: SmallApi, endpoint: SmallEndpoint) -> None:
    endpoint.refusals = [refused(grpc.StatusCode.UNAUTHENTICATED, "what is wrong and its cure.")]


def no_life(api: SmallApi, endpoint: SmallEndpoint) -> None:
    """The engine fails while its first RPC is under way."""
    over = session("S1", status="failed", status_message="what is wrong and its cure.")
    endpoint.refusals = [refused(grpc.StatusCode.UNAUTHENTICATED, "the token is no longer valid")]
    api.on("GET", SESSION, Answer(200, over))


def no_query(api: SmallApi, endpoint: SmallEndpoint) -> None:
    endpoint.refusals = [None, refused(grpc.StatusCode.INTERNAL, "what is wrong and its cure.")]


@pytest.mark.parametrize(
    ("link", "break_it"),
    [
        ("control plane", no_health),
        ("login", no_login),
        ("database", no_database),
        ("session", no_session),
        ("token", no_token),
        ("session proxy", no_proxy),
        ("engine", no_engine),
        ("engine", no_trust),
        ("engine", no_life),
        ("query", no_query),
    ],
)
def test_the_first_broken_link_is_named_and_those_behind_it_are_skipped(
    api: SmallApi, endpoint: SmallEndpoint, link: str, break_it: Break
) -> None:
    break_it(api, endpoint)
    findings = examined(api)
    place = LINKS.index(link)
    assert [finding.status for finding in findings] == ["ok"] * place + ["broken"] + ["skipped"] * (
        len(LINKS) - place - 1
    )
    broken = first_broken(findings)
    assert broken is not None
    assert broken.name == link
    assert link in {"control plane", "session proxy"} or broken.text == "what is wrong and its cure."


def over_before_the_token(api: SmallApi) -> None:
    api.on("POST", f"{SESSION}/token", OVER)


def over_before_the_endpoint(api: SmallApi) -> None:
    api.on("POST", SESSIONS, Answer(201, session("S1")))
    api.on(
        "GET", SESSION, Answer(200, session("S1", status="failed", status_message="it ended at once with exit code 1."))
    )


def over_before_the_channel(api: SmallApi) -> None:
    api.on("POST", f"{SESSION}/token", Answer(201, SESSION_TOKEN), OVER)


@pytest.mark.parametrize("end", [over_before_the_token, over_before_the_endpoint, over_before_the_channel])
def test_an_engine_that_fails_early_is_to_blame_itself(api: SmallApi, end: Callable[[SmallApi], None]) -> None:
    end(api)
    findings = examined(api)
    assert first_broken(findings) == Finding("engine", "broken", "it ended at once with exit code 1.")
    assert {finding.status for finding in findings if finding.name not in ("engine", "query")} <= {"ok", "skipped"}
    assert findings[-1] == Finding("query", "skipped", "")


def test_a_token_that_is_refused_comes_with_where_it_is_from(
    api: SmallApi, endpoint: SmallEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAKESAIL_API_TOKEN", raising=False)
    monkeypatch.setenv("LAKESAIL_API_TOKEN_FILE", "/old/token")
    no_login(api, endpoint)
    broken = first_broken(examined(api))
    assert broken is not None
    assert "LAKESAIL_API_TOKEN_FILE names a token that is refused; a restarted kernel" in broken.text


def test_a_control_plane_that_cannot_be_found_is_said() -> None:
    def find() -> Client:
        raise errors.FailedPrecondition("start one")

    assert first_broken(list(examination(find))) == Finding("control plane", "broken", "start one")


def test_a_control_plane_that_is_gone_is_said() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/lakesail/api/v1"
        broken = first_broken(list(examination(lambda: Client(url, TOKEN))))
    assert broken is not None
    assert (broken.name, "cannot be reached" in broken.text) == ("control plane", True)


def test_its_session_is_closed_at_the_end_whatever_was_found(api: SmallApi, endpoint: SmallEndpoint) -> None:
    no_engine(api, endpoint)
    examined(api)
    assert api.count("DELETE", SESSION) == 1


def test_an_examination_that_is_broken_off_closes_its_session(api: SmallApi) -> None:
    walk = examination(api.client)
    while next(walk).name != "token":
        pass
    walk.close()
    assert api.count("DELETE", SESSION) == 1


def test_a_control_plane_that_ends_meanwhile_does_not_hide_what_was_found(
    api: SmallApi, endpoint: SmallEndpoint
) -> None:
    no_engine(api, endpoint)
    api.on("DELETE", SESSION, Answer(503, {"message": "gone"}))
    assert statuses(examined(api))["engine"] == "broken"


def test_limits_that_allow_no_short_session_are_no_fault(api: SmallApi, endpoint: SmallEndpoint) -> None:
    made = session_on(endpoint)
    api.on("POST", SESSIONS, Answer(400, {"message": "maxDurationSeconds must be at least 900"}), Answer(201, made))
    assert statuses(examined(api))["session"] == "ok"
    creates = [request.body["config"] for request in api.requests if (request.verb, request.path) == ("POST", SESSIONS)]
    assert [config and config["maxDurationSeconds"] for config in creates] == [600, None]


def test_an_engine_that_answers_wrongly_is_broken(api: SmallApi) -> None:
    broken = first_broken(examined(api))
    assert broken is not None
    assert broken.name == "query"
    assert "with 0" in broken.text


def test_the_session_proxy_may_take_a_while_to_come_up() -> None:
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{late.getsockname()[1]}"
        with pytest.raises(errors.Unavailable, match=r"cannot be reached \(Connection refused\).*proxy_bind"):
            check_session_proxy(address, seconds=0.2)
        late.listen()
        assert check_session_proxy(address) == f"{address} can be reached"


@pytest.mark.parametrize(
    ("pysparks", "engine", "message"),
    [
        ({"pyspark": "4.1.4", "pyspark-client": "4.2.0"}, "0.7.2", "Both pyspark and pyspark-client"),
        ({"pyspark-client": "4.3.0"}, "0.7.2", r"PySpark 4\.3\.0 is installed.*Run"),
        ({"pyspark": "3.5.1"}, None, r"PySpark 3\.5\.1 is installed"),
        ({"pyspark-client": "4.2.0"}, "0.8.0", r"pysail 0\.8\.0 is installed.*pip install"),
        ({"pyspark-client": "4.2.0"}, "0.7.1", r"pysail 0\.7\.1 is installed"),
    ],
)
def test_packages_that_do_not_go_together_are_named(pysparks: dict[str, str], engine: str | None, message: str) -> None:
    with pytest.raises(errors.FailedPrecondition, match=message):
        check_packages(pysparks, engine)


@pytest.mark.parametrize("engine", ["0.7.2", "0.7.10", None])
def test_packages_that_go_together_are_told(engine: str | None) -> None:
    said = check_packages({"pyspark-client": "4.2.0"}, engine)
    assert "pyspark-client 4.2.0" in said
    assert (f"pysail {engine}" if engine else "no pysail") in said
