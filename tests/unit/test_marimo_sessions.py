"""Marimo sessions: metadata, environment, command and log, and when it is looked whether a kernel computes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lakesail_notebook.backends.local.app_load import Look, computed_between, is_recent
from lakesail_notebook.backends.local.app_problems import file_problems
from lakesail_notebook.backends.local.apps import marimo_environment
from lakesail_notebook.backends.local.environment import user_environment
from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.marimo_process.command import Instructions, marimo_command
from lakesail_notebook.workloads.apps_port import AppSpec
from lakesail_notebook.workloads.rules.apps import app_wanted, merged_tail, near_idle, seconds_between_looks
from tests.builders import NOW, TIMEOUTS, a_session

FILE = {"lakesail/marimo-file": "nb.py"}


def test_the_metadata_names_file_mode_interpreter_and_directory() -> None:
    wanted = app_wanted(FILE | {"lakesail/marimo-mode": "run", "lakesail/python": "/p", "lakesail/cwd": "/d"})
    assert (wanted.file, wanted.mode, wanted.python, wanted.working_directory) == ("nb.py", "run", "/p", "/d")
    assert app_wanted(FILE).mode == "edit"


@pytest.mark.parametrize(
    ("metadata", "pointer"),
    [
        ({}, "/metadata/lakesail~1marimo-file"),
        ({"lakesail/marimo-file": ""}, "/metadata/lakesail~1marimo-file"),
        (FILE | {"lakesail/marimo-mode": "view"}, "/metadata/lakesail~1marimo-mode"),
    ],
)
def test_wrong_metadata_is_pointed_at(metadata: dict[str, str], pointer: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        app_wanted(metadata)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_a_file_is_looked_at_before_anything_starts(tmp_path: Path) -> None:
    def problems(file: Path, mode: str = "edit") -> list[str]:
        spec = AppSpec(file=str(file), mode="run" if mode == "run" else "edit", python=None, working_directory=None)
        return [one.message for one in file_problems(spec)]

    there = tmp_path / "there.py"
    there.write_text("")
    (tmp_path / "directory.py").mkdir()
    assert problems(there, "run") == []
    assert problems(tmp_path / "new.py") == []
    assert "does not exist" in problems(tmp_path / "new.py", "run")[0]
    assert "is no directory" in problems(tmp_path / "nowhere" / "new.py")[0]
    assert "is a directory" in problems(tmp_path / "directory.py")[0]
    os.mkfifo(tmp_path / "pipe.py")
    assert "is a device or a pipe" in problems(tmp_path / "pipe.py")[0]
    (tmp_path / "link.py").symlink_to(there)
    assert problems(tmp_path / "link.py", "run") == []
    for name in ("old.ipynb", "text.md"):
        assert f"marimo convert {tmp_path / name} -o FILE.py" in problems(tmp_path / name)[0]


def test_marimo_has_the_users_variables_and_no_servers() -> None:
    server = {"AWS_SECRET": "x", "JUPYTER_TOKEN": "t", "JPY_API_TOKEN": "t", "LAKESAIL_API_TOKEN": "t"}
    server |= {"SPARK_REMOTE": "sc://elsewhere"}
    got = marimo_environment(user_environment(server), {"LAKESAIL_SESSION_ID": "S"})
    assert got == {
        "AWS_SECRET": "x",
        "LAKESAIL_SESSION_ID": "S",
        "_MARIMO_CONFIG_OVERLOAD_RUNTIME_AUTO_INSTANTIATE": "true",
    }


@pytest.mark.parametrize("mode", ["edit", "run"])
def test_the_command_holds_no_token(mode: str) -> None:
    wanted = Instructions(file="/nb.py", mode=mode, base_url="/a%40b/lakesail/marimo/S", token="secret")
    command = marimo_command(wanted, 1234)
    assert "secret" not in " ".join(command)
    assert command[command.index("--base-url") + 1] == "/a@b/lakesail/marimo/S"
    assert command[command.index("--token-password-file") + 1] == "-"
    assert ("--session-ttl" in command) == (mode == "run")


def test_kernels_are_looked_at_when_the_session_is_near_idle() -> None:
    session = replace(a_session(status="active"), last_activity_at=NOW)
    assert seconds_between_looks(session) == 10
    assert not near_idle(session, NOW + timedelta(seconds=1760))
    assert near_idle(session, NOW + timedelta(seconds=1775))
    assert near_idle(replace(session, status="idle"), NOW + timedelta(seconds=9999))
    assert not near_idle(replace(session, status="pending"), NOW + timedelta(seconds=9999))
    short = replace(session, timeouts=replace(TIMEOUTS, idle_timeout=3))
    assert seconds_between_looks(short) == 1


def test_a_kernel_computes_that_uses_a_core_or_wants_one_all_the_time() -> None:
    nobody: frozenset[int] = frozenset()
    before = Look(100.0, 5.0, nobody)
    assert not computed_between(before, Look(110.0, 5.5, nobody))
    assert computed_between(before, Look(110.0, 6.5, nobody))
    assert computed_between(Look(100.0, 5.0, frozenset({7})), Look(110.0, 5.1, frozenset({7, 8})))
    assert not computed_between(Look(100.0, 5.0, frozenset({7})), Look(110.0, 5.1, frozenset({8})))


def test_a_kernel_that_computed_long_ago_does_not_count_as_one_that_computes() -> None:
    look = Look(100.0, 5.0, frozenset())
    assert is_recent(look, 110.0)  # the longest time between two looks near the idle timeout
    assert not is_recent(look, 1900.0)


def test_the_log_has_lines_of_both_processes() -> None:
    engine, app = ["e1", "e2", "e3", "e4"], ["m1", "m2", "m3"]
    assert merged_tail(engine, app, 4) == ("e3", "e4", "marimo: m2", "marimo: m3")
    assert merged_tail(engine, app, 100) == (*engine, "marimo: m1", "marimo: m2", "marimo: m3")
    assert merged_tail([], app, 2) == ("marimo: m2", "marimo: m3")
    assert merged_tail(engine, ["m1"], 4) == ("e2", "e3", "e4", "marimo: m1")
    assert merged_tail(engine, app, 0) == ()
