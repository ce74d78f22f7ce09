"""The driver of headless notebooks, on a real Jupyter server and plain Python cells."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import CellFailed, JupyterError, Kernel

from tests.integration.notebooks import BackgroundCell, Marker, eventually

TOKEN = "a-token-of-this-test-alone"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    root = tmp_path_factory.mktemp("root")
    (root / "reports").mkdir()
    with jupyter_server(root, token=TOKEN, config={"ServerApp": {"base_url": "/base/"}}) as running:
        yield running


@pytest.fixture
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("notebook.ipynb")
    yield kernel
    kernel.shutdown()


def test_a_cell_answers_with_its_streams_its_displays_and_its_value(kernel: Kernel) -> None:
    result = kernel.execute("import sys\nprint('out')\nprint('err', file=sys.stderr)\ndisplay('shown')\n6 * 7")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    assert [display["text/plain"] for display in result.displays] == ["'shown'", "42"]
    assert result.text == "out\nerr\n'shown'\n42"
    assert 0 < result.seconds < 60


def test_a_display_that_is_updated_stands_once_as_it_was_last(kernel: Kernel) -> None:
    result = kernel.execute("line = display('starting', display_id=True)\nline.update('ready')")
    assert [display["text/plain"] for display in result.displays] == ["'ready'"]


def test_a_kernel_knows_its_notebook_and_works_beside_it(server: JupyterServer) -> None:
    kernel = server.start_kernel("reports/monthly.ipynb")
    said = kernel.execute("import os\nprint(os.environ['JPY_SESSION_NAME'])\nprint(os.getcwd())").stdout.splitlines()
    kernel.shutdown()
    assert said[0] == f"{said[1]}/monthly.ipynb"
    assert Path(said[1]).name == "reports"


def test_a_failed_cell_raises_an_error_that_can_be_read(kernel: Kernel) -> None:
    with pytest.raises(CellFailed, match="ZeroDivisionError: division by zero") as failure:
        kernel.execute("print('before')\n1 / 0")
    assert failure.value.result.stdout == "before\n"
    assert failure.value.error.name == "ZeroDivisionError"
    assert "----> 2 1 / 0" in failure.value.error.traceback
    assert "\x1b" not in str(failure.value)


def test_a_cell_that_takes_too_long_is_given_up_and_can_be_interrupted(kernel: Kernel) -> None:
    with pytest.raises(TimeoutError, match=r"still ran after 0\.5 s:\nimport time"):
        kernel.execute("import time\nprint('asleep')\ntime.sleep(600)", timeout_seconds=0.5)
    kernel.interrupt()
    assert kernel.execute("'awake'").value == "'awake'"


def test_an_interrupt_ends_the_running_cell(kernel: Kernel, tmp_path: Path) -> None:
    running = Marker(tmp_path, "running")
    code = f"import pathlib, time\npathlib.Path({str(running.path)!r}).touch()\ntime.sleep(600)"
    cell = BackgroundCell(kernel, code)
    running.wait()
    kernel.interrupt()
    assert cell.failure(60).error.name == "KeyboardInterrupt"


def test_a_restarted_kernel_is_another_process_under_the_same_id(server: JupyterServer, kernel: Kernel) -> None:
    before = kernel.execute("import os\nremembered = 1\nprint(os.getpid())").stdout
    kernel.restart()
    assert kernel.execute("import os\nprint(os.getpid())").stdout != before
    with pytest.raises(CellFailed, match="NameError"):
        kernel.execute("remembered")
    assert server.request("GET", f"api/kernels/{kernel.id}").status_code == 200


def test_two_kernels_know_nothing_of_each_other(server: JupyterServer, kernel: Kernel) -> None:
    other = server.start_kernel("other.ipynb")
    kernel.execute("name = 'first'")
    other.execute("name = 'second'")
    assert (kernel.execute("name").text, other.execute("name").text) == ("'first'", "'second'")
    other.shutdown()


def test_a_kernel_that_dies_in_a_cell_is_said(server: JupyterServer) -> None:
    kernel = server.start_kernel("fragile.ipynb")
    with pytest.raises(JupyterError, match="The kernel died"):
        kernel.execute("import os\nos._exit(1)")
    # The server brings it up again, and does not end it before that.
    path = f"api/kernels/{kernel.id}"
    eventually(lambda: server.request("DELETE", path).status_code == 204, 60, "the kernel could be ended")


def test_a_request_that_the_server_refuses_is_quoted(server: JupyterServer) -> None:
    with pytest.raises(JupyterError, match="kernel is not available"):
        server.start_kernel("notebook.ipynb", kernel_name="no-such-kernel")


def test_the_token_opens_the_server_and_stands_in_no_process_list(server: JupyterServer, kernel: Kernel) -> None:
    assert server.request("GET", "api/status").status_code == 200
    processes = [psutil.Process(server.pid), *server.descendants()]
    assert len(processes) > 1
    assert not any(TOKEN in " ".join(process.cmdline()) for process in processes)


def test_the_users_own_setup_is_neither_read_nor_written(server: JupyterServer, kernel: Kernel) -> None:
    code = (
        "from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir\n"
        "print(jupyter_config_dir(), jupyter_data_dir(), jupyter_runtime_dir(), get_ipython().ipython_dir, sep='\\n')"
    )
    directories = kernel.execute(code).stdout.splitlines()
    assert len({Path(directory).parent for directory in directories}) == 1
    assert Path(directories[0]).parent.name.startswith("headless-jupyter-")


def test_jupyterlab_runs_the_same_way(tmp_path: Path) -> None:
    pings = {"ServerApp": {"tornado_settings": {"ws_ping_interval": 200, "ws_ping_timeout": 60_000}}}  # milliseconds
    with jupyter_server(tmp_path, application="jupyterlab", config=pings) as server:
        assert server.request("GET", "lab").status_code == 200
        kernel = server.start_kernel("notebook.ipynb")
        assert kernel.execute("6 * 7").value == "42"
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="still ran after 1 s"):
            kernel.execute("import time\ntime.sleep(600)", timeout_seconds=1)
        assert time.monotonic() - began < 60, "the server's pings do not make the wait longer"


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(JupyterError, match="No such directory"),
        jupyter_server(tmp_path, config={"ServerApp": {"root_dir": str(tmp_path / "nowhere")}}),
    ):
        pass


def test_nothing_is_left_running_after_the_block(tmp_path: Path) -> None:
    with jupyter_server(tmp_path) as server:
        server.start_kernel("notebook.ipynb").execute("1")
        processes = [psutil.Process(server.pid), *server.descendants()]
        assert len(processes) == 2
    assert [process for process in processes if process.is_running()] == []


def test_a_killed_server_takes_its_orphans_with_it_after_the_block(tmp_path: Path) -> None:
    sleeper = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)"
    with jupyter_server(tmp_path) as server:
        kernel = server.start_kernel("notebook.ipynb")
        kernel.execute(f"import subprocess, sys\n{sleeper}")
        server.kill()
        assert server.descendants()
        with pytest.raises(JupyterError, match=r"line to the kernel is cut\. The Jupyter server ended with code -9"):
            kernel.execute("1")
    eventually(lambda: not server.descendants(), 60, "no orphan ran any more")
