"""``%sail`` in a real IPython shell, between a small control plane and a small endpoint."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

from lakesail_notebook import load_ipython_extension, models
from lakesail_notebook.clock import to_rfc3339
from lakesail_notebook.notebook.arguments import COMMANDS
from lakesail_notebook.spark.sessions.choice import EXAMINATION_KEY
from lakesail_notebook.spark.sessions.connect import default_client
from lakesail_notebook.spark.sessions.open_sessions import OPEN_SESSIONS
from tests.unit.small_api import NOW, TOKEN, Answer, SmallApi, page, session
from tests.unit.small_endpoint import SmallEndpoint

SESSIONS = "/workloads/sessions"
KERNEL = Path(sys.orig_argv[0]).name
"""An id that stands in the command line of this process, as a kernel's does."""
CONFIGS = "/workloads/compute-configs"
SESSION_TOKEN = "eyJ-session-token"


def config(name: str) -> models.WorkloadConfig:
    return models.WorkloadConfig(
        id=f"C-{name}",
        name=name,
        workload_type="sail",
        cluster_id="LOCAL",
        config=models.WorkloadConfigBody(),
        created_at=NOW,
        updated_at=NOW,
    )


class Notebook:
    """A shell, its control plane, and what its cells show."""

    def __init__(self, api: SmallApi, endpoint: SmallEndpoint, capsys: pytest.CaptureFixture[str]) -> None:
        self.api = api
        self.live = session(
            connection_info=models.ConnectionInfo(grpc_endpoint=endpoint.address),
            metadata={models.KERNEL_KEY: KERNEL},
        )
        self._capsys = capsys
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell(config=config)  # type: ignore[no-untyped-call]
        load_ipython_extension(self.shell)
        self.outputs = ""

    def run(self, cell: str) -> tuple[ExecutionResult, str]:
        result = self.shell.run_cell(cell)  # type: ignore[no-untyped-call]
        captured = self._capsys.readouterr()
        self.outputs += captured.out + captured.err
        return result, captured.out + captured.err

    def has(self, *sessions: models.Session) -> None:
        for status in {"pending", "active", "idle"} | {one.status for one in sessions}:
            found = page(*(one for one in sessions if one.status == status))
            self.api.on("GET", f"{SESSIONS}?status={status}", Answer(body=found))
        self.api.on("GET", SESSIONS, Answer(body=page(*sessions)))
        for one in sessions:
            self.api.on("GET", f"{SESSIONS}/{one.id}", Answer(body=one))
        self.api.on("GET", CONFIGS, Answer(body=models.WorkloadConfigPage(items=())))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Notebook]:
    with SmallApi() as api, SmallEndpoint() as endpoint:
        monkeypatch.setenv("LAKESAIL_API_URL", api.url)
        monkeypatch.setenv("LAKESAIL_API_TOKEN", TOKEN)
        me = models.Me(member_id="M1", team_ids=(), organization_admin=False, kernel_id=KERNEL)
        api.on("GET", "/me", Answer(body=me))
        end = to_rfc3339(datetime.now(UTC) + timedelta(hours=1))
        api.on("POST", f"{SESSIONS}/S1/token", Answer(201, models.SessionToken(token=SESSION_TOKEN, expires_at=end)))
        notebook = Notebook(api, endpoint, capsys)
        yield notebook
        OPEN_SESSIONS.drop("S1")
        default_client().close()


