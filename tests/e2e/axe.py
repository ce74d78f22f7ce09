"""axe-core in the page: what it finds wrong with our own nodes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

_SCRIPT = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async (scope) => {
  const found = await axe.run(scope, {resultTypes: ['violations']});
  return found.violations.map(({id, help, nodes}) => ({
    id, help, nodes: nodes.map(({target, failureSummary, html}) => ({target, failureSummary, html})),
  }));
}"""


def violations(page: Page, *include: object, exclude: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What axe-core finds below these selectors; open shadow roots are looked into.

    :param include: CSS selectors, or axe's own objects such as ``{"fromShadowDom": [...]}``.
    :param exclude: selectors of JupyterLab's own nodes, which violate rules themselves.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    scope = {"include": [[one] if isinstance(one, str) else one for one in include]}
    found: list[dict[str, Any]] = page.evaluate(_RUN, scope | {"exclude": [[one] for one in exclude]})
    return found


def described(found: Sequence[Mapping[str, Any]]) -> str:
    """For the message of a failed test."""
    return json.dumps(found, indent=1)


@cache
def _source() -> str:
    if not _SCRIPT.is_file():
        pytest.fail(f"{_SCRIPT} is not there. Install it: npm ci", pytrace=False)
    return _SCRIPT.read_text()
