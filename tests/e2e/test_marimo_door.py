"""The page of a marimo session in a browser: it works under its policy, its scripts reach nothing of Jupyter, and it
says when its session is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.page_server import PageServer, a_marimo_session, page_server

from .guard import Guard

TOKEN = "token-of-the-marimo-server"
PATIENCE = 60_000.0
ATTACKS = (Path(__file__).parent / "marimo_attacks.js").read_text()
NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import anywidget
    import marimo as mo

    attacks = ATTACKS
    return anywidget, attacks, mo


@app.cell
def _(mo):
    size = mo.ui.slider(1, 10, label="size")
    size
    return (size,)


@app.cell
def _(mo, size):
    mo.md(f"The square is {size.value**2}.")
    return


@app.cell
def _(mo):
    mo.vstack([mo.ui.table([{"a": n, "b": "x"} for n in range(50)]), mo.download(b"abc", filename="abc.bin")])
    return


@app.cell
def _(mo):
    mo.iframe("<p>a frame of the notebook</p>")
    return


@app.cell
def _(anywidget, attacks, mo):
    class Hostile(anywidget.AnyWidget):
        _esm = attacks

    mo.ui.anywidget(Hostile())
    return
"""


class Pages:
    def __init__(self, server: PageServer, session_id: str) -> None:
        self.server = server
        self.session_id = session_id

    def open(self, context: BrowserContext) -> Page:
        """By Jupyter's login, as from JupyterLab."""
        context.request.get(f"{self.server.jupyter.url}api/status?token={TOKEN}")
        page = context.new_page()
        page.goto(f"{self.server.page(self.session_id)}_open")
        return page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Guarded by the test itself, until it attacks."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    directory = tmp_path_factory.mktemp("pages")
    notebook = directory / "notebook.py"
    notebook.write_text(NOTEBOOK.replace("ATTACKS", json.dumps(ATTACKS)))
    session = a_marimo_session("ADA")
    provider = "tests.page_server.OneUserProvider"
    config = {"ServerApp": {"identity_provider_class": provider, "base_url": "/base/"}}
    with page_server(directory, [(session, notebook, "edit")], config=config, token=TOKEN) as server:
        yield Pages(server, session.id)


def test_a_notebook_works_its_scripts_reach_nothing_and_the_page_tells_its_end(
    pages: Pages, context: BrowserContext
) -> None:
    guard = Guard()
    guard.allow(pages.server.jupyter.url)
    guard.watch(context)
    context.add_init_script(
        "window.violations = []; addEventListener('securitypolicyviolation', "
        "event => violations.push(event.effectiveDirective + ' ' + event.blockedURI))"
    )
    page = pages.open(context)
    square = page.get_by_text("The square is 1.")
    expect(square).to_be_visible(timeout=PATIENCE)
    assert page.url == pages.server.page(pages.session_id), "no ticket stands in the address"
    page.get_by_role("slider").first.press("ArrowRight")
    expect(page.get_by_text("The square is 4.")).to_be_visible(timeout=PATIENCE)
    expect(page.frame_locator("iframe").get_by_text("a frame of the notebook")).to_be_visible(timeout=PATIENCE)
    attack = page.get_by_role("button", name="Attack")
    expect(attack).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("violations") == [], "marimo itself keeps to the policy"
    guard.check()  # the attacks are refused in the console, too

    attack.click()
    told = page.locator(".attacks-are-over")
    expect(told).to_be_attached(timeout=PATIENCE)
    reached = cast("dict[str, Any]", json.loads(told.text_content() or ""))
    assert reached == dict.fromkeys(reached, "kept out")
    assert len(reached) >= 15

    pages.server.end(pages.session_id, "was closed after 30 minutes idle")
    alert = page.locator("#lakesail-session-over").get_by_role("alert")
    expect(alert).to_contain_text("after 30 minutes idle", timeout=PATIENCE)
    page.goto(pages.server.page(pages.session_id))
    expect(page.get_by_role("status")).to_contain_text("after 30 minutes idle", timeout=PATIENCE)
    assert pages.session_id in pages.server.uses(), "a person pressed a key"