def test_connect_binds_spark_and_says_so(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    result, said = notebook.run("%sail connect")
    assert result.success
    assert "Session S1 is active: attached" in said
    assert not notebook.shell.user_ns["spark"].is_stopped


def test_connect_binds_the_variable_that_was_asked_for(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    notebook.run("%sail connect --var mine")
    assert "mine" in notebook.shell.user_ns
    assert "spark" not in notebook.shell.user_ns


def test_close_closes_and_leaves_a_spark_that_says_it_is_stopped(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    notebook.run("%sail connect")
    notebook.api.on("DELETE", f"{SESSIONS}/S1", Answer(204))
    _, said = notebook.run("%sail close")
    assert said == "Session S1 is closed.\n"
    result, _ = notebook.run("spark.range(1).count()")
    assert "NO_ACTIVE_SESSION" in str(result.error_in_exec)


def test_closing_without_a_session_is_no_mistake(notebook: Notebook) -> None:
    notebook.has()
    result, said = notebook.run("%sail close")
    assert result.success
    assert "no live session" in said


def test_a_bare_line_shows_the_session_or_what_to_do(notebook: Notebook) -> None:
    notebook.has()
    assert "To connect:\n  %sail connect\n" in notebook.run("%sail")[1]
    notebook.has(session("S1", status="failed", metadata={models.KERNEL_KEY: KERNEL}, status_message="It broke."))
    _, said = notebook.run("%sail")
    assert "failed" in said
    assert "It broke; run %sail connect" in said


def test_a_mistake_stops_run_all_with_a_line_and_no_traceback(notebook: Notebook) -> None:
    result, said = notebook.run("%sail connect --nmae x\nreached = True")
    assert not result.success
    assert "reached" not in notebook.shell.user_ns
    assert "did you mean --name?" in said
    assert "Traceback" not in said


def test_an_error_is_one_line_and_tb_shows_the_rest(notebook: Notebook) -> None:
    notebook.api.on("GET", "/me", Answer(403, {"code": "PERMISSION_DENIED", "message": "Not for you."}))
    result, said = notebook.run("%sail connect")
    assert not result.success
    assert said.strip() == "PermissionDenied: Not for you."
    assert "asking.py" in notebook.run("%tb")[1]


def test_what_needs_a_live_session_says_how_to_get_another(notebook: Notebook) -> None:
    message = "Session S1 was closed by you."
    refusal = Answer(409, {"code": "FAILED_PRECONDITION", "message": message, "reason": "session_closed"})
    notebook.api.on("POST", "/workloads/sessions/S1/extend", refusal)
    _, said = notebook.run("%sail extend 1h S1")
    assert said.strip() == ("FailedPrecondition: Session S1 was closed by you; run %sail connect to start a new one.")


def test_a_control_plane_without_a_token_says_what_to_do(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.delenv("LAKESAIL_API_TOKEN")
        result, said = notebook.run("%sail connect")
    assert not result.success
    assert said.startswith("FailedPrecondition: LAKESAIL_API_URL is set, but neither LAKESAIL_API_TOKEN nor")


def test_no_token_is_left_in_the_shell(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    notebook.run("%sail connect")
    notebook.run("spark, spark.client, spark.client._builder, vars(spark.client._builder)")
    notebook.run("%sail status")
    notebook.api.on("GET", "/me", Answer(500, b"?"))
    notebook.run("%sail connect")
    notebook.run("%tb Verbose")
    shown = notebook.outputs + repr(notebook.shell.user_ns)
    assert "http://127.0.0.1" in shown
    assert TOKEN not in shown
    assert SESSION_TOKEN not in shown


def test_loading_twice_does_no_harm(notebook: Notebook) -> None:
    load_ipython_extension(notebook.shell)
    notebook.has()
    assert notebook.run("%sail")[0].success


def test_a_cell_of_anything_but_sql_is_a_mistake(notebook: Notebook) -> None:
    result, said = notebook.run("%%sail sqk\nselect 1")
    assert not result.success
    assert "a cell is for sql" in said


def test_what_is_asked_for_of_a_session_is_shown(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    of_it = f"{SESSIONS}/S1"
    query = models.Query(
        id="o", what="select 1", started_at="2026-01-01T00:00:00.000Z", seconds=1.5, rows=3, bytes=99, outcome="failed"
    )
    notebook.api.on("GET", f"{of_it}/queries?limit=20", Answer(body=models.SessionQueries(items=(query,))))
    notebook.api.on("GET", f"{of_it}/logs?tail=50", Answer(body=models.SessionLogs(lines=("\x1b[31mred", "plain"))))
    notebook.api.on("POST", f"{of_it}/extend", Answer(body=notebook.live))
    assert "1.50 s  failed   3     99     select 1" in notebook.run("%sail queries")[1]
    said = notebook.run("%sail logs")[1]
    assert "plain" in said
    assert "\x1b[31m" not in said
    assert "Session S1" in notebook.run("%sail extend 1h")[1]
    assert "S1" in notebook.run("%sail sessions")[1]


def test_a_token_is_printed_for_who_asks_with_a_warning_and_enters_no_history(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    said = notebook.run("%sail token")[1]
    assert SESSION_TOKEN in said
    assert "clear this output" in said
    assert SESSION_TOKEN not in str(notebook.shell.user_ns.get("Out"))


def test_tokens_are_revoked_instead_of_printed(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    notebook.api.on("POST", f"{SESSIONS}/S1/token/revoke", Answer(204))
    said = notebook.run("%sail token --revoke")[1]
    assert "S1 are revoked" in said
    assert SESSION_TOKEN not in said


def test_a_session_without_an_endpoint_gets_no_token(notebook: Notebook) -> None:
    notebook.has(session(status="pending", metadata={models.KERNEL_KEY: KERNEL}))
    result, said = notebook.run("%sail token")
    assert not result.success
    assert "S1 is pending and has no endpoint" in said
    assert notebook.api.count("POST", f"{SESSIONS}/S1/token") == 0


def test_what_there_is_to_choose_from_can_be_run_as_it_stands(notebook: Notebook) -> None:
    own = session("S2", name="\x1b[2Jmine", metadata={})
    others = session("S3", member_id="M2", metadata={})
    page_of_it = session("S4", endpoint_type="marimo", metadata={})
    examined = session("S5", metadata={EXAMINATION_KEY: "doctor"})
    notebook.has(own, others, page_of_it, examined)
    notebook.api.on("GET", CONFIGS, Answer(body=models.WorkloadConfigPage(items=(config("two words"),))))
    said = notebook.run("%sail")[1]
    assert "%sail connect --attach S2 " in said
    assert "%sail connect 'two words'\n" in said
    assert "\x1b" not in said
    assert not {"S3", "S4", "S5"} & set(said.split())


def test_a_config_that_is_not_there_comes_with_the_nearest_one(notebook: Notebook) -> None:
    notebook.has()
    notebook.api.on("POST", SESSIONS, Answer(404, {"code": "NOT_FOUND", "message": "There is no config 'defualt'."}))
    notebook.api.on("GET", CONFIGS, Answer(body=models.WorkloadConfigPage(items=(config("default"),))))
    said = notebook.run("%sail connect defualt")[1]
    assert said.endswith("NotFound: There is no config 'defualt'; did you mean default? %sail configs lists them.\n")


def test_a_session_that_is_not_there_comes_with_where_to_look(notebook: Notebook) -> None:
    notebook.api.on("GET", f"{SESSIONS}/S9", Answer(404, {"code": "NOT_FOUND", "message": "There is no such session."}))
    said = notebook.run("%sail status S9")[1]
    assert said == "NotFound: There is no such session. %sail sessions --all lists yours.\n"


@pytest.mark.parametrize(
    ("command", "what"),
    [("extend", "live session"), ("token", "live session"), ("relaunch", "session that is over"), ("logs", "session")],
)
def test_a_command_without_a_session_says_what_it_needs(notebook: Notebook, command: str, what: str) -> None:
    notebook.has()
    result, said = notebook.run(f"%sail {command}")
    assert not result.success
    assert f"This notebook has no {what}. Name one" in said


def test_a_session_elsewhere_is_extended_by_its_id(notebook: Notebook) -> None:
    notebook.api.on("POST", f"{SESSIONS}/S7/extend", Answer(body=session("S7", timeout_at=None)))
    assert notebook.run("%sail extend 2h S7")[1] == "Session S7 stays open.\n"
    [asked] = notebook.api.requests
    assert asked.body == {"durationSeconds": 7200}


def test_who_closes_a_session_gets_no_other_by_itself(notebook: Notebook) -> None:
    notebook.has(notebook.live)
    notebook.run("%config SailMagics.auto_reconnect = True\n%sail connect")
    notebook.api.on("DELETE", f"{SESSIONS}/S1", Answer(204))
    notebook.run("%sail close")
    asked = len(notebook.api.requests)
    assert notebook.run("1 + 1")[0].success
    assert len(notebook.api.requests) == asked


def test_the_docstring_lists_the_commands(notebook: Notebook) -> None:
    said = str(notebook.shell.object_inspect_text("%sail"))  # type: ignore[no-untyped-call]
    assert all(f"  {command} " in said for command in COMMANDS)


def test_an_interrupt_without_a_connection_says_what_to_do(notebook: Notebook) -> None:
    result, said = notebook.run("%sail interrupt")
    assert not result.success
    assert said == "FailedPrecondition: This notebook is not connected; %sail connect does it.\n"


def test_the_doctor_shows_each_link_and_raises_at_the_first_that_is_broken(notebook: Notebook) -> None:
    notebook.api.on("GET", "/health", Answer(404, b"<html>"))
    result, said = notebook.run("%sail doctor\nreached = True")
    assert not result.success
    assert "reached" not in notebook.shell.user_ns
    assert [line.split()[0] for line in said.splitlines()] == ["ok", "broken", *["skipped"] * 7, "FailedPrecondition:"]
    assert "The first thing that is broken is the control plane: " in said
