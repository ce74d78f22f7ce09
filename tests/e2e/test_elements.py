"""What elements do when the page around them changes: out of the document and back, other notebooks, other sessions."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .conftest import OpenState
from .face import INERT_MS
from .fixture_page import acts, stopped_clock

_HOST = "[...document.querySelectorAll('#stage *')].find((one) => one.source)"
_LAST_UPDATE_OUTSIDE = f"""async () => {{
  const host = {_HOST};
  host.requestUpdate();
  host.remove();
  await host.updateComplete;
  globalThis.taken = host;
  return [host.source.watched.size, host.source.listeners.size];
}}"""
_PUT_BACK = """async () => {
  document.querySelector('#stage > div').append(taken);
  await taken.updateComplete;
  return [taken.source.watched.size, taken.source.listeners.size];
}"""


def change(page: Page, changes: str) -> None:
    """Change the snapshot of the state's source: ``changes`` is an expression over ``now``, the present one."""
    page.evaluate(f"""async () => {{
      const host = {_HOST};
      const now = host.source.snapshot;
      host.source.change({{...now, ...({changes})}});
      await host.updateComplete;
    }}""")


def test_an_element_out_of_the_document_watches_nothing_and_goes_on_where_it_is_put_back(
    open_state: OpenState,
) -> None:
    page = open_state("log-lines", 480)
    assert page.evaluate(_LAST_UPDATE_OUTSIDE) == [0, 0]
    page.evaluate("() => { taken.source.change({...taken.source.snapshot, logs: {}}) }")
    assert page.evaluate(_PUT_BACK) == [1, 1]
    expect(page.get_by_label("The log is loading.")).to_be_attached()


def test_the_clock_of_an_element_out_of_the_document_stands(open_state: OpenState) -> None:
    page = open_state("here-soon")
    page.evaluate(_LAST_UPDATE_OUTSIDE)
    seen = "() => taken.shadowRoot.querySelector('.count').textContent"
    before = page.evaluate(seen)
    page.clock.run_for(5_000)
    assert page.evaluate(seen) == before
    page.evaluate(_PUT_BACK)
    assert page.evaluate(seen) != before


def test_a_question_does_not_go_along_to_another_notebook(open_state: OpenState) -> None:
    page = open_state("here-closing-asked")
    danger = page.get_by_role("button", name="Close session")
    expect(danger).to_be_visible()
    page.evaluate(f"() => {{ const host = {_HOST}; host.notebook = {{...host.notebook, path: 'other.ipynb'}} }}")
    expect(danger).to_have_count(0)


def test_a_question_that_comes_back_with_the_server_takes_no_click_at_once(open_state: OpenState) -> None:
    page = open_state("here-closing-asked")
    danger = page.get_by_role("button", name="Close session")
    change(page, "{link: 'stale'}")
    expect(danger).to_have_count(0)
    with stopped_clock(page):
        change(page, "{link: 'live'}")
        danger.click()
        assert acts(page) == []
    page.wait_for_timeout(INERT_MS)
    danger.click()
    [act] = acts(page)
    assert act["act"] == "close"


def test_a_question_goes_when_its_session_ends_elsewhere(open_state: OpenState) -> None:
    page = open_state("here-closing-asked")
    ended = "{...now.sessions.items[0], status: 'closed', terminationReason: 'user_closed', closedAt: now.asOf}"
    change(page, f"{{sessions: {{...now.sessions, items: [{ended}]}}}}")
    expect(page.get_by_role("button", name="Close session")).to_have_count(0)
    expect(page.get_by_role("button", name="Relaunch")).to_be_visible()


def test_a_question_in_a_list_goes_when_its_session_ends_elsewhere(open_state: OpenState) -> None:
    page = open_state("sessions-close-asks")
    expect(page.get_by_role("button", name="Close session")).to_be_visible()
    over = "{...one, status: 'closed', terminationReason: 'user_closed', closedAt: now.asOf}"
    change(page, f"{{sessions: {{...now.sessions, items: now.sessions.items.map((one) => ({over}))}}}}")
    expect(page.get_by_role("button", name="Close session")).to_have_count(0)


def test_enter_in_the_filter_of_the_picker_connects_to_what_is_seen(open_state: OpenState) -> None:
    page = open_state("picker-filtered", 360)
    page.get_by_role("searchbox").press("Enter")
    assert acts(page) == [{"act": "connect", "choice": {"config": "team-config-3", "remember": True}}]


def test_a_filter_that_matches_nothing_connects_to_nothing(open_state: OpenState) -> None:
    page = open_state("picker-filtered-empty", 360)
    expect(page.get_by_role("button", name="Connect")).to_be_disabled()
    page.get_by_role("searchbox").press("Enter")
    assert acts(page) == []


def test_a_panel_keeps_its_picker_when_connecting_to_another_is_refused(open_state: OpenState) -> None:
    page = open_state("panel-choosing", 900)
    page.get_by_role("button", name="Connect", exact=True).click()
    [act] = acts(page)
    problem = "{code: 'INVALID_ARGUMENT', message: 'It needs 64 vCPU.', status: 400, requestId: null, retryAt: null}"
    failed = f"{{act: {{act: 'connect', choice: {{}}}}, phase: 'failed', since: 0, problem: {problem}, failures: {{}}}}"
    change(page, f"{{acts: {{connect: {failed}}}}}")
    assert act["act"] == "connect"
    expect(page.get_by_role("alert")).to_have_text(re.compile("It needs 64 vCPU"))


def test_a_session_that_nobody_lists_any_more_stays_a_row_while_the_pointer_is_there(open_state: OpenState) -> None:
    page = open_state("sessions-list")
    page.locator("[data-id=W3ATH3R]").hover()
    change(page, "{sessions: {...now.sessions, items: now.sessions.items.filter(({id}) => id !== 'W3ATH3R')}}")
    expect(page.locator("[data-id=W3ATH3R]")).to_have_count(1)
    expect(page.locator("[data-kind=group]")).to_have_count(1)


def test_sessions_that_have_ended_are_not_closed_with_others(open_state: OpenState) -> None:
    page = open_state("table-team", 900)
    over = "{...one, status: 'closed', closedAt: now.asOf, timeoutAt: null}"
    items = f"now.sessions.items.map((one) => (one.id === 'WJ' ? {over} : one))"
    change(page, f"{{sessions: {{...now.sessions, items: {items}}}}}")
    page.get_by_role("button", name="Close 2…").click()
    assert acts(page) == [{"act": "closeMany", "sessionIds": ["B2024", "B2023"]}]


def test_a_checkbox_of_the_table_stays_checked_when_shift_selects_a_range(open_state: OpenState) -> None:
    page = open_state("table-team", 900)
    box = page.locator("[data-id=B2024] input")
    expect(box).to_be_checked()
    box.click(modifiers=["Shift"])
    expect(box).to_be_checked()


def test_rows_of_a_form_take_the_focus_when_they_come_and_give_it_back_when_they_go(open_state: OpenState) -> None:
    page = open_state("config-form-unfolded", 480)
    page.get_by_role("button", name="Variable", exact=True).click()
    expect(page.get_by_label("Name of variable 2")).to_be_focused()
    page.get_by_role("button", name="Remove variable 2").click()
    expect(page.get_by_text("Environment", exact=True)).to_be_focused()
