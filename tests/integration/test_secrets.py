"""Nothing secret stands where others may look: outputs, reprs, tracebacks, files, process lists, logs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil
from headless import JupyterServer, jupyter_server
from headless_kernel import CellFailed, Kernel

CELLS = (
    "%sail connect",
    "%sail",
    "%sail status",
    "%sail sessions --all",
    "%sail configs",
    "%sail logs",
    "spark, vars(spark), vars(spark.client), vars(spark.client._builder), spark.client._builder.session_token",
    "spark.range(3)",
    "%%sail sql\nselect 1 as one",
    "import os\nspark.conf.getAll",
    "spark.sql('select * from nowhere').collect()",
    "%tb",
    "from lakesail_notebook import Client\nclient = Client()\nclient, vars(client), client.me()",
    "%sail queries",
    "%sail doctor",
    "%whos",
    "%history",
    "%sail close",
    "spark.range(3).collect()",
    "%tb",
    "dir(), globals()",
)
THE_SECRETS = """
import os, pathlib
pathlib.Path("secrets").write_text("\\n".join([
    spark.client._builder.session_token.text(), pathlib.Path(os.environ["LAKESAIL_API_TOKEN_FILE"]).read_text().strip()
]))
"""


def shown_by(kernel: Kernel, cell: str) -> str:
    try:
        result = kernel.execute(cell)
    except CellFailed as failed:
        return f"{failed.error.traceback} {failed.result.text} {failed.result.displays!r}"
    return f"{result.text} {result.displays!r}"


def seen_of(server: JupyterServer) -> str:
    """What other users' tools, and tracing ones, see of the server's processes."""
    seen = []
    for process in server.descendants():
        with contextlib.suppress(psutil.Error):
            seen += [*process.cmdline(), *process.environ().values()]
    return "\n".join(seen)


def test_tokens_stand_nowhere_that_anybody_looks(tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    with jupyter_server(root, home=home) as server:
        kernel = server.start_kernel("secrets.ipynb")
        shown = shown_by(kernel, CELLS[0])
        kernel.execute(THE_SECRETS)
        secrets = (root / "secrets").read_text().splitlines()
        (root / "secrets").unlink()
        assert len(secrets) == 2
        assert min(map(len, secrets)) > 30
        seen = seen_of(server)
        shown += "".join(shown_by(kernel, cell) for cell in CELLS[1:])
        seen += seen_of(server) + server.log()
        kernel.shutdown()
    written = "".join(file.read_text(errors="replace") for file in root.rglob("*") if file.is_file())
    for secret in secrets:
        assert secret not in shown
        assert secret not in seen
        assert secret not in written
        assert secret.rpartition(".")[2] not in shown, "nor its signature"
