"""Who may call: every route with and without credentials."""

from __future__ import annotations

import re

import httpx
import pytest
from headless import JupyterServer

from lakesail_notebook.api.routes import OPERATIONS, PUBLIC_OPERATIONS

from .conftest import TOKEN

PRIVATE = [(operation.verb, operation.path) for operation in OPERATIONS]
PUBLIC = [(operation.verb, operation.path) for operation in PUBLIC_OPERATIONS] + [("GET", "/health")]

FORGED = "eyJhbGciOiJub25lIiwidHlwIjoic2FpbC1rZXJuZWwrand0In0.e30.x"
"""A JWT of type ``sail-kernel+jwt`` with algorithm ``none``."""


def _path(pattern: str) -> str:
    return re.sub(r"\{\w+\}", "ABC", pattern).lstrip("/")


@pytest.mark.parametrize(("verb", "pattern"), PRIVATE)
def test_without_credentials_every_operation_is_refused(stranger: httpx.Client, verb: str, pattern: str) -> None:
    answer = stranger.request(verb, _path(pattern))
    assert answer.status_code == 403
    assert answer.json()["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(("verb", "pattern"), PRIVATE)
def test_a_forged_kernel_token_is_refused(stranger: httpx.Client, verb: str, pattern: str) -> None:
    answer = stranger.request(verb, _path(pattern), headers={"Authorization": f"Bearer {FORGED}"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(("verb", "pattern"), PUBLIC)
def test_public_operations_ask_for_no_login(stranger: httpx.Client, verb: str, pattern: str) -> None:
    assert stranger.request(verb, _path(pattern)).status_code == 200


def test_the_published_keys_hold_no_private_part(stranger: httpx.Client) -> None:
    [key] = stranger.get(".well-known/jwks.json").json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert "d" not in key


def test_a_cookie_needs_its_xsrf_token_to_change_something(server: JupyterServer) -> None:
    root = f"{server.url}lakesail/api/v1/"
    with httpx.Client(timeout=90) as browser:
        browser.get(f"{server.url}tree?token={TOKEN}", follow_redirects=True)
        assert browser.get(f"{root}me").status_code == 200
        refused = browser.post(f"{root}workloads/sessions", json={})
        assert refused.status_code == 403
        browser.get(f"{server.url}lab")
        xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
        created = browser.post(f"{root}workloads/sessions", json={}, headers=xsrf)
        assert created.status_code == 201
        closed = browser.delete(f"{root}workloads/sessions/{created.json()['id']}", headers=xsrf)
        assert closed.status_code == 204


def test_another_origin_cannot_use_a_cookie(server: JupyterServer) -> None:
    root = f"{server.url}lakesail/api/v1/"
    with httpx.Client(timeout=90) as browser:
        browser.get(f"{server.url}lab?token={TOKEN}", follow_redirects=True)
        headers = {"X-XSRFToken": browser.cookies["_xsrf"], "Origin": "http://evil.example"}
        assert browser.post(f"{root}workloads/sessions", json={}, headers=headers).status_code in {403, 404}


def test_another_host_name_is_refused(server: JupyterServer) -> None:
    headers = {"Host": "evil.example", "Authorization": f"token {TOKEN}"}
    assert httpx.get(f"{server.url}lakesail/api/v1/me", headers=headers, timeout=60).status_code == 403


def test_headers_that_name_a_user_change_nothing(api: httpx.Client) -> None:
    me = api.get("me").json()
    assert api.get("me", headers={"X-Forwarded-User": "root", "X-Remote-User": "root"}).json() == me
