"""marimo notebooks and apps that JupyterLab starts, under a base URL: what a person does in both pages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from .altered import alter
from .conftest import NewPage, OpenPage
from .face import Face, button, tag
from .guard import Guard
from .rig import SCREENS, Site, eventually, site

SECONDS = 90
MILLISECONDS = SECONDS * 1000
BASE_URL = "/team/ada/"
EDIT, RUN = "Open with marimo on Spark", "Run as a marimo app on Spark"
FIRST_HOURS = 3
OFFERED = '"lakesailStartsMarimo": "true"'
LONG = "range(1000000000000)"
VIOLATIONS = (
    "window.violations = []; addEventListener('securitypolicyviolation', "
    "event => violations.push(event.effectiveDirective + ' ' + event.blockedURI))"
)

NOTEBOOK = f"""
import marimo

__generated_with = "0.25.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo

    import lakesail_notebook as sail

    return mo, sail


@app.cell
def _(sail):
    spark = sail.connect()
    return (spark,)


@app.cell
def _(sail):
    sail.panel()
    return


@app.cell
def _(mo, spark):
    mo.Html(f'<p id="spark-session">{{spark.session_id}}</p>')
    return


@app.cell
def _(mo):
    hours = mo.ui.slider(1, 9, value={FIRST_HOURS}, label="Hours")
    hours
    return (hours,)


@app.cell
def _(hours, mo, spark):
    delays = mo.sql(
        f\"\"\"
        SELECT id AS hour, id * 10 + 7 AS delay FROM range({{hours.value}})
        \"\"\",
        engine=spark
    )
    return (delays,)


@app.cell
def _(delays):
    import altair as alt

    alt.renderers.set_embed_options(renderer="svg")
    alt.Chart(delays.toPandas()).mark_bar().encode(x="hour:O", y="delay:Q")
    return


@app.cell
def _(mo):
    long = mo.ui.run_button(label="Count for long")
    long
    return (long,)


@app.cell
def _(long, mo, spark):
    mo.stop(not long.value)
    spark.sql("SELECT count(*) FROM range(1000000000000) WHERE sin(id) > 2").collect()
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    short = {"LakesailApp": {"limits": {"idle_timeout": {"floor": 1}}}}
    with site(tmp_path_factory.mktemp("lab"), base_url=BASE_URL, config=short) as running:
        (running.root / "flights.py").write_text(NOTEBOOK.lstrip())
        (running.root / "quiet.py").write_text("import marimo\n\napp = marimo.App()\n")
        yield running


@pytest.fixture
def face(lab: Site, open_page: OpenPage, guard: Guard) -> Iterator[Face]:
    guard.others.append("/assets/")  # marimo writes errors of its own when its session is over
    page = open_page(lab)
    expect(card(page.page)).to_be_visible()  # the page knows then that the server starts marimo
    yield Face(page)
    lab.api.close_all_sessions()


def card(page: Page) -> Locator:
    """Of the launcher."""
    return page.locator(".jp-LauncherCard", has_text="marimo notebook")


def file_menu(face: Face, file: str, item: str) -> Locator:
    """An item of the file browser's menu of a file."""
    face.page.locator(".jp-DirListing-item", has_text=file).click(button="right")
    expect(face.menu.get_by_text("Rename", exact=True)).to_be_visible()
    return face.menu.get_by_text(item, exact=True)


def spark_session(page: Page) -> str:
    shown = page.locator("#spark-session")
    expect(shown).not_to_be_empty(timeout=MILLISECONDS)
    return shown.inner_text()


def bars(page: Page) -> Locator:
    """Of the chart. It is drawn as SVG, whose marks say what they are."""
    return page.locator("[aria-roledescription=bar]")


def only_session(lab: Site) -> dict[str, Any]:
    (session,) = lab.api.live_sessions()
    return session


def outcomes(lab: Site, session: Mapping[str, Any], what: str) -> list[str]:
    return [query["outcome"] for query in lab.api.queries(session["id"]) if what in query["what"]]


def idle_after(seconds: int) -> dict[str, Any]:
    """A session on a notebook that does nothing, which ends when nobody has used it for so long."""
    return {
        "endpointType": "marimo",
        "metadata": {"lakesail/marimo-file": "quiet.py"},
        "config": {"idleTimeoutSeconds": seconds, "idleCloseDelaySeconds": 0},
    }


