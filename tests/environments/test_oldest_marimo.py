"""The oldest marimo that the extra ``marimo`` allows: SQL cells on a session in both ways, Stop, and the example.

The newest one is that of the tests' own environment.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.integration.marimo_editor import Editor, editor, is_shown, own_control_plane
from tests.marimo_documents import EXAMPLE, answers_of, copy_examples

from .virtual_environment import INSTALL_SECONDS, ROOT, Environment, new_environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

LONG = "select id % 7 as k, count(*) as n from range(100000000000) group by 1"


def oldest() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [wanted] = [one for one in project["optional-dependencies"]["marimo"] if one.startswith("marimo")]
    found = re.search(r">=([\d.]+)", wanted)
    assert found is not None, wanted
    return found[1]


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """With the other packages of the tests' own environment."""
    environment = new_environment(tmp_path_factory.mktemp("oldest-marimo") / "env")
    environment.install_newest("--no-deps", wheel, f"marimo=={oldest()}")
    environment.borrow_packages_of_the_tests()
    return environment


@pytest.fixture(scope="module")
def page(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    directory = tmp_path_factory.mktemp("marimo")
    with editor(directory, str(environment.python), **own_control_plane(directory)) as page:
        page.run("import marimo as mo\nimport lakesail_notebook as sail")
        page.run("spark = sail.connect()")
        page.run("_ = mo.sql('create table flights (origin string)', engine=spark)")
        page.run("_ = mo.sql(\"insert into flights values ('OSL')\", engine=spark)")
        yield page


def test_it_is_the_oldest_marimo(page: Editor) -> None:
    assert f">{oldest()}" in page.run("mo.Html(f'<i>{mo.__version__}</i>')").text


def test_a_sql_cell_runs_on_the_session_and_stays_lazy(page: Editor) -> None:
    assert "OSL" in page.run("rows = mo.sql('select * from flights', engine=spark)").text
    assert "connect.dataframe.DataFrame" in page.run("type(rows)").text
    assert [one["name"] for one in page.data_source("spark")["databases"]] == ["sail", "system"]
    assert page.run("_ = mo.sql('select wrong from flights', engine=spark)").error["type"] == "sql-error"


def test_the_shape_of_adbc_runs_it_too(page: Editor) -> None:
    page.run("other = sail.sql_engine(spark)")
    assert "OSL" in page.run("_ = mo.sql('select * from flights', engine=other)").text
    of = {"engine": "other", "database": "sail", "schema": "default"}
    tables = page.answer_to("datasources/preview_sql_table_list", of)["tables"]
    assert [table["name"] for table in tables] == ["flights"]


def test_stop_ends_a_long_query(page: Editor) -> None:
    cell = page.begin(f"_ = mo.sql('{LONG}', engine=spark)")
    page.until(lambda: is_shown(page.cells[cell], "select id % 7"), "the query is shown")
    page.interrupt()
    stopped = page.finish(cell)
    assert stopped.error["type"] == "interruption"
    assert "Interrupted after" in stopped.console


def test_the_example_runs(environment: Environment, tmp_path: Path) -> None:
    copy_examples(tmp_path)
    variables = environment.variables(tmp_path) | own_control_plane(tmp_path)

    def run(arguments: Sequence[str]) -> str:
        command = [str(environment.python), "-P", *arguments]
        finished = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    assert run(["-m", "marimo", "check", "--strict", EXAMPLE.name]) == ""
    every, some = answers_of(run)
    assert (every.total["flights"], some.total["flights"]) == (336_776, 9_606)
    assert every.late_by_sky()["fair"] < every.late_by_sky()["rain"]
