"""Which RPCs are one action of the user, and in which words: whose code asks, and what is evaluated there."""

from __future__ import annotations

import linecache
import threading
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.feed import MAX_WORDS
from lakesail_notebook.session_proxy.executions import Action as ReadAction
from lakesail_notebook.session_proxy.executions import read_action
from lakesail_notebook.spark.queries.actions import Action, Actions, NamingActions
from lakesail_notebook.spark.user_code.source_lines import in_one_line
from tests.unit.small_endpoint import SmallEndpoint

LIBRARY = """
def rpc(name):
    SENT.append((name, ACTIONS.now()))

class Frame:
    def count(self):
        rpc("count")

    def sql(self):
        rpc("sql")
        return self

    def many(self):
        rpc("first")
        rpc("second")

df = Frame()
"""


class Notebook:
    """Cells that use a library whose functions send RPCs."""

    def __init__(self) -> None:
        self.actions = Actions()
        self.sent: list[tuple[str, Action | None]] = []
        self.names: dict[str, Any] = {"SENT": self.sent, "ACTIONS": self.actions, "__name__": "library"}
        self._cells = 0
        exec(compile(LIBRARY, "/somewhere/site-packages/library.py", "exec"), self.names)

    def run(self, source: str, *, known: bool = True) -> list[tuple[str, str, int]]:
        """The RPCs of a cell: which, the words of its action, and which action of the cell it was.

        :param known: whether Python can find the source.
        """
        self._cells += 1
        name = f"<cell {self._cells} of {id(self)}>"
        if known:
            linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        before = len(self.sent)
        exec(compile(source, name, "exec"), self.names)
        sent = [(rpc, action) for rpc, action in self.sent[before:] if action is not None]
        ids = list(dict.fromkeys(action.id for _, action in sent))
        return [(rpc, action.line, ids.index(action.id)) for rpc, action in sent]


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def test_the_rpcs_of_one_expression_are_one_action_in_the_users_words(notebook: Notebook) -> None:
    assert notebook.run("x = 1\nx = df.sql().count()  # both\n") == [
        ("sql", "x = df.sql().count() # both", 0),
        ("count", "x = df.sql().count() # both", 0),
    ]
    assert notebook.run("df.many()") == [("first", "df.many()", 0), ("second", "df.many()", 0)]


def test_a_chain_over_several_lines_is_one_action_and_its_whole_statement(notebook: Notebook) -> None:
    words = "rows = (df .sql() .sql() .count())"
    source = "rows = (df\n    .sql()\n    .sql()\n    .count())"
    assert notebook.run(source) == [("sql", words, 0), ("sql", words, 0), ("count", words, 0)]


def test_each_turn_of_a_loop_is_an_action(notebook: Notebook) -> None:
    assert [one[2] for one in notebook.run("for _ in range(3):\n    df.count()")] == [0, 1, 2]
    assert [one[2] for one in notebook.run("for _ in range(2):\n    df.sql().count()")] == [0, 0, 1, 1]
    assert [one[2] for one in notebook.run("[df.count() for _ in range(3)]")] == [0, 1, 2]
    assert [one[2] for one in notebook.run("for _ in range(2):\n    df.many()")] == [0, 0, 1, 1]


def test_two_calls_side_by_side_are_two_actions(notebook: Notebook) -> None:
    assert [one[2] for one in notebook.run("x = (df.count(), df.sql().count(), df.count())")] == [0, 1, 1, 2]
    assert [one[2] for one in notebook.run("df.count(); df.count()")] == [0, 1]


def test_each_call_of_the_users_function_is_an_action(notebook: Notebook) -> None:
    function = "def load(sql):\n    frame = df.sql() if sql else df\n    return frame.count()\n"
    sent = notebook.run(f"{function}load(True)\nload(False)\nfor _ in range(2):\n    load(False)")
    assert [one[2] for one in sent] == [0, 1, 2, 3, 4]
    assert sent[0][1] == "frame = df.sql() if sql else df"
    assert sent[1][1] == "return frame.count()"


