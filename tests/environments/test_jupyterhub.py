"""A user of a real JupyterHub, who logs in at its page and works behind its proxy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import (  # noqa: F401 - fixtures
    context,
    guard,
    new_context,
)
from tests.e2e.face import Face, button
from tests.e2e.guard import Guard
from tests.e2e.lab_page import LabPage
from tests.e2e.rig import Api, Site, eventually, write_notebook
from tests.e2e.traffic import Traffic

from .hub import PASSWORD, jupyterhub_in
from .virtual_environment import INSTALL_SECONDS, Environment

USER = "ada@example.org"
NOTEBOOK = "flights.ipynb"
SECONDS = 90
_TOKEN = "() => JSON.parse(document.getElementById('jupyter-config-data').textContent).token"


@pytest.fixture
def hub(hub_environment: Environment, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Its address, and the directory that its users see."""
    root = tmp_path / "root"
    write_notebook(root / NOTEBOOK, "# Flights", "1")
    with jupyterhub_in(hub_environment, tmp_path / "home", root) as url:
        yield url, root


def log_in(page: Page, hub_url: str) -> str:
    """By the hub's form; the hub starts the user's server and leads there.

    :returns: the address of that server.
    """
    page.goto(hub_url)
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/user/**/lab**", timeout=SECONDS * 1000)
    return page.url.partition("lab")[0]


@pytest.mark.timeout(2 * INSTALL_SECONDS)
def test_a_user_of_a_hub_logs_in_connects_at_one_click_and_is_told_of_events(
    hub: tuple[str, Path],
    context: BrowserContext,  # noqa: F811
    guard: Guard,  # noqa: F811
) -> None:
    hub_url, root = hub
    guard.allow(hub_url)
    page = context.new_page()
    url = log_in(page, hub_url)
    assert url == f"{hub_url}user/{USER}/"
    token = page.evaluate(_TOKEN)
    with httpx.Client(timeout=SECONDS, trust_env=False, headers={"Authorization": f"token {token}"}) as client:
        api = Api(url, client)
        assert api.get("me")["login"] == USER
        traffic = Traffic(page)
        lab = LabPage(page, Site("jupyterlab", url, api, root, token="")).open(NOTEBOOK)
        face = Face(lab).open_sidebar()
        button(face.card, "Connect").click()
        face.connected()
        session = eventually(lambda: api.session_of(NOTEBOOK), SECONDS, "the notebook has a session")
        assert lab.run_source("spark.range(7).count()") == "7"
        expect(face.row(session["id"])).to_be_visible()
        lab.screenshot("lab-behind-a-hub")

        eventually(lambda: traffic.settled(page), SECONDS, "the page has come to rest")
        traffic.ours.clear()
        other = api.post("workloads/sessions", {"name": "weather join"})
        expect(face.row(other["id"])).to_be_visible()
        assert traffic.ours[0].startswith("frame "), "an event comes before the page asks for anything"

        button(face.card, "Close").click()
        face.confirm(face.card, "Close session")
        expect(face.card).to_contain_text("You closed it.")
        assert api.session(session["id"])["status"] == "closed"
        api.close_all_sessions()
        api.shut_down_all_kernels()
