"""Kernel side and control plane, one of them from before the user interface in the browser: each pair works."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import CellFailed, Kernel

from tests.integration.notebooks import API, describe
from tests.integration.panel_page import WIDGET, PanelPage

from .servers import add_kernel, server_in
from .virtual_environment import INSTALL_SECONDS, Environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

PANEL_SECONDS = 90
_EVENTS_UNTIL_NOW = """
from lakesail_notebook.client.client import Client
client = Client()
began = client.event_page().sequence
"""
_WHAT_HAPPENED = """
import json, threading
asking = threading.Thread(target=lambda: spark.range(10).count())
asking.start()
pages = [client.event_page(began), client.event_page(began, wait_seconds=1)]
pages.append(client.event_page(pages[-1].sequence, wait_seconds=3))
asking.join()
print(json.dumps([[event.sequence, event.kind] for page in pages for event in page.events]))
"""


@pytest.fixture(scope="module")
def older_kernel(
    faceless: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[JupyterServer, Kernel]]:
    root, home = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("home")
    add_kernel(home, "faceless", faceless.python)
    with jupyter_server(root, home=home) as server:
        yield server, server.start_kernel("older.ipynb", "faceless")


@pytest.fixture(scope="module")
def older_server(
    faceless: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[JupyterServer, Kernel]]:
    root, home = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("home")
    add_kernel(home, "newer", Path(sys.executable))
    with ExitStack() as stack:
        server = stack.enter_context(server_in(faceless, root, home))
        yield server, server.start_kernel("newer.ipynb", "newer")


def connected(server: JupyterServer, kernel: Kernel) -> str:
    """Connect; the session's id."""
    kernel.execute("%load_ext lakesail_notebook")
    kernel.execute("%sail connect")
    page = server.request("GET", f"{API}/workloads/sessions?status=active").json()
    (session,) = page["included"]["sessions"]
    assert session["metadata"]["lakesail/kernel"] == kernel.id
    return str(session["id"])


def test_an_older_kernel_queries_and_shows_its_session_as_text(older_kernel: tuple[JupyterServer, Kernel]) -> None:
    server, kernel = older_kernel
    session_id = connected(server, kernel)
    assert kernel.execute("spark.range(7).count()").value == "7"
    shown = kernel.execute("%sail")
    assert session_id in shown.text
    assert shown.text.splitlines()[:3] == kernel.execute("%sail status").text.splitlines()[:3]
    assert all(set(display) == {"text/plain"} for display in shown.displays)


@pytest.mark.parametrize("command", ["sessions", "configs", "queries", "logs", "doctor"])
def test_an_older_kernels_commands_read_the_answers_of_now(
    older_kernel: tuple[JupyterServer, Kernel], command: str
) -> None:
    server, kernel = older_kernel
    connected(server, kernel)
    server.request("POST", f"{API}/workloads/compute-configs", {"name": f"for {command}"})
    assert kernel.execute(f"%sail {command}").text


def test_an_older_kernel_is_told_no_kind_of_event_that_it_does_not_know(
    older_kernel: tuple[JupyterServer, Kernel],
) -> None:
    server, kernel = older_kernel
    session_id = connected(server, kernel)
    kernel.execute(_EVENTS_UNTIL_NOW)
    config = server.request("POST", f"{API}/workloads/compute-configs", {"name": "told to pages"})
    assert config.status_code == 201, config.text
    extended = server.request("POST", f"{API}/workloads/sessions/{session_id}/extend", {"durationSeconds": 3600})
    assert extended.is_success, extended.text
    events = json.loads(kernel.execute(_WHAT_HAPPENED).stdout)
    assert "extension" in {kind for _, kind in events}
    assert {kind for _, kind in events} <= {"move", "warning", "extension"}
    assert all(isinstance(sequence, int) for sequence, _ in events)


def test_an_older_kernel_says_why_a_session_is_over_and_has_another_one(
    older_kernel: tuple[JupyterServer, Kernel],
) -> None:
    server, kernel = older_kernel
    session_id = connected(server, kernel)
    closed = server.request("POST", f"{API}/workloads/sessions/{session_id}/close", {"reason": "the room is needed"})
    assert closed.status_code == 204, closed.text
    with pytest.raises(CellFailed) as failed:
        kernel.execute("spark.range(1).count()")
    assert session_id in failed.value.error.value
    assert "%sail connect" in failed.value.error.value
    assert "%sail" not in describe(server, session_id)["statusMessage"]
    assert describe(server, session_id)["statusMessage"] in kernel.execute("%sail status").text
    assert connected(server, kernel) != session_id
    assert kernel.execute("spark.range(3).count()").value == "3"


def test_a_panel_lives_on_a_server_that_knows_nothing_of_panels(older_server: tuple[JupyterServer, Kernel]) -> None:
    server, kernel = older_server
    session_id = connected(server, kernel)
    assert kernel.execute("spark.range(3).count()").value == "3"
    cell = "import lakesail_notebook\npanel = lakesail_notebook.panel()\npanel"
    shown = kernel.execute(cell).displays[-1]
    assert session_id in shown["text/plain"]
    assert "active, " in shown["text/plain"]
    page = PanelPage(kernel, shown[WIDGET]["model_id"])
    page.open()
    page.until(lambda: page.parts.get("configs") is not None, "the lists came", PANEL_SECONDS)
    assert page.parts["link"]["link"] == "live"
    assert {part: page.parts[part]["problem"] for part in ("sessions", "configs")} == {
        "sessions": None,
        "configs": None,
    }
    page.open({"topic": "queries", "sessionId": session_id})
    kernel.execute("spark.range(5).selectExpr('id as asked_while_open').collect()")
    page.until(lambda: "asked_while_open" in json.dumps(page.parts), "the query came", PANEL_SECONDS)
    page.act({"act": "close", "sessionId": session_id})
    page.until(lambda: page.value.get("status") == "closed", "the value follows", PANEL_SECONDS)
    page.act({"act": "connect", "choice": {}})
    page.until(lambda: page.value.get("status") == "active", "it is connected again", PANEL_SECONDS)
    assert kernel.execute("spark.range(4).count()").value == "4"
    page.close()
    page.hang_up()
