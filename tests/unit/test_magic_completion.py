"""What the last word of a ``%sail`` line may become, and what a shell makes of it."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from lakesail_notebook import load_ipython_extension, models
from lakesail_notebook.client.client import Client
from lakesail_notebook.notebook.arguments import COMMANDS, parse_line
from lakesail_notebook.notebook.completion import Known, Things, candidates, found_in
from lakesail_notebook.spark.sessions.choice import EXAMINATION_KEY
from lakesail_notebook.spark.sessions.connect import default_client
from tests.unit.small_api import TOKEN, Answer, SmallApi, page, session

KNOWN = Known(configs=("big", "small", "two words"), live_sessions=("L1",), ended_sessions=("E1",))


def eventually(holds: Callable[[], bool]) -> None:
    """A completion does not wait long for the control plane; a later one has what it answered."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def words(line: str) -> list[str]:
    return list(candidates(line, lambda: KNOWN).words)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("co", ["connect", "configs"]),
        ("help re", ["relaunch"]),
        ("help connect ", []),
        ("connect ", ["big", "small", "'two words'"]),
        ("connect b", ["big"]),
        ("connect tw", ["'two words'"]),
        ("connect 'two w", ["'two words'"]),
        ('connect "two w', ['"two words"']),
        ("connect --new ", ["big", "small", "'two words'"]),
        ("connect --name x b", ["big"]),
        ("connect --name b", []),
        ("connect --idle ", []),
        ("connect big s", []),
        ("connect --attach ", ["L1"]),
        ("connect --attach L1 b", ["big"]),
        ("connect --na", ["--name"]),
        ("connect --new --ne", []),
        ("close ", ["L1"]),
        ("close L1 ", ["--help"]),
        ("relaunch ", ["E1"]),
        ("relaunch --var x E", ["E1"]),
        ("extend 30m ", ["L1"]),
        ("extend L", []),
        ("logs ", ["L1", "E1"]),
        ("logs -n 5 L", ["L1"]),
        ("sessions ", ["--all", "--help"]),
        ("nonsense ", []),
    ],
)
def test_a_word_is_completed_by_what_can_stand_there(line: str, found: list[str]) -> None:
    assert words(line) == found


def test_nothing_is_asked_for_where_no_name_can_stand() -> None:
    def asked() -> Known:
        raise AssertionError("the control plane was asked")

    assert candidates("", asked).words == [*COMMANDS, "help"]
    assert candidates("sessions --a", asked).words == ["--all"]
    assert candidates("connect --name ", asked).words == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%%sail sql --", ["--limit", "--explain", "--schema", "--plot", "--help"]),
        ("%%sail  ", ["sql"]),
        ("%%sail sql frame --plot --p", []),
        ("%%sail sql --limit 5 --s", ["--schema"]),
    ],
)
def test_the_options_of_an_sql_cell_are_completed(line: str, found: list[str]) -> None:
    completed = found_in(line, 0, lambda: KNOWN, bare=False)
    assert completed is not None
    assert completed.words == found


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_of_each_command_are_completed(command: str) -> None:
    assert "--help" in words(f"{command} --")


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1))
def test_a_name_that_was_completed_is_read_as_that_name(name: str) -> None:
    [written] = candidates("connect ", lambda: Known(configs=(name,))).words
    assert shlex.split(written) == [name]
    if not name.startswith("-"):
        assert parse_line(f"connect {written}")[1].config == name


@pytest.mark.parametrize(
    ("text", "number", "bare", "ours"),
    [
        ("%sail con", 0, False, True),
        ("  %sail con", 3, False, True),
        ("sail con", 0, True, True),
        ("sail con", 0, False, False),
        ("%sailor con", 0, True, False),
        ("%sai", 0, True, False),
        ("x = 1", 0, True, False),
        ("%%sail s", 0, False, True),
        ("%%sail s", 1, False, False),
        ("%%sail sql --li", 0, False, True),
        ("%%sail sql --li", 1, False, False),
        ("%%sail sql frame", 0, False, False),
        ("%%sail nonsense --li", 0, False, False),
    ],
)
def test_only_lines_of_the_magic_are_completed(text: str, number: int, bare: bool, ours: bool) -> None:
    assert (found_in(text, number, lambda: KNOWN, bare=bare) is not None) == ours


