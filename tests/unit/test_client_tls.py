"""Which server of this machine a client trusts: the one that holds the certificate that it was told, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakesail_notebook import errors, models
from lakesail_notebook.client.address import find_api
from lakesail_notebook.client.client import Client
from tests.certificates import self_signed
from tests.unit.small_api import TOKEN, Answer, SmallApi

ME = models.Me(member_id="M1", team_ids=(), organization_admin=False)
DISTRUST = "CERTIFICATE_VERIFY_FAILED"


def environment(url: str, certificate_file: Path) -> dict[str, str]:
    return {"LAKESAIL_API_URL": url, "LAKESAIL_API_TOKEN": TOKEN, "LAKESAIL_API_CA_FILE": str(certificate_file)}


def ask(monkeypatch: pytest.MonkeyPatch, api: SmallApi, certificate_file: Path) -> models.Me:
    api.on("GET", "/me", Answer(body=ME))
    for name, value in environment(api.url, certificate_file).items():
        monkeypatch.setenv(name, value)
    with Client() as client:
        return client.me()


def test_a_servers_own_certificate_is_trusted_whatever_its_host_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = self_signed(tmp_path, "jupyter.example.org")
    with SmallApi(tls=own) as api:
        assert ask(monkeypatch, api, own[0]) == ME


def test_another_certificate_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = self_signed(tmp_path, "127.0.0.1")
    told, _ = self_signed(tmp_path, "jupyter.example.org")
    with SmallApi(tls=other) as api, pytest.raises(errors.Unavailable, match=DISTRUST):
        ask(monkeypatch, api, told)
    assert api.requests == []


def test_the_authorities_in_a_servers_chain_are_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own, authority = self_signed(tmp_path, "jupyter.example.org"), self_signed(tmp_path, "authority.example.org")
    chain = tmp_path / "chain.pem"
    chain.write_text(own[0].read_text() + authority[0].read_text())
    with SmallApi(tls=own) as api:
        assert ask(monkeypatch, api, chain) == ME
    with SmallApi(tls=authority) as api, pytest.raises(errors.Unavailable, match=DISTRUST):
        ask(monkeypatch, api, chain)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_read_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "broken.pem"
    if content is not None:
        file.write_text(content)
    with (
        SmallApi(tls=self_signed(tmp_path, "127.0.0.1")) as api,
        pytest.raises(errors.FailedPrecondition, match=r"broken\.pem.*LAKESAIL_API_CA_FILE"),
    ):
        ask(monkeypatch, api, file)


@pytest.mark.parametrize("url", ["https://jupyter.example.org/x", "http://127.0.0.1:8888/x"])
def test_elsewhere_and_without_tls_the_certificate_does_not_count(tmp_path: Path, url: str) -> None:
    file = tmp_path / "tls.pem"
    assert find_api(environment("https://127.0.0.1:8888/x", file)).pinned_certificate_file == file
    assert find_api(environment(url, file)).pinned_certificate_file is None
