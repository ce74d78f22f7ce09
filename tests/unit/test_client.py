from __future__ import annotations

import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakesail_notebook import errors, models
from lakesail_notebook.api.problems import HTTP_STATUS
from lakesail_notebook.client.address import find_api
from lakesail_notebook.client.client import Client
from lakesail_notebook.client.transport import ERROR_OF_STATUS, error_of
from tests.unit.small_api import DROPPED, TOKEN, Answer, SmallApi, page, session

SESSIONS = "/workloads/sessions"
CONFIGS = "/workloads/compute-configs"
ACCOUNTS = "/service-accounts"
ME = models.Me(member_id="M1", team_ids=("LOCAL",), organization_admin=False, kernel_id="k-1")


@pytest.fixture
def api() -> Iterator[SmallApi]:
    with SmallApi() as api:
        yield api


@pytest.fixture
def client(api: SmallApi) -> Iterator[Client]:
    with api.client() as client:
        yield client


def test_each_operation_asks_with_its_verb_path_and_body(api: SmallApi, client: Client) -> None:
    token = models.SessionToken(token="jwt", expires_at="2026-03-01T20:00:00.000Z")
    config = models.WorkloadConfig(
        id="C1",
        name="big",
        workload_type="sail",
        cluster_id="LOCAL",
        config=models.WorkloadConfigBody(),
        created_at="",
        updated_at="",
    )
    api.on("GET", "/me", Answer(body=ME))
    api.on("POST", SESSIONS, Answer(201, session()))
    api.on("GET", f"{SESSIONS}/S1", Answer(body=session()))
    api.on("POST", f"{SESSIONS}/S1/token", Answer(201, token))
    api.on("GET", "/workloads/compute-configs/big%20one%2F", Answer(body=config))
    api.on("DELETE", f"{SESSIONS}/S1", Answer(204))

    assert client.me() == ME
    assert client.create_session(models.SessionCreate(name="mine")) == session()
    assert client.session("S1") == session()
    assert client.issue_token("S1", 60) == token
    assert client.compute_config("big one/") == config
    client.close_session("S1")

    bodies = [request.body for request in api.requests if request.verb == "POST"]
    assert bodies[0]["name"] == "mine"
    assert bodies[1] == {"durationSeconds": 60}
    assert {request.authorization for request in api.requests} == {f"Bearer {TOKEN}"}


def test_a_program_is_told_how_to_get_another_session(api: SmallApi, client: Client) -> None:
    message = "Session S1 was closed by you."
    refusal = Answer(409, {"code": "FAILED_PRECONDITION", "message": message, "reason": "session_closed"})
    api.on("POST", f"{SESSIONS}/S1/token", refusal)
    with pytest.raises(errors.FailedPrecondition) as refused:
        client.issue_token("S1")
    assert str(refused.value) == "Session S1 was closed by you; lakesail_notebook.connect() starts a new one."
    assert refused.value.reason == "session_closed"


def test_a_list_is_followed_to_its_last_page_with_the_same_filters(api: SmallApi, client: Client) -> None:
    api.on("GET", f"{SESSIONS}?teamId=T1&status=idle", Answer(body=page(session("S3"), session("S2"), marker="m/1")))
    api.on("GET", f"{SESSIONS}?teamId=T1&status=idle&marker=m%2F1", Answer(body=page(session("S1"))))

    assert [one.id for one in client.sessions(team_id="T1", status="idle")] == ["S3", "S2", "S1"]


def test_a_page_is_asked_for_only_when_it_is_needed(api: SmallApi, client: Client) -> None:
    api.on("GET", SESSIONS, Answer(body=page(session("S3"), session("S2"), marker="m1")))

    assert next(client.sessions()).id == "S3"
    assert len(api.requests) == 1


def test_reads_and_closes_are_tried_three_times(api: SmallApi, client: Client) -> None:
    path = f"{SESSIONS}/S1"
    api.on("GET", path, DROPPED, Answer(503, {"message": "busy"}), Answer(body=session()))
    api.on("DELETE", path, Answer(502, b"<html>"), Answer(204))

    assert client.session("S1") == session()
    client.close_session("S1")
    assert (api.count("GET", path), api.count("DELETE", path)) == (3, 2)
    api.on("POST", f"{path}/close", DROPPED, Answer(204))
    client.close_session("S1", reason="The machine is needed")
    assert [one.body for one in api.requests if one.verb == "POST"] == [{"reason": "The machine is needed"}] * 2


