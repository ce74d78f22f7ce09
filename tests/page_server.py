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
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headless import JupyterServer, jupyter_server
from jupyter_server.auth import IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.http_proxy.context import PageContext, Upstream
from lakesail_notebook.http_proxy.routes import page_handlers
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.workloads.ports import AppSpec
from lakesail_notebook.workloads.records import SessionRecord
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.rules.lifecycle import ending
from lakesail_notebook.workloads.service import AppPagesService
from lakesail_notebook.workloads.services.app_pages import AppPages
from lakesail_notebook.workloads.store_port import Writing
from tests.builders import a_config, a_session, a_workload
from tests.marimo_apps import MarimoApps

PROJECT = Path(__file__).parents[1]
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
            async with store.reading() as view:
                session = await view.session(plan["id"])
            assert session is not None
            spec = AppSpec(file=plan["file"], mode=plan["mode"], python=None, working_directory=None)
            await self._apps.start(session, spec)
        (self._directory / "ready").touch()
        return self._opened

    async def _used(self, session_id: str) -> None:
        with (self._directory / USED_FILE).open("a") as file:
            file.write(f"{session_id}\n")


class OneUserProvider(IdentityProvider):
    """Whoever logs in is Ada."""

    def generate_anonymous_user(self, handler: Any) -> User:
        return User("ada")


class PageServer:
    """Made by :func:`page_server`."""

    def __init__(self, jupyter: JupyterServer, directory: Path, runner: asyncio.Runner, store: SqlStore) -> None:
        self.jupyter = jupyter
        self._directory = directory
        self._runner = runner
        self._store = store

    def page(self, session_id: str) -> str:
        """The URL of the page, with a slash at its end."""
        return f"{self.jupyter.url}lakesail/marimo/{session_id}/"

    def uses(self) -> list[str]:
        file = self._directory / USED_FILE
        return file.read_text().split() if file.exists() else []

    def end(self, session_id: str, what: str) -> None:
        """As another process of the same database ends it."""

        async def end() -> None:
            async with self._store.writing() as unit:
                await unit.move_session(session_id, ending(session_id, "closed", now(), "idle_timeout", what))

        self._runner.run(end())


def now() -> datetime:
    return datetime.now(UTC)


def _database(directory: Path) -> str:
    return f"sqlite:///{directory / 'pages.db'}"


def a_marimo_session(member_id: str) -> SessionRecord:
    return a_session(endpoint_type="marimo", member_id=member_id, status="active", created_at=now(), active_since=now())


@contextlib.contextmanager
def page_server(
    directory: Path, notebooks: list[tuple[SessionRecord, Path, str]], **options: Any
) -> Iterator[PageServer]:
    """For the length of a ``with`` block.

    :param notebooks: sessions with their notebooks, and how each is served: ``edit`` or ``run``.
    :param options: of :func:`headless.jupyter_server`.
    """
    with asyncio.Runner() as runner:
        store = runner.run(open_store(_database(directory)))
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

        runner.run(prepare())
        plan = {
            "directory": str(directory),
            "sessions": [{"id": session.id, "file": str(file), "mode": mode} for session, file, mode in notebooks],
        }
        extensions = {"jpserver_extensions": {"tests.page_server": True, "lakesail_notebook": False}}
        settings: dict[str, Any] = dict(options.pop("config", {}))
        settings["ServerApp"] = {**settings.get("ServerApp", {}), **extensions}
        environment = {PLAN_VARIABLE: json.dumps(plan), "PYTHONPATH": f"{PROJECT}:{PROJECT / 'examples'}"}
        with jupyter_server(directory, config=settings, env=environment, **options) as jupyter:
            yield PageServer(jupyter, directory, runner, store)
        runner.run(store.close())
