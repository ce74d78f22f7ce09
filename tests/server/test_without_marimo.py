"""A server that was installed without the extra ``marimo`` says so wherever somebody asks for a marimo notebook."""

from __future__ import annotations

from pathlib import Path

from headless import jupyter_server

_NOT_INSTALLED = """
import sys

for name in ("aiohttp", "jupyter_server_proxy", "marimo"):
    sys.modules[name] = None
"""
TO_DO = "lakesail-notebook[marimo]"


def test_a_server_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_NOT_INSTALLED)
    with jupyter_server(tmp_path, env={"PYTHONPATH": str(tmp_path)}) as server:
        me = server.request("GET", "lakesail/api/v1/me").json()
        assert me["marimo"]["available"] is False
        assert TO_DO in me["marimo"]["reason"]
        assert [cluster["endpointTypes"] for cluster in me["clusters"]] == [["spark_connect"]]
        wanted = {"endpointType": "marimo", "metadata": {"lakesail/marimo-file": "notebook.py"}}
        refused = server.request("POST", "lakesail/api/v1/workloads/sessions", json=wanted)
        assert (refused.status_code, refused.json()["reason"]) == (409, "marimo_unavailable")
        assert TO_DO in refused.json()["message"]
        page = server.request("GET", f"lakesail/marimo/{'A' * 20}/")
        assert (page.status_code, TO_DO in page.text) == (503, True)
