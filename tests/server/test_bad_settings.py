"""Settings that are wrong: Jupyter starts all the same, and every call of the API says all that is wrong."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from headless import JupyterServer, jupyter_server

from lakesail_notebook.api.routes import OPERATIONS, PUBLIC_OPERATIONS
from lakesail_notebook.cli.finding import RunningServer, has_control_plane
from tests.certificates import self_signed

from .plain_jupyter import plain_jupyter

API = "lakesail/api/v1"
ME = f"{API}/me"
HEALTH = f"{API}/health"
CERTIFICATE = {"proxy_tls_cert": "/etc/tls.pem"}
KEY = {"proxy_tls_key": "/etc/tls.key"}
TEAM = {"RED": {"members": ["ada"]}}


def refusal(server: JupyterServer, path: str = HEALTH) -> dict[str, Any]:
    """What a call is answered with, checked for what every refusal has."""
    answer = server.request("GET", path)
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"], problem["reason"]) == (503, "UNAVAILABLE", "settings_wrong"), problem
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


@pytest.mark.parametrize(
    ("config", "pointers"),
    [
        ({"LakesailApp": {"team": TEAM}}, {"/LakesailApp/team"}),
        ({"LakeSailApp": {"teams": TEAM}}, {"/LakeSailApp"}),
        (
            {
                "LakesailApp": {"teams": {"bad id": {}, "WORSE": 5}, "quotas": {"x": 1}, "limits": []},
                "LocalBackend": {"stack_bytes": 1},
            },
            {"/LakesailApp/teams", "/LakesailApp/quotas", "/LakesailApp/limits", "/LocalBackend/stack_bytes"},
        ),
    ],
)
def test_a_mistake_closes_the_api_and_is_told(tmp_path: Path, config: Mapping[str, Any], pointers: set[str]) -> None:
    with jupyter_server(tmp_path, config=config) as server:
        assert server.request("GET", "api").is_success
        problem = refusal(server)
        assert {error["pointer"] for error in problem["errors"]} == pointers
        assert all(error["message"] in problem["message"] for error in problem["errors"])
        assert all(error["message"] in server.log() for error in problem["errors"])


def test_every_call_is_refused_whoever_asks(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"teams": []}}) as server:
        assert has_control_plane(RunningServer(server.url.rstrip("/"), ""))  # so that commands tell the reason
        paths = {(operation.verb, operation.path) for operation in (*OPERATIONS, *PUBLIC_OPERATIONS)}
        paths |= {("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/events/ws"), ("GET", "/nothing"), ("PUT", "")}
        for verb, path in sorted(paths):
            url = f"{API}{path}".replace("{", "").replace("}", "")
            assert server.request(verb, url).status_code == 503, path
            assert httpx.request(verb, server.url + url, trust_env=False, timeout=60).status_code == 503, path


def test_a_kernel_is_told_too(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"limits": []}}) as server:
        kernel = server.start_kernel("notebook.ipynb")
        said = kernel.execute(
            "import lakesail_notebook\ntry: lakesail_notebook.connect()\nexcept Exception as error: print(error)"
        )
        assert "c.LakesailApp.limits must be a dict" in said.text
        kernel.shutdown()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("jupyter_server_config.py", "c.LakesailApp.teams = {\n", "SyntaxError"),
        ("jupyter_server_config.py", "import no_such_module\nc.LakesailApp.teams = {}\n", "ModuleNotFoundError"),
        ("jupyter_server_config.py", "c.LakesailApp = ['teams']\n", "ValueError"),
        ("jupyter_server_config.json", '{"LakesailApp": {"teams": {}},}', "JSONDecodeError"),
        ("jupyter_config.py", "raise RuntimeError('/etc/secret')", "RuntimeError"),
        ("jupyter_lakesail_notebook_config.py", "c.LakesailApp.teams['RED'] = 1", "TypeError"),
        ("jupyter_config.json", '{"version": 9}', "ValueError"),
    ],
)
def test_a_config_file_that_jupyter_passed_over_closes_the_api(
    tmp_path: Path, name: str, content: str, kind: str
) -> None:
    with plain_jupyter(tmp_path, {name: content}) as server:
        assert server.request("GET", "api").is_success
        problem = refusal(server)
        assert f"the config file {name} could not be loaded ({kind})" in problem["message"]
        assert str(tmp_path) not in problem["message"]
        assert "/etc/secret" not in problem["message"]
        assert str(tmp_path / "home" / "config" / name) in server.log()


def test_a_config_file_that_is_named_and_not_there_closes_the_api(tmp_path: Path) -> None:
    with plain_jupyter(tmp_path, {}, [f"--config={tmp_path / 'typo.py'}"]) as server:
        assert "the config file typo.py does not exist" in refusal(server)["message"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--LakesailApp.team={}", "c.LakesailApp has no trait team; did you mean teams?"),
        ("--LakesailApp.limits=[]", "c.LakesailApp.limits must be a dict"),
        ("--LocalBackend.linger_seconds=soon", "c.LocalBackend.linger_seconds must be an int of at least 0"),
    ],
)
def test_a_mistake_on_the_command_line_closes_the_api(tmp_path: Path, option: str, said: str) -> None:
    with plain_jupyter(tmp_path, {}, [option]) as server:
        assert said in refusal(server)["message"]


@pytest.mark.parametrize(
    "files",
    [
        {"jupyter_server_config.py": "# c.LakesailApp.teams = {}\n", "jupyter_config.json": "{}"},
        {"jupyter_server_config.py": "import os\nif 'NEVER' in os.environ: c.LakesailApp.teams = {}\n"},
        {"jupyter_lakesail_notebook_config.py": "c.LakesailApp.limits = {'idle_timeout': {'default': 600}}"},
        {"jupyter_server_config.json": json.dumps({"LakesailApp": {"org_admins": []}, "MultiKernelManager": {}})},
    ],
)
def test_config_files_without_a_mistake_open_the_door(tmp_path: Path, files: dict[str, str]) -> None:
    with plain_jupyter(tmp_path, files) as server:
        assert server.request("GET", HEALTH).json() == {"status": "ok"}
        assert server.request("GET", ME).is_success


# What the machine must have


def test_a_signing_key_that_others_can_reach_closes_the_api_until_it_is_mended(tmp_path: Path) -> None:
    home, root = tmp_path / "home", tmp_path / "root"
    directory = home / "data" / "lakesail"
    directory.mkdir(parents=True, mode=0o755)
    root.mkdir()
    key = directory / "signing-key.pem"
    key.write_text("not read")
    key.chmod(0o640)
    with jupyter_server(root, home=home) as server:
        message = refusal(server)["message"]
        assert "run: chmod 700 lakesail" in message
        assert "run: chmod 600 signing-key.pem" in message
        assert f"chmod 600 {key}" in server.log()
        assert f"chmod 700 {directory}" in server.log()
        key.unlink()
        directory.chmod(0o700)
        assert server.request("GET", ME).is_success
        key.chmod(0o644)  # it is in use: what can be read now was read before
        assert server.request("GET", HEALTH).is_success


@pytest.mark.parametrize("kind", ["text", "notes", "directory", "foreign revision"])
def test_a_database_of_another_kind_closes_the_api(tmp_path: Path, kind: str) -> None:
    database = tmp_path / "other.db"
    if kind == "text":
        database.write_text("this is no database" * 100)
    elif kind == "directory":
        database.mkdir()
    else:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE note (text TEXT)")
            if kind == "foreign revision":
                connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
                connection.execute("INSERT INTO alembic_version VALUES ('a1b2c3')")
                connection.commit()
    config = {"LakesailApp": {"database_url": f"sqlite:///{database}"}}
    with jupyter_server(tmp_path, config=config) as server:
        problem = refusal(server, ME)
        assert refusal(server)["message"] == problem["message"]
        assert "The database other.db" in problem["message"]
        assert "c.LakesailApp.database_url" in problem["message"]
        assert str(tmp_path) not in problem["message"]
        assert str(database) in server.log()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_in_use_closes_the_api_until_it_is_free(tmp_path: Path, host: str) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with jupyter_server(tmp_path, config={"LakesailApp": {"proxy_bind": f"{host}:{port}"}}) as server:
            message = refusal(server)["message"]
            assert f"port {port}" in message
            assert "c.LakesailApp.proxy_bind" in message
            taken.close()
            assert server.request("GET", ME).is_success
            assert server.request("GET", HEALTH).is_success


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (CERTIFICATE, "proxy_tls_cert is set without proxy_tls_key"),
        (KEY, "proxy_tls_key is set without proxy_tls_cert"),
        ({"proxy_bind": "0.0.0.0"}, "does not listen on 0.0.0.0 without TLS"),
        ({"proxy_bind": "[::]:4433"}, "does not listen on :: without TLS"),
        (CERTIFICATE | KEY, "c.LakesailApp.proxy_tls_cert: tls.pem is no file that can be read"),
    ],
)
def test_a_session_proxy_that_would_speak_in_the_clear_is_refused(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": settings}) as server:
        assert server.request("GET", "api").is_success
        message = refusal(server, ME)["message"]
        assert said in message
        assert "proxy_tls_" in message


@pytest.mark.parametrize("settings", [{"proxy_bind": "127.0.0.1"}, {"proxy_bind": "localhost"}])
def test_on_loopback_no_certificate_is_needed(tmp_path: Path, settings: dict[str, str]) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": settings}) as server:
        assert server.request("GET", ME).is_success


def test_beyond_loopback_a_certificate_and_its_key_are_enough(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "localhost")
    settings = {"proxy_bind": "0.0.0.0", "proxy_tls_cert": str(certificate), "proxy_tls_key": str(key)}
    with jupyter_server(tmp_path, config={"LakesailApp": settings}) as server:
        assert server.request("GET", ME).is_success


def test_a_bad_database_url_is_told_to_who_asks_and_fills_no_log(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"database_url": "nonsense://"}}) as server:
        kernel = server.start_kernel("notebook.ipynb")
        kernel.execute("1")
        assert "c.LakesailApp.database_url" in refusal(server, ME)["message"]
        assert "never retrieved" not in server.log()
        kernel.shutdown()
