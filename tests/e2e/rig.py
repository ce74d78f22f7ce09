"""The real JupyterLab or Notebook 7 server, as a process of its own, with the labextension of the working tree."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import pytest
from headless import Config, jupyter_server

T = TypeVar("T")
Application = Literal["jupyterlab", "notebook"]

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "build" / "screens"
"""Where the tests put their pictures. Git ignores it."""
LABEXTENSION = ROOT / "lakesail_notebook" / "labextension"
EXTENSION_NAME = "@lakesail/notebook-labextension"
TOKEN = "the-token-of-the-browser-tests"
PASSWORD = "the password of the browser tests"
_NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}
_SESSIONS = "workloads/sessions"
_CONFIGS = "workloads/compute-configs"


class Api:
    """The REST API of the server under test, as the logged-in user."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url = url
        self._client = client

    def jupyter(self, method: str, path: str, json: object = None) -> httpx.Response:
        """One request to Jupyter itself; ``path`` is relative to the base path. Any status is an answer."""
        xsrf = self._client.cookies.get("_xsrf")
        return self._client.request(
            method, f"{self._url}{path}", json=json, headers={} if xsrf is None else {"X-XSRFToken": xsrf}
        )

    def request(self, method: str, path: str, json: object = None) -> httpx.Response:
        """One request to our API; ``path`` is relative to it. Any status is an answer."""
        return self.jupyter(method, f"lakesail/api/v1/{path}", json)

    def get(self, path: str) -> Any:
        return self._body("GET", path)

    def post(self, path: str, json: object) -> Any:
        return self._body("POST", path, json)

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions, the newest first."""
        page = self.get(f"{_SESSIONS}?limit=100")
        by_id = {session["id"]: session for session in page["included"]["sessions"]}
        return [by_id[row["id"]] for row in page["items"]]

    def live_sessions(self) -> list[dict[str, Any]]:
        return [session for session in self.sessions() if session["status"] in ("pending", "active", "idle")]

    def session(self, session_id: str) -> dict[str, Any]:
        session: dict[str, Any] = self.get(f"{_SESSIONS}/{session_id}")
        return session

    def session_of(self, notebook: str) -> dict[str, Any] | None:
        """The newest session of a notebook, by the name of its file."""
        return next((one for one in self.sessions() if notebook_of(one) == notebook), None)

    def queries(self, session_id: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(f"{_SESSIONS}/{session_id}/queries")["items"]
        return items

    def configs(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(f"{_CONFIGS}?limit=100")["items"]
        return items

    def make_config(self, name: str, sail: Mapping[str, object] | None = None) -> dict[str, Any]:
        """A compute config of this name, on this machine."""
        body = {"name": name, "workloadType": "sail", "clusterId": "LOCAL", "teamId": "LOCAL"}
        made: dict[str, Any] = self.post(_CONFIGS, body | {"config": {"sail": dict(sail or {})}})
        return made

    def delete_all_configs(self) -> None:
        for config in self.configs():
            self.request("DELETE", f"{_CONFIGS}/{config['id']}")

    def clear(self) -> None:
        """End all kernels, and then all sessions: a kernel that still runs could ask for another session."""
        self.shut_down_all_kernels()
        self.close_all_sessions()

    def close_all_sessions(self) -> None:
        for session in self.live_sessions():
            self.request("DELETE", f"{_SESSIONS}/{session['id']}")
        eventually(lambda: not self.live_sessions(), 60, "all sessions have ended")

    def shut_down_all_kernels(self) -> None:
        for session in self.jupyter("GET", "api/sessions").json():
            self.jupyter("DELETE", f"api/sessions/{session['id']}")

    def _body(self, method: str, path: str, json: object = None) -> Any:
        answer = self.request(method, path, json)
        assert answer.is_success, f"{method} {path} was answered {answer.status_code}: {answer.text}"
        return answer.json()


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, and what a browser and a test need of it."""

    application: Application
    url: str
    """With the base path, as the browser asks for it."""
    api: Api
    root: Path
    token: str

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def address_of(self, notebook: str | None, origin: str | None = None) -> str:
        """Where a notebook opens; ``None``: the first page of the application.

        :param origin: of a relay before the server.
        """
        base = self.url if origin is None else self.url.replace(self.origin, origin, 1)
        if self.application == "notebook":
            place = "tree" if notebook is None else f"notebooks/{quote(notebook)}"
        else:
            place = "lab" if notebook is None else f"lab/tree/{quote(notebook)}"
        options = ["reset"] if self.application == "jupyterlab" else []
        options += [f"token={self.token}"] if self.token else []
        return f"{base}{place}{'?' if options else ''}{'&'.join(options)}"