def row(face: Face, session_id: str) -> Locator:
    return face.sessions.locator(f"[data-id='{session_id}']")


def picture(page: Page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")


def test_a_file_is_edited_in_a_page_of_marimo_until_its_session_is_closed_in_lab(lab: Site, face: Face) -> None:
    face.page.context.add_init_script(VIOLATIONS)
    page = face.opened(file_menu(face, "flights.py", EDIT).click)
    assert spark_session(page)
    expect(page.locator(tag("panel")).get_by_text("Active", exact=True).first).to_be_visible(timeout=MILLISECONDS)
    session = only_session(lab)
    assert page.url == f"{lab.url}lakesail/marimo/{session['id']}/"
    assert page.evaluate("() => window.opener === null")
    expect(bars(page)).to_have_count(FIRST_HOURS, timeout=MILLISECONDS)
    expect(page.get_by_text("UserWarning")).to_have_count(0)
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    expect(bars(page)).to_have_count(FIRST_HOURS + 1, timeout=MILLISECONDS)
    assert page.evaluate("violations") == [], "the chart and the panel keep to the policy of the page"
    picture(page, "marimo-edit")

    page.get_by_role("button", name="Count for long").click()
    eventually(lambda: outcomes(lab, session, LONG) == ["running"], SECONDS, "the long query runs")
    expect(page.get_by_text("Running", exact=True)).to_be_visible(timeout=MILLISECONDS)
    page.get_by_test_id("interrupt-button").first.click()  # before the page shows that a cell runs, it does nothing
    eventually(lambda: outcomes(lab, session, LONG) == ["cancelled"], SECONDS, "the long query is stopped")
    expect(page.get_by_text("This cell was interrupted")).to_be_visible(timeout=MILLISECONDS)

    again = face.opened(file_menu(face, "flights.py", EDIT).click)
    again.wait_for_url(page.url, timeout=MILLISECONDS)
    assert only_session(lab)["id"] == session["id"]
    again.close()
    face.open_sidebar()
    shown = row(face, session["id"])
    expect(shown).to_contain_text("marimo")
    shown.click()
    face.lab.screenshot("lab-marimo-session")
    another = button(shown, "Open in a new tab")
    face.opened(lambda: another.evaluate("node => { node.click(); node.click(); }")).close()
    assert len(face.page.context.pages) == 2, "a double click opens one tab"
    button(shown, "Close").click()
    face.confirm(face.sessions, "Close session")
    expect(page.get_by_role("alert").filter(has_text="was closed by you")).to_be_visible(timeout=MILLISECONDS)


def test_a_page_that_is_left_for_the_idle_time_says_why_its_session_was_closed(lab: Site, face: Face) -> None:
    for seconds in (5, 60):  # a stalled machine may need longer than that to show the page
        session = lab.api.post("workloads/sessions", idle_after(seconds))
        page = face.page.context.new_page()
        page.goto(f"{lab.url}lakesail/marimo/{session['id']}/_open", timeout=MILLISECONDS)
        said = page.get_by_role("alert").filter(has_text=f"was closed after {seconds} s idle")
        expect(said.or_(page.get_by_role("heading", name="This session is over"))).to_be_visible(timeout=MILLISECONDS)
        if said.is_visible():
            break
    assert said.is_visible()
    ended = lab.api.session(session["id"])
    assert (ended["status"], ended["terminationReason"]) == ("closed", "idle_timeout")


def test_an_app_has_a_spark_session_for_each_viewer_and_is_relaunched_in_lab(lab: Site, face: Face) -> None:
    face.page.locator(".jp-DirListing-item", has_text="flights.py").click()
    face.lab.command("apputils:activate-command-palette")
    search = face.page.locator("#command-palette input, .lm-CommandPalette-input").first
    search.fill(RUN)
    page = face.opened(lambda: search.press("Enter"))
    first = spark_session(page)
    session = only_session(lab)
    assert session["metadata"]["lakesail/marimo-mode"] == "run"
    other = face.page.context.new_page()
    other.goto(f"{lab.url}lakesail/marimo/{session['id']}/_open", timeout=MILLISECONDS)
    assert spark_session(other) != first
    other.get_by_role("slider").focus()
    other.keyboard.press("ArrowRight")
    expect(bars(other)).to_have_count(FIRST_HOURS + 1, timeout=MILLISECONDS)
    expect(bars(page)).to_have_count(FIRST_HOURS)
    picture(other, "marimo-run")

    face.open_sidebar()
    shown = row(face, session["id"])
    shown.click()
    face.choose(shown, "Relaunch")
    relaunched = face.opened(lambda: face.confirm(face.sessions, "Relaunch"))
    assert spark_session(relaunched) not in {"", first}
    assert session["id"] not in relaunched.url


def test_the_launcher_makes_a_new_file_that_marimo_finds_nothing_wrong_with(lab: Site, face: Face) -> None:
    (lab.root / "untitled.py").write_text("kept = True\n")
    page = face.opened(card(face.page).click)
    expect(page.locator(tag("panel")).get_by_text("Active", exact=True).first).to_be_visible(timeout=MILLISECONDS)
    assert (lab.root / "untitled.py").read_text() == "kept = True\n"
    assert only_session(lab)["notebookContentsPath"] == "untitled1.py"
    check = [sys.executable, "-m", "marimo", "check", "--strict", str(lab.root / "untitled1.py")]
    checked = subprocess.run(check, capture_output=True, text=True, timeout=SECONDS)
    assert checked.returncode == 0, checked.stdout + checked.stderr

    twice = "() => [1, 2].forEach(() => void window.jupyterapp.commands.execute('lakesail:open-marimo'))"
    face.opened(lambda: face.page.evaluate(twice))
    files = {file.name for file in lab.root.glob("untitled*.py")}
    assert files == {"untitled.py", "untitled1.py", "untitled2.py"}, "a double click makes one file"


def test_where_marimo_cannot_be_started_nothing_offers_it_and_the_command_says_why(
    lab: Site, new_page: NewPage
) -> None:
    page = new_page(lab)

    def without_marimo(path: str, told: Any) -> Any:
        return told | {"marimo": {"available": False, "reason": "Install marimo here."}} if path == "me" else told

    altered: list[bool] = []

    def offering_nothing(route: Route) -> None:
        told = route.fetch()
        altered.append(OFFERED in told.text())
        route.fulfill(response=told, body=told.text().replace(OFFERED, OFFERED.replace("true", "false")))

    alter(page.page, without_marimo)
    page.page.route(re.compile(rf"{BASE_URL}lab(/tree/.*)?(\?.*)?$"), offering_nothing)
    face = Face(page.open())
    assert altered == [True]
    cards = page.page.locator(".jp-LauncherCard")
    expect(cards.filter(has_text="Spark on Sail")).to_be_visible()
    expect(cards.filter(has_text="marimo")).to_have_count(0)
    expect(file_menu(face, "flights.py", EDIT)).to_be_hidden()
    page.page.keyboard.press("Escape")
    page.start("lakesail:marimo-edit", {"path": "flights.py"})
    expect(page.page.locator(".jp-Dialog")).to_contain_text("Install marimo here.")
    expect(face.open_sidebar().sidebar.locator(".lsn-Marimo")).to_be_hidden()
    assert lab.api.live_sessions() == []


def test_a_server_that_starts_marimo_offers_it_in_the_launcher_and_for_python_files(
    lab: Site, new_page: NewPage
) -> None:
    (lab.root / "notes.txt").write_text("nothing")
    face = Face(new_page(lab).open())
    expect(face.page.locator(".jp-LauncherCard", has_text="marimo notebook")).to_be_visible(timeout=MILLISECONDS)
    face.lab.screenshot("lab-marimo-launcher")
    expect(file_menu(face, "flights.py", EDIT)).to_be_visible()
    face.lab.screenshot("lab-marimo-menu")
    face.page.keyboard.press("Escape")
    expect(file_menu(face, "notes.txt", EDIT)).to_be_hidden()
    face.page.keyboard.press("Escape")
    expect(face.open_sidebar().sidebar.locator(".lsn-Marimo")).to_be_visible()
