"""Child processes: they say that they are ready, cannot outlive us, and are never taken for another."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from lakesail_notebook.errors import Unavailable
from lakesail_notebook.process import (
    LOG_LINE_CHARACTERS,
    LOG_LINES,
    ChildProcess,
    LogRing,
    describe_exit,
    spawn,
)
from lakesail_notebook.process_identity import ProcessIdentity, boot_id, identity_of

DEADLINE_SECONDS = 60

READY = "import json, sys; print(json.dumps({'ready': {'port': 7}}), flush=True)"
UNTIL_LIFELINE_ENDS = "sys.stdin.read()"
DEAF_TO_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@asynccontextmanager
async def running(*lines: str, first_line: bytes = b"") -> AsyncIterator[ChildProcess]:
    """A Python child with this program; gone afterwards."""
    child = await spawn([sys.executable, "-c", "\n".join(lines)], env=os.environ, cwd=".", first_line=first_line)
    try:
        yield child
    finally:
        await child.stop(grace_seconds=0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await test()

    asyncio.run(bounded())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_child_says_that_it_is_ready() -> None:
    async def test() -> None:
        async with running(READY, UNTIL_LIFELINE_ENDS) as child:
            assert await child.ready() == {"port": 7}
            assert child.return_code is None
            assert child.identity.alive()

    run(test)


def test_the_first_line_reaches_the_child_before_its_lifeline() -> None:
    program = "import json, sys; print(json.dumps({'ready': {'told': sys.stdin.readline()}}), flush=True)"

    async def test() -> None:
        async with running(program, UNTIL_LIFELINE_ENDS, first_line=b'{"feed": 1}\n') as child:
            assert await child.ready() == {"told": '{"feed": 1}\n'}

    run(test)


def test_a_child_ends_when_its_lifeline_closes() -> None:
    async def test() -> None:
        async with running(READY, UNTIL_LIFELINE_ENDS) as child:
            await child.ready()
            child.close_lifeline()
            assert await child.wait() == 0

    run(test)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    parent = "\n".join(
        (
            "import asyncio, os, sys, pathlib",
            "from lakesail_notebook.process import spawn",
            "async def main():",
            "    program = [sys.executable, '-c', 'import sys; sys.stdin.read()']",
            "    child = await spawn(program, env=os.environ, cwd='.')",
            f"    pathlib.Path({str(told)!r}).write_text(str(child.identity.pid))",
            "    await child.wait()",
            "asyncio.run(main())",
        )
    )

    async def test() -> None:
        async with running(parent) as child:
            await asyncio.to_thread(wait_until, lambda: told.exists() and told.read_text() != "")
            os.kill(child.identity.pid, signal.SIGKILL)
            await asyncio.to_thread(wait_until, lambda: gone(int(told.read_text())))

    run(test)


def test_an_early_end_is_quoted() -> None:
    async def test() -> None:
        async with running("import sys; sys.exit('no such catalog')") as child:
            with pytest.raises(Unavailable, match=r"exit code 1: no such catalog$"):
                await child.ready()

    run(test)


def test_an_early_end_without_a_word_is_said() -> None:
    async def test() -> None:
        async with running("import os; os.kill(os.getpid(), 9)") as child:
            with pytest.raises(Unavailable, match=r"signal 9 \(SIGKILL\): it wrote nothing$"):
                await child.ready()

    run(test)


def test_a_child_that_ends_before_anybody_looks_at_it_is_still_quoted() -> None:
    async def test() -> None:
        for _ in range(20):
            child = await spawn(["/bin/sh", "-c", "echo gone >&2; exit 3"], env={}, cwd="/")
            with pytest.raises(Unavailable, match=r"exit code 3: gone$"):
                await child.ready()
            assert not child.identity.alive()

    run(test)


def test_a_program_that_cannot_be_started_is_named() -> None:
    async def test() -> None:
        with pytest.raises(Unavailable, match=r"/no/such/python cannot be started in /: No such file"):
            await spawn(["/no/such/python"], env={}, cwd="/")

    run(test)


def test_what_is_no_readiness_line_goes_to_the_log() -> None:
    noise = ("ready", '{"ready": 5}', "[" * 60_000, '{"ready"')

    async def test() -> None:
        async with running(f"print({chr(10).join(noise)!r}, flush=True)", READY, UNTIL_LIFELINE_ENDS) as child:
            assert await child.ready() == {"port": 7}
            assert [line[:10] for line in child.log.tail()] == [line[:10] for line in noise]

    run(test)


def test_a_second_readiness_line_is_only_text() -> None:
    async def test() -> None:
        async with running(READY, "print(json.dumps({'ready': {'port': 8}}), flush=True)") as child:
            await child.wait()
            assert await child.ready() == {"port": 7}
            assert child.log.tail() == ['{"ready": {"port": 8}}']

    run(test)


def test_both_streams_are_logged_and_undecodable_bytes_are_shown() -> None:
    program = "import os; os.write(1, b'out\\n'); os.write(2, b'err \\xff without end')"

    async def test() -> None:
        async with running(program) as child:
            await child.wait()
            assert sorted(child.log.tail()) == ["err \ufffd without end", "out"]

    run(test)


def test_a_line_without_end_neither_fills_the_memory_nor_stops_the_child() -> None:
    program = "import sys; sys.stderr.write('x' * 40_000_000); print('done', flush=True)"

    async def test() -> None:
        tracemalloc.start()
        try:
            async with running(program) as child:
                assert await child.wait() == 0
                assert sorted(child.log.tail()) == ["done", "x" * LOG_LINE_CHARACTERS]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 5_000_000

    run(test)


def test_the_log_keeps_the_last_lines() -> None:
    ring = LogRing()
    for number in range(LOG_LINES + 10):
        ring.append(f"{number} " + "y" * LOG_LINE_CHARACTERS)
    assert len(ring.tail()) == LOG_LINES
    assert [line.split()[0] for line in ring.tail(2)] == [str(LOG_LINES + 8), str(LOG_LINES + 9)]
    assert {len(line) for line in ring.tail()} == {LOG_LINE_CHARACTERS}
    assert ring.tail(0) == []


def test_stop_asks_before_it_kills() -> None:
    obedient = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))"

    async def test() -> None:
        async with running(obedient, READY, "time.sleep(600)") as child:
            await child.ready()
            assert await child.stop(grace_seconds=DEADLINE_SECONDS) == 5

    run(test)


def test_stop_kills_after_the_grace() -> None:
    async def test() -> None:
        async with running(DEAF_TO_SIGTERM, READY, "time.sleep(600)") as child:
            await child.ready()
            assert await child.stop(grace_seconds=0.1) == -signal.SIGKILL
            assert await child.stop(grace_seconds=0.1) == -signal.SIGKILL

    run(test)


def grandchild(program: str, *, new_session: bool) -> str:
    """A child's program that starts another one, which holds the pipes, and says its pid."""
    start = f"subprocess.Popen([sys.executable, '-c', {program!r}], start_new_session={new_session})"
    return f"import json, subprocess, sys; print(json.dumps({{'ready': {{'pid': {start}.pid}}}}), flush=True)"


