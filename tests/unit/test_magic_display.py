from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from lakesail_notebook import models
from lakesail_notebook.notebook.display import TerminalLine
from lakesail_notebook.rendering.sessions import connection_text, session_shown, session_text
from lakesail_notebook.spark.sessions.choice import Candidate
from lakesail_notebook.spark.sessions.connecting import Connection
from tests.unit.small_api import session

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def connection(reached: models.Session, **changes: Any) -> Connection:
    plain: dict[str, Any] = {"spark": None, "endpoint": "localhost:4040", "how": "created", "seconds": 2.34}
    return Connection(reached=Candidate(reached), **(plain | changes))


def test_connect_ends_with_one_line_that_says_all() -> None:
    said = connection_text(connection(session(name="mine", timeout_at="2026-03-01T20:30:00.000Z")), "sp", NOON)
    assert "\n" not in said
    for part in ("S1 'mine'", "active", "new", "localhost:4040", "2.3 s", "in 8 h 30 min", "Use it as sp."):
        assert part in said


def test_notes_stand_below_it() -> None:
    said = connection_text(connection(session(), notes=("First.", "Second.")), "spark", NOON)
    assert said.splitlines()[1:] == ["First.", "Second."]


def test_status_shows_why_a_session_is_over() -> None:
    over = session(
        status="failed",
        termination_reason="engine_crashed",
        status_message="Session S1 failed: its engine ended with signal 9.",
        closed_at="2026-03-01T11:59:00.000Z",
    )
    rows = dict(line.split(maxsplit=1) for line in session_text(Candidate(over), NOON).splitlines())
    assert rows["status"] == "failed"
    assert rows["reason"] == "engine_crashed"
    cure = "run %sail connect to start a new one"
    assert rows["message"] == f"Session S1 failed: its engine ended with signal 9; {cure}."
    assert "endpoint" not in rows


def test_status_shows_who_closed_a_session_and_why() -> None:
    over = session(status="closed", closed_by="Ola", close_reason="The machine is needed")
    text = session_text(Candidate(over), NOON)
    assert re.search(r"^closed by +Ola$", text, re.M)
    assert re.search(r"^reason given +The machine is needed$", text, re.M)


def test_status_shows_where_the_notebook_is_now() -> None:
    began_in = session(metadata={models.NOTEBOOK_KEY: "old.ipynb"})
    assert re.search(r"^notebook +old.ipynb$", session_text(Candidate(began_in), NOON), re.M)
    renamed = msgspec.structs.replace(began_in, notebook_path="new.ipynb")
    assert re.search(r"^notebook +new.ipynb$", session_text(Candidate(renamed), NOON), re.M)


def test_a_command_line_has_a_cure_of_its_own() -> None:
    over = session(status="closed", status_message="Session S1 was closed by you.")
    assert "closed by you; 'jupyter lakesail relaunch S1' starts another like it." in session_shown(over, NOON).text


def test_the_link_that_logs_a_browser_in_is_shown_nowhere() -> None:
    link = "http://localhost:8888/lakesail/marimo/S1/_auth?ticket=secret"
    for info in (
        models.ConnectionInfo(proxy_auth_url=link),
        models.ConnectionInfo(proxy_auth_url=link, grpc_endpoint="localhost:4040"),
    ):
        assert "secret" not in session_text(Candidate(session(endpoint_type="marimo", connection_info=info)), NOON)


def test_status_shows_where_a_live_session_is_and_when_it_closes() -> None:
    live = session(
        connection_info=models.ConnectionInfo(grpc_endpoint="localhost:4040"),
        timeout_at="2026-03-01T12:05:00.000Z",
        metadata={models.NOTEBOOK_KEY: "/home/a/x.ipynb"},
    )
    text = session_text(Candidate(live), NOON)
    for part in ("localhost:4040", "if unused (in 5 min)", "/home/a/x.ipynb"):
        assert part in text


def test_nothing_that_others_wrote_steers_the_terminal() -> None:
    live = session(name="\x1b[2J", status_message="\x1b[31mred", metadata={models.NOTEBOOK_KEY: "\x1b]0;x.ipynb"})
    assert "\x1b" not in session_text(Candidate(live), NOON)


def test_a_terminals_line_is_written_over_and_leaves_no_rest() -> None:
    terminal = Terminal()
    line = TerminalLine(terminal)
    line.told(0.4, "Starting session S1: pulling")
    line.told(1.6, "Starting session S1")
    line.ended("Done.")
    first, second, last = terminal.getvalue().split("\r")
    assert first == "Starting session S1: pulling (0 s)"
    assert second.rstrip() == "Starting session S1 (2 s)"
    assert len(second) == len(first)
    assert last.rstrip() == "Done."
    assert last.endswith("\n")


def test_a_line_longer_than_the_terminal_is_cut_while_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()
    line = TerminalLine(terminal)
    line.told(1.0, "x" * 100)
    assert terminal.getvalue() == "x" * 39
    line.cleared()
    assert terminal.getvalue() == "x" * 39 + f"\r{' ' * 39}\r"
    line.ended("y" * 100)
    assert terminal.getvalue().endswith("y" * 100 + "\n")


def test_output_that_is_no_terminal_gets_each_text_once() -> None:
    file = io.StringIO()
    line = TerminalLine(file)
    for seconds in range(5):
        line.told(seconds, "Starting session S1")
    line.ended("Done.")
    assert file.getvalue() == "Starting session S1\nDone.\n"


def test_a_line_that_was_never_begun_is_not_broken_off() -> None:
    file = io.StringIO()
    TerminalLine(file).broken_off("Not connected.")
    assert file.getvalue() == ""
