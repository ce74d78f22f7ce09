"""The panel in a marimo notebook: what depends on it runs again when its session begins, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from playwright.sync_api import BrowserContext, expect

from lakesail_notebook.api_location import TOKEN_VARIABLE, URL_VARIABLE
from tests.integration.marimo_pages import MarimoServer, marimo_server
from tests.integration.notebooks import API

from .guard import Guard

MILLISECONDS = 60_000
TOKEN = "a-token-of-the-tests"

APP = """
import marimo
app = marimo.App()

with app.setup:
    import marimo as mo
    import lakesail_notebook as sail

@app.cell
def choosing():
    panel = sail.panel()
    panel
    return (panel,)

@app.cell
def looking(panel):
    mo.md(f"It is {panel.value['status']} on {panel.value['config']}.")
    return

@app.cell
def using(panel):
    mo.stop(panel.value["status"] not in {"active", "idle"}, mo.md("Choose a session."))
    spark = panel.widget.spark()
    mo.md(f"It counts {spark.range(7).count()} rows, and the default is {sail.connect() is spark}.")
    return
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("server"), token=TOKEN) as running:
        yield running


@pytest.fixture(scope="module")
def app(server: JupyterServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarimoServer]:
    notebook = Path(tmp_path_factory.mktemp("app")) / "panel.py"
    notebook.write_text(APP)
    environment = {URL_VARIABLE: f"{server.url}{API}", TOKEN_VARIABLE: TOKEN}
    with marimo_server("run", notebook, env=environment) as running:
        yield running


def test_cells_run_again_when_a_session_is_chosen_and_when_it_ends(
    server: JupyterServer, app: MarimoServer, context: BrowserContext, guard: Guard
) -> None:
    guard.allow(app.url)
    page = context.new_page()
    page.goto(f"{app.url}/?access_token={app.token}")
    expect(page.get_by_text("Choose a session.")).to_be_visible(timeout=MILLISECONDS)
    expect(page.get_by_text("It is None on None.")).to_be_visible(timeout=MILLISECONDS)
    page.get_by_role("button", name="Connect", exact=True).click(timeout=MILLISECONDS)
    expect(page.get_by_text("It is active on default.")).to_be_visible(timeout=MILLISECONDS)
    expect(page.get_by_text("It counts 7 rows, and the default is True.")).to_be_visible(timeout=MILLISECONDS)
    [session] = server.request("GET", f"{API}/workloads/sessions").json()["items"]
    server.request("DELETE", f"{API}/workloads/sessions/{session['id']}")
    expect(page.get_by_text("It is closed on default.")).to_be_visible(timeout=MILLISECONDS)
    expect(page.get_by_text("Choose a session.")).to_be_visible(timeout=MILLISECONDS)
    page.close()
