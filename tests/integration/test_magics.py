"""``%sail`` and ``%%sail sql`` in real kernels, on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .notebooks import API, Marker, describe, engine_of, eventually, interrupt_all, session_of


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("magics.ipynb")
    kernel.execute("%sail connect")
    yield kernel
    kernel.shutdown()


def test_values_are_bound_and_never_pasted(kernel: Kernel) -> None:
    kernel.execute('x = 3\nname = "it\'s; {x} -- no"\nxs = [1, 2, 3]\nnothing = None')
    said = kernel.execute(
        "%%sail sql\nselect {x} + 1 as a, {name} as n, '{x}' as l, array_contains({xs}, 2) as c, {nothing} as z"
    )
    assert "4  it's; {x} -- no  {x}  True  null" in said.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_whatever_text_is_bound_comes_back_as_it_is(kernel: Kernel, text: str) -> None:
    kernel.execute(f"text = {text!r}")
    kernel.execute("%%sail sql answer\nselect {text} as t")
    assert kernel.execute("answer.first()[0] == text").value == "True"


def test_dataframes_are_bound_and_the_result_is_assigned(kernel: Kernel) -> None:
    kernel.execute("numbers = spark.range(10)")
    said = kernel.execute("%%sail sql out --limit 2\nselect id, '{{' as brace from {numbers} where id > 2").text
    assert "The first 2 rows; there are more" in said
    assert kernel.execute("out.count()").value == "7"


def test_a_write_runs_once_and_statements_run_in_order(kernel: Kernel) -> None:
    kernel.execute("%%sail sql\ncreate table written (n int); -- a ; in a comment\ninsert into written values (1), (2)")
    kernel.execute("%%sail sql\ninsert into written values (3);")
    assert kernel.execute("spark.sql('select count(*) from written').first()[0]").value == "3"


def test_a_table_is_html_that_no_value_escapes_from(kernel: Kernel) -> None:
    shown = kernel.execute("%%sail sql\nselect '<img src=x onerror=alert(1)>' as `<b>`, 1 as n").displays[-1]
    assert "<img" not in shown["text/html"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown["text/html"]
    assert "<b>" not in shown["text/html"].replace("<body>", "")


def test_plan_schema_and_chart_are_shown_instead(kernel: Kernel) -> None:
    assert "Plan" in kernel.execute("%%sail sql --explain\nselect 1").text
    assert "bigint" in kernel.execute("%%sail sql --schema\nselect id from range(3)").text
    chart = kernel.execute("%%sail sql --plot\nselect id, id * id as square from range(10)").displays[-1]
    assert "image/png" in chart


def test_a_dataframe_as_a_cells_value_shows_its_first_rows(kernel: Kernel) -> None:
    shown = kernel.execute("spark.range(100)").displays[-1]
    assert shown["text/html"].count("<tr>") == 1 + 20
    assert "The first 20 rows; there are more" in shown["text/plain"]
    broken = kernel.execute("spark.sql('select * from nowhere')").displays[-1]
    assert broken["text/plain"].count("\n") == 0
    assert "nowhere" in broken["text/plain"]


def test_lines_and_cells_are_completed(kernel: Kernel) -> None:
    assert "connect" in kernel.complete("%sail con")
    assert "default" in kernel.complete("%sail connect ")
    assert "--idle" in kernel.complete("%sail connect --i")
    kernel.execute("spark.range(3).withColumnRenamed('id', 'mileage').createOrReplaceTempView('motorcars')")
    assert "motorcars" in kernel.complete("%%sail sql\nselect * from motor")
    assert "mileage" in kernel.complete("%%sail sql\nselect mil")


@pytest.mark.parametrize("use_jedi", [True, False])
def test_a_line_is_completed_with_what_can_stand_there_alone(kernel: Kernel, use_jedi: bool) -> None:
    kernel.execute(f"get_ipython().Completer.use_jedi = {use_jedi}\nlongish_name = 1")
    assert kernel.complete("%sail con") == ["configs", "connect"]
    assert kernel.complete("x = 1\n%sail connect d") == ["default"]
    assert kernel.complete("%%sail ") == ["sql"]
    assert "longish_name" in kernel.complete("longish_n")
    assert "%timeit" in kernel.complete("%timei")


def test_sessions_are_completed_where_they_can_be_used(server: JupyterServer, kernel: Kernel) -> None:
    made = session_of(server, kernel)["id"]
    eventually(lambda: made in kernel.complete("%sail close "), 60, "what is known is asked for again")
    assert made in kernel.complete("%sail extend 30m ")
    assert made in kernel.complete("%sail connect --attach ")
    assert made not in kernel.complete("%sail relaunch ")


def test_a_config_whose_name_has_spaces_is_offered_and_taken_as_it_is_written(server: JupyterServer) -> None:
    config = {"name": "two words", "teamId": "LOCAL", "config": {"sail": {"executionMode": "standalone"}}}
    made = server.request("POST", f"{API}/workloads/compute-configs", config)
    assert made.is_success, made.text
    kernel = server.start_kernel("two words.ipynb")
    [written] = kernel.complete("%sail connect tw")
    assert f"  %sail connect {written}" in kernel.execute("%sail").text.splitlines()
    assert "config two words" in kernel.execute(f"%sail connect {written}").text
    server.request("DELETE", f"{API}/workloads/compute-configs/{made.json()['id']}")
    kernel.shutdown()


def test_the_ledger_tells_what_ran_and_how_it_ended(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("spark.sql('select 41 + 1 as found').collect()")
    with pytest.raises(CellFailed):
        kernel.execute("spark.sql('select raise_error(\"no\")').collect()")
    session = session_of(server, kernel)

    def rows() -> list[dict[str, object]]:
        path = f"{API}/workloads/sessions/{session['id']}/queries"
        return list(server.request("GET", path).json()["items"])

    eventually(lambda: any(row["outcome"] == "failed" for row in rows()), 60, "the failure was told")
    said = kernel.execute("%sail queries").text
    assert "select 41 + 1 as found" in said
    assert "failed" in said


def test_each_command_answers(server: JupyterServer) -> None:
    kernel = server.start_kernel("commands.ipynb")
    assert "%sail connect" in kernel.execute("%sail").text
    kernel.execute("%sail connect --name etl")
    session = session_of(server, kernel)
    assert "etl" in kernel.execute("%sail").text
    assert session["id"] in kernel.execute("%sail sessions").text
    assert "default" in kernel.execute("%sail configs").text
    assert "closes in" in kernel.execute("%sail extend 7h").text
    assert "Spark Connect server" in kernel.execute("%sail logs").text
    eventually(lambda: interrupt_all(kernel) == "No query was running.", 60, "the engine is at rest")
    assert "eyJ" in kernel.execute("%sail token --duration 5m").text
    assert kernel.execute("any('eyJ' in str(one) for one in [*Out.values(), _, __, ___])").value == "False"
    doctor = kernel.execute("%sail doctor").text
    assert [line.split()[0] for line in doctor.splitlines()] == ["ok"] * 9
    with pytest.raises(CellFailed, match=r"%sail close ends it"):
        kernel.execute("%sail relaunch")
    kernel.execute("%sail close")
    said = kernel.execute("%sail relaunch\nassert spark.range(3).count() == 3").text
    again = session_of(server, kernel)
    assert again["id"] in said
    assert again["name"] == "etl"
    assert again["workloadId"] != session["workloadId"]
    assert "user_closed" in kernel.execute("%sail sessions --all").text
    kernel.shutdown()


LEFT_RUNNING = """
import threading
from pyspark.sql.functions import udf
@udf("long")
def slow(n):
    import time
    open("{marker}", "w").close()
    time.sleep(300)
    return n
