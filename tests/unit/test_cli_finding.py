from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakesail_notebook import models
from lakesail_notebook.cli.finding import (
    TERMINAL_VARIABLE,
    RunningServer,
    choose,
    find_client,
    has_control_plane,
    running_servers,
)
from lakesail_notebook.errors import FailedPrecondition, InvalidArgument
from tests.unit.small_api import TOKEN, Answer, SmallApi

API_PATH = "/lakesail/api/v1"
ME = models.Me(member_id="M1", team_ids=("LOCAL",), organization_admin=False)
FIRST, SECOND = RunningServer("http://localhost:8888", "one"), RunningServer("http://localhost:8889/x", "two")


@pytest.fixture
def api() -> Iterator[SmallApi]:
    with SmallApi() as api:
        api.on("GET", "/health", Answer(200, {"status": "ok"}))
        api.on("GET", "/me", Answer(200, ME))
        yield api


@pytest.fixture(autouse=True)
def runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No word of the servers of whoever runs the tests."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    for name in ("LAKESAIL_API_URL", "LAKESAIL_API_TOKEN", "LAKESAIL_API_TOKEN_FILE", TERMINAL_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def leave_word(directory: Path, url: str, token: str = TOKEN, pid: int | None = None) -> None:
    said = {"url": url, "token": token, "pid": os.getpid() if pid is None else pid}
    (directory / f"jpserver-{len(list(directory.iterdir()))}.json").write_text(json.dumps(said))


def base(api: SmallApi) -> str:
    return api.url.removesuffix(API_PATH)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_running_server_is_found_and_spoken_to_with_its_token(api: SmallApi, runtime_directory: Path) -> None:
    leave_word(runtime_directory, f"{base(api)}/")
    with find_client(None, os.environ) as client:
        assert client.me() == ME
    assert [request.authorization for request in api.requests] == [None, f"Bearer {TOKEN}"]


def test_a_server_without_our_extension_is_passed_over_and_not_told_its_token(runtime_directory: Path) -> None:
    with SmallApi() as other:
        leave_word(runtime_directory, base(other))
        with pytest.raises(FailedPrecondition, match=r"No control plane is running.*jupyter lakesail"):
            find_client(None, os.environ)
        assert {request.authorization for request in other.requests} == {None}


def test_word_of_the_dead_and_words_that_cannot_be_read_are_passed_over(runtime_directory: Path) -> None:
    leave_word(runtime_directory, "http://localhost:8888/", pid=dead_pid())
    leave_word(runtime_directory, "ftp://localhost:8888/")
    for number, text in enumerate(["{", "[]", '{"url": 1}', '{"url": "http://localhost:1/", "token": "t"}']):
        (runtime_directory / f"jpserver-bad-{number}.json").write_text(text)
    assert list(running_servers(runtime_directory)) == []


def test_a_runtime_directory_that_is_missing_holds_no_server(tmp_path: Path) -> None:
    assert list(running_servers(tmp_path / "nowhere")) == []


def test_of_several_servers_the_command_must_say_which() -> None:
    with pytest.raises(FailedPrecondition, match=r"localhost:8888, http://localhost:8889/x.*--url"):
        choose([FIRST, SECOND], {})


def test_in_a_terminal_of_jupyter_its_own_server_is_meant() -> None:
    assert choose([FIRST, SECOND], {TERMINAL_VARIABLE: "http://127.0.0.1:8889/x/"}) == SECOND


def test_url_chooses_a_running_server_by_any_name_of_this_machine(api: SmallApi, runtime_directory: Path) -> None:
    leave_word(runtime_directory, "http://localhost:1/")
    leave_word(runtime_directory, base(api))
    for url in (base(api), f"{base(api)}/", api.url, base(api).replace("127.0.0.1", "localhost")):
        with find_client(url, os.environ) as client:
            assert client.url == api.url


def test_the_environment_goes_before_running_servers(
    api: SmallApi, runtime_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_word(runtime_directory, "http://localhost:1/")
    monkeypatch.setenv("LAKESAIL_API_URL", api.url)
    monkeypatch.setenv("LAKESAIL_API_TOKEN", "mine")
    with find_client(None, os.environ) as client:
        client.me()
    assert api.requests[0].authorization == "Bearer mine"


def test_a_token_of_one_control_plane_is_never_sent_to_another(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKESAIL_API_URL", "https://elsewhere.example/lakesail/api/v1")
    monkeypatch.setenv("LAKESAIL_API_TOKEN", "of-elsewhere")
    with pytest.raises(FailedPrecondition, match="no token for it is known"):
        find_client(base(api), os.environ)


def test_url_and_a_token_alone_are_enough(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKESAIL_API_TOKEN", "mine")
    with find_client(api.url, os.environ) as client:
        assert client.me() == ME


def test_a_server_without_a_token_is_said(api: SmallApi, runtime_directory: Path) -> None:
    leave_word(runtime_directory, base(api), token="")
    with pytest.raises(FailedPrecondition, match=r"has no token of its own.*JUPYTER_TOKEN"):
        find_client(None, os.environ)


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        find_client("localhost:8888", os.environ)


def test_a_server_that_is_gone_has_no_control_plane() -> None:
    assert not has_control_plane(RunningServer("http://127.0.0.1:9", "t"))


def test_the_token_of_a_server_stands_in_no_repr() -> None:
    assert "one" not in repr(FIRST)
