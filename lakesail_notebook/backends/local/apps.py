"""Apps as child processes of this control plane: one marimo server for a session, which ends with the session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...api_location import app_base_path
from ...errors import FailedPrecondition, FieldError, Unavailable
from ...process import ChildProcess, describe_exit, own_python, spawn
from ...process_identity import ProcessIdentity, identity_of_child
from ...workloads.apps_port import AppAddress, AppSpec
from ...workloads.records import SessionRecord
from .app_load import Look, computed_between, is_recent, look_at_kernels
from .app_problems import file_problems, own_problem, python_problems
from .environment import kernel_environment, masking, secrets_among, user_environment
from .listening import listens
from .logs import WorkloadLogs

LEAST_SECONDS = 0.5
"""Between two looks that say something of the use of the processor."""
STOP_GRACE_SECONDS = 5.0
GONE_SECONDS = 5.0
_TOKEN_BYTES = 32
_FOR_OTHERS = (
    "This server keeps its users apart, and marimo runs a notebook's code as the user that runs the server. So it "
    "starts no marimo here: run marimo in a Jupyter server of your own."
)
_NOT_IN_MARIMO = frozenset({"SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_API_MODE"})
"""With them marimo offers connections that pass by the session."""
_AN_ERROR = re.compile(r"(critical|error)\b(?!: Failure:)", re.IGNORECASE)
"""A line that tells more than the hints after it."""
_RUN_CELLS_WHEN_OPENED = {"_MARIMO_CONFIG_OVERLOAD_RUNTIME_AUTO_INSTANTIATE": "true"}


class Credentials(Protocol):
    """What lets a session's own processes ask the API about their session."""

    def give(self, session: SessionRecord) -> Mapping[str, str]:
        """The environment variables that say where the API is, and where the credential is."""
        ...

    def revoke(self, session_id: str) -> None:
        """Idempotent."""
        ...


@dataclass(slots=True)
class _App:
    child: ChildProcess
    token: str
    address: AppAddress | None = None
    keeper: ProcessIdentity | None = None
    """Of the process that leaves nothing of marimo behind, also when the child was killed."""
    marimo: int = 0
    look: Look | None = None
    """The last one at its kernels."""


