"""A Jupyter server beside the base: it has no control plane, and says so once."""

from __future__ import annotations

from pathlib import Path

import pytest

from .servers import server_in
from .virtual_environment import INSTALL_SECONDS, Environment


@pytest.mark.timeout(2 * INSTALL_SECONDS)
def test_a_server_beside_the_base_says_in_one_line_what_to_install_and_serves_on(
    plain_jupyter: Environment, tmp_path: Path
) -> None:
    with server_in(plain_jupyter, tmp_path, tmp_path / "home") as server:
        status = server.request("GET", "api/status")
        contents = server.request("GET", "api/contents")
        log = server.log()
        ours = server.request("GET", "lakesail/api/v1/me")  # last: Jupyter logs what it does not find
    assert (status.status_code, contents.status_code, ours.status_code) == (200, 200, 404)
    assert "Traceback" not in log
    loud = [line for line in log.splitlines() if "lakesail" in line and not line.startswith("[I ")]
    assert len(loud) == 1, log
    assert loud[0].startswith("[W ")
    assert 'pip install "lakesail-notebook[local]"' in loud[0]
