"""A notebook is known again under whatever name, and a path with another file is another notebook.

The kernels here are processes that sleep; the tests speak with their tokens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from headless import JupyterServer, jupyter_server

from lakesail_notebook.ids import is_id

from .header_identity import USER_HEADER, HeaderIdentityProvider
from .team_server import PROJECT, TEAMS

API = "lakesail/api/v1"
SESSIONS = f"{API}/workloads/sessions"
EMPTY = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True)
class Opened:
    """A Jupyter session with its kernel."""

    id: str
    kernel: str


class Jupyter:
    """A user of the server, who does what JupyterLab does for people, and what people do on the disk."""

    def __init__(self, server: JupyterServer, home: Path, root: Path, name: str) -> None:
        self.root = root
        self._runtime = home / "runtime"
        self._http = httpx.Client(base_url=server.url, headers={USER_HEADER: name}, timeout=60, trust_env=False)
        self._kernels = httpx.Client(base_url=server.url, timeout=60, trust_env=False)

    def close(self) -> None:
        self._http.close()
        self._kernels.close()

    def call(self, verb: str, path: str, body: object = None) -> Any:
        answer = self._http.request(verb, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def make(self, path: str) -> None:
        """A new notebook, or one that is saved again."""
        self.call("PUT", f"api/contents/{path}", {"type": "notebook", "format": "json", "content": EMPTY})

    def rename(self, old: str, new: str) -> None:
        self.call("PATCH", f"api/contents/{old}", {"path": new})

    def open(self, path: str, kind: str = "notebook", kernel: str | None = None) -> Opened:
        wanted = {"name": "sleeper"} if kernel is None else {"id": kernel}
        body = {"path": path, "name": Path(path).name, "type": kind, "kernel": wanted}
        session = self.call("POST", "api/sessions", body)
        return Opened(session["id"], session["kernel"]["id"])

    def shut(self, opened: Opened) -> None:
        self.call("DELETE", f"api/sessions/{opened.id}")

    def as_kernel(self, kernel: str, verb: str, path: str, body: object = None) -> httpx.Response:
        [token_file] = self._runtime.glob(f"lakesail-*/{kernel}")
        headers = {"Authorization": f"Bearer {token_file.read_text()}"}
        return self._kernels.request(verb, path, json=body, headers=headers)

    def me(self, opened: Opened) -> dict[str, Any]:
        answer = self.as_kernel(opened.kernel, "GET", f"{API}/me")
        assert answer.is_success, answer.text
        return dict(answer.json())

    def id_of(self, path: str) -> str:
        """Of the notebook at a path, which is opened and shut again."""
        opened = self.open(path)
        notebook_id = self.me(opened)["notebookId"]
        self.shut(opened)
        assert is_id(notebook_id)
        return str(notebook_id)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    spec = home / "data" / "kernels" / "sleeper"
    spec.mkdir(parents=True)
    kernel = {"argv": ["sleep", "600"], "display_name": "sleeper", "language": "none"}
    (spec / "kernel.json").write_text(json.dumps(kernel))
    return home


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def configuration() -> dict[str, Any]:
    provider = HeaderIdentityProvider
    return {
        "ServerApp": {"identity_provider_class": f"{provider.__module__}.{provider.__name__}"},
        "KernelManager": {"shutdown_wait_time": 0.01},
        "LakesailApp": {"teams": TEAMS},
    }


@pytest.fixture(scope="module")
def server(configuration: dict[str, Any], home: Path, root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root, config=configuration, home=home, env={"PYTHONPATH": str(PROJECT)}) as running:
        yield running


@pytest.fixture
def ada(server: JupyterServer, home: Path, root: Path) -> Iterator[Jupyter]:
    user = Jupyter(server, home, root, "ada")
    yield user
    user.close()


@pytest.fixture
def cal(server: JupyterServer, home: Path, root: Path) -> Iterator[Jupyter]:
    user = Jupyter(server, home, root, "cal")
    yield user
    user.close()


def test_a_notebook_keeps_its_id_when_it_is_opened_again(ada: Jupyter) -> None:
    ada.make("again.ipynb")
    assert ada.id_of("again.ipynb") == ada.id_of("again.ipynb")


def test_a_renamed_notebook_is_the_same_and_its_old_name_a_new_one(ada: Jupyter) -> None:
    ada.make("Untitled.ipynb")
    first = ada.id_of("Untitled.ipynb")
    ada.rename("Untitled.ipynb", "etl.ipynb")
    ada.make("Untitled.ipynb")
    assert ada.id_of("Untitled.ipynb") != first
    assert ada.id_of("etl.ipynb") == first


def test_an_open_notebook_is_shown_under_its_present_name(ada: Jupyter) -> None:
    ada.make("draft.ipynb")
    opened = ada.open("draft.ipynb")
    before = ada.me(opened)
    ada.rename("draft.ipynb", "report.ipynb")
    ada.call("PATCH", f"api/sessions/{opened.id}", {"path": "report.ipynb", "name": "report.ipynb"})
    after = ada.me(opened)
    assert after["notebookId"] == before["notebookId"]
    assert (before["notebookPath"], after["notebookPath"]) == (
        str(ada.root / "draft.ipynb"),
        str(ada.root / "report.ipynb"),
    )


def test_a_renamed_directory_takes_its_notebooks_along(ada: Jupyter) -> None:
    (ada.root / "project" / "deep").mkdir(parents=True)
    (ada.root / "projects").mkdir()
    for path in ("project/a.ipynb", "project/deep/b.ipynb", "projects/c.ipynb"):
        ada.make(path)
    before = [ada.id_of(path) for path in ("project/a.ipynb", "project/deep/b.ipynb", "projects/c.ipynb")]
    ada.rename("project", "archive")
    after = [ada.id_of(path) for path in ("archive/a.ipynb", "archive/deep/b.ipynb", "projects/c.ipynb")]
    assert after == before


def test_a_copy_is_a_new_notebook(ada: Jupyter) -> None:
    ada.make("original.ipynb")
    original = ada.id_of("original.ipynb")
    copied = ada.call("POST", "api/contents", {"copy_from": "original.ipynb"})
    (ada.root / "by_shell.ipynb").write_bytes((ada.root / "original.ipynb").read_bytes())
    assert len({original, ada.id_of(copied["path"]), ada.id_of("by_shell.ipynb")}) == 3
    assert ada.id_of("original.ipynb") == original


def test_a_deleted_notebook_and_a_new_one_at_its_path_are_two(ada: Jupyter) -> None:
    ada.make("deleted.ipynb")
    deleted = ada.id_of("deleted.ipynb")
    ada.call("DELETE", "api/contents/deleted.ipynb")
    (ada.root / "deleted.ipynb").write_text(json.dumps(EMPTY))
    assert ada.id_of("deleted.ipynb") != deleted


def test_of_what_is_removed_on_the_disk_the_next_notebook_there_is_new(ada: Jupyter) -> None:
    ada.make("removed.ipynb")
    removed = ada.id_of("removed.ipynb")
    (ada.root / "removed.ipynb").unlink()
    ada.make("removed.ipynb")
    assert ada.id_of("removed.ipynb") != removed


def test_a_notebook_that_is_moved_on_the_disk_is_the_same(ada: Jupyter) -> None:
    (ada.root / "elsewhere").mkdir()
    ada.make("moved.ipynb")
    first = ada.id_of("moved.ipynb")
    (ada.root / "moved.ipynb").rename(ada.root / "elsewhere" / "x.ipynb")
    ada.make("moved.ipynb")
    second = ada.id_of("moved.ipynb")
    assert second != first
    assert ada.id_of("elsewhere/x.ipynb") == first
    (ada.root / "elsewhere" / "x.ipynb").replace(ada.root / "moved.ipynb")
    assert ada.id_of("moved.ipynb") == first


def test_notebooks_that_exchange_names_or_whose_directory_is_moved_on_the_disk_stay_the_same(ada: Jupyter) -> None:
    (ada.root / "both").mkdir()
    ada.make("both/x.ipynb")
    ada.make("both/y.ipynb")
    x, y = ada.id_of("both/x.ipynb"), ada.id_of("both/y.ipynb")
    both = (ada.root / "both").rename(ada.root / "exchanged")
    (both / "x.ipynb").rename(both / "z")
    (both / "y.ipynb").rename(both / "x.ipynb")
    (both / "z").rename(both / "y.ipynb")
    assert (ada.id_of("exchanged/x.ipynb"), ada.id_of("exchanged/y.ipynb")) == (y, x)


def test_a_link_to_a_notebook_is_the_notebook(ada: Jupyter) -> None:
    ada.make("linked.ipynb")
    (ada.root / "link.ipynb").symlink_to("linked.ipynb")
    linked = ada.id_of("linked.ipynb")
    assert (ada.id_of("link.ipynb"), ada.id_of("linked.ipynb")) == (linked, linked)


def test_a_path_whose_file_was_moved_by_the_shell_and_copied_anew_is_a_new_notebook(ada: Jupyter) -> None:
    ada.make("kept.ipynb")
    first = ada.id_of("kept.ipynb")
    (ada.root / "kept.ipynb").rename(ada.root / "old.ipynb")
    (ada.root / "kept.ipynb").write_text(json.dumps(EMPTY))
    assert ada.id_of("kept.ipynb") != first
    assert ada.id_of("old.ipynb") == first


def test_an_editor_or_git_that_replaces_the_file_does_not_make_another_notebook(ada: Jupyter) -> None:
    ada.make("edited.ipynb")
    first = ada.id_of("edited.ipynb")
    draft = ada.root / "edited.draft"
    draft.write_text(json.dumps(EMPTY))
    draft.replace(ada.root / "edited.ipynb")
    assert ada.id_of("edited.ipynb") == first
    os.rename(ada.root / "edited.ipynb", ada.root / "edited_and_moved.ipynb")
    assert ada.id_of("edited_and_moved.ipynb") == first


def test_a_console_has_no_notebook_but_that_of_a_file_has(ada: Jupyter) -> None:
    consoles = [ada.open(f"console-{number}", kind="console") for number in (1, 2)]
    assert [ada.me(console)["notebookId"] for console in consoles] == [None, None]
    (ada.root / "script.py").write_text("1")
    assert ada.me(ada.open("script.py", kind="console"))["notebookId"] is not None


def test_two_notebooks_with_one_kernel_are_the_one_that_had_it_first(ada: Jupyter) -> None:
    ada.make("host.ipynb")
    ada.make("guest.ipynb")
    host = ada.open("host.ipynb")
    guest = ada.open("guest.ipynb", kernel=host.kernel)
    assert ada.me(guest)["notebookPath"].endswith("/host.ipynb")
    assert ada.me(ada.open("guest.ipynb"))["notebookPath"].endswith("/host.ipynb"), "Jupyter gives back the session"


def test_a_kernel_that_is_given_to_another_notebook_is_that_ones(ada: Jupyter) -> None:
    ada.make("from.ipynb")
    ada.make("to.ipynb")
    moving = ada.open("from.ipynb")
    before = ada.me(moving)["notebookId"]
    ada.call("PATCH", f"api/sessions/{moving.id}", {"path": "to.ipynb", "name": "to.ipynb"})
    after = ada.me(moving)
    assert after["notebookPath"].endswith("/to.ipynb")
    assert after["notebookId"] != before
    ada.shut(moving)
    assert ada.id_of("from.ipynb") == before


def test_without_a_file_a_kernels_session_says_that_its_notebook_was_renamed(ada: Jupyter) -> None:
    opened = ada.open("nowhere.ipynb")
    before = ada.me(opened)["notebookId"]
    ada.call("PATCH", f"api/sessions/{opened.id}", {"path": "still nowhere.ipynb", "name": "still nowhere.ipynb"})
    after = ada.me(opened)
    assert after["notebookId"] == before
    assert after["notebookPath"].endswith("/still nowhere.ipynb")


def test_the_first_save_of_a_notebook_does_not_make_another_one(ada: Jupyter) -> None:
    first = ada.id_of("unsaved.ipynb")
    ada.make("unsaved.ipynb")
    assert ada.id_of("unsaved.ipynb") == first


def test_another_members_notebook_cannot_be_named(ada: Jupyter, cal: Jupyter) -> None:
    ada.make("private.ipynb")
    opened = ada.open("private.ipynb")
    created = ada.as_kernel(opened.kernel, "POST", SESSIONS, {}).json()
    notebook_id = created["notebookId"]
    assert notebook_id == ada.me(opened)["notebookId"]
    of_cal = cal.open("of_cal.ipynb")
    for named in (notebook_id, "N0SUCHNOTEBOOK"):
        refused = cal.as_kernel(of_cal.kernel, "POST", SESSIONS, {"notebookId": named})
        assert (refused.status_code, refused.json()["reason"]) == (404, "notebook_not_found")
        assert refused.json()["errors"][0]["pointer"] == "/notebookId"
    ada.call("DELETE", f"{SESSIONS}/{created['id']}")


def test_two_servers_of_one_root_know_the_same_notebooks(
    ada: Jupyter, configuration: dict[str, Any], home: Path, root: Path
) -> None:
    ada.make("shared.ipynb")
    before = ada.id_of("shared.ipynb")
    with jupyter_server(root, config=configuration, home=home, env={"PYTHONPATH": str(PROJECT)}) as second:
        there = Jupyter(second, home, root, "ada")
        there.rename("shared.ipynb", "renamed there.ipynb")
        assert ada.id_of("renamed there.ipynb") == before, "the other server has not written it down"
        assert there.id_of("renamed there.ipynb") == before
        there.close()


def test_a_relaunched_session_stays_the_notebooks(ada: Jupyter) -> None:
    ada.make("relaunched.ipynb")
    opened = ada.open("relaunched.ipynb")
    old = ada.as_kernel(opened.kernel, "POST", SESSIONS, {}).json()
    ada.call("DELETE", f"{SESSIONS}/{old['id']}")
    new = ada.call("POST", f"{SESSIONS}/{old['id']}/relaunch")
    assert new["notebookId"] == old["notebookId"] == ada.me(opened)["notebookId"]
    ada.call("DELETE", f"{SESSIONS}/{new['id']}")


def test_an_own_notebook_can_be_named_and_its_sessions_follow_its_name(ada: Jupyter) -> None:
    ada.make("mine.ipynb")
    opened = ada.open("mine.ipynb")
    by_kernel = ada.as_kernel(opened.kernel, "POST", SESSIONS, {}).json()
    by_name = ada.call("POST", SESSIONS, {"notebookId": by_kernel["notebookId"]})
    assert by_name["metadata"]["lakesail/notebook"] == str(ada.root / "mine.ipynb")
    ada.rename("mine.ipynb", "ours.ipynb")
    for created in (by_kernel, by_name):
        shown = ada.call("GET", f"{SESSIONS}/{created['id']}")["metadata"]["lakesail/notebook"]
        assert shown == str(ada.root / "ours.ipynb")
        ada.call("DELETE", f"{SESSIONS}/{created['id']}")
    ada.call("DELETE", "api/contents/ours.ipynb")
    shown = ada.call("GET", f"{SESSIONS}/{by_name['id']}")["metadata"]["lakesail/notebook"]
    assert shown == f"{ada.root / 'ours.ipynb'} (moved or deleted)"
