"""The store of the user interface keeps in step with a real server, run by Node.js in place of a browser."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from headless import jupyter_server

FRONTEND = Path(__file__).parents[2] / "frontend"
ESBUILD = FRONTEND.parent / "node_modules" / ".bin" / "esbuild"
TOKEN = "a-token-of-this-test-alone"


def test_a_page_shows_what_another_tab_does_and_does_what_people_ask(tmp_path: Path) -> None:
    script = tmp_path / "real_server.mjs"
    bundle = [str(ESBUILD), "tests/live/real_server.ts", "--bundle", "--format=esm", f"--outfile={script}"]
    subprocess.run(bundle, cwd=FRONTEND, check=True, capture_output=True)
    config: dict[str, dict[str, Any]] = {"ServerApp": {"base_url": "/user/x%40y/a%20b/"}}
    with jupyter_server(tmp_path, config=config, token=TOKEN) as server:
        node = ["node", "--experimental-websocket", str(script), server.url, TOKEN]
        done = subprocess.run(node, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert "/user/x%40y/a%20b/" in server.url
    # Where a busy machine opens the socket long after the first answer, the four lists are read before and after.
    assert seen["requestsOfFirstLook"] in (5, 9)
    assert (seen["wrongField"], seen["renamed"]) == ("/name", "renamed")
    assert (seen["mine"], seen["kept"], seen["ended"]) == (True, "done", "user_closed")
    assert seen["configAfter"] < 30_000
    assert seen["sessionAfter"] < 30_000
