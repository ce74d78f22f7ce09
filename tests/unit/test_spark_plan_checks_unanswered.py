"""What is found in plans when the engine does not answer in time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lakesail_notebook.spark.sail_workarounds.plan_checks import failed_overwrites, overwritten_source
from lakesail_notebook.spark.sail_workarounds.plan_checks.writes import Write
from tests.unit.test_spark_plan_checks import Knowing, reading


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
