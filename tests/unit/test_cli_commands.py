"""Whole commands against a small API: what goes to standard output, what to standard error, and the exit code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import quote

import pytest

from lakesail_notebook import models
from lakesail_notebook.cli.main import main
from tests.unit.small_api import NOW, TOKEN, Answer, SmallApi, me, page, session

SESSIONS = "/workloads/sessions"
CONFIGS = "/workloads/compute-configs"
ACCOUNTS = "/service-accounts"
SECRET = "a-secret-of-the-answer"
CONFIG = models.WorkloadConfig(
    id="C1",
    name="big",
    workload_type="sail",
    cluster_id="LOCAL",
    config=models.WorkloadConfigBody(),
    created_at=NOW,
    updated_at=NOW,
)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallApi]:
    """The control plane that the environment names."""
    with SmallApi() as api:
        monkeypatch.setenv("LAKESAIL_API_URL", api.url)
        monkeypatch.setenv("LAKESAIL_API_TOKEN", TOKEN)
        yield api


def answer_live_sessions(api: SmallApi, *live: models.Session) -> None:
    for status in ("pending", "active", "idle"):
        found = [one for one in live if one.status == status]
        api.on("GET", f"{SESSIONS}?status={status}", Answer(200, page(*found)))


def test_sessions_are_a_table_of_the_live_ones(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    answer_live_sessions(
        api,
        session("S1", status="idle", name="etl", created_at="2026-03-01T10:00:00.000Z"),
        session("S22", created_at="2026-03-01T11:00:00.000Z"),
    )
    assert main(["sessions"]) == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["SESSION", "NAME", "STATUS", "CREATED"]
    assert (first.split()[0], second.split()[:3]) == ("S22", ["S1", "etl", "idle"])
    assert first.index("active") == second.index("idle") == heading.index("STATUS")


def test_owners_are_shown_where_there_are_several(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    sessions = (session("S1"), session("S2", member_id="M2"), session("S3", member_id=None, service_account_id="A1"))
    included = models.SessionIncluded(
        sessions=sessions,
        members=(models.Member(id="M1", name="Ada"), models.Member(id="M2")),
        service_accounts=(models.ServiceAccount(id="A1", username="bot"),),
    )
    items = tuple(models.SessionReference(id=one.id) for one in sessions)
    api.on("GET", SESSIONS, Answer(200, models.SessionPage(total=3, items=items, included=included)))
    assert main(["sessions", "--all"]) == 0
    out = capsys.readouterr().out
    assert "OWNER" in out
    assert all(name in out for name in ("Ada", "M2", "bot"))


def test_no_session_is_said(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    answer_live_sessions(api)
    assert main(["sessions"]) == 0
    assert capsys.readouterr().out == "There is no live session.\n"


def test_json_is_the_apis_own(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    ended = page(session("S1", status="closed", termination_reason="idle_timeout"))
    api.on("GET", f"{SESSIONS}?status=closed", Answer(200, ended))
    api.on("GET", f"{SESSIONS}/S1", Answer(200, session()))
    assert main(["sessions", "--status", "closed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(models.encode(ended))
    assert main(["sessions", "show", "S1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(models.encode(session()))


def test_a_session_is_started_as_the_options_say(api: SmallApi) -> None:
    api.on("POST", SESSIONS, Answer(201, session()))
    words = "sessions create --config big --name etl --idle 30m --max 8h --shared --team T1"
    assert main(words.split()) == 0
    sent = api.requests[0].body
    assert (sent["workloadConfigId"], sent["name"], sent["teamId"]) == ("big", "etl", "T1")
    assert sent["allowShared"] is True
    assert sent["config"] == {"idleTimeoutSeconds": 1800, "idleCloseDelaySeconds": None, "maxDurationSeconds": 28800}


def test_a_token_stands_alone_on_standard_output(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    connection = models.ConnectionInfo(grpc_endpoint="localhost:5000")
    api.on("POST", f"{SESSIONS}/S1/token", Answer(201, models.SessionToken(token=SECRET, expires_at=NOW)))
    api.on("GET", f"{SESSIONS}/S1", Answer(200, session(connection_info=connection)))
    assert main(["token", "S1", "--duration", "1h"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{SECRET}\n"
    assert "localhost:5000" in said.err
    assert SECRET not in said.err
    assert api.requests[0].body == {"durationSeconds": 3600}


def test_tokens_are_revoked_instead(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", f"{SESSIONS}/S1/token/revoke", Answer(204))
    assert main(["token", "S1", "--revoke"]) == 0
    assert "S1 are revoked" in capsys.readouterr().out
    assert main(["token", "S1", "--revoke", "--json"]) == 0
    assert api.count("POST", f"{SESSIONS}/S1/token/revoke") == 2


def test_several_sessions_are_closed_up_to_the_first_that_cannot_be(
    api: SmallApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("DELETE", f"{SESSIONS}/S1", Answer(204))
    assert main(["close", "S1", "S2", "S3"]) == 1
    said = capsys.readouterr()
    assert said.out == "Session S1 is closed.\n"
    assert said.err.startswith("jupyter lakesail: nothing was told for DELETE")
    assert api.count("DELETE", f"{SESSIONS}/S3") == 0


def test_what_needs_a_live_session_says_how_to_get_another(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    message = "Session S1 was closed by you."
    refusal = Answer(409, {"code": "FAILED_PRECONDITION", "message": message, "reason": "session_closed"})
    api.on("POST", f"{SESSIONS}/S1/extend", refusal)
    assert main(["extend", "S1"]) == 1
    said = capsys.readouterr().err
    assert said == (
        "jupyter lakesail: Session S1 was closed by you; 'jupyter lakesail relaunch ID' starts another like it.\n"
    )


def test_a_close_carries_its_reason(api: SmallApi) -> None:
    for session_id in ("S1", "S2"):
        api.on("POST", f"{SESSIONS}/{session_id}/close", Answer(204))
    assert main(["close", "S1", "S2", "--reason", "The machine is needed"]) == 0
    assert [request.body for request in api.requests] == [{"reason": "The machine is needed"}] * 2


def test_close_says_nothing_as_json(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", f"{SESSIONS}/S1", Answer(204))
    assert main(["close", "S1", "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_queries_are_interrupted(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", f"{SESSIONS}/S1/interrupt", Answer(200, models.InterruptedQueries(interrupted=("a", "b"))))
    api.on("POST", f"{SESSIONS}/S2/interrupt", Answer(200, models.InterruptedQueries(interrupted=())))
    assert main(["interrupt", "S1"]) == main(["interrupt", "S2", "--query", "c"]) == 0
    assert capsys.readouterr().out == "Told to stop: a, b\nNo query was running.\n"
    assert [request.body for request in api.requests] == [{"queryId": None}, {"queryId": "c"}]


def test_a_session_is_relaunched_and_kept(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", f"{SESSIONS}/S1/relaunch", Answer(201, session("S2")))
    api.on("POST", f"{SESSIONS}/S2/extend", Answer(200, session("S2", timeout_at="2126-03-01T12:00:00.000Z")))
    assert main(["relaunch", "S1"]) == 0
    assert main(["extend", "S2", "30m"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("session  S2\n")
    assert "Session S2 closes in " in out


def test_logs_cannot_steer_the_terminal(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"{SESSIONS}/S1/logs?tail=2", Answer(200, models.SessionLogs(lines=("\x1b[31mred", "plain"))))
    assert main(["logs", "S1", "-n", "2"]) == 0
    assert capsys.readouterr().out == "\N{REPLACEMENT CHARACTER}[31mred\nplain\n"


QUERIES = models.SessionQueries(
    items=(
        models.Query(
            id="o2", what="select *\x1b[31m", started_at=NOW, seconds=1.25, rows=1200, bytes=34567, outcome="running"
        ),
        models.Query(id="o1", what="range", started_at=NOW, seconds=0.5, rows=0, bytes=0, outcome="failed"),
    )
)


def test_queries_are_a_table(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"{SESSIONS}/S1/queries?limit=2", Answer(200, QUERIES))
    assert main(["queries", "S1", "-n", "2"]) == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["STARTED", "TOOK", "OUTCOME", "ROWS", "BYTES", "WHAT"]
    assert first.endswith("1.25 s  running  1,200  34,567  select *\N{REPLACEMENT CHARACTER}[31m")
    assert second.endswith("range")


def test_queries_are_those_of_the_only_live_session(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/me", Answer(200, models.Me(member_id="M1", team_ids=(), organization_admin=True)))
    api.on("GET", f"{SESSIONS}/S1/queries", Answer(200, QUERIES))
    answer_live_sessions(api, session("S1"), session("S2", member_id="M2"))
    assert main(["queries", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(models.encode(QUERIES))


@pytest.mark.parametrize(
    ("live", "message"),
    [((), "you have no live one"), (("S1", "S2"), "you have 2 live ones: S1, S2")],
)
def test_queries_ask_for_a_session_that_is_not_clear(
    api: SmallApi, capsys: pytest.CaptureFixture[str], live: tuple[str, ...], message: str
) -> None:
    api.on("GET", "/me", Answer(200, models.Me(member_id="M1", team_ids=(), organization_admin=True)))
    answer_live_sessions(api, *map(session, live))
    assert main(["queries"]) == 1
    assert message in capsys.readouterr().err


def test_a_session_without_queries_is_said(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"{SESSIONS}/S1/queries", Answer(200, models.SessionQueries(items=())))
    assert main(["queries", "S1"]) == 0
    assert capsys.readouterr().out == "Nothing was run on it yet.\n"


def test_configs_are_listed_shown_made_changed_and_deleted(
    api: SmallApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("GET", CONFIGS, Answer(200, models.WorkloadConfigPage(items=(CONFIG,))))
    api.on("GET", f"{CONFIGS}/big", Answer(200, CONFIG))
    api.on("POST", CONFIGS, Answer(201, CONFIG))
    api.on("PATCH", f"{CONFIGS}/big", Answer(200, CONFIG))
    api.on("DELETE", f"{CONFIGS}/big", Answer(204))
    new, change = tmp_path / "new.json", tmp_path / "change.json"
    new.write_text('{"name": "big"}')
    change.write_text('{"name": "bigger"}')

    assert main(["configs"]) == main(["configs", "show", "big"]) == main(["configs", "create", str(new)]) == 0
    assert main(["configs", "change", "big", str(change)]) == main(["configs", "delete", "big"]) == 0
    assert "C1      big   standalone  LOCAL" in capsys.readouterr().out
    assert api.requests[3].body == {"name": "bigger"}


def test_a_config_may_come_from_standard_input(
    api: SmallApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("POST", CONFIGS, Answer(201, CONFIG))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"name": "big"}')))
    assert main(["configs", "create", "-"]) == 0
    assert api.requests[0].body["name"] == "big"


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is not what the API takes"), ('{"nam": "big"}', "unknown field `nam`")]
)
def test_a_file_that_is_no_config_is_refused_before_anything_is_sent(
    api: SmallApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    assert main(["configs", "create", str(file)]) == 1
    assert message in capsys.readouterr().err
    assert api.requests == []


def test_a_file_that_is_missing_is_said(api: SmallApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["configs", "create", str(tmp_path / "nowhere.json")]) == 1
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_the_key_of_a_service_account_is_shown_where_it_is_made_and_nowhere_else(
    api: SmallApi, capsys: pytest.CaptureFixture[str]
) -> None:
    made = models.NewServiceAccount(id="A1", username="bot", team_id="T1", key=SECRET)
    listed = models.TeamServiceAccount(id="A1", username="bot", team_id="T1")
    api.on("POST", ACCOUNTS, Answer(201, made))
    api.on("GET", ACCOUNTS, Answer(200, models.ServiceAccountPage(items=(listed,))))
    api.on("DELETE", f"{ACCOUNTS}/A1", Answer(204))
    assert main(["service-accounts", "create", "bot", "--team", "T1"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{SECRET}\n"
    assert "A1" in said.err
    assert main(["service-accounts"]) == main(["service-accounts", "delete", "A1"]) == 0
    assert SECRET not in capsys.readouterr().out


def test_events_are_followed_until_something_is_wrong(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    event = models.Event(
        sequence=8, at=NOW, kind="move", session_id="S1", old_status="active", new_status="idle", message="unused"
    )
    api.on("GET", "/me", Answer(200, me("events")))
    api.on("GET", "/events?after=7&wait=30", Answer(200, models.EventPage(events=(event,), sequence=8)))
    api.on("GET", "/events?after=8&wait=30", Answer(409, {"message": "that is all"}))
    assert main(["events", "--after", "7", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == json.loads(models.encode(event))
    assert said.err == "jupyter lakesail: that is all\n"


def test_an_event_of_each_kind_is_one_line(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = quote(",".join(sorted(get_args(models.EventKind))))
    told = (
        models.Event(sequence=6, at=NOW, kind="move", session_id="S1", old_status="active", new_status="idle"),
        models.Event(sequence=7, at=NOW, kind="warning", session_id="S1", message="closes in 5 min"),
        models.Event(sequence=8, at=NOW, kind="extension", session_id="S1"),
        models.Event(sequence=9, at=NOW, kind="config", workload_config_id="C1", new_status="changed"),
        models.Event(sequence=None, at=NOW, kind="query", session_id="S1"),
    )
    api.on("GET", "/me", Answer(200, me("events", "event_kinds")))
    api.on("GET", f"/events?wait=30&kinds={kinds}", Answer(200, models.EventPage(events=told, sequence=9)))
    api.on("GET", f"/events?after=9&wait=30&kinds={kinds}", Answer(409, {"message": "that is all"}))
    assert main(["events"]) == 1
    assert [line.split("  ", 1)[1] for line in capsys.readouterr().out.splitlines()] == [
        "session S1  active -> idle",
        "session S1  warning  closes in 5 min",
        "session S1  extension",
        "compute config C1  changed",
        "session S1  a query began or ended",
    ]


def test_an_error_is_one_line_on_standard_error(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/me", Answer(403, {"code": "PERMISSION_DENIED", "message": "not\nfor you"}))
    assert main(["me"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "jupyter lakesail: not for you\n")


def test_every_bad_field_is_told(api: SmallApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fields = [{"pointer": "/config/a", "message": "is wrong"}, {"pointer": "/config/b", "message": "is too"}]
    answer = {"code": "INVALID_ARGUMENT", "message": "a is wrong.", "errors": fields}
    api.on("POST", CONFIGS, Answer(400, answer))
    file = tmp_path / "config.json"
    file.write_text('{"name": "big"}')
    assert main(["configs", "create", str(file)]) == 1
    assert capsys.readouterr().err == "jupyter lakesail: a is wrong. config/b is too.\n"


def test_who_is_asking_is_shown(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    me = models.Me(member_id="M1", team_ids=("T1", "T2"), organization_admin=False)
    api.on("GET", "/me", Answer(200, me))
    assert main(["me"]) == 0
    assert "teamIds            T1, T2\n" in capsys.readouterr().out


def test_no_command_shows_the_apis_token(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/me", Answer(401, {"code": "UNAUTHENTICATED", "message": "who?"}))
    for words in (["me"], ["sessions"], ["doctor"], ["doctor", "--json"]):
        main(words)
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err


def test_a_reader_that_went_away_is_no_error_message(api: SmallApi) -> None:
    """As in ``jupyter lakesail logs S1 | head -1``: in a process of its own, since it gives up its standard output."""
    lines = tuple("x" * 1000 for _ in range(500))
    api.on("GET", f"{SESSIONS}/S1/logs", Answer(200, models.SessionLogs(lines=lines)))
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "lakesail_notebook.cli", "logs", "S1"]
    run = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (run.returncode, run.stderr) == (1, b"")
