"""A Jupyter server with the pages of marimo sessions and nothing else of ours: the real domain on a real store, and
real marimo processes.

As an extension of a Jupyter server it is told by :data:`PLAN_VARIABLE` which sessions there are. In a test,
:func:`page_server` runs such a server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from headless import JupyterServer, jupyter_server
from jupyter_server.auth import IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.http_proxy.context import PageContext, Upstream
from lakesail_notebook.http_proxy.routes import page_handlers
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.workloads.apps_port import AppSpec
from lakesail_notebook.workloads.records import SessionRecord
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.rules.lifecycle import ending
from lakesail_notebook.workloads.service import AppPagesService
from lakesail_notebook.workloads.services.app_pages import AppPages
from lakesail_notebook.workloads.store_port import Writing
from tests.builders import a_config, a_session, a_workload
from tests.marimo_apps import START_SECONDS, MarimoApps

T = TypeVar("T")
PROJECT = Path(__file__).parents[1]
Mode = Literal["edit", "run"]
PLAN_VARIABLE = "TEST_PAGES"
USED_FILE = "used.log"
"""A line for each use that was reported."""


def _load_jupyter_server_extension(server: ServerApp) -> None:
    plan = json.loads(os.environ[PLAN_VARIABLE])
    _Pages(server, Path(plan["directory"]), plan["sessions"]).mount()


class _Pages:
    def __init__(self, server: ServerApp, directory: Path, sessions: list[dict[str, Any]]) -> None:
        self._server = server
        self._directory = directory
        self._sessions = sessions
        self._apps = MarimoApps(server.base_url)
        self._opened: AppPages | None = None
        self._opening: asyncio.Task[AppPages] | None = None

    def mount(self) -> None:
        context = PageContext(
            base_url=self._server.base_url,
            pages=self._pages,
            open_pages=lambda: self._opened,
            by_login=lambda user: Principal(id=user.username.upper(), login=user.username, team_ids=("LOCAL",)),
            other_origins=(),
            browsers_log_in=True,
            upstream=Upstream(),
        )
        rules = [(url_path_join(self._server.base_url, path), *rest) for path, *rest in page_handlers(context)]
        self._server.web_app.add_handlers(".*$", rules)  # type: ignore[no-untyped-call]
        self._server.web_app.settings["extra_log_scrub_param_keys"] = ["ticket"]
        self._server.io_loop.add_callback(lambda: self._pages(None))

    async def _pages(self, _: Any) -> AppPagesService:
        self._opening = self._opening or asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> AppPages:
        store = await open_store(_database(self._directory))
        self._opened = AppPages(store=store, apps=self._apps, report_use=self._used, clock=SystemClock())
        for plan in self._sessions:
            if plan["mode"] is None:
                continue
            async with store.reading() as view:
                session = await view.session(plan["id"])
            assert session is not None
            spec = AppSpec(file=plan["file"], mode=plan["mode"], python=None, working_directory=None)
            await self._apps.start(session, spec)
            address = self._apps.address_of(session.id)
            assert address is not None
            draft = self._directory / f"{session.id}.draft"
            draft.write_text(json.dumps([address.port, address.token]))
            draft.rename(self._directory / session.id)
        return self._opened

    async def _used(self, session_id: str) -> None:
        with (self._directory / USED_FILE).open("a") as file:
            file.write(f"{session_id}\n")


class _Loop:
    """An event loop in a thread of its own: a test with a browser has one in its own thread already."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._runner = self._thread.submit(asyncio.Runner).result()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return self._thread.submit(lambda: self._runner.run(work())).result()

    def close(self) -> None:
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()


class OneUserProvider(IdentityProvider):
    """Whoever logs in is Ada."""

    def generate_anonymous_user(self, handler: Any) -> User:
        return User("ada")


class PageServer:
    """Made by :func:`page_server`."""

    def __init__(self, jupyter: JupyterServer, directory: Path, loop: _Loop, store: SqlStore) -> None:
        self.jupyter = jupyter
        self._directory = directory
        self._loop = loop
        self._store = store

    def page(self, session_id: str) -> str:
        """The URL of the page, with a slash at its end."""
        return f"{self.jupyter.url}lakesail/marimo/{session_id}/"

    def address_of(self, session_id: str) -> tuple[int, str]:
        """marimo's own port and token."""
        port, token = json.loads((self._directory / session_id).read_text())
        return port, token

    def wait_until_served(self, session_id: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self._directory / session_id).exists():
            assert time.monotonic() < deadline, "marimo does not serve"
            time.sleep(0.05)

    def uses(self) -> list[str]:
        file = self._directory / USED_FILE
        return file.read_text().split() if file.exists() else []

    def end(self, session_id: str, what: str) -> None:
        """As another process of the same database ends it."""

        async def end() -> None:
            async with self._store.writing() as unit:
                await unit.move_session(session_id, ending(session_id, "closed", now(), "idle_timeout", what))

        self._loop.run(end)


def now() -> datetime:
    return datetime.now(UTC)


def _database(directory: Path) -> str:
    return f"sqlite:///{directory / 'pages.db'}"


def a_marimo_session(member_id: str) -> SessionRecord:
    return a_session(endpoint_type="marimo", member_id=member_id, status="active", created_at=now(), active_since=now())


@contextlib.contextmanager
def page_server(
    directory: Path, notebooks: list[tuple[SessionRecord, Path, Mode | None]], **options: Any
) -> Iterator[PageServer]:
    """For the length of a ``with`` block.

    :param notebooks: sessions with their notebooks, and how each is served; ``None``: nothing serves it.
    :param options: of :func:`headless.jupyter_server`.
    """
    with contextlib.closing(_Loop()) as loop:
        store = loop.run(lambda: open_store(_database(directory)))
        config = a_config(created_at=now())
        workload = a_workload(config_id=config.id, infra_status="ready", created_at=now())
        sessions = [session for session, _, _ in notebooks]

        async def add(unit: Writing) -> None:
            await unit.add_config(config)
            await unit.add_workload(workload)
            for session in sessions:
                await unit.add_session(replace(session, workload_id=workload.id))

        async def prepare() -> None:
            async with store.writing() as unit:
                await add(unit)

        loop.run(prepare)
        plan = {
            "directory": str(directory),
            "sessions": [{"id": session.id, "file": str(file), "mode": mode} for session, file, mode in notebooks],
        }
        extensions = {"jpserver_extensions": {"tests.page_server": True, "lakesail_notebook": False}}
        settings: dict[str, Any] = dict(options.pop("config", {}))
        settings["ServerApp"] = {**settings.get("ServerApp", {}), **extensions}
        environment = {PLAN_VARIABLE: json.dumps(plan), "PYTHONPATH": f"{PROJECT}:{PROJECT / 'examples'}"}
        with jupyter_server(directory, config=settings, env=environment, **options) as jupyter:
            yield PageServer(jupyter, directory, loop, store)
        loop.run(store.close)