def test_a_loops_head_is_its_line_and_not_its_body(notebook: Notebook) -> None:
    assert notebook.run("for _ in [df.count()]:\n    pass\n    pass") == [("count", "for _ in [df.count()]:", 0)]


def test_the_same_cell_run_again_is_another_action(notebook: Notebook) -> None:
    notebook.run("df.sql()")
    notebook.run("df.count()")
    notebook.run("df.count()")
    assert len({action.id for _, action in notebook.sent if action}) == 3


def test_equal_code_in_two_cells_has_the_words_of_each(notebook: Notebook) -> None:
    assert [notebook.run(f"df.count()  # {name}")[0][1] for name in "ab"] == ["df.count() # a", "df.count() # b"]


def test_code_without_source_has_the_words_of_who_runs_it(notebook: Notebook) -> None:
    assert notebook.run("df.count()", known=False)[0][1] != "", "the line of this test"
    words = "%time df.count()"
    assert in_one_line("get_ipython().run_line_magic('time', 'df.count()')") == words
    assert in_one_line("get_ipython().run_line_magic('time', f('x'))") == (
        "get_ipython().run_line_magic('time', f('x'))"
    )


def test_what_no_code_of_the_user_asks_for_is_no_action(notebook: Notebook) -> None:
    thread = threading.Thread(target=notebook.names["df"].count)
    thread.start()
    thread.join()
    assert notebook.sent == [("count", None)]


def test_an_action_may_be_stated(notebook: Notebook) -> None:
    with notebook.actions.one("select\n 1"):
        sent = notebook.run("df.sql()\ndf.count()")
    assert sent == [("sql", "select 1", 0), ("count", "select 1", 0)]
    with notebook.actions.one("select 1"):
        notebook.run("df.count()")
    ids = [action.id for _, action in notebook.sent if action]
    assert ids[0] == ids[1] != ids[2]
    assert notebook.run("df.count()")[0][1] == "df.count()"


def test_words_are_one_short_line_of_text(notebook: Notebook) -> None:
    words = notebook.run(f"df.count()  # {'é' * 300}\n")[0][1]
    assert len(words) == MAX_WORDS
    assert words.endswith("é…")
    assert notebook.run("df.count()  # a\x1b[31mb\x07\n")[0][1] == "df.count() # a [31mb "


def test_source_that_no_longer_fits_gives_the_line(notebook: Notebook) -> None:
    name = "<edited>"
    linecache.cache[name] = (10, None, ["df.count()\n", "def (\n"], name)
    exec(compile("df.count()", name, "exec"), notebook.names)
    [(_, action)] = notebook.sent
    assert action is not None
    assert action.line == "df.count()"


def test_it_travels_beside_the_plan_also_when_the_results_are_asked_for_again() -> None:
    actions = Actions()
    heard: list[ReadAction] = []
    with SmallEndpoint() as endpoint, grpc.insecure_channel(endpoint.address) as bare:
        stub = spark_proto.SparkConnectServiceStub(grpc.intercept_channel(bare, NamingActions(actions), Heard(heard)))
        with actions.one("select 'é'"):
            list(stub.ExecutePlan(spark_proto.ExecutePlanRequest(session_id="s", operation_id="o"), timeout=30))
        again = stub.ReattachExecute(spark_proto.ReattachExecuteRequest(session_id="s", operation_id="o"), timeout=30)
        assert again.code() is not None
        stub.Config(spark_proto.ConfigRequest(session_id="s"), timeout=30)
    known = actions.of_operation("o")
    assert known is not None
    assert heard == [ReadAction(id=known.id, line="select 'é'")] * 2 + [ReadAction()]


class Heard(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Reads the metadata as the session proxy does."""

    def __init__(self, heard: list[ReadAction]) -> None:
        self._heard = heard

    def intercept_unary_unary(self, send: Any, details: Any, request: Any) -> Any:
        self._heard.append(read_action(details.metadata or ()))
        return send(details, request)

    intercept_unary_stream = intercept_unary_unary
