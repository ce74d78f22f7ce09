"""A session belongs to the notebook, whatever it is called, and to no other that comes to its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headless import JupyterServer
from headless_kernel import Kernel

from .notebooks import describe, session_of


def new_untitled(server: JupyterServer) -> str:
    """A new notebook, as the launcher makes it; its path."""
    made = server.request("POST", "api/contents", {"type": "notebook"})
    return str(made.raise_for_status().json()["path"])


def rename(server: JupyterServer, kernel: Kernel | None, old: str, new: str) -> None:
    """As JupyterLab does: the file, then the Jupyter session of the kernel that is open for it."""
    server.request("PATCH", f"api/contents/{old}", {"path": new}).raise_for_status()
    for session in server.request("GET", "api/sessions").json():
        if kernel is not None and session["kernel"]["id"] == kernel.id:
            changed = {"path": new, "name": Path(new).name}
            server.request("PATCH", f"api/sessions/{session['id']}", changed).raise_for_status()


def live_sessions(server: JupyterServer) -> dict[str, Any]:
    listed = server.request("GET", "lakesail/api/v1/workloads/sessions").json()["included"]["sessions"]
    return {one["id"]: one for one in listed if one["status"] not in {"closed", "failed"}}


def test_the_next_untitled_notebook_does_not_touch_the_session_of_the_one_before(
    server: JupyterServer, root: Path
) -> None:
    path = new_untitled(server)
    first = server.start_kernel(path)
    first.execute("%sail connect\nspark.range(7).createOrReplaceTempView('mine')")
    session = session_of(server, first)
    rename(server, first, path, "etl.ipynb")
    assert new_untitled(server) == path
    second = server.start_kernel(path)
    second.execute("%sail connect\nspark.range(1).createOrReplaceTempView('mine')")
    other = session_of(server, second)
    assert other["id"] != session["id"]
    assert other["notebookId"] != session["notebookId"]
    second.execute("%sail close")
    second.shutdown()
    assert first.execute("spark.sql('select count(*) from mine').first()[0]").value == "7"

    assert str(root / "etl.ipynb") in first.execute("%sail status").text
    assert describe(server, session["id"])["metadata"]["lakesail/notebook"] == str(root / "etl.ipynb")
    assert describe(server, other["id"])["metadata"]["lakesail/notebook"] == str(root / path)

    first.shutdown()
    (root / "archive").mkdir()
    (root / "etl.ipynb").rename(root / "archive" / "etl.ipynb")  # as `mv` in a shell does
    reopened = server.start_kernel("archive/etl.ipynb")
    reopened.execute("%sail connect")
    assert reopened.execute("spark.sql('select count(*) from mine').first()[0]").value == "7"
    assert list(live_sessions(server)) == [session["id"]]
    shown = describe(server, session["id"])["metadata"]["lakesail/notebook"]
    assert shown == str(root / "archive" / "etl.ipynb")
    reopened.execute("%sail close")
    reopened.shutdown()
