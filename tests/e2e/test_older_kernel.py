"""A kernel with the package as it was before it had a user interface, in JupyterLab of today."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.environments.conftest import BEFORE_THE_FACE
from tests.environments.servers import add_kernel
from tests.environments.virtual_environment import environment_at

from .conftest import OpenPage
from .face import Face, button
from .rig import Site, site, write_notebook

KERNEL = "older"
NOTEBOOK = "older.ipynb"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("lab")
    older = environment_at(BEFORE_THE_FACE, tmp_path_factory.mktemp("older"))
    (directory / "home").mkdir()
    add_kernel(directory / "home", KERNEL, older.python)
    with site(directory) as running:
        spec = {"kernelspec": {"display_name": KERNEL, "language": "python", "name": KERNEL}}
        write_notebook(running.root / NOTEBOOK, "# Flights", "spark.range(7).count()", metadata=spec)
        yield running
        running.api.clear()


def test_it_is_connected_used_closed_and_relaunched_at_clicks(lab: Site, open_page: OpenPage) -> None:
    page = open_page(lab, NOTEBOOK)
    face = Face(page).open_sidebar()
    face.toolbar_button.click()
    face.connected()
    assert page.sources()[1] == "%sail connect default"
    (session,) = lab.api.live_sessions()
    expect(face.row(session["id"])).to_be_visible()
    assert page.run_source("import lakesail_notebook; hasattr(lakesail_notebook, 'panel')") == "False"
    assert page.run_source("spark.range(7).count()") == "7"
    shown = page.add_cell("%sail")
    outputs = page.run(shown)
    assert session["id"] in "".join(output.get("text", "") for output in outputs)
    assert [output["output_type"] for output in outputs] == ["stream"]
    face.row(session["id"]).dblclick()
    expect(page.wait_for_element("session", "#jp-main-dock-panel")).to_contain_text("spark.range(7).count()")
    page.screenshot("lab-older-kernel")

    page.command("docmanager:open", {"path": NOTEBOOK})
    button(face.card, "Close").click()
    face.confirm(face.card, "Close session")
    expect(face.card).to_contain_text("You closed it.")
    button(face.card, "Relaunch").click()
    face.connected()
    (again,) = lab.api.live_sessions()
    assert again["id"] != session["id"]
    assert page.run_source("spark.range(5).count()") == "5"
