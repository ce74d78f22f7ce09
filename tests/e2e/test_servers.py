"""Servers below a prefix, without our extension, and with settings that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import NewPage, OpenPage
from .face import Face, button
from .rig import eventually, site, write_notebook

SECONDS = 90


@pytest.mark.parametrize("base_url", ["/a%20b/", "/user/x%40y/"])
def test_everything_works_below_a_prefix_with_a_cookie_and_its_xsrf_token(
    tmp_path: Path, new_page: NewPage, base_url: str
) -> None:
    with site(tmp_path, base_url=base_url, password=True) as lab:
        write_notebook(lab.root / "a.ipynb", "# A", "1")
        page = new_page(lab)
        page.log_in()
        face = Face(page.open("a.ipynb")).open_sidebar()
        button(face.card, "Connect").click()
        face.connected()
        session = eventually(lambda: lab.api.session_of("a.ipynb"), SECONDS, "a.ipynb has a session")
        assert page.run_source("spark.range(7).count()") == "7"
        button(face.card, "Close").click()
        face.confirm(face.card, "Close session")
        expect(face.card).to_contain_text("You closed it.")
        assert lab.api.session(session["id"])["status"] == "closed"


def test_a_server_without_our_extension_is_said_and_nothing_else_is_disturbed(
    tmp_path: Path, open_page: OpenPage
) -> None:
    config = {"ServerApp": {"jpserver_extensions": {"lakesail_notebook": False}}}
    with site(tmp_path, config=config) as lab:
        write_notebook(lab.root / "a.ipynb", "# A", "6 * 7")
        page = open_page(lab, "a.ipynb")
        face = Face(page).open_sidebar()
        expect(face.card).to_contain_text("This Jupyter server has no lakesail-notebook.")
        assert page.run(1)[0]["data"]["text/plain"] == "42"


def test_settings_that_the_server_refuses_are_said(tmp_path: Path, open_page: OpenPage) -> None:
    with site(tmp_path, config={"LakesailApp": {"default_confg": "small"}}) as lab:
        write_notebook(lab.root / "a.ipynb", "# A", "6 * 7")
        page = open_page(lab, "a.ipynb")
        face = Face(page).open_sidebar()
        expect(face.card).to_contain_text("The server's settings are wrong.")
        expect(face.card).to_contain_text("default_confg")
        assert page.run(1)[0]["data"]["text/plain"] == "42"
