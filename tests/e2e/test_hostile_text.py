"""What people and engines write is text on every surface, whatever it looks like."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .altered import alter, sessions_in
from .conftest import NewPage, OpenPage
from .face import Face, button
from .lab_page import LabPage
from .rig import EXTENSION_NAME, Site, site, write_notebook, write_settings

HOSTILE = "<img src=x onerror=window.__hacked=1>"
NOTEBOOK = f"{HOSTILE}.ipynb"
CONNECT = f"%sail connect '{HOSTILE}' --name '{HOSTILE}' --idle 1h"
MAIN = "#jp-main-dock-panel"
LIVE_TYPES = {"application/vnd.jupyter.widget-view+json", "application/vnd.lakesail.panel+json"}
LOG_A_LINE = f"""
from pyspark.sql.functions import udf
@udf("long")
def told(n):
    import os
    os.write(2, b"{HOSTILE}\\n")
    return n
spark.range(1).select(told("id")).collect()
spark.sql("select '{HOSTILE}' as answer").collect()[0][0]
"""
HARM = """() => {
  const found = [];
  const look = (root) => root.querySelectorAll('*').forEach((node) => {
    if (node.matches('[onerror], img[src="x"]')) found.push(node.outerHTML);
    if (node.shadowRoot) look(node.shadowRoot);
  });
  look(document);
  return {ran: window.__hacked ?? null, found};
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("lab")
    (directory / "home").mkdir()
    write_settings(directory / "home", f"{EXTENSION_NAME}:plugin", {"defaultConfig": HOSTILE})
    with site(directory) as running:
        running.api.make_config(HOSTILE)
        yield running


@pytest.fixture
def notebook(lab: Site) -> Iterator[str]:
    write_notebook(lab.root / NOTEBOOK, "# Title", CONNECT, LOG_A_LINE)
    yield NOTEBOOK
    lab.api.clear()


def holds(surface: Locator, *, times: int = 1) -> None:
    """The text is there in full, and nothing of it became an element or ran, anywhere on the page."""
    expect(surface).to_contain_text(HOSTILE)
    if times > 1:
        expect(surface.get_by_text(HOSTILE).nth(times - 1)).to_be_attached()
    unharmed(surface)


def unharmed(surface: Locator) -> None:
    assert surface.page.evaluate(HARM) == {"ran": None, "found": []}


def titled(surface: Locator) -> None:
    """Its text or that of a child's tooltip holds the name."""
    expect(surface.locator(f'[title*="{HOSTILE}"]').first).to_be_attached()


def in_front(page: LabPage) -> None:
    page.command("docmanager:open", {"path": NOTEBOOK})


def test_names_sql_and_log_lines_stay_text_where_a_session_lives(lab: Site, notebook: str, open_page: OpenPage) -> None:
    other = lab.api.post("workloads/sessions", {"name": HOSTILE, "metadata": {"lakesail/notebook": HOSTILE}})
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    button(face.card, "Choose…").click()
    holds(face.picker)
    page.page.keyboard.press("Escape")
    page.run(1)
    face.connected()
    session = lab.api.session_of(notebook)
    assert session is not None
    assert page.run(2)[-1]["data"]["text/plain"] == repr(HOSTILE)
    holds(face.card)
    holds(face.row(session["id"]))
    holds(face.row(other["id"]))
    holds(face.config_row(HOSTILE))
    titled(face.config_row(HOSTILE))
    holds(face.toolbar_button)
    holds(face.status)
    face.toolbar_button.click()
    holds(face.popover)
    page.page.keyboard.press("Escape")
    face.row(other["id"]).hover()
    unharmed(face.sessions)
    page.screenshot("lab-hostile-text")

    face.row(session["id"]).dblclick()
    shown = page.wait_for_element("session", MAIN)
    holds(shown.get_by_role("tabpanel"))
    expect(page.page.locator(".lm-TabBar-tabLabel", has_text=HOSTILE).first).to_be_visible()
    shown.get_by_role("tab", name="Log").click()
    holds(shown.get_by_role("log"))
    page.screenshot("lab-hostile-text-log")
    shown.get_by_role("tab", name="Details").click()
    holds(shown.get_by_role("tabpanel"), times=2)
    page.command("lakesail:open-table")
    holds(page.wait_for_element("sessions", MAIN), times=2)
    page.command("launcher:create")
    holds(page.page.locator(".jp-Launcher:visible"))
    page.command("apputils:activate-command-palette")
    page.page.locator(".lm-CommandPalette-input:visible").fill("spark")
    expect(page.page.locator(".lm-CommandPalette-item").first).to_be_visible()
    unharmed(face.sidebar)


def test_names_stay_text_in_questions_and_the_form(lab: Site, notebook: str, open_page: OpenPage) -> None:
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    page.run(1)
    face.connected()
    button(face.card, "Close").click()
    expect(button(face.card, "Close session")).to_be_visible()
    holds(face.card)
    button(face.card, "Keep it").click()
    row = face.config_row(HOSTILE)
    face.choose_in(row, "Delete…")
    expect(face.configs.get_by_text(f"Delete {HOSTILE}?")).to_be_visible()
    page.screenshot("lab-hostile-question")
    unharmed(face.configs)
    button(face.configs, "Keep it").click()
    face.press(row, "Edit")
    expect(face.form.get_by_label("Name", exact=True)).to_have_value(HOSTILE)
    page.page.keyboard.press("Escape")
    face.sidebar.get_by_title("New compute config").first.click()
    face.form.get_by_label("Name", exact=True).fill(HOSTILE)
    button(face.form, "Create").click()
    expect(face.form.get_by_role("alert").first).to_be_visible()
    unharmed(face.form)
    page.page.keyboard.press("Escape")


def test_names_stay_text_in_the_question_for_a_reason_and_in_the_notification_of_an_end(
    lab: Site, notebook: str, new_page: NewPage
) -> None:
    others: set[str] = set()
    soon = False

    def change(path: str, told: Any) -> Any:
        if path == "me":
            told |= {"singleUser": False, "organizationAdmin": True}
        for session in sessions_in(told):
            if session["id"] in others:
                session |= {"memberId": "OTHER", "ownerName": HOSTILE}
            elif soon and session["timeoutAt"]:
                session["timeoutAt"] = (datetime.now(UTC) + timedelta(seconds=40)).isoformat()
        return told

    other = lab.api.post("workloads/sessions", {"name": HOSTILE})
    others.add(other["id"])
    page = new_page(lab)
    alter(page.page, change)
    face = Face(page.open(notebook)).open_sidebar()
    page.run(1)
    face.connected()
    session = lab.api.session_of(notebook)
    assert session is not None
    button(face.sessions, "All").click()
    row = face.sessions.locator(f"[data-id='{other['id']}']")
    face.press(row, "Close")
    question = page.page.locator("dialog .lsn-Reason")
    question.locator("textarea").fill(HOSTILE)
    holds(question)
    page.screenshot("lab-hostile-reason")
    page.page.keyboard.press("Escape")

    page.command("launcher:create")
    soon = True
    lab.api.post(f"workloads/sessions/{session['id']}/extend", {"durationSeconds": 5400})
    holds(page.page.locator(".jp-toastContainer"))
    page.screenshot("lab-hostile-notification")
    page.page.unroute_all(behavior="ignoreErrors")


def test_reasons_messages_and_unknown_configs_stay_text(lab: Site, notebook: str, new_page: NewPage) -> None:
    def change(_: str, told: Any) -> Any:
        for session in sessions_in(told):
            if session["status"] == "closed":
                session |= {"closedBy": HOSTILE, "closeReason": HOSTILE, "statusMessage": HOSTILE}
        return told

    page = new_page(lab)
    alter(page.page, change)
    face = Face(page.open(notebook)).open_sidebar()
    refused = page.run_source(f"%sail connect 'no {HOSTILE}'")
    assert f"no {HOSTILE}" in refused
    unharmed(face.card)
    page.run(1)
    face.connected()
    session = lab.api.session_of(notebook)
    assert session is not None
    closed = lab.api.request("POST", f"workloads/sessions/{session['id']}/close", {"reason": HOSTILE})
    assert closed.status_code == 204, closed.text
    expect(face.card).to_contain_text(f'Closed by {HOSTILE}: "{HOSTILE}"')
    unharmed(face.card)
    page.screenshot("lab-hostile-ended")
    page.page.unroute_all(behavior="ignoreErrors")


def test_a_panel_and_what_is_saved_of_it_hold_the_names_as_text(
    lab: Site, notebook: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(lab, notebook)
    page.run(1)
    page.run(2)
    page.run(page.add_cell("%sail"))
    panel = page.wait_for_element("panel", ".jp-OutputArea-output").locator("visible=true").first
    expect(panel.get_by_role("button").first).to_be_visible()
    holds(panel)
    page.screenshot("lab-hostile-panel")
    page.command("docmanager:save")
    page.page.close()

    saved = json.loads((lab.root / notebook).read_text())
    untrusted = without_widgets(saved)
    (lab.root / "untrusted.ipynb").write_text(json.dumps(untrusted))
    again = open_page(lab, "untrusted.ipynb", kernel=False)
    fallback = again.page.locator(".jp-RenderedHTML", has_text="Spark session").first
    holds(fallback)
    again.screenshot("lab-hostile-fallback")

    for name, content in {"live": saved, "fallback": untrusted}.items():
        file = tmp_path / f"{name}.ipynb"
        file.write_text(json.dumps(content))
        command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path), str(file)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        assert not [tag for tag in tags_of(file.with_suffix(".html").read_text()) if "onerror" in dict(tag[1])]


def without_widgets(notebook: dict[str, Any]) -> dict[str, Any]:
    """As a front end that has no widgets and no renderer of ours sees it, with cells that nobody trusts."""
    copied: dict[str, Any] = json.loads(json.dumps(notebook))
    copied["metadata"].pop("widgets", None)
    for cell in copied["cells"]:
        cell["metadata"].pop("trusted", None)
        for output in cell.get("outputs", ()):
            for kind in LIVE_TYPES & set(output.get("data", ())):
                del output["data"][kind]
    return copied


def tags_of(page: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """The elements of a page, with their attributes."""

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.append((tag, attrs))

    tags = Tags()
    tags.feed(page)
    return tags.found