@contextlib.contextmanager
def site(
    directory: Path,
    *,
    application: Application = "jupyterlab",
    base_url: str = "/",
    config: Config | None = None,
    password: bool = False,
    env: Mapping[str, str] | None = None,
    labextension: bool = True,
) -> Iterator[Site]:
    """A server for the length of a ``with`` block. Its root directory is ``directory/root``.

    :param directory: holds all that it reads and writes; a second server in it finds what the first left.
    :param config: traits on top of our own, by class.
    :param password: log in by a password and a cookie: no token exists, and each write needs its XSRF token.
    :param labextension: whether ours is on; without it, a page has what kernels tell it alone.
    """
    home, root = directory / "home", directory / "root"
    home.mkdir(parents=True, exist_ok=True)
    root.mkdir(exist_ok=True)
    turn_news_off(home)
    if not labextension:
        _disable(home, EXTENSION_NAME)
    server_config = _config(base_url, password)
    for name, traits in (config or {}).items():
        server_config[name] = server_config.get(name, {}) | dict(traits)
    variables = {"JUPYTER_PATH": str(_linked_labextension(home))} | dict(env or {})
    token = "" if password else TOKEN
    with (
        jupyter_server(
            root, config=server_config, token=token, home=home, env=variables, application=application
        ) as server,
        _client(server.url, password) as client,
    ):
        yield Site(application, server.url, Api(server.url, client), root, token)


def turn_news_off(home: Path) -> None:
    """They would pop up over a corner of the page, and ask other machines."""
    write_settings(home, "@jupyterlab/apputils-extension:notification", _NO_NEWS)


def _disable(home: Path, extension: str) -> None:
    """As ``jupyter labextension disable`` does."""
    file = home / "config" / "labconfig" / "page_config.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"disabledExtensions": {extension: True}}))


def write_settings(home: Path, plugin: str, settings: Mapping[str, object]) -> None:
    """What a user has set in JupyterLab's settings, for a plugin such as ``package:plugin``."""
    package, name = plugin.split(":")
    file = home / "config" / "lab" / "user-settings" / package / f"{name}.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings))


def write_notebook(
    file: Path, *sources: str, metadata: Mapping[str, object] | None = None, trusted: bool = False
) -> None:
    """A notebook of code cells; a source that begins with ``#`` and a blank is markdown."""
    cells = [_cell(number, source, trusted) for number, source in enumerate(sources)]
    kernel = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
    content = {"cells": cells, "metadata": kernel | dict(metadata or {}), "nbformat": 4, "nbformat_minor": 5}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1))


def notebook_of(session: Mapping[str, Any]) -> str | None:
    """The name of a session's notebook."""
    path = session["notebookPath"]
    return None if path is None else PurePosixPath(path).name


def _pause() -> None:
    time.sleep(0.05)  # between two looks, within the deadline


def eventually(look: Callable[[], T | None], seconds: float, what: str, pause: Callable[[], object] = _pause) -> T:
    """The first thing seen that is not ``None`` or false, within so many seconds.

    Handlers of Playwright's events and routes do not run between two looks: see :meth:`LabPage.until`.

    :param pause: between two looks.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        pause()


def _cell(number: int, source: str, trusted: bool) -> dict[str, Any]:
    common = {"id": f"cell-{number}", "metadata": {"trusted": True} if trusted else {}, "source": source}
    if source.startswith("# "):
        return common | {"cell_type": "markdown"}
    return common | {"cell_type": "code", "execution_count": None, "outputs": []}


def _config(base_url: str, password: bool) -> dict[str, dict[str, Any]]:
    application = {"open_browser": False, "expose_app_in_browser": True}
    login = {"PasswordIdentityProvider": {"hashed_password": _hashed(PASSWORD)}} if password else {}
    return {
        "ServerApp": {"base_url": base_url},
        "LabApp": application | {"extension_manager": "readonly"},
        "JupyterNotebookApp": application,
        **login,
    }


def _hashed(password: str) -> str:
    salt = "0123456789ab"
    return f"sha1:{salt}:{hashlib.sha1((password + salt).encode()).hexdigest()}"  # as jupyter_server.auth.passwd does


def _linked_labextension(home: Path) -> Path:
    """A directory for ``JUPYTER_PATH``, whose labextension is the one that was built in the working tree."""
    if not (LABEXTENSION / "package.json").is_file():
        pytest.fail(f"{LABEXTENSION} is not there. Build it: npm ci && npm run build", pytrace=False)
    link = home / "linked" / "labextensions" / EXTENSION_NAME
    if not link.is_symlink():
        link.parent.mkdir(parents=True)
        link.symlink_to(LABEXTENSION)
    return home / "linked"


@contextlib.contextmanager
def _client(url: str, password: bool) -> Iterator[httpx.Client]:
    """An HTTP client that is logged in."""
    headers = {} if password else {"Authorization": f"token {TOKEN}"}
    with httpx.Client(timeout=90, trust_env=False, headers=headers, follow_redirects=False) as client:
        if password:
            form = client.get(f"{url}login").text
            found = re.search(r'name="_xsrf" value="([^"]+)"', form)
            assert found, form
            answer = client.post(f"{url}login", data={"_xsrf": found[1], "password": PASSWORD})
            assert answer.status_code == 302, answer.text
        yield client
