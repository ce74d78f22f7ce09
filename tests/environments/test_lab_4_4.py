"""The wheel's labextension, which is built against the newest JupyterLab, in the oldest one that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from headless import Config
from playwright.sync_api import expect

from tests.e2e.conftest import (  # noqa: F401 - fixtures
    OpenPage,
    context,
    guard,
    new_context,
    new_page,
    open_page,
)
from tests.e2e.face import Face, button
from tests.e2e.rig import TOKEN, Api, Site, eventually, turn_news_off, write_notebook

from .servers import server_in
from .virtual_environment import INSTALL_SECONDS, Environment, new_environment

OLDEST = "jupyterlab==4.4.10"
SECONDS = 90


@pytest.fixture(scope="module")
def lab(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of JupyterLab 4.4, with the other packages of the tests' own environment."""
    directory = tmp_path_factory.mktemp("lab-4-4")
    environment: Environment = new_environment(directory / "env")
    environment.install_newest("--no-deps", wheel, OLDEST)
    environment.borrow_packages_of_the_tests()
    root, home = directory / "root", directory / "home"
    write_notebook(root / "flights.ipynb", "# Flights", "1")
    turn_news_off(home)
    config: Config = {
        "IdentityProvider": {"token": TOKEN},
        "LabApp": {"expose_app_in_browser": True, "extension_manager": "readonly"},
    }
    headers = {"Authorization": f"token {TOKEN}"}
    with (
        server_in(environment, root, home, config) as server,
        httpx.Client(timeout=90, trust_env=False, headers=headers) as client,
    ):
        yield Site("jupyterlab", server.url, Api(server.url, client), root, TOKEN)


@pytest.mark.timeout(2 * INSTALL_SECONDS)
def test_jupyterlab_4_4_connects_shows_and_closes_a_session(lab: Site, open_page: OpenPage) -> None:  # noqa: F811
    page = open_page(lab, "flights.ipynb")
    assert page.page.evaluate("() => window.jupyterapp.version").startswith("4.4.")
    face = Face(page).open_sidebar()
    button(face.card, "Connect").click()
    face.connected()
    session = eventually(lambda: lab.api.session_of("flights.ipynb"), SECONDS, "the notebook has a session")
    assert page.run_source("spark.range(7).count()") == "7"
    expect(face.row(session["id"])).to_be_visible()
    face.toolbar_button.click()
    expect(face.popover.get_by_text("Active", exact=True)).to_be_visible()
    # The toolbar of 4.4 takes the focus back after a click, unless the button prevents it.
    expect(face.popover.locator(":focus")).not_to_have_count(0)
    page.screenshot("lab-4-4")
    page.page.keyboard.press("Escape")
    button(face.card, "Close").click()
    face.confirm(face.card, "Close session")
    expect(face.card).to_contain_text("You closed it.")
    assert lab.api.session(session["id"])["status"] == "closed"
