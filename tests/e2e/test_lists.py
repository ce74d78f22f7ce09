"""Lists and forms in a real browser: keys, the window of rows, the focus, and where refusals lead."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenState
from .fixture_page import acts, stopped_clock

MOST_ROWS = 60
INERT_MS = 400
_FOCUSED_ROW = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.closest('[data-id]')?.dataset.id ?? null;
}"""
_IN_STEP = """(box) => {
  const view = box.getBoundingClientRect(), middle = view.top + view.height / 2;
  return [...(box.shadowRoot ?? box.getRootNode()).querySelectorAll('[data-kind=row]')].some((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return top - 40 <= middle && middle <= bottom + 40;
  });
}"""
"""Whether rows are drawn where the list was scrolled to."""
_FOCUSED_FIELD = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.id ?? null;
}"""


def rows(page: Page) -> Locator:
    return page.locator("[data-kind=row]")


def row(page: Page, session_id: str) -> Locator:
    return page.locator(f'[data-id="{session_id}"]')


def press(page: Page, *keys: str) -> str | None:
    """The id of the row that has the focus after these keys."""
    for key in keys:
        page.keyboard.press(key)
    focused: str | None = page.evaluate(_FOCUSED_ROW)
    return focused


@pytest.mark.parametrize(("state", "width"), [("sessions-many", 280), ("table-many", 900)])
def test_500_sessions_scroll_with_at_most_60_rows_alive(open_state: OpenState, state: str, width: int) -> None:
    page = open_state(state, width)
    first = rows(page).first
    scroller = first.evaluate_handle(
        """(row) => {
          const host = row.getRootNode().host;
          return host.shadowRoot.querySelector('.scroll') ?? host;
        }"""
    )
    seen: set[str] = set()
    for top in range(0, 20_000, 600):
        scroller.evaluate("(box, top) => box.scrollTo(0, top)", top)
        page.wait_for_function(_IN_STEP, arg=scroller)
        alive = rows(page).evaluate_all("(all) => all.map((one) => one.dataset.id)")
        assert len(alive) <= MOST_ROWS
        assert len(set(alive)) == len(alive)
        seen.update(alive)
    assert len(seen) == 500


def test_keys_move_through_a_long_list_and_the_focus_stays_with_its_row(open_state: OpenState) -> None:
    page = open_state("sessions-many")
    page.keyboard.press("Tab")
    assert press(page) == "M1000"
    assert press(page, "ArrowDown", "ArrowDown") == "M1002"
    assert press(page, "End") == "ended-sessions"
    assert press(page, "ArrowUp") == "M1499"
    assert rows(page).count() <= MOST_ROWS
    assert press(page, "Home") == "M1000"
    assert press(page, *["PageDown"] * 12, "ArrowUp") not in (None, "M1000")
    at = press(page)
    page.mouse.wheel(0, -4000)
    assert press(page) == at
    page.keyboard.press("Tab")
    assert press(page) is None


def test_letters_find_the_next_row_that_begins_so(open_state: OpenState) -> None:
    page = open_state("sessions-list")
    page.keyboard.press("Tab")
    assert press(page, "w") == "W3ATH3R"
    assert press(page, "Home") == "7QK2M9ZC4T"
    with stopped_clock(page):
        assert press(page, "n", "i", "g") == "N1GHTLY"


def test_right_and_left_go_into_the_buttons_of_a_row_and_back(open_state: OpenState) -> None:
    page = open_state("sessions-list")
    page.keyboard.press("Tab")
    press(page, "ArrowDown", "ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(row(page, "W3ATH3R").locator("button").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(row(page, "W3ATH3R").locator("button").nth(1)).to_be_focused()
    press(page, "ArrowLeft", "ArrowLeft")
    expect(row(page, "W3ATH3R")).to_be_focused()
    assert acts(page) == []


def test_enter_uses_a_session_and_space_opens_it(open_state: OpenState) -> None:
    page = open_state("sessions-list")
    page.keyboard.press("Tab")
    press(page, "Enter", "ArrowDown", "ArrowDown", "Enter", "Space")
    assert acts(page) == [
        {"act": "openSession", "sessionId": "7QK2M9ZC4T"},
        {"act": "connect", "choice": {"sessionId": "W3ATH3R"}},
        {"act": "openSession", "sessionId": "W3ATH3R"},
    ]


def opens_and_closes(page: Page, key: str, opened: Locator) -> None:
    """A key on a row opens what has the focus then; Escape closes it, and the row has the focus again."""
    page.keyboard.press("Tab")
    press(page, "ArrowDown", "ArrowDown", key)
    expect(opened).to_be_focused()
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    expect(row(page, "W3ATH3R")).to_be_focused()


def test_delete_asks_in_place_and_escape_keeps_the_session(open_state: OpenState) -> None:
    page = open_state("sessions-list")
    opens_and_closes(page, "Delete", page.get_by_role("button", name="Close session"))
    assert acts(page) == []


def test_the_red_button_closes_a_session_only_after_it_stood_for_a_moment(open_state: OpenState) -> None:
    page = open_state("sessions-list")
    row(page, "W3ATH3R").hover()
    danger = page.get_by_role("button", name="Close session")
    with stopped_clock(page):
        row(page, "W3ATH3R").get_by_role("button", name="Close", exact=True).dblclick()
        expect(danger).to_be_visible()
    assert acts(page) == []
    page.evaluate("(ms) => new Promise((done) => setTimeout(done, ms))", INERT_MS)
    danger.click()
    assert acts(page) == [{"act": "close", "sessionId": "W3ATH3R"}]
    assert press(page) == "W3ATH3R"


def test_shift_f10_opens_the_menu_of_a_row_and_escape_returns_to_it(open_state: OpenState) -> None:
    page = open_state("sessions-list")
    opens_and_closes(page, "Shift+F10", page.get_by_role("menuitem", name="Use in flights-eda.ipynb"))
    press(page, "Shift+F10", "Enter")
    assert acts(page) == [{"act": "connect", "choice": {"sessionId": "W3ATH3R"}}]


def test_a_table_sorts_by_its_headers_and_tells_the_host(open_state: OpenState) -> None:
    page = open_state("table-team", 900)
    page.evaluate("() => document.addEventListener('sail-view', (event) => (globalThis.view = event.detail))")
    closes = page.get_by_role("columnheader", name="Closes in")
    expect(closes).to_have_attribute("aria-sort", "descending")
    closes.get_by_role("button").click()
    expect(closes).to_have_attribute("aria-sort", "ascending")
    page.mouse.move(0, 0)
    expect(rows(page).first).to_have_attribute("data-id", "WJ")
    view = page.evaluate("() => view")
    assert view == {
        "scope": "team:FLIGHTS",
        "filter": "",
        "selected": ["B2024", "B2023", "WJ"],
        "sort": {"key": "closes", "descending": False},
        "ended": False,
    }


def test_selected_sessions_are_closed_together(open_state: OpenState) -> None:
    page = open_state("table-team", 900)
    page.get_by_role("button", name="Clear").click()
    row(page, "B2023").locator("input").click()
    row(page, "WJ").locator("input").click(modifiers=["Shift"])
    page.get_by_role("button", name="Close 3…").click()
    assert acts(page) == [{"act": "closeMany", "sessionIds": ["B2023", "NIGHT", "WJ"]}]


def test_a_refused_form_leads_to_each_field_and_keeps_what_was_typed(open_state: OpenState) -> None:
    page = open_state("config-form-refused", 500)
    assert page.evaluate(_FOCUSED_FIELD) == "driver"
    expect(page.get_by_label("Name", exact=True)).to_have_value("flights-cluster")
    expect(page.get_by_label("Size")).to_have_accessible_description(
        "is none of this server's 144 instance types (c6a.12xlarge, c6a.16xlarge, c6a.2xlarge, …)"
    )
    page.get_by_role("link", name="SPARK_REMOTE").click()
    assert page.evaluate(_FOCUSED_FIELD) == "variables-0"


def test_enter_saves_a_form_as_the_api_takes_it(open_state: OpenState) -> None:
    page = open_state("config-form-new", 500)
    page.get_by_label("Name", exact=True).fill("mine")
    page.get_by_role("radio", name="Cluster").check()
    page.get_by_role("combobox", name="Workers").fill("m8g.2xlarge")
    page.get_by_label("At most").fill("4")
    page.get_by_role("button", name="Environment").click()
    page.get_by_role("button", name="Variable", exact=True).click()
    page.get_by_label("Name of variable 1").fill("AWS_REGION")
    page.get_by_label("Value of variable 1").fill("eu-central-1")
    page.keyboard.press("Enter")
    worker = {"instanceType": "m8g.2xlarge", "maxNodes": 4}
    sail = {
        "executionMode": "cluster",
        "compute": {"worker": worker},
        "libraries": [],
        "extraEnv": {"AWS_REGION": "eu-central-1"},
    }
    body = {"name": "mine", "clusterId": "LOCAL", "config": {"sail": sail}}
    assert acts(page) == [{"act": "saveConfig", "configId": None, "body": body}]


def test_a_query_unfolds_by_enter_and_the_arrows_move(open_state: OpenState) -> None:
    page = open_state("queries-list", 600)
    page.keyboard.press("Tab")
    press(page, "ArrowDown", "ArrowDown")
    wrong = page.get_by_role("button", name="SELECT dep_dleay FROM delays")
    expect(wrong).to_be_focused()
    page.keyboard.press("Enter")
    expect(wrong).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_text("[UNRESOLVED_COLUMN]")).to_be_visible()


def test_a_log_follows_its_end_until_somebody_scrolls_up(open_state: OpenState) -> None:
    page = open_state("log-long", 480)
    log = page.get_by_role("log")
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_be_disabled()
    assert log.evaluate("(box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 1")
    log.evaluate("(box) => box.scrollTo(0, 0)")
    expect(follow).to_be_enabled()
    follow.click()
    expect(follow).to_be_disabled()
    assert log.evaluate("(box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 1")


def test_a_narrow_session_page_keeps_its_tabs(open_state: OpenState) -> None:
    page = open_state("session-queries", 360)
    page.get_by_role("tab", name="Log").click()
    expect(page.get_by_role("tab", name="Log")).to_have_attribute("aria-selected", "true")


def test_a_table_of_900_px_shows_which_notebook_a_session_is_of(open_state: OpenState) -> None:
    page = open_state("table-team", 900)
    name = row(page, rows(page).first.get_attribute("data-id") or "").locator("td.notebook bdi")
    expect(name).to_have_text("flights-eda.ipynb")
    assert name.evaluate("(text) => text.getBoundingClientRect().width <= text.parentElement.clientWidth - 8")
