"""The rig itself: both applications open a notebook with our labextension, and the guard sees what it must refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from .conftest import OpenPage
from .guard import Guard
from .rig import EXTENSION_NAME, Application, Site, site, write_notebook

PLUGIN = f"{EXTENSION_NAME}:plugin"


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    application: Application = request.param
    directory = tmp_path_factory.mktemp(application)
    write_notebook(directory / "root" / "flights.ipynb", "# Flights", "6 * 7")
    with site(directory, application=application) as running:
        yield running


def test_a_notebook_opens_with_the_labextension_of_the_working_tree_and_its_cells_run(
    served: Site, open_page: OpenPage
) -> None:
    page = open_page(served, "flights.ipynb")
    assert page.page.evaluate("(id) => window.jupyterapp.hasPlugin(id)", PLUGIN)
    assert page.page.evaluate("(id) => window.jupyterapp.isPluginActivated(id)", PLUGIN)
    assert page.run(1)[0]["data"]["text/plain"] == "42"
    page.screenshot(f"rig-{served.application}")


def test_the_api_answers_the_test_with_the_servers_token(served: Site) -> None:
    assert served.api.get("me")["login"]
    assert served.api.live_sessions() == []


def test_the_guard_refuses_a_request_to_another_origin(context: BrowserContext, guard: Guard) -> None:
    page = context.new_page()
    page.evaluate("() => fetch('http://127.0.0.1:9/elsewhere').catch(() => null)")
    with pytest.raises(AssertionError, match="elsewhere"):
        guard.check()
    guard.strayed.clear()


@pytest.mark.parametrize("act", ["raise", "write"])
def test_the_guard_refuses_errors_of_our_code(context: BrowserContext, guard: Guard, act: str) -> None:
    page = context.new_page()
    script = {
        "raise": "() => { setTimeout(() => { throw new Error('sail-here broke'); }); }",
        "write": "() => console.error('lakesail: broken')",
    }[act]
    with page.context.expect_event("weberror" if act == "raise" else "console"):
        page.evaluate(script)
    with pytest.raises(AssertionError, match="our code raised"):
        guard.check()
    guard.errors.clear()