def test_the_fourth_try_is_left_to_the_user(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(503, {"message": "busy"}))
    with pytest.raises(errors.Unavailable, match="busy"):
        client.me()
    assert api.count("GET", "/me") == 3


@pytest.mark.parametrize("trouble", [DROPPED, Answer(503, {"message": "busy"})])
def test_a_session_is_created_again_under_the_same_key(api: SmallApi, client: Client, trouble: Answer) -> None:
    api.on("POST", SESSIONS, trouble, Answer(201, session()))

    assert client.create_session(models.SessionCreate(name="mine")) == session()
    first, second = api.requests
    assert first.idempotency_key
    assert (first.idempotency_key, first.body) == (second.idempotency_key, second.body)


def test_two_creates_are_two_sessions(api: SmallApi, client: Client) -> None:
    api.on("POST", SESSIONS, Answer(201, session()))
    for _ in range(2):
        client.create_session(models.SessionCreate())
    assert len({request.idempotency_key for request in api.requests}) == 2


@pytest.mark.parametrize("trouble", [DROPPED, Answer(503, {"message": "busy"})])
def test_other_changes_that_may_have_arrived_are_not_sent_again(api: SmallApi, client: Client, trouble: Answer) -> None:
    changes: list[tuple[str, str, Callable[[], object]]] = [
        ("POST", f"{SESSIONS}/S1/token", lambda: client.issue_token("S1")),
        ("POST", f"{SESSIONS}/S1/relaunch", lambda: client.relaunch_session("S1")),
        ("POST", CONFIGS, lambda: client.create_compute_config(models.WorkloadConfigCreate(name="c"))),
        ("PATCH", f"{CONFIGS}/c", lambda: client.change_compute_config("c", models.WorkloadConfigChange())),
        ("POST", ACCOUNTS, lambda: client.create_service_account(models.ServiceAccountCreate(username="bot"))),
    ]
    for verb, path, change in changes:
        api.on(verb, path, trouble)
        with pytest.raises(errors.Unavailable):
            change()
        assert api.count(verb, path) == 1


@pytest.mark.parametrize("path", ["/workloads/compute-configs/C1", "/service-accounts/A1"])
def test_what_an_earlier_try_deleted_counts_as_deleted(api: SmallApi, client: Client, path: str) -> None:
    delete = client.delete_compute_config if "configs" in path else client.delete_service_account
    api.on("DELETE", path, DROPPED, Answer(404, {"code": "NOT_FOUND", "message": "no such thing"}))
    delete(path.rpartition("/")[2])
    assert api.count("DELETE", path) == 2


def test_what_was_never_there_cannot_be_deleted(api: SmallApi, client: Client) -> None:
    with pytest.raises(errors.NotFound):
        client.delete_compute_config("C1")


def test_other_errors_are_not_tried_again(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(500, {"code": "INTERNAL", "message": "Unhandled error"}))
    with pytest.raises(errors.Internal, match="Unhandled error"):
        client.me()
    assert len(api.requests) == 1


def test_a_control_plane_that_is_gone_is_said() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/lakesail/api/v1"
        with Client(url, TOKEN) as client, pytest.raises(errors.Unavailable, match=r"cannot be reached.*try again"):
            client.create_session(models.SessionCreate())


def test_a_redirect_is_not_followed(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(302, headers={"Location": f"{api.url}/elsewhere"}))
    with pytest.raises(errors.FailedPrecondition, match="redirect"):
        client.me()
    assert len(api.requests) == 1


def test_an_answer_of_something_else_is_said(api: SmallApi, client: Client) -> None:
    api.on("GET", "/me", Answer(body=b"<html>Jupyter</html>"))
    with pytest.raises(errors.FailedPrecondition, match=r"is not the workloads API's.*LAKESAIL_API_URL"):
        client.me()


