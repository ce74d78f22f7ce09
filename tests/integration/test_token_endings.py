"""Tokens that end before their time, on a real server: the proxy turns them away, and notebooks go on."""

from __future__ import annotations

import base64
import json
import queue
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

from lakesail_notebook.token_ids import KernelToken, LoginToken, holder_of
from lakesail_notebook.tokens import TokenVerifier

from .notebooks import API, describe, eventually, session_of
from .spark_clients import SERVICE, answer_of, bearer, call, config_request, new_spark_session_id

QUERY = "spark.range(42).count()"


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root) as running:
        yield running


def connected(server: JupyterServer, notebook: str) -> tuple[Kernel, dict[str, Any]]:
    kernel = server.start_kernel(notebook)
    kernel.execute("%sail connect")
    assert kernel.execute(QUERY).value == "42"
    return kernel, session_of(server, kernel)


def token_of(server: JupyterServer, session: dict[str, Any]) -> str:
    answer = server.request("POST", f"{API}/workloads/sessions/{session['id']}/token", {})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def code_for(session: dict[str, Any], token: str) -> grpc.StatusCode:
    endpoint = session["connectionInfo"]["grpcEndpoint"]
    return call(endpoint, "Config", config_request(new_spark_session_id()), bearer(token)).code


def kernels_token(kernel: Kernel) -> str:
    return kernel.execute("spark.client._builder.session_token.text()").value.strip("'")


def claim(token: str, name: str) -> str:
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))[name])


def test_the_21st_token_of_a_login_ends_the_oldest_and_no_kernels(server: JupyterServer) -> None:
    kernel, session = connected(server, "many.ipynb")
    tokens = [token_of(server, session) for _ in range(20)]
    assert code_for(session, tokens[0]) is grpc.StatusCode.OK
    tokens.append(token_of(server, session))
    codes = [code_for(session, token) for token in tokens[:3]]
    assert codes == [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.OK, grpc.StatusCode.OK]
    own = kernels_token(kernel)
    assert isinstance(holder_of(claim(own, "jti")), KernelToken)
    assert holder_of(claim(tokens[-1], "jti")) == LoginToken(21)
    assert kernel.execute(QUERY).value == "42"
    assert kernels_token(kernel) == own, "the notebook has fetched no other"
    kernel.shutdown()


def test_after_a_revocation_the_notebook_fetches_a_token_by_itself(server: JupyterServer) -> None:
    kernel, session = connected(server, "revoked.ipynb")
    outside, inside = token_of(server, session), kernels_token(kernel)
    revoke = f"{API}/workloads/sessions/{session['id']}/token/revoke"
    assert server.request("POST", revoke).status_code == 204
    assert [code_for(session, token) for token in (outside, inside)] == [grpc.StatusCode.UNAUTHENTICATED] * 2
    assert kernel.execute(QUERY).value == "42"
    assert describe(server, session["id"])["status"] == "active"
    assert code_for(session, token_of(server, session)) is grpc.StatusCode.OK
    assert "revoked" in kernel.execute("%sail token --revoke").text
    assert kernel.execute(QUERY).value == "42"
    kernel.shutdown()


def test_a_kernels_token_is_dead_when_its_kernel_is(server: JupyterServer) -> None:
    kernel, session = connected(server, "gone.ipynb")
    outside, inside = token_of(server, session), kernels_token(kernel)
    assert code_for(session, inside) is grpc.StatusCode.OK
    kernel.shutdown()
    dead = grpc.StatusCode.UNAUTHENTICATED
    eventually(lambda: code_for(session, inside) is dead, 60, "the kernel's token is dead")
    assert code_for(session, outside) is grpc.StatusCode.OK


END_IT: dict[str, Callable[[JupyterServer, Kernel, dict[str, Any]], object]] = {
    "pushed out": lambda server, kernel, session: [token_of(server, session) for _ in range(20)],
    "of a kernel that ended": lambda server, kernel, session: kernel.shutdown(),
    "revoked": lambda server, kernel, session: server.request(
        "POST", f"{API}/workloads/sessions/{session['id']}/token/revoke"
    ),
}


@pytest.mark.parametrize("way", list(END_IT))
def test_an_rpc_that_was_opened_before_its_token_ended_does_not_pass(server: JupyterServer, way: str) -> None:
    kernel, session = connected(server, f"{way}.ipynb")
    outside, inside = token_of(server, session), kernels_token(kernel)
    token = inside if way == "of a kernel that ended" else outside
    request = config_request(new_spark_session_id())
    messages: queue.Queue[bytes | None] = queue.Queue()
    with grpc.insecure_channel(session["connectionInfo"]["grpcEndpoint"]) as channel:
        open_rpc = channel.stream_stream(f"/{SERVICE}/Config")
        opened = open_rpc(iter(messages.get, None), metadata=bearer(token), timeout=60)
        # On the same connection, so that the session proxy has seen the other one when it answers this one.
        assert answer_of(open_rpc(iter([request]), metadata=bearer(token), timeout=60)).code is grpc.StatusCode.OK
        END_IT[way](server, kernel, session)
        eventually(lambda: code_for(session, token) is grpc.StatusCode.UNAUTHENTICATED, 60, "the token is dead")
        messages.put(request)
        messages.put(None)
        assert answer_of(opened).code is grpc.StatusCode.UNAUTHENTICATED
    if way != "of a kernel that ended":
        kernel.shutdown()


def test_a_new_signing_key_leaves_the_old_ones_tokens_good(tmp_path: Path) -> None:
    """The JWKS has both keys, of which the first signs."""
    old, new, root, home = (tmp_path / name for name in ("old.pem", "new.pem", "root", "home"))
    root.mkdir()
    home.mkdir()
    for path in (old, new):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    kids = []
    for files in ([old], [new, old], [new]):
        config = {"LakesailApp": {"signing_key_files": list(map(str, files))}}
        with jupyter_server(root, home=home, config=config) as server:
            keys = server.request("GET", f"{API}/.well-known/jwks.json").json()["keys"]
            kids.append([key["kid"] for key in keys])
            if files == [new, old]:
                kernel, session = connected(server, "rotated.ipynb")
                token = token_of(server, session)
                kernel.shutdown()
                TokenVerifier(claim(token, "iss"), keys[:1]).verify(token, datetime.now(UTC))
    assert kids[1] == [*kids[2], *kids[0]]
