"""Looks at every state of the page of fixtures, in one theme and at each width."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Dialog, Page

from . import axe
from .fixture_page import NOW_MS, fixture_page
from .guard import Guard
from .rig import SCREENS

LOAD_SECONDS = 30
MATRIX_SECONDS = 600
_FINDINGS_TOLD = 4
_NUMBERS = re.compile(r"\d+(\.\d+)? (?=px|x \d)")
_HAS_TOP_LAYER = """() => {
  const roots = [document];
  for (const root of roots) {
    for (const node of root.querySelectorAll('*')) if (node.shadowRoot) roots.push(node.shadowRoot);
    if (root.querySelector('dialog:modal, :popover-open')) return true;
  }
  return false;
}"""


Findings = dict[str, dict[str, list[int]]]
"""By state and text: at which widths."""


@dataclass(frozen=True, slots=True)
class State:
    name: str
    title: str


class StatesPage:
    """The page with its clock stopped at the moment of all states."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.alerts: list[str] = []
        page.on("dialog", self._alerted)
        page.clock.set_fixed_time(NOW_MS / 1000)
        page.goto(address, timeout=LOAD_SECONDS * 1000)

    def states(self) -> list[State]:
        told = self.page.evaluate("() => fixtures.states")
        return [State(one["name"], one["title"]) for one in told]

    def widths(self) -> list[int]:
        told: list[int] = self.page.evaluate("() => fixtures.widths")
        return told

    def show(self, state: State, theme: str, width: int) -> None:
        self.page.evaluate("([theme, width]) => fixtures.dress(theme, width)", [theme, width])
        self.page.evaluate("(name) => fixtures.show(name)", state.name)

    def findings(self) -> Iterator[str]:
        """What is wrong with the state as it is drawn now."""
        for finding in self.page.evaluate("() => fixtures.inspect()"):
            yield f"{finding['rule']}: {finding['what']}"
        for violation in axe.violations(self.page, "#stage"):
            yield f"axe: {axe.described([violation])}"
        yield from (f"alert: {text}" for text in self.alerts)
        self.alerts.clear()

    def screenshot(self, file: Path) -> None:
        """Of the state; of the whole page when it has opened a menu or a dialog, which may stand beside it."""
        if self.page.evaluate(_HAS_TOP_LAYER):
            self.page.screenshot(path=file)
        else:
            self.page.locator("#stage").screenshot(path=file)

    def _alerted(self, dialog: Dialog) -> None:
        self.alerts.append(dialog.message)
        dialog.dismiss()


def look_at_all(context: BrowserContext, guard: Guard, folder: Path, theme: str) -> None:
    """Every state in one theme, at each width: a picture of each, and no finding.

    :param folder: where the page is built.
    """
    found: Findings = defaultdict(lambda: defaultdict(list))
    pictures = SCREENS / "states"
    pictures.mkdir(parents=True, exist_ok=True)
    with fixture_page(folder) as address:
        guard.allow(address)
        page = StatesPage(context.new_page(), address)
        states, widths = page.states(), page.widths()
        assert states, "the page has no state"
        assert len({state.name for state in states}) == len(states), "two states have one name"
        for state in states:
            for width in widths:
                page.show(state, theme, width)
                page.screenshot(pictures / f"{state.name}-{theme}-{width}.png")
                for finding in page.findings():
                    found[state.name][_NUMBERS.sub("…", finding)].append(width)
    assert not found, _told(found)


def _told(found: Findings) -> str:
    """Of each state a few findings; more of them say the same of other rows."""
    lines = []
    for state, findings in found.items():
        some = list(findings.items())[:_FINDINGS_TOLD]
        lines += [f"{state} at {', '.join(map(str, dict.fromkeys(widths)))} px: {what}" for what, widths in some]
    return f"{len(found)} states are not as they should be\n" + "\n".join(lines)
