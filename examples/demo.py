"""The quickstart, run as a person would run it, on a real Jupyter server without a browser: ``make demo``.

Prints how long each step took, and what the steps that are tagged ``result`` answered. Before the step that is tagged
``engine-dies-before`` it kills the engine, connects again, and goes on with the views and the DataFrames that there
were. Leaves ``examples/data`` behind.
"""

from __future__ import annotations

import json
import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headless import JupyterServer, jupyter_server
from headless_kernel import CellFailed, CellResult, JupyterError, Kernel

NOTEBOOK = Path(__file__).with_name("quickstart.ipynb")
STEP_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Step:
    """A code cell, under the heading that it follows."""

    title: str
    code: str
    is_result: bool
    engine_dies_before: bool


def steps_of(notebook: Path) -> Sequence[Step]:
    steps = []
    title = notebook.stem
    for cell in json.loads(notebook.read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            tags = cell["metadata"].get("tags", ())
            steps.append(Step(title, source, "result" in tags, "engine-dies-before" in tags))
        elif source.startswith("#"):
            title = source.splitlines()[0].lstrip("# ")
    return steps


def run(step: Step, kernel: Kernel) -> CellResult:
    """Run a step and say how it went.

    :raises CellFailed: when it fails.
    """
    result = kernel.execute(step.code, timeout_seconds=STEP_SECONDS)
    _say(result.seconds, step.title)
    said = result.text if step.is_result else result.stderr
    if said:
        print(textwrap.indent(f"\n{said.rstrip()}\n", " " * 10), flush=True)
    return result


def survive_the_engine(server: JupyterServer, kernel: Kernel) -> None:
    """Make a temp view, kill the engine, connect again, and use the view.

    :raises CellFailed: when the view is not there again.
    """
    kernel.execute("flown.createOrReplaceTempView('flown')", timeout_seconds=STEP_SECONDS)
    _kill_the_engine(server)
    try:
        kernel.execute("spark.table('flown').count()", timeout_seconds=STEP_SECONDS)
    except CellFailed as failed:
        _quote("The engine is killed, and the next query says:", failed.error.traceback)
    else:
        raise JupyterError("The engine was killed, and a query succeeded on it.")
    connected = kernel.execute("%sail connect", timeout_seconds=STEP_SECONDS)
    _quote("%sail connect says:", connected.text)
    seen = kernel.execute(
        "print(f\"The temp view flown has {spark.table('flown').count():,} rows again.\")", timeout_seconds=STEP_SECONDS
    )
    _say(connected.seconds, "Connect again, with what there was")
    print(textwrap.indent(f"\n{seen.text.rstrip()}\n", " " * 10), flush=True)


def _kill_the_engine(server: JupyterServer) -> None:
    """SIGKILL; returns when the process is gone."""
    for process in server.descendants():
        if "lakesail_notebook.engine" in process.cmdline():
            process.kill()
            process.wait()


def _quote(title: str, text: str) -> None:
    print(textwrap.indent(f"\n{title}\n{textwrap.indent(text.strip(), '  ')}\n", " " * 10), flush=True)


def main() -> int:
    """0 when every step succeeded."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the server must not outlive us
    started = time.monotonic()
    try:
        with jupyter_server(NOTEBOOK.parent) as server:
            kernel = server.start_kernel(NOTEBOOK.name)
            _say(time.monotonic() - started, "Start a Jupyter server and a kernel")
            for step in steps_of(NOTEBOOK):
                if step.engine_dies_before:
                    survive_the_engine(server, kernel)
                run(step, kernel)
    except (CellFailed, JupyterError, TimeoutError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    _say(time.monotonic() - started, "All of it, and nothing left running")
    return 0


def _say(seconds: float, what: str) -> None:
    print(f"{seconds:6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
