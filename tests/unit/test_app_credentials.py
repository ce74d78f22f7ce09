"""The token that marimo is given dies with its session, and is no other token."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lakesail_notebook.errors import Unauthenticated
from lakesail_notebook.jupyter.app_credentials import AppCredentials
from lakesail_notebook.jupyter.token_files import TokenFiles
from lakesail_notebook.tokens import AppTokens, KernelTokens
from tests.builders import a_principal, a_session

OWNER = a_principal(organization_admin=True, admin_of=frozenset({"LOCAL"}))


def credentials(directory: Path) -> AppCredentials:
    return AppCredentials(
        api_url=lambda: "http://127.0.0.1:1/lakesail/api/v1",
        certificate_file=None,
        owner=lambda: OWNER,
        files=TokenFiles(str(directory)),
    )


def test_a_token_in_a_private_file_stands_for_its_session_until_it_is_revoked(tmp_path: Path) -> None:
    given = credentials(tmp_path)
    told = given.give(a_session(id="S1"))
    given.give(a_session(id="S2"))
    file = Path(told["LAKESAIL_API_TOKEN_FILE"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    token = file.read_text()
    assert token not in {name: value for name, value in told.items() if name != "LAKESAIL_API_TOKEN_FILE"}.values()
    who = given.by_token(token)
    assert (who.id, who.session_id, who.organization_admin, who.admin_of) == (OWNER.id, "S1", False, frozenset())
    given.revoke("S1")
    given.revoke("S1")
    assert not file.exists()
    with pytest.raises(Unauthenticated):
        given.by_token(token)


def test_a_new_token_of_a_session_replaces_the_one_before(tmp_path: Path) -> None:
    given = credentials(tmp_path)
    first = Path(given.give(a_session(id="S1"))["LAKESAIL_API_TOKEN_FILE"]).read_text()
    second = Path(given.give(a_session(id="S1"))["LAKESAIL_API_TOKEN_FILE"]).read_text()
    assert given.by_token(second).session_id == "S1"
    with pytest.raises(Unauthenticated):
        given.by_token(first)


def test_a_kernels_token_is_no_apps_token_nor_the_reverse() -> None:
    secret = b"s" * 32
    kernels, apps = KernelTokens(secret), AppTokens(secret)
    with pytest.raises(Unauthenticated):
        apps.session_of(kernels.issue("S1"))
    with pytest.raises(Unauthenticated):
        kernels.kernel_of(apps.issue("S1"))
    with pytest.raises(Unauthenticated):
        AppTokens().session_of(apps.issue("S1"))
