"""A page on which nothing happens asks its server for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import NewPage
from .face import Face, button
from .guard import Guard
from .idle_cutter import IdleCutter
from .rig import eventually, site, write_notebook
from .traffic import Traffic

SECONDS = 90
QUIET_SECONDS = 60
MOST_SECONDS = 150
"""What an engine that starts causes may come late. A page that asked once a minute would never be quiet for one."""
CUT_AFTER = 30


@pytest.mark.timeout(2 * MOST_SECONDS)
def test_a_page_at_rest_asks_nothing_behind_a_proxy_that_cuts_idle_connections(
    tmp_path: Path, new_page: NewPage, guard: Guard
) -> None:
    with site(tmp_path) as lab, IdleCutter(lab.port, CUT_AFTER) as proxy:  # a server on which nobody else does anything
        write_notebook(lab.root / "a.ipynb", "# A", "1")
        guard.allow(proxy.origin)
        page = new_page(lab)
        traffic = Traffic(page.page)
        face = Face(page.open("a.ipynb", origin=proxy.origin)).open_sidebar()
        button(face.card, "Connect").click()
        face.connected()
        session = eventually(lambda: lab.api.session_of("a.ipynb"), SECONDS, "a.ipynb has a session")
        assert traffic.ours, "the traffic of our code is seen"
        traffic.quiet(page.page, QUIET_SECONDS, MOST_SECONDS)  # the subject
        assert not [cut for cut in proxy.cuts if b"/events/ws" in cut], "the server's pings keep our socket open"
        lab.api.request("DELETE", f"workloads/sessions/{session['id']}")
        expect(face.card).to_contain_text("You closed it.")
