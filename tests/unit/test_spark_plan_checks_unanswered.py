"""What is found in plans when the engine does not answer in time."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.errors import Unavailable
from lakesail_notebook.spark.rpcs.running_calls import RunningCalls
from lakesail_notebook.spark.rpcs.stoppable_channel import QueryInterrupted, StoppableChannel
from lakesail_notebook.spark.sail_workarounds.plan_checks import failed_overwrites, overwritten_source
from lakesail_notebook.spark.sail_workarounds.plan_checks.checking import PlanChecks
from lakesail_notebook.spark.sail_workarounds.plan_checks.findings import DataLost
from lakesail_notebook.spark.sail_workarounds.plan_checks.writes import Write
from tests.unit.test_spark_plan_checks import Knowing, reading, written_by


class Silent(Knowing):
    """An engine that tells no files in time."""

    def files(self, relation: Any) -> Sequence[str] | None:
        return None


@pytest.mark.parametrize(
    ("path", "read", "found"),
    [
        ("s3://b/d", "s3://b/d/", True),
        ("s3://b/d/", "s3://b/d/k=1/x.parquet", True),
        ("s3://b/d/k=1", "s3://b/d", True),
        ("s3://b/d", "s3://b/d/*.parquet", True),
        ("s3://b/d", "s3://b/{c,d}", True),
        ("/d", "file:///d", True),
        ("d", "./d/*", True),
        ("s3://b/d", "s3://b/d2", False),
        ("s3://b/d", "s3://c/d", False),
    ],
)
def test_paths_are_compared_when_the_engine_does_not_list_files(path: str, read: str, found: bool) -> None:
    source = reading(read)
    source.read.data_source.format = "parquet"
    write = Write(path=path, format="parquet", overwrites=True, source=source)
    replaced = failed_overwrites.before(write, Silent())
    finding = overwritten_source.find(replaced, Silent(), [source])
    assert (finding is not None) is found
    assert replaced is not None
    assert failed_overwrites.after(replaced, Silent(), interrupted=False) is None


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("insert overwrite t select * from t where n > 1", True),
        ("insert overwrite db.t select * from `DB`.`T`", True),
        ("insert overwrite t select * from u", False),
    ],
)
def test_tables_are_compared_by_name_when_the_engine_does_not_list_files(sql: str, found: bool) -> None:
    write = written_by(sql)
    assert write is not None
    assert (overwritten_source.find(failed_overwrites.before(write, Silent()), Silent()) is not None) is found


def test_files_of_this_machine_are_listed_here_when_the_engine_does_not(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.parquet").touch()
    here = str(tmp_path)

    def found(path: str, read: str) -> str | None:
        source = reading(read)
        write = Write(path=path, format="csv", overwrites=True, source=source)
        finding = overwritten_source.find(failed_overwrites.before(write, Silent(), here), Silent(), [source], here)
        return None if finding is None else finding.text

    assert "reads 1 of its 1 file," in str(found("d", f"file://{here}/d/"))
    assert "reads from there" in str(found(f"{here}/d", "d/*.parquet"))
    assert found("new", "d") is None
    assert found("d", "other") is None


def test_files_of_this_machine_are_missed_when_the_engine_died_of_the_write(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    files = [tmp_path / "d" / name for name in ("a b.parquet", "c.parquet")]
    for file in files:
        file.touch()
    write = Write(path="d", overwrites=True)
    listed = Knowing({"d": tuple(file.as_uri() for file in files)})
    replaced = failed_overwrites.before(write, listed, str(tmp_path))
    assert replaced is not None
    assert failed_overwrites.after(replaced, Silent(), str(tmp_path), interrupted=False) is None
    files[0].unlink()
    found = failed_overwrites.after(replaced, Silent(), str(tmp_path), interrupted=False)
    assert found is not None
    assert "1 file of d is gone" in found.text
    assert failed_overwrites.after(replaced, Silent(), interrupted=False) is None, "nobody can look"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (QueryInterrupted(), "was interrupted"),
        (KeyboardInterrupt(), "was interrupted"),
        (Unavailable("The session does not answer."), "did not succeed"),
        (GeneratorExit(), ""),
    ],
)
def test_what_a_broken_write_lost_is_told_in_a_thread_that_may_send_no_more(
    tmp_path: Path, error: BaseException, words: str
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.csv").touch()
    channel = grpc.insecure_channel(f"unix:{tmp_path}/nobody")
    calls = RunningCalls()
    checks = PlanChecks(StoppableChannel(channel, calls), local=True, bare_channel=channel)
    checks.directory = str(tmp_path)
    request = spark_proto.ExecutePlanRequest(operation_id="o")
    operation = request.plan.command.write_operation
    operation.path, operation.source = "d", "csv"
    operation.mode = spark_proto.WriteOperation.SAVE_MODE_OVERWRITE
    operation.input.range.end = 1
    checks.begins(request)
    (tmp_path / "d" / "a.csv").unlink()
    calls.refuse_threads([threading.current_thread()])
    with warnings.catch_warnings(record=True, category=DataLost) as told:
        warnings.simplefilter("always")
        checks.leaves("o", error)
    channel.close()
    assert [words in str(one.message) for one in told] == ([True] if words else [])
