"""The client on a real control plane, over a line that loses answers."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import httpx
from headless import jupyter_server

from lakesail_notebook.client.client import Client
from lakesail_notebook.models import SessionCreate, WorkloadConfigCreate

TOKEN = "token-of-the-test-server"


class LossyLine:
    """Passes requests on to a server, and loses the answers to the first ones of each verb."""

    def __init__(self, server_url: str, lost: int) -> None:
        parts = urlsplit(server_url)
        self._target = f"{parts.scheme}://{parts.netloc}"
        self._base_path = parts.path
        self._lost = lost
        self.arrived: list[tuple[str, int]] = []
        """Verb and status of each answer, lost or not."""
        self._http = httpx.Client(trust_env=False, timeout=90)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{self._base_path}lakesail/api/v1"

    def pass_on(self, verb: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response | None:
        """The answer, or ``None`` when it is lost."""
        kept = {name: value for name, value in headers.items() if name.lower() not in {"host", "connection"}}
        answer = self._http.request(verb, f"{self._target}{path}", headers=kept, content=body)
        self.arrived.append((verb, answer.status_code))
        return None if sum(one == verb for one, _ in self.arrived) <= self._lost else answer

    def __enter__(self) -> LossyLine:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._http.close()


def _handler_of(line: LossyLine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            answer = line.pass_on(self.command, self.path, dict(self.headers), body)
            if answer is None:
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_DELETE = _pass_on

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def test_a_session_whose_answer_was_lost_is_created_once(tmp_path: Path) -> None:
    with (
        jupyter_server(tmp_path, token=TOKEN) as server,
        LossyLine(server.url, lost=2) as line,
        Client(line.api_url, TOKEN) as client,
    ):
        made = client.create_session(SessionCreate(name="once"))
        assert [status for verb, status in line.arrived if verb == "POST"] == [201, 201, 201]
        assert [session.id for session in client.sessions()] == [made.id]
        client.close_session(made.id)
        assert client.session(made.id).status == "closed"


def test_a_config_whose_deletion_was_lost_counts_as_deleted(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, token=TOKEN) as server:
        with Client(f"{server.url}lakesail/api/v1", TOKEN) as client:
            client.create_compute_config(WorkloadConfigCreate(name="short-lived"))
        with LossyLine(server.url, lost=1) as line, Client(line.api_url, TOKEN) as client:
            client.delete_compute_config("short-lived")
            assert line.arrived == [("DELETE", 204), ("DELETE", 404)]