def run():
    try:
        spark.range(1).select(slow("id")).collect()
    except Exception:
        pass
threading.Thread(target=run, daemon=True).start()
"""


def test_an_interrupt_that_the_engine_does_not_answer_is_said_with_the_cure(server: JupyterServer, root: Path) -> None:
    kernel = server.start_kernel("left running.ipynb")
    kernel.execute("%sail connect")
    kernel.execute(LEFT_RUNNING.format(marker="left-running"))
    Marker(root, "left-running").wait()
    with pytest.raises(CellFailed, match=r"did not answer within 2 s.*%sail relaunch"):
        kernel.execute("%sail interrupt")
    kernel.shutdown()


COMPUTING = """
import threading
def run():
    open("{marker}", "w").close()
    try:
        spark.range(10**12).selectExpr("id % 7 as k").groupBy("k").count().collect()
    except Exception:
        pass
thread = threading.Thread(target=run, daemon=True)
thread.start()
"""


def test_an_interrupt_names_the_query_that_it_stopped(server: JupyterServer, root: Path) -> None:
    kernel = server.start_kernel("computing.ipynb")
    kernel.execute("%sail connect")
    kernel.execute(COMPUTING.format(marker="computing"))
    Marker(root, "computing").wait()
    engine = engine_of(server, session_of(server, kernel))
    before = engine.cpu_times().user
    eventually(lambda: engine.cpu_times().user > before + 0.3, 60, "the engine computes")
    assert interrupt_all(kernel).startswith("Told to stop: spark.range(10**12)")
    assert kernel.execute("thread.join(60)\nthread.is_alive()", timeout_seconds=120).value == "False"
    kernel.shutdown()


def test_an_interrupt_of_a_session_that_was_closed_elsewhere_is_one_line_with_the_cure(server: JupyterServer) -> None:
    kernel = server.start_kernel("interrupt closed.ipynb")
    kernel.execute("%sail connect")
    server.request("DELETE", f"{API}/workloads/sessions/{session_of(server, kernel)['id']}")
    with pytest.raises(CellFailed) as caught:
        kernel.execute("%sail interrupt", timeout_seconds=60)
    said = caught.value.error.traceback.strip()
    assert "%sail connect" in said
    assert "\n" not in said
    kernel.shutdown()


def test_a_mistake_stops_run_all(kernel: Kernel) -> None:
    for cell in ("%sail conect", "%sail logs -n 0", "%%sail sqk\nselect 1", "%sail connect defualt --new"):
        with pytest.raises(CellFailed) as caught:
            kernel.execute(cell if cell.startswith("%%") else f"{cell}\nreached = True")
        assert caught.value.error.name in {"UsageError", "NotFound"}
    assert kernel.execute("'reached' in globals()").value == "False"


def test_help_is_complete(kernel: Kernel) -> None:
    usage = kernel.execute("%sail --help").text
    assert usage == kernel.execute("%sail help").text
    assert usage in kernel.execute("print(get_ipython().object_inspect_text('%sail'))").text
    assert kernel.execute("%sail help logs").text.startswith("usage: %sail logs [-n 50] [ID]")


def test_who_asks_for_it_is_connected_again_by_the_next_cell(server: JupyterServer, root: Path) -> None:
    kernel = server.start_kernel("again.ipynb")
    kernel.execute("%sail connect\n%config SailMagics.auto_reconnect = True")
    kernel.execute("spark.range(3).createOrReplaceTempView('three')")
    first = session_of(server, kernel)
    server.request("DELETE", f"{API}/workloads/sessions/{first['id']}")
    said = kernel.execute("spark.range(4).count()")
    assert said.displays[-1]["text/plain"] == "4"
    assert session_of(server, kernel)["id"] != first["id"]
    assert describe(server, first["id"])["status"] == "closed"
    kernel.shutdown()


def test_without_asking_for_it_nothing_is_connected_by_itself(server: JupyterServer) -> None:
    kernel = server.start_kernel("not again.ipynb")
    kernel.execute("%sail connect")
    first = session_of(server, kernel)
    server.request("DELETE", f"{API}/workloads/sessions/{first['id']}")
    with pytest.raises(CellFailed, match=r"%sail connect"):
        kernel.execute("spark.range(4).count()")
    assert session_of(server, kernel)["id"] == first["id"]
    kernel.shutdown()
