"""The page of a marimo session through our proxy costs hardly more than marimo reached directly."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.page_server import PageServer, a_marimo_session, page_server

from .figures import Figure, Figures, seconds_of

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

TOKEN = "token-of-the-bench"
ROUNDS = 7
TURNS = 20
PATIENCE = 60_000.0
NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    size = mo.ui.slider(0, 1000, label="size")
    size
    return mo, size


@app.cell
def _(mo, size):
    mo.md(f"It is {size.value}.")
    return
"""


@dataclass(frozen=True, slots=True)
class Ways:
    """To the same marimo: through our proxy, and directly."""

    opens: dict[str, str]
    """What logs a browser in."""
    shows: dict[str, str]
    """The page, for a browser that is logged in."""


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    directory = tmp_path_factory.mktemp("pages")
    notebook = directory / "notebook.py"
    notebook.write_text(NOTEBOOK)
    session = a_marimo_session("ADA")
    config = {"ServerApp": {"identity_provider_class": "tests.page_server.OneUserProvider"}}
    with page_server(directory, [(session, notebook, "run")], config=config, token=TOKEN) as server:
        yield _ways(server, session.id)


def _ways(server: PageServer, session_id: str) -> Ways:
    server.wait_until_served(session_id)
    port, token = server.address_of(session_id)
    proxied = server.page(session_id)
    direct = f"http://127.0.0.1:{port}/lakesail/marimo/{session_id}/"
    return Ways(
        opens={"proxied": f"{proxied}_open?token={TOKEN}", "direct": f"{direct}?access_token={token}"},
        shows={"proxied": proxied, "direct": direct},
    )


def test_the_page_and_a_turn_of_a_cell_cost_at_most_1_3_of_marimo_itself(
    figures: Figures, browser: Browser, ways: Ways
) -> None:
    loads: dict[str, list[float]] = {way: [] for way in ways.shows}
    turns: dict[str, list[float]] = {way: [] for way in ways.shows}
    for _ in range(ROUNDS):  # the ways take turns: what else this machine does meets both
        for way in ways.shows:
            context = browser.new_context()  # with an empty cache
            page = _logged_in(context, ways.opens[way])
            loads[way].append(seconds_of(partial(_show, page, ways.shows[way])))
            turns[way].append(_turn(page))
            context.close()
    for name, took in (("page of a marimo session", loads), ("turn of a cell of marimo", turns)):
        proxied, direct = statistics.median(took["proxied"]), statistics.median(took["direct"])
        note = f"{proxied * 1000:.0f} ms and {direct * 1000:.0f} ms"
        figures.add(Figure(name=f"{name}, proxied / direct", value=proxied / direct, unit="x", aim=1.3, note=note))
    assert all(figure.met for figure in figures), figures.table()


def _logged_in(context: BrowserContext, address: str) -> Page:
    """Without the page itself, which is measured next: nothing of it is cached."""
    page = context.new_page()
    page.route("**/assets/**", lambda route: route.abort())
    page.goto(address)
    page.goto("about:blank")
    page.unroute("**/assets/**")
    return page


def _show(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("It is 0.")).to_be_visible(timeout=PATIENCE)


def _turn(page: Page) -> float:
    """The median time from a key on the slider to the cell that shows it."""
    slider = page.get_by_role("slider").first
    took = []
    for value in range(1, TURNS + 1):
        began = time.perf_counter()
        slider.press("ArrowRight")
        page.wait_for_function(f"document.body.innerText.includes('It is {value}.')", timeout=PATIENCE)
        took.append(time.perf_counter() - began)
    return statistics.median(took)