@pytest.fixture
def api() -> Iterator[SmallApi]:
    made_to_look = session("E2", status="closed", metadata={EXAMINATION_KEY: "doctor"})
    with SmallApi() as api:
        api.on("GET", "/workloads/sessions", Answer(body=page(session("L1"), made_to_look)))
        api.on("GET", "/workloads/compute-configs", Answer(body=models.WorkloadConfigPage(items=())))
        yield api


def test_what_is_known_is_asked_for_once_in_a_while(api: SmallApi) -> None:
    client = api.client()
    things = Things(lambda: client)
    eventually(lambda: things.known() == Known(live_sessions=("L1",)))
    asked = api.count("GET", "/workloads/sessions")
    assert things.known() == Known(live_sessions=("L1",))
    assert api.count("GET", "/workloads/sessions") == asked
    client.close()


def test_a_control_plane_that_does_not_answer_holds_nobody_up() -> None:
    answered, over = threading.Event(), threading.Event()

    def slow() -> Client | None:
        answered.wait(60)
        over.set()
        return None

    things = Things(slow)
    assert things.known() == Known()
    assert not over.is_set(), "it did not wait for the answer"
    assert sum(thread.name == "lakesail-completion" for thread in threading.enumerate()) == 1
    things.known()
    assert sum(thread.name == "lakesail-completion" for thread in threading.enumerate()) == 1
    answered.set()


def test_a_control_plane_that_refuses_leaves_what_was_known(api: SmallApi) -> None:
    client = api.client()
    api.on("GET", "/workloads/sessions", Answer(403, {"code": "PERMISSION_DENIED", "message": "no"}))
    assert Things(lambda: client).known() == Known()
    client.close()


@pytest.fixture(params=[True, False], ids=["jedi", "without jedi"])
def shell(request: pytest.FixtureRequest, api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("LAKESAIL_API_URL", api.url)
    monkeypatch.setenv("LAKESAIL_API_TOKEN", TOKEN)
    config = Config()
    config.HistoryManager.enabled = False
    config.Completer.use_jedi = request.param
    shell = InteractiveShell(config=config)  # type: ignore[no-untyped-call]
    load_ipython_extension(shell)
    yield shell
    default_client().close()


def completed(shell: InteractiveShell, cell: str) -> list[str]:
    with provisionalcompleter():
        return [cell[: one.start] + one.text for one in shell.Completer.completions(cell, len(cell))]


def test_a_shell_completes_lines_with_what_can_stand_there_alone(shell: InteractiveShell) -> None:
    assert sorted(completed(shell, "%sail con")) == ["%sail configs", "%sail connect"]
    eventually(lambda: completed(shell, "x = 1\n%sail close ") == ["x = 1\n%sail close L1"])
    assert completed(shell, "%sail connect --id") == ["%sail connect --idle"]
    assert sorted(completed(shell, "sail con")) == ["sail configs", "sail connect"]
    assert completed(shell, "%%sail ") == ["%%sail sql"]


def test_a_shell_completes_everything_else_as_always(shell: InteractiveShell) -> None:
    shell.user_ns["a_long_name"] = "text"
    assert "a_long_name" in completed(shell, "a_lo")
    assert any(one.endswith(".upper") for one in completed(shell, "a_long_name.upp"))
    assert "%sail" in completed(shell, "%sai")
    assert "%timeit" in completed(shell, "%timei")


def test_a_variable_of_the_same_name_is_no_magic(shell: InteractiveShell) -> None:
    shell.user_ns["sail"] = 3
    assert "sail connect" not in completed(shell, "sail con")
