"""Panels in real kernels of a real server, with a page that speaks to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from headless import JupyterServer
from headless_kernel import Kernel

import lakesail_notebook

from .notebooks import API, BackgroundCell, Marker, describe, eventually, session_of
from .panel_page import WIDGET, PanelPage

STATIC = Path(lakesail_notebook.__file__).parent / "static"
PANEL = "application/vnd.lakesail.panel+json"
BUSY = """
import pathlib, time
pathlib.Path("busy").touch()
while not pathlib.Path("free").exists():
    time.sleep(0.05)
"""
THREADS = "import threading\nsum(one.name == 'lakesail-panel' for one in threading.enumerate())"


@pytest.fixture
def kernel(server: JupyterServer, request: pytest.FixtureRequest) -> Iterator[Kernel]:
    kernel = server.start_kernel(f"{request.node.name}.ipynb")
    yield kernel
    kernel.shutdown()


@pytest.fixture
def page(kernel: Kernel) -> Iterator[PanelPage]:
    page = page_of(kernel, "import lakesail_notebook\npanel = lakesail_notebook.panel()\npanel")
    yield page
    page.hang_up()


def page_of(kernel: Kernel, cell: str) -> PanelPage:
    return PanelPage(kernel, kernel.execute(cell).displays[-1][WIDGET]["model_id"])


def sessions_of(page: PanelPage) -> list[dict[str, Any]]:
    part = page.parts.get("sessions")
    return [] if part is None else part["answer"]["included"]["sessions"]


def test_sail_alone_shows_a_panel_and_its_text_is_what_it_was(kernel: Kernel) -> None:
    kernel.execute("%sail connect")
    shown = kernel.execute("%sail").displays[-1]
    assert {WIDGET, PANEL, "text/html", "text/plain"} <= set(shown)
    status = kernel.execute("%sail status").stdout
    assert shown["text/plain"].splitlines()[:3] == status.splitlines()[:3]
    assert "<script" not in shown["text/html"]


def test_the_kernel_tells_the_script_of_the_elements_once_to_a_page_that_asks(kernel: Kernel, page: PanelPage) -> None:
    page.open()
    page.until(lambda: "sessions" in page.parts, "the list came")
    assert page.scripts == []
    page.say({"type": "elements"})
    page.until(lambda: page.scripts, "the script came")
    ticket = page.ask_whether_ready()
    page.until(lambda: ticket in page.ready, "all that was asked before is answered")
    assert page.scripts == [(STATIC / "elements.js").read_text("utf-8")]
    assert kernel.execute("len(panel._esm) < 50_000").value == "True"


def test_nothing_that_a_panel_shows_or_syncs_holds_a_token(kernel: Kernel) -> None:
    kernel.execute("%sail connect")
    shown = json.dumps(kernel.execute("import lakesail_notebook\npanel = lakesail_notebook.panel()\npanel").displays)
    state = kernel.execute("[(k, v) for k, v in panel.get_state().items() if k != '_esm']").value
    token = kernel.execute("import os; open(os.environ['LAKESAIL_API_TOKEN_FILE']).read()").value.strip("'")
    assert len(token) > 20
    for text in (shown, state):
        assert "eyJ" not in text
        assert token not in text


def test_a_panel_is_read_while_a_view_is_open_and_not_else(kernel: Kernel) -> None:
    page = page_of(kernel, "%sail")
    assert kernel.execute(THREADS).value == "0"
    page.open()
    page.until(lambda: "configs" in page.parts, "the lists came")
    assert page.parts["link"]["link"] == "live"
    assert kernel.execute(THREADS).value == "2"
    another = page_of(kernel, "%sail")
    another.open()
    another.until(lambda: "configs" in another.parts, "the second panel has the lists, too")
    assert kernel.execute(THREADS).value == "2"
    page.close()
    another.close()
    eventually(lambda: kernel.execute(THREADS).value == "0", 10, "the long poll ended with the last view")
    page.hang_up()
    another.hang_up()


def test_connect_in_a_panel_binds_spark_in_the_notebook(kernel: Kernel, page: PanelPage) -> None:
    page.open()
    page.until(lambda: "sessions" in page.parts, "the list came")
    page.act({"act": "connect", "choice": {"name": "by the panel"}})
    page.until(lambda: page.parts.get("acts", {}).get("connect", {}).get("phase") == "done", "it is connected", 90)
    assert kernel.execute("spark.range(3).count()").value == "3"
    assert kernel.execute("panel.spark() is spark").value == "True"
    page.until(lambda: page.value.get("status") == "active", "the value follows")
    assert page.value["name"] == "by the panel"
    assert kernel.execute("panel.value['sessionId']").value.strip("'") == page.value["sessionId"]


def test_an_interrupt_ends_a_connect_in_a_panel_and_never_the_kernel(
    server: JupyterServer, kernel: Kernel, page: PanelPage
) -> None:
    config = {"name": "never warm", "config": {"sail": {"extraEnv": {"ONLY": "here"}}}}
    assert server.request("POST", f"{API}/workloads/compute-configs", config).status_code == 201
    page.open()
    page.until(lambda: "sessions" in page.parts, "the list came")
    page.act({"act": "connect", "choice": {"config": "never warm"}})
    page.until(lambda: "connect" in page.parts.get("acts", {}), "the connect has begun")

    def outcome() -> dict[str, Any] | None:
        state: dict[str, Any] = page.parts.get("acts", {}).get("connect", {})
        if state.get("phase") in {"done", "failed"}:
            return state
        kernel.interrupt()
        return None

    state = page.until(outcome, "the connect has ended", 90)
    assert state is not None
    assert state["problem"]["message"].startswith("Interrupted; the session goes on.")
    kernel.interrupt()
    assert kernel.execute("1 + 1").value == "2"


def test_observers_hear_of_what_others_did(server: JupyterServer, kernel: Kernel, page: PanelPage) -> None:
    kernel.execute("%sail connect")
    kernel.execute("heard = []\npanel.observe(lambda change: heard.append(change['new']['status']), 'value')")
    kernel.execute("def broken(change):\n    raise RuntimeError('of the user')\npanel.observe(broken, 'value')")
    page.open()
    page.until(lambda: sessions_of(page), "the list came")
    server.request("DELETE", f"{API}/workloads/sessions/{session_of(server, kernel)['id']}")
    page.until(lambda: sessions_of(page)[0]["status"] == "closed", "its end came")
    page.until(lambda: page.value.get("terminationReason") == "user_closed", "the value follows")
    assert kernel.execute("heard[-1]").value == "'closed'"


def test_a_panel_closes_the_session_and_the_kernels_spark_says_so(
    server: JupyterServer, kernel: Kernel, page: PanelPage
) -> None:
    kernel.execute("%sail connect")
    session = session_of(server, kernel)
    page.open()
    page.act({"act": "close", "sessionId": session["id"]})
    page.until(lambda: page.parts.get("acts", {}).get(f"session:{session['id']}", {}).get("phase") == "done", "closed")
    assert describe(server, session["id"])["terminationReason"] == "user_closed"
    assert kernel.execute("spark.is_stopped").value == "True"


def test_queries_and_log_come_while_a_view_looks_at_them(
    server: JupyterServer, kernel: Kernel, page: PanelPage
) -> None:
    kernel.execute("%sail connect")
    session_id = session_of(server, kernel)["id"]
    page.open({"topic": "queries", "sessionId": session_id}, {"topic": "log", "sessionId": session_id})
    page.until(lambda: page.parts.get(f"log:{session_id}"), "the log came")
    kernel.execute("spark.sql('select 41 + 1 as found').collect()")

    def found() -> bool:
        part = page.parts.get(f"queries:{session_id}")
        return part is not None and any("41 + 1" in one["what"] for one in part["answer"]["items"])

    page.until(found, "the query came by itself")


def test_a_busy_kernel_still_tells_and_hears_no_act(server: JupyterServer, root: Path, kernel: Kernel) -> None:
    kernel.execute("%sail connect")
    page = page_of(kernel, "%sail")
    session_id = session_of(server, kernel)["id"]
    page.open()
    page.until(lambda: sessions_of(page), "the list came")
    cell = BackgroundCell(kernel, BUSY)
    Marker(root, "busy").wait()
    ticket = page.ask_whether_ready()
    server.request("DELETE", f"{API}/workloads/sessions/{session_id}")
    page.until(lambda: sessions_of(page)[0]["status"] == "closed", "a busy kernel tells of an end")
    assert ticket not in page.ready
    (root / "free").touch()
    cell.outcome(60)
    page.until(lambda: ticket in page.ready, "it hears again")
    page.say({"type": "act", "id": "no ticket", "act": {"act": "connect", "choice": {}}})
    page.act({"act": "dismiss", "subject": "connect"})
    assert "connect" not in page.parts.get("acts", {})
    page.hang_up()


def test_a_forked_child_has_no_part_in_its_parents_panels(kernel: Kernel, page: PanelPage) -> None:
    page.open()
    page.until(lambda: "sessions" in page.parts, "the list came")
    code = (
        "import os\n"
        "from lakesail_notebook.widgets import hub\n"
        "reading, writing = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.write(writing, str(len(hub._hubs)).encode())\n"
        "    os._exit(0)\n"
        "os.read(reading, 1)"
    )
    assert kernel.execute(code).value == "b'0'"
    assert kernel.execute(THREADS).value == "2"


def test_a_restarted_kernel_has_no_panel_and_shows_a_new_one(kernel: Kernel) -> None:
    page = page_of(kernel, "%sail")
    page.open()
    page.until(lambda: "sessions" in page.parts, "the list came")
    kernel.restart()
    assert kernel.execute(THREADS).value == "0"
    again = page_of(kernel, "%sail")
    again.open()
    again.until(lambda: "sessions" in again.parts, "the new panel is fed")
    page.hang_up()
    again.hang_up()