class LocalApps:
    """:param server_root: the directory that relative paths of notebooks are below.
    :param base_url: of the Jupyter server.
    :param serves_others: whether sessions are other people's than the one who runs the server.
    """

    def __init__(self, *, server_root: str, base_url: str, credentials: Credentials, serves_others: bool) -> None:
        self._server_root = server_root
        self._base_url = base_url
        self._credentials = credentials
        self._serves_others = serves_others
        self._apps: dict[str, _App] = {}
        self._logs = WorkloadLogs()
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        self._waiters: set[asyncio.Task[None]] = set()

    @property
    def unavailable(self) -> str | None:
        return why_no_apps(serves_others=self._serves_others)

    def path_of(self, file: str) -> str:
        return os.path.abspath(os.path.join(self._server_root, file))

    async def validate(self, spec: AppSpec) -> Sequence[FieldError]:
        """:raises FailedPrecondition: when no app can be started here."""
        other = None if spec.python in (None, own_python()) else spec.python
        why = self.unavailable if other is None else (_FOR_OTHERS if self._serves_others else None)
        if why is not None:
            raise FailedPrecondition(why, reason="marimo_unavailable")
        problems = list(await asyncio.to_thread(lambda: list(file_problems(spec))))
        return problems + list(await python_problems(other) if other is not None else ())

    async def start(self, session: SessionRecord, spec: AppSpec, environment: Mapping[str, str] | None = None) -> None:
        if session.id in self._apps:
            return
        app = await self._spawned(session, spec, environment)
        try:
            said = await app.child.ready()
            app.keeper, app.marimo = identity_of_child(int(said["keeper"])), int(said["marimo"])
            if not await asyncio.to_thread(listens, app.marimo, f"127.0.0.1:{said['port']}"):
                raise Unavailable(f"port {said['port']}, which was free for marimo, is held by another process")
        except BaseException as error:
            ended = app.child.return_code
            await asyncio.shield(self.stop(session.id))
            if isinstance(error, Unavailable) and ended is not None:
                raise Unavailable(_last_words(app.child)) from error
            raise
        app.address = AppAddress(int(said["port"]), app.token)

    def address_of(self, session_id: str) -> AppAddress | None:
        app = self._apps.get(session_id)
        return None if app is None or app.child.return_code is not None else app.address

    async def ended(self) -> AsyncIterator[str]:
        while True:
            yield await self._ended.get()

    async def last_words(self, session_id: str) -> str | None:
        app = self._apps.get(session_id)
        if app is None:
            return "marimo ended"
        # Its end is seen before all that it wrote is read.
        return None if await app.child.wait() == 0 else _last_words(app.child)

    async def busy(self, session_id: str) -> bool:
        app = self._apps.get(session_id)
        if app is None or app.keeper is None:
            return False
        before = app.look
        if before is None or not is_recent(before, time.monotonic()):
            before = await _looked_at(app)
        if time.monotonic() - before.at < LEAST_SECONDS:
            await asyncio.sleep(LEAST_SECONDS)
        app.look = now = await _looked_at(app)
        return computed_between(before, now)

    def revoke(self, session_id: str) -> None:
        self._credentials.revoke(session_id)

    def log_tail(self, session_id: str, count: int) -> Sequence[str]:
        return self._logs.tail(session_id, count)

    async def stop(self, session_id: str) -> None:
        self._credentials.revoke(session_id)
        app = self._apps.get(session_id)
        if app is None:
            return
        app.address = None
        await app.child.stop(STOP_GRACE_SECONDS)
        if app.keeper is not None:
            await _gone(app.keeper)
        self._apps.pop(session_id, None)
        self._logs.end(session_id)

    async def close(self) -> None:
        await asyncio.gather(*(self.stop(session_id) for session_id in list(self._apps)))
        for waiter in self._waiters:
            waiter.cancel()

    async def _spawned(self, session: SessionRecord, spec: AppSpec, given: Mapping[str, str] | None) -> _App:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        instructions = {
            "file": spec.file,
            "mode": spec.mode,
            "base_url": app_base_path(self._base_url, session.id),
            "token": token,
        }
        try:
            child = await spawn(
                [spec.python or own_python(), "-P", "-m", "lakesail_notebook.marimo_process"],
                env=marimo_environment(_users(given, spec), self._credentials.give(session)),
                cwd=spec.working_directory or os.path.dirname(spec.file),
                first_line=json.dumps(instructions).encode() + b"\n",
                edit_log=masking((token, *secrets_among(given or {}, os.environ))),
            )
        except BaseException:
            self._credentials.revoke(session.id)
            raise
        app = self._apps[session.id] = _App(child, token)
        self._logs.add(session.id, child.log)
        self._watch_child(session.id, app)
        return app

    def _watch_child(self, session_id: str, app: _App) -> None:
        async def report() -> None:
            await app.child.wait()
            if app.address is not None:  # nobody told it to end
                self._ended.put_nowait(session_id)

        waiter = asyncio.create_task(report())
        self._waiters.add(waiter)
        waiter.add_done_callback(self._waiters.discard)


def why_no_apps(*, serves_others: bool) -> str | None:
    """Why no app can be started here, in a sentence; ``None``: apps can be. It looks, and imports nothing."""
    return _FOR_OTHERS if serves_others else own_problem()


def marimo_environment(users: Mapping[str, str], credential: Mapping[str, str]) -> dict[str, str]:
    """The user's own variables, and what tells marimo its session. Pure."""
    kept = {name: value for name, value in users.items() if name not in _NOT_IN_MARIMO}
    return kept | _RUN_CELLS_WHEN_OPENED | dict(credential)


def _users(given: Mapping[str, str] | None, spec: AppSpec) -> dict[str, str]:
    """:param given: came with the session; ``None``: the server has the same user."""
    if given is None:
        return user_environment(os.environ)
    return kernel_environment(given, its_python=spec.python is not None)


async def _looked_at(app: _App) -> Look:
    keeper = 0 if app.keeper is None else app.keeper.pid
    # It walks through all processes of the machine, which would stall every notebook of the server.
    return await asyncio.to_thread(look_at_kernels, keeper, app.marimo)


async def _gone(keeper: ProcessIdentity) -> None:
    """Return when the keeper has ended, which it does after all of marimo; in time, or killed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GONE_SECONDS):
            while keeper.alive():
                await asyncio.sleep(0.02)
    keeper.kill_group()


def _last_words(child: ChildProcess) -> str:
    lines = (line.strip() for line in reversed(child.log.tail()))
    told = [line for line in lines if line and "resource_tracker" not in line]  # that is Python's, at any end
    said = next((line for line in told if _AN_ERROR.match(line)), told[0] if told else None)
    ended = f"marimo ended with {describe_exit(child.return_code or 0)}"
    return ended if said is None else f"{ended}; its last words: {said[:200]}"
