"""A small real HTTP server that speaks the workloads API from a script of answers."""

from __future__ import annotations

import ssl
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from lakesail_notebook import models
from lakesail_notebook.client.client import Client

TOKEN = "the-api-token"
ROOT = "/user/a%40b/lakesail/api/v1"
NOW = "2026-03-01T12:00:00.000Z"


def session(session_id: str = "S1", **changes: Any) -> models.Session:
    """A live Spark session of member M1."""
    fields: dict[str, Any] = {
        "id": session_id,
        "endpoint_type": "spark_connect",
        "status": "active",
        "workload_id": f"W-{session_id}",
        "member_id": "M1",
        "config": models.SessionConfig(idle_timeout_seconds=1800, idle_close_delay_seconds=28800),
        "metadata": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return models.Session(**(fields | changes))


def me(*features: str) -> models.Me:
    return models.Me(member_id="M1", team_ids=("LOCAL",), organization_admin=False, features=features)


def page(*sessions: models.Session, marker: str | None = None) -> models.SessionPage:
    """One page of a session list."""
    items = tuple(models.SessionReference(id=one.id) for one in sessions)
    included = models.SessionIncluded(sessions=sessions)
    return models.SessionPage(total=len(sessions), items=items, included=included, marker=marker)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)


DROPPED = Answer(status=0)
"""The connection is closed without an answer."""


@dataclass(frozen=True, slots=True)
class Request:
    verb: str
    path: str
    """Below the API's root, query included."""
    authorization: str | None
    body: Any
    idempotency_key: str | None = None
    client_port: int = 0
    """Tells the caller's connections apart."""


class SmallApi:
    """Answers each path with what was told for it, in order; the last answer stays.

    :param tls: the PEM files of its certificate and key, if it is to speak TLS.
    """

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self.requests: list[Request] = []
        self._answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}{ROOT}"

    def client(self) -> Client:
        return Client(self.url, TOKEN)

    def on(self, verb: str, path: str, *answers: Answer) -> None:
        self._answers[verb, path] = list(answers)

    def count(self, verb: str, path: str) -> int:
        return sum((request.verb, request.path) == (verb, path) for request in self.requests)

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        told = self._answers[request.verb, request.path]
        if not told:
            return Answer(404, {"code": "NOT_FOUND", "message": f"nothing was told for {request.verb} {request.path}"})
        return told.pop(0) if len(told) > 1 else told[0]

    def __enter__(self) -> SmallApi:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(api: SmallApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _reply(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = msgspec.json.decode(raw) if raw else None
            path = self.path.removeprefix(ROOT)
            headers = self.headers
            key = headers.get("Idempotency-Key")
            request = Request(self.command, path, headers.get("Authorization"), body, key, self.client_address[1])
            answer = api.answer(request)
            if answer is DROPPED:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.raw)))
            self.end_headers()
            self.wfile.write(answer.raw)

        do_GET = do_POST = do_PATCH = do_DELETE = _reply

        def log_message(self, *_: object) -> None:
            pass

    return Handler
