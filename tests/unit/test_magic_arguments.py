from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from lakesail_notebook.notebook.arguments import COMMANDS, HelpAsked, connect_arguments, parse_line, usage


def test_connect_takes_everything_that_the_function_takes() -> None:
    line = """connect big --name 'two words' --new --idle 30m --max 8h --shared --wait 2m --var sp"""
    command, arguments = parse_line(line)
    assert (command, arguments.var) == ("connect", "sp")
    assert connect_arguments(arguments) == {
        "config": "big",
        "name": "two words",
        "attach": None,
        "new": True,
        "idle_timeout": 1800,
        "max_duration": 28800,
        "shared": True,
        "wait_seconds": 120,
        "restore": True,
    }


def test_a_bare_line_is_no_command() -> None:
    assert parse_line("")[0] == ""
    assert parse_line("   ")[0] == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(command: str) -> None:
    with pytest.raises(HelpAsked, match=rf"usage: %sail {command}"):
        parse_line(f"{command} --help")


def test_close_takes_an_id_or_none() -> None:
    assert parse_line("close")[1].session_id is None
    assert parse_line("close S1")[1].session_id == "S1"


def test_what_looks_like_shell_code_is_taken_as_it_stands() -> None:
    assert parse_line('connect --name "$(id) `id` ; rm"')[1].name == "$(id) `id` ; rm"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("conect", "there is no 'conect'; did you mean connect?"),
        ("frobnicate", "there is no 'frobnicate'\n"),
        ("connect --nmae x", "%sail connect: there is no '--nmae'; did you mean --name?"),
        ("connect --idel=30m", "there is no '--idel'; did you mean --idle?"),
        ("connect --nam x", "there is no '--nam'; did you mean --name?"),
        ("connect a b", "there is no 'b'"),
        ("close a b", "there is no 'b'"),
        ("extend S1", "'S1' is no duration"),
        ("logs -n 501", "'501' is no number from 1 to 500"),
        ("queries -n 0", "'0' is no number from 1 to 100"),
        ("queries -n -5", "'-5' is no number from 1 to 100"),
        ("queries -n x", "'x' is no number from 1 to 100"),
        ("help conect", "there is no 'conect'; did you mean connect?"),
        ("connect --idle 2x", "'2x' is no duration; give whole seconds, or a text such as 45s, 30m, 8h, 1h30m"),
        ("connect --var a.b", "'a.b' is no name for a variable"),
        ("connect --name", "expected one argument"),
        ('connect --name "x', "No closing quotation"),
    ],
)
def test_a_mistake_is_a_usage_error_that_names_it(line: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_line(line)
    assert said in str(caught.value)


@pytest.mark.parametrize("line", ["connect --nmae x", "connect --idle 2x"])
def test_a_mistake_comes_with_the_usage(line: str) -> None:
    with pytest.raises(UsageError, match=r"usage: %sail connect .*--idle 30m"):
        parse_line(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--help", "  close      Close this"),
        ("help", "  doctor     Check"),
        ("connect -h", "what to call a new session"),
        ("help connect", "what to call a new session"),
    ],
)
def test_help_is_given_when_asked_for(line: str, said: str) -> None:
    with pytest.raises(HelpAsked, match=said):
        parse_line(line)


def test_the_usage_names_each_command_in_aligned_columns() -> None:
    lines = usage().splitlines()[1:-1]
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert {line[: len("  interrupt  ")].rstrip() == f"  {line.split()[0]}" for line in lines} == {True}
    assert all(len(line) <= 100 for line in usage().splitlines())


def test_extend_takes_a_duration_and_then_an_id() -> None:
    arguments = parse_line("extend 2h S1")[1]
    assert (arguments.duration, arguments.session_id) == (7200, "S1")
    arguments = parse_line("extend")[1]
    assert (arguments.duration, arguments.session_id) == (1800, None)
