"""The page with a server of another version, whose answers lack fields or have more of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from .altered import Change, ChangeEvent, alter, configs_in, objects, sessions_in
from .conftest import NewPage
from .face import Face, button
from .rig import Site, site, write_notebook

NOT_OF_ME = ("limits", "clusters", "features", "quotas", "version", "singleUser")
NOT_OF_SESSIONS = ("config", "timeoutAt", "metadata", "statusMessage", "idleSince", "updatedAt", "kernelIds")
FACTS_OF_SESSIONS = (
    "workloadConfigId",
    "workloadConfigName",
    "notebookPath",
    "notebookContentsPath",
    "ownerName",
    "size",
    "pricePerHour",
    "currency",
    "costSoFar",
    "timeoutReason",
    "extendedUntil",
    "closedBy",
    "closeReason",
    "kernelIds",
)
FACTS_OF_CONFIGS = ("size", "pricePerHour", "currency")
LATER_FEATURES = (
    "close_reason",
    "config_facts",
    "event_kinds",
    "instance_types",
    "interrupt",
    "session_facts",
    "session_kernels",
    "start_estimates",
)


def without(found: dict[str, Any], *names: str) -> None:
    for name in names:
        found.pop(name, None)


def lacking(path: str, told: Any) -> Any:
    """Fields that every server of today tells."""
    if path == "me":
        without(told, *NOT_OF_ME)
    for session in sessions_in(told):
        without(session, *NOT_OF_SESSIONS)
    for config in configs_in(told):
        without(config["config"], "sail")
        without(config, "createdAt", "updatedAt", "teamId")
    return told


def without_facts(path: str, told: Any) -> Any:
    """As a server told it before there was a user interface in the browser."""
    if path == "me":
        told["features"] = [feature for feature in told["features"] if feature not in LATER_FEATURES]
    for session in sessions_in(told):
        without(session, *FACTS_OF_SESSIONS)
    for config in configs_in(told):
        without(config, *FACTS_OF_CONFIGS)
    return told


def with_more(path: str, told: Any) -> Any:
    """Fields everywhere, a status that is not known, and items that are no objects."""
    sessions = sessions_in(told)
    for found in list(objects(told)):
        found["addedLater"] = {"inner": [1, None, {"deep": True}]}
    if path == "workloads/sessions" and sessions:
        unknown = sessions[0] | {"id": "LATER", "status": "hibernating", "name": "of a later version"}
        told["included"]["sessions"] += [unknown, None, "no object", 7, []]
        told["items"] += [{"id": "LATER"}, None, 7]
    for name in ("items", "events") if path != "workloads/sessions" else ():
        if isinstance(told, dict) and isinstance(told.get(name), list):
            told[name] += [None, "no object", 7, []]
    return told


def later_events(event: dict[str, Any]) -> list[dict[str, Any]]:
    notice = {"kind": "celebration", "sequence": None, "at": event.get("at"), "sessionId": "LATER", "joy": [1]}
    return [notice, event | {"addedLater": {"inner": 1}}, {}]


def same_events(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [event]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("lab")) as running:
        running.api.make_config("small")
        yield running


@pytest.fixture(autouse=True)
def leave_nothing(lab: Site) -> Iterator[None]:
    yield
    lab.api.clear()


@pytest.mark.parametrize(
    ("change", "event", "again"),
    # Without metadata, a page cannot know which session the notebook lost.
    [
        (lacking, same_events, "Connect"),
        (without_facts, same_events, "Relaunch"),
        (with_more, later_events, "Relaunch"),
    ],
    ids=["lacks fields", "from before", "from later"],
)
def test_a_notebook_is_connected_used_closed_and_connected_again(
    lab: Site, new_page: NewPage, change: Change, event: ChangeEvent, again: str
) -> None:
    notebook = f"{change.__name__}.ipynb"
    write_notebook(lab.root / notebook, "# Flights", "spark.range(7).count()")
    page = new_page(lab)
    alter(page.page, change, event)
    face = Face(page.open(notebook)).open_sidebar()
    expect(face.config_row("small")).to_be_visible()
    button(face.card, "Choose…").click()
    expect(face.picker.get_by_role("radio", name="small")).to_be_visible()
    page.page.keyboard.press("Escape")
    face.sidebar.get_by_title("New compute config").first.click()
    expect(face.form.get_by_label("Name", exact=True)).to_be_visible()
    page.page.keyboard.press("Escape")
    button(face.card, "Connect").click()
    face.connected()
    session = lab.api.live_sessions()[0]
    assert page.run_source("spark.range(7).count()") == "7"
    expect(face.row(session["id"])).to_be_visible()
    expect(face.sessions.get_by_text("of a later version")).to_have_count(0)
    face.row(session["id"]).dblclick()
    shown = page.wait_for_element("session", "#jp-main-dock-panel")
    expect(shown).to_contain_text("spark.range(7).count()")
    shown.get_by_role("tab", name="Details").click()
    expect(shown).to_contain_text(session["id"])
    page.screenshot(f"lab-other-version-{change.__name__}")
    page.command("docmanager:open", {"path": notebook})
    button(face.card, "Close").click()
    face.confirm(face.card, "Close session")
    expect(face.row(session["id"])).to_have_count(0)
    assert lab.api.session(session["id"])["status"] == "closed"
    button(face.card, again).click()
    face.connected()
    assert lab.api.live_sessions()[0]["id"] != session["id"]
    assert page.run_source("spark.range(5).count()") == "5"
    page.page.unroute_all(behavior="ignoreErrors")
