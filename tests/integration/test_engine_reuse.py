"""Which engine a new session gets: none that computes on for an earlier session, and none with its Python modules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .notebooks import Marker, connect_on_workload, engine_of, eventually, session_of

STOPPED_SECONDS = 50.0
"""An engine that obeys nothing is killed within seconds, and later on a crowded machine. Others linger for a minute."""
OBSTINATE = "select count(*) from range(1000000) a cross join range(100000) b where a.id + b.id < 0"
SLOW = "select count(*) from range(18000) a cross join range(18000) b where a.id + b.id >= 0"
LEAVES_ITS_MARK = """
from pyspark.sql.functions import udf
from pyspark.sql.types import LongType, StringType
@udf(StringType())
def mark(n):
    import os
    before = os.environ.get('LEFT_BEHIND', 'nothing')
    os.environ['LEFT_BEHIND'] = 'something'
    return before
"""


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    started = server.start_kernel("reuse.ipynb")
    started.execute("import threading\nfrom concurrent.futures import ThreadPoolExecutor\n" + LEAVES_ITS_MARK)
    # What is restored in a new session may be Python code, such as the function that one of these tests registers.
    started.execute("%config SailMagics.restore = False")
    yield started
    started.shutdown()


@pytest.fixture(autouse=True)
def no_session_is_left(kernel: Kernel) -> Iterator[None]:
    yield
    while "no live session" not in kernel.execute("%sail close").text:
        pass


def connected(server: JupyterServer, kernel: Kernel, command: str = "%sail connect") -> tuple[dict[str, Any], Any]:
    """The session that a command has made, and its engine."""
    kernel.execute(command)
    session = session_of(server, kernel)
    return session, engine_of(server, session)


def in_the_background(kernel: Kernel, query: str) -> None:
    """Begin a query in a thread of the kernel, and leave it to itself."""
    kernel.execute(f"threading.Thread(target=lambda: ({query}), daemon=True).start()")


def is_gone(engine: psutil.Process) -> bool:
    return not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE


def wait_until_busy(engine: psutil.Process) -> None:
    began = sum(engine.cpu_times()[:2])
    eventually(lambda: sum(engine.cpu_times()[:2]) - began > 0.3, 60, "the engine computes")


def test_an_engine_that_ran_python_functions_is_given_to_no_other_session(
    server: JupyterServer, kernel: Kernel
) -> None:
    _, old = connected(server, kernel)
    kernel.execute("assert spark.range(1).select(mark('id')).first()[0] == 'nothing'")
    kernel.execute("assert spark.range(1).select(mark('id')).first()[0] == 'something', 'the interpreter stays'")
    kernel.execute("%sail close")
    _, new = connected(server, kernel)
    assert new.pid != old.pid
    kernel.execute("assert spark.range(1).select(mark('id')).first()[0] == 'nothing'")
    eventually(lambda: is_gone(old), STOPPED_SECONDS, "the old engine ended")
    kernel.execute("%sail connect --new")
    kernel.execute("assert spark.range(1).select(mark('id')).first()[0] == 'nothing', 'an interpreter of its own'")


@pytest.mark.parametrize(
    "python_code",
    [
        "spark.range(1).mapInPandas(lambda frames: frames, 'id long').collect()",
        "spark.udf.register('plus_one', lambda n: n + 1, 'long')",  # SQL may call it any time later
    ],
)
def test_all_that_loads_python_code_counts(server: JupyterServer, kernel: Kernel, python_code: str) -> None:
    _, engine = connected(server, kernel)
    kernel.execute(python_code)
    kernel.execute("%sail close")
    eventually(lambda: is_gone(engine), STOPPED_SECONDS, "the engine ended, though engines linger for a minute")


def test_an_engine_that_rests_and_ran_no_python_is_used_again(server: JupyterServer, kernel: Kernel) -> None:
    session, engine = connected(server, kernel)
    kernel.execute("assert spark.range(10).count() == 10\nspark.range(3).createOrReplaceTempView('before')")
    connect_on_workload(server, kernel, session["workloadId"])
    assert not is_gone(engine)
    with pytest.raises(CellFailed):
        kernel.execute("spark.sql('select * from before').collect()")


def test_an_engine_that_computes_on_is_replaced_and_killed(server: JupyterServer, kernel: Kernel) -> None:
    _, old = connected(server, kernel)
    in_the_background(kernel, f"spark.sql('{OBSTINATE}').collect()")
    wait_until_busy(old)
    kernel.execute("%sail close")
    said = kernel.execute("%sail connect --wait 50s\nspark.range(3).count()")
    assert said.value == "3"
    assert engine_of(server, session_of(server, kernel)).pid != old.pid
    eventually(lambda: is_gone(old), STOPPED_SECONDS, "the engine that computed on was killed")


def test_an_engine_whose_function_sleeps_is_replaced_and_killed(
    server: JupyterServer, kernel: Kernel, tmp_path: Path
) -> None:
    began = Marker(tmp_path, "began")
    _, old = connected(server, kernel)
    kernel.execute(
        "@udf(LongType())\ndef sleeps(n):\n"
        f"    import pathlib, time\n    pathlib.Path({str(began.path)!r}).touch()\n    time.sleep(600)\n    return n\n"
    )
    in_the_background(kernel, "spark.range(1).select(sleeps('id')).collect()")
    began.wait()
    kernel.execute("%sail close")
    said = kernel.execute("%sail connect --wait 50s\nspark.range(3).count()")
    assert said.value == "3"
    eventually(lambda: is_gone(old), STOPPED_SECONDS, "the engine with the sleeping function was killed")


def test_a_shared_engine_lives_while_another_session_uses_it(server: JupyterServer, kernel: Kernel) -> None:
    session, engine = connected(server, kernel, "%sail connect --shared --var first")
    other, same = connected(server, kernel, "%sail connect --shared --new --var second")
    assert (other["workloadId"], same.pid) == (session["workloadId"], engine.pid)
    kernel.execute(f"pool = ThreadPoolExecutor()\ngoes_on = pool.submit(lambda: second.sql('{SLOW}').first()[0])")
    in_the_background(kernel, f"first.sql('{OBSTINATE}').collect()")
    wait_until_busy(engine)
    kernel.execute(f"%sail close {session['id']}")
    assert kernel.execute("goes_on.result(100)", timeout_seconds=120).value == str(18_000 * 18_000)
    assert kernel.execute("second.range(7).count()").value == "7"
    assert not is_gone(engine), "it carries the second session"
    kernel.execute(f"%sail close {other['id']}")
    eventually(lambda: is_gone(engine), STOPPED_SECONDS, "nobody uses the engine that computes on")
