from __future__ import annotations

import subprocess
import sys

import pytest

from lakesail_notebook.cli.arguments import parse


def test_without_words_a_control_plane_is_run() -> None:
    assert parse([]).command == "serve"


def test_what_serve_does_not_know_goes_to_jupyter() -> None:
    arguments = parse(["serve", "--port=0", "--ServerApp.base_url=/x/"])
    assert arguments.jupyter_options == ["--port=0", "--ServerApp.base_url=/x/"]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("sessions", "sessions"),
        ("sessions --all", "sessions"),
        ("sessions show S1", "sessions show"),
        ("sessions create --name a", "sessions create"),
        ("configs", "configs"),
        ("configs delete big", "configs delete"),
        ("service-accounts create bot", "service-accounts create"),
        ("close S1 S2", "close"),
        ("queries", "queries"),
        ("queries S1 -n 5", "queries"),
        ("me", "me"),
    ],
)
def test_a_command_is_known_by_its_words(words: str, command: str) -> None:
    assert parse(words.split()).command == command


@pytest.mark.parametrize("words", ["sessions --json show S1", "sessions show S1 --json", "sessions show --json S1"])
def test_json_may_stand_anywhere_behind_the_command(words: str) -> None:
    assert parse(words.split()).json is True
    assert parse(["sessions", "show", "S1"]).json is False


def test_durations_are_read_as_people_write_them() -> None:
    assert parse(["extend", "S1", "1h30m"]).duration == 5400
    assert parse(["extend", "S1"]).duration is None
    assert parse(["sessions", "create", "--idle", "45s"]).idle == 45


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sesions"], "invalid choice"),
        (["sessions", "--status", "sleeping"], "invalid choice"),
        (["sessions", "--all", "--status", "idle"], "not allowed with"),
        (["sessions", "show"], "required: ID"),
        (["sessions", "--sort"], "sessions takes no '--sort'"),
        (["close"], "required: ID"),
        (["extend", "S1", "soon"], "no duration"),
        (["logs", "S1", "-n", "-5"], "is no number"),
        (["--json"], "a command is missing"),
    ],
)
def test_words_that_cannot_be_read_end_with_2_and_a_reason(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words)
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert message in said.err
    assert said.out == ""


def test_help_loads_neither_the_client_nor_a_server() -> None:
    program = (
        "import sys\n"
        "from lakesail_notebook.cli.main import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        "    print(sorted({'httpx', 'msgspec', 'tornado', 'jupyter_server', 'pyspark'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
