"""What a local engine is made of its compute config: read from the real engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyspark.sql.connect.session import SparkSession

from lakesail_notebook.backends.local.backend import LocalBackend
from lakesail_notebook.backends.local.environment import vcpus_of_machine
from lakesail_notebook.errors import LakesailError
from lakesail_notebook.models import SailConfig
from lakesail_notebook.workloads.ports import Checkpoint
from lakesail_notebook.workloads.records import LaunchSpec, WorkloadRecord
from lakesail_notebook.workloads.rules.instance_types import GIBIBYTE, InstanceType
from tests.builders import a_workload
from tests.wheels import build_wheel

TYPES = {
    "tiny": InstanceType(vcpus=1, memory_bytes=GIBIBYTE),
    "vast": InstanceType(vcpus=4096, memory_bytes=65536 * GIBIBYTE),
}


def backend_in(directory: Path, types: Mapping[str, InstanceType] = TYPES) -> LocalBackend:
    backend = LocalBackend(server_root=str(directory), instance_types=types)
    backend.scratch_directory = str(directory / "scratch")
    backend.library_directory = str(directory / "libraries")
    return backend


def workload_of(sail: dict[str, Any]) -> WorkloadRecord:
    return a_workload(spec=LaunchSpec(sail=msgspec.convert(sail, SailConfig)))


async def last_step(backend: LocalBackend, workload: WorkloadRecord) -> Checkpoint:
    async with contextlib.aclosing(backend.provision(workload)) as steps:
        return [step async for step in steps][-1]


@contextlib.asynccontextmanager
async def engine(directory: Path, sail: dict[str, Any]) -> AsyncIterator[tuple[Any, Checkpoint]]:
    """A Spark session on an engine of that config, and the last step of its start."""
    backend, workload = backend_in(directory), workload_of(sail)
    assert await backend.validate(workload.spec) == []
    try:
        ready = await last_step(backend, workload)
        spark = SparkSession.builder.remote(f"sc://{ready.address}").create()
        try:
            yield spark, ready
        finally:
            spark.stop()
    finally:
        await backend.close()


def options_of(spark: Any) -> dict[str, str]:
    """The engine's own settings, as it tells them."""
    rows = spark.sql("SELECT key, value FROM system.session.options").collect()
    return {row.key: row.value for row in rows}


def seen_by_a_udf(spark: Any, expression: str) -> Any:
    from pyspark.sql.functions import udf

    look = udf(lambda _: str(eval(expression, {"os": __import__("os"), "load": __import__})))
    return spark.range(1).select(look("id").alias("seen")).first().seen


def test_a_config_adds_to_the_environment_that_udfs_see(tmp_path: Path) -> None:
    async def run() -> None:
        async with engine(tmp_path, {"extraEnv": {"REGION": "north", "SAIL_OPTIMIZER__PREFER_HASH_JOIN": "false"}}) as (
            spark,
            ready,
        ):
            assert seen_by_a_udf(spark, "os.environ['REGION']") == "north"
            assert options_of(spark)["optimizer.prefer_hash_join"] == "false"
            assert ready.message is None

    asyncio.run(run())


def test_a_small_instance_bounds_parallelism_and_memory(tmp_path: Path) -> None:
    async def run() -> None:
        async with engine(tmp_path, {"compute": {"driver": {"instanceType": "tiny"}}}) as (spark, ready):
            options = options_of(spark)
            assert options["execution.default_parallelism"] == "1"
            assert options["runtime.memory_pool.greedy.max_size"] == str(GIBIBYTE)
            assert ready.message is None

    asyncio.run(run())


def test_an_instance_larger_than_the_machine_is_cut_and_said(tmp_path: Path) -> None:
    async def run() -> None:
        async with engine(tmp_path, {"compute": {"driver": {"instanceType": "vast"}}}) as (spark, ready):
            assert options_of(spark)["execution.default_parallelism"] == str(vcpus_of_machine())
            assert f"{vcpus_of_machine()} of the 4096 vCPU" in (ready.message or "")

    asyncio.run(run())


def test_a_cluster_runs_its_queries_in_stages_on_workers(tmp_path: Path) -> None:
    async def run() -> None:
        compute = {"worker": {"instanceType": "tiny", "maxNodes": 2}}
        async with engine(tmp_path, {"executionMode": "cluster", "compute": compute}) as (spark, _):
            assert spark.range(1000).selectExpr("id % 7 AS rest").groupBy("rest").count().count() == 7
            options = options_of(spark)
            assert options["mode"] == "local_cluster"
            assert options["cluster.worker_max_count"] == "2"
            assert options["cluster.worker_task_slots"] == "1"
            assert spark.sql("SELECT CAST(count(*) AS STRING) AS jobs FROM system.execution.jobs").first().jobs != "0"
            assert seen_by_a_udf(spark, "1 + 1") == "2"

    asyncio.run(run())


