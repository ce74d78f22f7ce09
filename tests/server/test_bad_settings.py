"""Settings that cannot work: Jupyter starts all the same, and the API says what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from headless import jupyter_server

ME = "lakesail/api/v1/me"
CERTIFICATE = {"proxy_tls_cert": "/etc/tls.pem"}
KEY = {"proxy_tls_key": "/etc/tls.key"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (CERTIFICATE, "proxy_tls_cert is set without proxy_tls_key"),
        (KEY, "proxy_tls_key is set without proxy_tls_cert"),
        ({"proxy_bind": "0.0.0.0"}, "does not listen on 0.0.0.0 without TLS"),
        ({"proxy_bind": "[::]:4433"}, "does not listen on :: without TLS"),
    ],
)
def test_a_session_proxy_that_would_speak_in_the_clear_is_refused(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": settings}) as server:
        assert server.request("GET", "api").is_success
        answer = server.request("GET", ME)
        assert answer.status_code == 409
        assert said in answer.json()["message"]
        assert "c.LakesailApp.proxy_tls_" in answer.json()["message"]


@pytest.mark.parametrize("settings", [{"proxy_bind": "127.0.0.1"}, {"proxy_bind": "localhost"}])
def test_on_loopback_no_certificate_is_needed(tmp_path: Path, settings: dict[str, str]) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": settings}) as server:
        assert server.request("GET", ME).is_success


def test_beyond_loopback_a_certificate_and_its_key_are_enough(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"proxy_bind": "0.0.0.0", **CERTIFICATE, **KEY}}) as server:
        assert server.request("GET", ME).is_success


def test_a_bad_database_url_is_told_to_who_asks_and_fills_no_log(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"database_url": "nonsense://"}}) as server:
        kernel = server.start_kernel("notebook.ipynb")  # which has the modules loaded meanwhile
        kernel.execute("1")
        answer = server.request("GET", ME)
        assert answer.status_code == 409
        assert "c.LakesailApp.database_url" in answer.json()["message"]
        assert "never retrieved" not in server.log()
        kernel.shutdown()