@pytest.mark.parametrize("end", ["time.sleep(600)", "sys.exit(0)"])
def test_what_a_child_leaves_in_its_group_ends_with_it(end: str) -> None:
    deaf = f"{DEAF_TO_SIGTERM}; time.sleep(600)"

    async def test() -> None:
        async with running("import time", grandchild(deaf, new_session=False), end) as child:
            pid = int((await child.ready())["pid"])
            await child.stop(grace_seconds=0.5)
            await asyncio.to_thread(wait_until, lambda: gone(pid))

    run(test)


def test_a_process_outside_the_group_that_holds_the_pipes_delays_nobody() -> None:
    async def test() -> None:
        async with running(grandchild("import time; time.sleep(600)", new_session=True)) as child:
            pid = int((await child.ready())["pid"])
            try:
                assert await child.wait() == 0
            finally:
                os.kill(pid, signal.SIGKILL)

    run(test)


def test_nobody_waits_for_ever_for_a_child_that_was_stopped() -> None:
    async def test() -> None:
        async with running("import time; time.sleep(600)") as child:
            waiting = asyncio.create_task(child.ready())
            await child.stop(grace_seconds=0)
            with pytest.raises(Unavailable, match="signal"):
                await waiting

    run(test)


def test_an_identity_survives_its_journey_through_json() -> None:
    identity = identity_of(os.getpid())
    again = ProcessIdentity(**json.loads(json.dumps(asdict(identity))))
    assert again == identity
    assert again.alive()


@pytest.mark.parametrize("change", [{"started_at": 1.0}, {"boot_id": "another boot"}])
def test_a_recycled_pid_is_another_process(change: dict[str, object]) -> None:
    async def test() -> None:
        async with running(READY, UNTIL_LIFELINE_ENDS) as child:
            await child.ready()
            stranger = replace(child.identity, **change)  # type: ignore[arg-type]
            assert not stranger.alive()
            stranger.kill_group()
            child.close_lifeline()
            assert await child.wait() == 0

    run(test)


def test_an_identity_can_be_killed_with_its_group() -> None:
    async def test() -> None:
        async with running(grandchild("import time; time.sleep(600)", new_session=False), UNTIL_LIFELINE_ENDS) as child:
            pid = int((await child.ready())["pid"])
            child.identity.kill_group()
            assert await child.wait() == -signal.SIGKILL
            await asyncio.to_thread(wait_until, lambda: gone(pid))

    run(test)


def test_a_zombie_is_not_alive() -> None:
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", "import sys; sys.stdin.read()"], os.environ)
    identity = identity_of(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        assert not identity.alive()
    finally:
        os.waitpid(pid, 0)
    assert not identity.alive()


def test_a_process_that_never_was_has_no_identity() -> None:
    with pytest.raises(ProcessLookupError, match="ended before"):
        identity_of(2**22 + 1)


def test_the_boot_is_the_same_all_day() -> None:
    assert boot_id() == boot_id() != ""


@pytest.mark.parametrize(
    ("return_code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "signal 9 (SIGKILL)"), (-99, "signal 99")]
)
def test_an_exit_is_put_in_words(return_code: int, words: str) -> None:
    assert describe_exit(return_code) == words
