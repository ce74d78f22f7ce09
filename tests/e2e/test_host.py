"""What JupyterLab's side of the face does by itself: commands, settings, renames."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .rig import EXTENSION_NAME, Site, eventually, site, write_notebook, write_settings

PLUGIN = f"{EXTENSION_NAME}:plugin"
_RENAME = "async (name) => { await window.jupyterapp.shell.currentWidget.context.rename(name); }"
_SHUT_DOWN = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"
_ENABLED = "(command) => window.jupyterapp.commands.isEnabled(command)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture
def notebook(lab: Site) -> Iterator[str]:
    write_notebook(lab.root / "flights.ipynb", "# Flights", "6 * 7")
    yield "flights.ipynb"
    lab.api.clear()


def test_the_commands_keep_close_and_relaunch_the_session_of_the_notebook(
    lab: Site, notebook: str, open_page: OpenPage
) -> None:
    page = open_page(lab, notebook)
    assert not page.page.evaluate(_ENABLED, "lakesail:close")
    page.command("lakesail:connect")
    first = eventually(lambda: next(iter(lab.api.live_sessions()), None), 60, "the notebook has a session")
    page.page.wait_for_function(_ENABLED, arg="lakesail:keep")

    page.command("lakesail:keep", {"seconds": 28_800})
    kept = eventually(lambda: lab.api.session(first["id"]).get("extendedUntil"), 30, "the session is kept")
    assert datetime.fromisoformat(kept) > datetime.now(UTC) + timedelta(hours=7)

    page.start("lakesail:close")
    page.page.locator(".jp-Dialog").get_by_role("button", name="Close session").click()
    eventually(lambda: lab.api.session(first["id"])["status"] == "closed", 30, "the session is closed")

    page.page.wait_for_function("() => !window.jupyterapp.commands.isEnabled('lakesail:close')")
    page.command("lakesail:relaunch")
    second = eventually(lambda: next(iter(lab.api.live_sessions()), None), 60, "there is a session like the last")
    assert second["id"] != first["id"]
    assert page.run_source("spark.range(3).count()") == "3"


def test_a_renamed_notebook_keeps_its_session_on_all_surfaces(lab: Site, notebook: str, open_page: OpenPage) -> None:
    page = open_page(lab, notebook)
    page.command("lakesail:connect")
    eventually(lambda: lab.api.live_sessions(), 60, "the notebook has a session")
    page.page.evaluate(_RENAME, "delays.ipynb")
    page.command("lakesail:show")
    here = page.wait_for_element("here", "#lakesail-sidebar")
    expect(here.get_by_role("region", name="Spark session of delays.ipynb")).to_be_visible()
    expect(here.get_by_role("button", name="Close", exact=True)).to_be_visible()
    eventually(lambda: lab.api.session_of("delays.ipynb"), 30, "the API tells the session by its notebook's new name")
    assert lab.api.session_of("flights.ipynb") is None


def test_a_command_inserts_a_connect_cell_and_does_not_run_it(lab: Site, notebook: str, open_page: OpenPage) -> None:
    page = open_page(lab, notebook)
    page.command("lakesail:insert-cell")
    assert [source for source in page.sources() if source.startswith("%sail connect")]
    assert lab.api.live_sessions() == []


def test_settings_hide_the_button_and_the_status_item_and_connect_without_a_cell(
    tmp_path_factory: pytest.TempPathFactory, open_page: OpenPage
) -> None:
    directory = tmp_path_factory.mktemp("settings")
    settings = {"showToolbarButton": False, "showStatusItem": False, "connectCell": "hidden"}
    write_settings(directory / "home", PLUGIN, settings)
    write_notebook(directory / "root" / "flights.ipynb", "# Flights", "6 * 7")
    with site(directory) as running:
        page = open_page(running, "flights.ipynb")
        page.page.evaluate(_SHUT_DOWN)  # connecting starts another kernel, as a cell would
        page.command("lakesail:connect")
        assert page.sources() == ["# Flights", "6 * 7"]
        assert page.run_source("spark.range(3).count()") == "3"
        expect(page.page.locator(".lsn-Button")).to_be_hidden()
        expect(page.page.locator(".lsn-Status")).to_be_hidden()
        running.api.clear()
