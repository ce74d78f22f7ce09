"""The scripts that panels bring to pages: which there are, and when the kernel tells that of the elements."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.errors import FailedPrecondition
from lakesail_notebook.version import __version__
from lakesail_notebook.widgets.hub import Hub
from lakesail_notebook.widgets.kernel import ipython_home
from lakesail_notebook.widgets.scripts import scripts, scripts_in
from tests.unit.small_panels import SmallApis, SmallPanel, SmallShell


@pytest.fixture
def hub() -> Hub:
    return Hub(ipython_home(SmallShell()), SmallApis(), SystemClock())


def test_a_page_that_asks_is_told_the_script_of_the_elements(hub: Hub) -> None:
    asking, other = SmallPanel("P1"), SmallPanel("P2")
    hub.add(asking)
    hub.add(other)
    hub.heard(asking, {"type": "elements"})
    assert asking.told == [{"type": "elements", "script": scripts().elements}]
    assert other.told == []


def test_asking_for_the_script_reads_nothing_from_the_api(hub: Hub) -> None:
    hub.heard(SmallPanel(), {"type": "elements"})
    assert not hub.feed.open


def test_the_module_creates_elements_of_the_version_that_the_other_script_defines() -> None:
    tag = f"sail-panel-{__version__.replace('.', '-')}"
    assert tag in scripts().module
    assert tag in scripts().elements


def test_a_script_is_not_printed_with_what_holds_it() -> None:
    assert len(repr(scripts())) < 100


@pytest.mark.parametrize("missing", ["panel.js", "elements.js"])
def test_a_copy_that_was_set_up_without_its_front_end_says_what_to_do(tmp_path: Path, missing: str) -> None:
    for name in {"panel.js", "elements.js"} - {missing}:
        (tmp_path / name).write_text("export default {};")
    with pytest.raises(FailedPrecondition, match=r"Node\.js"):
        scripts_in(tmp_path)