def test_proxies_of_the_environment_are_not_used_on_this_machine(
    api: SmallApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    api.on("GET", "/me", Answer(body=ME))
    with api.client() as client:
        assert client.me() == ME


def test_the_token_stands_in_no_repr_and_no_traceback(api: SmallApi) -> None:
    api.on("GET", "/me", Answer(401, {"code": "UNAUTHENTICATED", "message": "who?"}))
    shown = ""
    with api.client() as client:
        shown += repr(client) + repr(vars(client))
        try:
            client.me()
        except errors.Unauthenticated as error:
            shown += "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    with pytest.raises(errors.InvalidArgument) as refused:
        Client("ftp://127.0.0.1/", TOKEN)
    for entry in refused.traceback[1:]:  # the first one is this test, which names the token
        shown += repr({name: value for name, value in entry.locals.items() if name != "self"})
    assert "who?" in shown
    assert TOKEN not in shown


class TestErrorOf:
    def test_every_class_of_the_api_comes_back_as_itself(self) -> None:
        for kind, status in HTTP_STATUS.items():
            body = b'{"code": "%s", "message": "what and how"}' % kind.code.encode()
            error = error_of(status, {}, body, "http://x")
            assert type(error) is kind
            assert error.message == "what and how"

    def test_every_class_has_a_status(self) -> None:
        assert set(ERROR_OF_STATUS.values()) == set(HTTP_STATUS)

    def test_the_code_counts_more_than_the_status(self) -> None:
        assert type(error_of(400, {}, b'{"code": "FAILED_PRECONDITION"}', "u")) is errors.FailedPrecondition

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(403, errors.PermissionDenied), (418, errors.InvalidArgument), (500, errors.Internal), (599, errors.Internal)],
    )
    @pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"code": 7, "message": 7}', b"\xff", b"[" * 100_000])
    def test_without_a_code_the_status_decides(
        self, status: int, kind: type[errors.LakesailError], body: bytes
    ) -> None:
        error = error_of(status, {}, body, "http://x")
        assert type(error) is kind
        assert str(status) in error.message

    @pytest.mark.parametrize(
        "body", [b'{"message": "why"}', b'{"detail": "why"}', b'{"error": {"message": "why"}}', b'{"error": "why"}']
    )
    def test_the_message_is_found_where_others_put_it(self, body: bytes) -> None:
        assert error_of(409, {}, body, "http://x").message == "why"

    def test_fields_reason_and_delay_are_kept(self) -> None:
        body = (
            b'{"code":"RESOURCE_EXHAUSTED","message":"m","reason":"quota","errors":[{"pointer":"/a","message":"b"},1]}'
        )
        error = error_of(429, {"Retry-After": "7"}, body, "http://x")
        assert (error.reason, error.retry_after_seconds) == ("quota", 7.0)
        assert error.errors == (errors.FieldError("/a", "b"),)


class TestFindApi:
    def test_without_an_address_it_says_what_to_do(self) -> None:
        with pytest.raises(errors.FailedPrecondition, match=r"restart the server.*set LAKESAIL_API_URL"):
            find_api({})

    def test_without_a_token_it_says_which_variable(self) -> None:
        with pytest.raises(errors.FailedPrecondition, match="LAKESAIL_API_TOKEN"):
            find_api({"LAKESAIL_API_URL": "http://127.0.0.1/x"})

    def test_the_token_that_a_user_set_goes_before_the_kernels(self, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text("kernel's")
        environment = {"LAKESAIL_API_URL": "https://h/x/", "LAKESAIL_API_TOKEN_FILE": str(file)}
        assert find_api(environment).credentials.token() == "kernel's"
        assert find_api(environment | {"LAKESAIL_API_TOKEN": "user's"}).credentials.token() == "user's"
        assert find_api(environment).url == "https://h/x"

    def test_the_token_file_is_read_at_each_request(self, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text("one\n")
        credentials = find_api({"LAKESAIL_API_URL": "http://h", "LAKESAIL_API_TOKEN_FILE": str(file)}).credentials
        assert credentials.token() == "one"
        file.write_text("two")
        assert credentials.token() == "two"
        file.write_text("")
        with pytest.raises(errors.Unauthenticated, match="restart the kernel"):
            credentials.token()
        file.unlink()
        with pytest.raises(errors.Unauthenticated, match="restart the kernel"):
            credentials.token()

    @pytest.mark.parametrize("url", ["h/x", "ftp://h", "http://", "http://u:p@h/", "http://h:port", "http://[::1/"])
    def test_what_is_no_address_is_refused_without_repeating_it(self, url: str) -> None:
        with pytest.raises(errors.InvalidArgument, match="LAKESAIL_API_URL") as caught:
            find_api({"LAKESAIL_API_URL": url, "LAKESAIL_API_TOKEN": "t"})
        assert url not in caught.value.message

    def test_the_environments_token_goes_to_no_other_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LAKESAIL_API_URL", "http://127.0.0.1:1/x")
        monkeypatch.setenv("LAKESAIL_API_TOKEN", "t")
        with pytest.raises(errors.InvalidArgument, match="token="):
            Client("http://127.0.0.1:2/x")
