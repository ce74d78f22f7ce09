"""The URL that kernels are told, for each address that Jupyter Server can listen on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakesail_notebook.client.address import ApiAddress, FixedToken, checked_url
from lakesail_notebook.control_plane.supervisor import host_for_clients
from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.jupyter.own_address import Listening, api_url, reachable_host


def listening(**changes: Any) -> Listening:
    plain: dict[str, Any] = {"ip": "127.0.0.1", "port": 8888, "socket_path": "", "tls": False, "base_url": "/"}
    return Listening(**plain | changes)


def address(url: str, certificate_file: Path | None = None) -> ApiAddress:
    return ApiAddress(checked_url(url), FixedToken("t"), certificate_file)


@pytest.mark.parametrize(
    ("ip", "addresses", "host"),
    [
        ("0.0.0.0", (), "127.0.0.1"),
        ("::", (), "::1"),
        ("::1", (), "::1"),
        ("127.0.0.2", (), "127.0.0.2"),
        ("10.1.2.3", (), "10.1.2.3"),
        ("fe80::1%eth0", (), "fe80::1%eth0"),
        ("", ("0.0.0.0", "::"), "127.0.0.1"),
        ("", ("::", "0.0.0.0"), "127.0.0.1"),
        ("", ("::",), "::1"),
        ("localhost", ("127.0.0.1",), "127.0.0.1"),
        ("localhost", ("::1", "127.0.0.1"), "127.0.0.1"),
        ("localhost", ("::1",), "::1"),
        ("this-host.example.org", ("127.0.1.1",), "127.0.1.1"),
        ("this-host.example.org", ("2001:db8::7",), "2001:db8::7"),
        ("not-known-any-more.example.org", (), "not-known-any-more.example.org"),
    ],
)
def test_the_host_is_an_address_that_the_server_listens_on(ip: str, addresses: tuple[str, ...], host: str) -> None:
    assert reachable_host(ip, addresses) == host


@pytest.mark.parametrize(
    ("server", "url"),
    [
        (listening(), "http://127.0.0.1:8888/lakesail/api/v1"),
        (listening(ip="::", port=9000), "http://[::1]:9000/lakesail/api/v1"),
        (listening(base_url="/user/ada%40x/"), "http://127.0.0.1:8888/user/ada%40x/lakesail/api/v1"),
        (listening(tls=True), "https://127.0.0.1:8888/lakesail/api/v1"),
        (listening(socket_path="/run/j.sock", port=0), "http+unix://%2Frun%2Fj.sock/lakesail/api/v1"),
        (
            listening(socket_path="/run/a b%/j.sock", tls=True, base_url="/x/"),
            "https+unix://%2Frun%2Fa%20b%25%2Fj.sock/x/lakesail/api/v1",
        ),
    ],
)
def test_the_url_says_how_and_where_the_server_listens(server: Listening, url: str) -> None:
    assert api_url(server) == url
    assert checked_url(url) == url


def test_a_relative_socket_path_is_told_as_an_absolute_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told = address(api_url(listening(socket_path="j.sock")))
    assert told.socket_path == str(tmp_path / "j.sock")


def test_behind_a_socket_requests_name_a_loopback_address(tmp_path: Path) -> None:
    certificate_file = tmp_path / "tls.pem"
    plain = address("http+unix://%2Frun%2Fa%20B.sock/x%40y/lakesail/api/v1", certificate_file)
    assert (plain.socket_path, plain.http_url) == ("/run/a B.sock", "http://127.0.0.1/x%40y/lakesail/api/v1")
    assert plain.on_this_machine
    assert plain.pinned_certificate_file is None
    assert address("https+unix://%2Frun%2Fj.sock/", certificate_file).pinned_certificate_file == certificate_file


@pytest.mark.parametrize(
    ("host", "of_this_machine"),
    [("127.0.0.2", True), ("[::1]", True), ("localhost", True), ("192.0.2.1", False), ("jupyter.example.org", False)],
)
def test_a_certificate_counts_at_addresses_of_this_machine_alone(
    host: str, of_this_machine: bool, tmp_path: Path
) -> None:
    told = address(f"https://{host}:1/lakesail/api/v1", tmp_path / "tls.pem")
    assert told.on_this_machine is of_this_machine
    assert (told.pinned_certificate_file is not None) is of_this_machine


@pytest.mark.parametrize(
    "url", ["http+unix://j.sock/x", "http+unix:///x", "unix://%2Frun%2Fj.sock/", "ftp+unix://%2Fx/"]
)
def test_what_names_no_socket_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match=r"http\+unix"):
        checked_url(url)


@pytest.mark.parametrize(
    ("bound", "localhost", "host"),
    [
        (("127.0.0.1", "::1"), {"127.0.0.1"}, "localhost"),
        (("127.0.0.1", "::1"), {"::1"}, "localhost"),
        (("0.0.0.0",), {"127.0.0.1"}, "localhost"),
        (("::1",), {"127.0.0.1"}, "[::1]"),
        (("127.0.0.1",), {"::1"}, "127.0.0.1"),
        (("127.0.0.2",), {"127.0.0.1", "::1"}, "127.0.0.2"),
        (("127.0.0.1", "::1"), set(), "127.0.0.1"),
    ],
)
def test_clients_reach_the_session_proxy_by_localhost_where_that_leads_to_it(
    bound: tuple[str, ...], localhost: set[str], host: str
) -> None:
    assert host_for_clients(bound, localhost) == host