def test_a_udf_imports_the_libraries_of_its_config(tmp_path: Path) -> None:
    async def run() -> None:
        wheel = build_wheel(tmp_path, "greeting", "WORDS = 'hello'")
        async with engine(tmp_path, {"libraries": [{"whl": str(wheel)}]}) as (spark, _):
            assert seen_by_a_udf(spark, "load('greeting').WORDS") == "hello"

    asyncio.run(run())


def test_a_library_that_cannot_be_installed_fails_the_start_and_stays_in_the_log(tmp_path: Path) -> None:
    async def run() -> None:
        wheel = build_wheel(tmp_path, "greeting", "", tag="cp27-cp27m-win32")
        backend, workload = backend_in(tmp_path), workload_of({"libraries": [{"whl": str(wheel)}]})
        with pytest.raises(LakesailError, match="not a supported wheel"):
            await last_step(backend, workload)
        await backend.terminate(workload.id, {})
        assert any("not a supported wheel" in line for line in backend.log_tail(workload.id, 10))

    asyncio.run(run())


def test_a_wheel_outside_of_the_allowed_directories_is_refused_whatever_links_say(tmp_path: Path) -> None:
    async def run() -> list[str]:
        root, outside = tmp_path / "root", tmp_path / "root-beside"
        for directory in (root, outside):
            directory.mkdir()
        wheel = build_wheel(outside, "greeting", "")
        link = root / "linked-1.0-py3-none-any.whl"
        os.symlink(wheel, link)
        backend = backend_in(root)
        named = [str(wheel), str(link), str(root / "missing-1.0-py3-none-any.whl")]
        spec = workload_of({"libraries": [{"whl": whl} for whl in named]}).spec
        refused = [problem.message for problem in await backend.validate(spec)]
        backend.library_roots = [str(outside)]
        assert len(await backend.validate(spec)) == 1
        return refused

    outside, linked, missing = asyncio.run(run())
    assert "lies outside of" in outside
    assert "lies outside of" in linked
    assert "is no file" in missing


def test_a_size_that_the_server_does_not_know_any_more_is_refused(tmp_path: Path) -> None:
    spec = workload_of({"compute": {"driver": {"instanceType": "tiny"}}}).spec
    [problem] = asyncio.run(backend_in(tmp_path, types={}).validate(spec))
    assert "instance type tiny, unknown to this server" in problem.message


def test_the_logs_of_the_latest_workloads_outlive_them(tmp_path: Path) -> None:
    async def run() -> None:
        backend, workload = backend_in(tmp_path), workload_of({})
        ready = await last_step(backend, workload)
        before = backend.log_tail(workload.id, 100)
        await backend.terminate(workload.id, ready.handle)
        assert before
        assert list(backend.log_tail(workload.id, 500))[: len(before)] == list(before)

    asyncio.run(run())


@pytest.mark.parametrize(
    "variable",
    [{"SAIL_CATALOG__LIST": value} for value in ("the-secret = of [it", 'the-secret "of" it', "the-secret\\of it")],
)
def test_a_setting_that_the_engine_cannot_read_is_not_quoted_in_its_log(
    tmp_path: Path, variable: dict[str, str]
) -> None:
    async def start() -> str:
        backend, workload = backend_in(tmp_path), workload_of({"extraEnv": variable})
        try:
            with contextlib.suppress(LakesailError):
                await last_step(backend, workload)
            return "\n".join(backend.log_tail(workload.id, 500))
        finally:
            await backend.close()

    log = asyncio.run(start())
    assert "failed to load the application config" in log
    assert "the-secret" not in log


def test_what_a_udf_prints_of_a_variable_is_masked_in_the_log(tmp_path: Path) -> None:
    async def run() -> str:
        backend, workload = backend_in(tmp_path), workload_of({"extraEnv": {"PASSWORD": "the-secret-value"}})
        try:
            ready = await last_step(backend, workload)
            spark = SparkSession.builder.remote(f"sc://{ready.address}").create()
            seen = await asyncio.to_thread(
                seen_by_a_udf, spark, "os.write(2, ('said ' + os.environ['PASSWORD'] + chr(10)).encode())"
            )
            assert seen == str(len("said the-secret-value\n"))
            spark.stop()
            return "\n".join(backend.log_tail(workload.id, 500))
        finally:
            await backend.close()

    log = asyncio.run(run())
    assert "said ********" in log
    assert "the-secret-value" not in log
