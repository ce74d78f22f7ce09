"""Where the notebooks of this Jupyter server are: what its managers know and tell, and what is on the disk."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from jupyter_core.utils import ensure_async
from jupyter_server import JUPYTER_SERVER_EVENTS_URI
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.utils import to_api_path, to_os_path

from ..workloads.ports import FileSearch
from ..workloads.rules.notebooks import Deleted, NotebookChange, NotebookPlace, Renamed, Saved
from .file_identity import file_identity, search_file

_SCHEMA = f"{JUPYTER_SERVER_EVENTS_URI}/contents_service/v1"
_MOST_CHANGES = 10_000
"""So many are kept while nobody connects; of more, the first are forgotten."""
_SEARCH_SECONDS = 1.0
_SEARCH_ENTRIES = 200_000

log = logging.getLogger(__name__)


class ServerNotebooks:
    """Implements the domain's ``NotebookFiles``.

    :param started_at: the path that a kernel was started for, of this machine if it is absolute.
    """

    def __init__(self, server: ServerApp, started_at: Callable[[str], str | None]) -> None:
        self._sessions = server.session_manager
        self._contents = cast("Any", server.contents_manager)
        self._events = cast("Any", server.event_logger)
        self._started_at = started_at
        self._local = isinstance(self._contents, FileManagerMixin)
        self._root = os.path.realpath(self._contents.root_dir if self._local else server.root_dir)
        self._changes: list[NotebookChange] = []
        self._before_save: dict[str, str | None] = {}
        self._events.add_listener(schema_id=_SCHEMA, listener=self._hear)
        if self._local:
            self._contents.register_pre_save_hook(self._look_before_save)

    def close(self) -> None:
        self._events.remove_listener(schema_id=_SCHEMA, listener=self._hear)

    @property
    def server(self) -> str:
        return self._root

    @property
    def changes(self) -> tuple[NotebookChange, ...]:
        return tuple(self._changes)

    def forget_changes(self, count: int) -> None:
        del self._changes[:count]

    async def of_kernel(self, kernel_id: str) -> tuple[NotebookPlace, ...]:
        """The Jupyter sessions that use the kernel say it; before there is one, what the kernel was started for."""
        try:
            sessions = await ensure_async(self._sessions.list_sessions())
        except Exception:  # of a session manager that is not Jupyter's own
            log.warning("Jupyter does not say which notebooks use kernel %s", kernel_id, exc_info=True)
            sessions = []
        using = [session for session in sessions if session["kernel"]["id"] == kernel_id]
        paths = [(str(session["path"]).strip("/"), session["type"] == "notebook") for session in using]
        if not using and (path := self._below_root(self._started_at(kernel_id) or "")):
            paths = [(path, path.endswith(".ipynb"))]
        places = [(await self.look(path), is_notebook) for path, is_notebook in paths]
        # A console has no notebook, unless it is the console of a file.
        return tuple(place for place, is_notebook in places if is_notebook or place.file is not None)

    async def look(self, path: str) -> NotebookPlace:
        file = await asyncio.to_thread(self._file, path) if self._local else None
        return NotebookPlace(self._root, path, file)

    async def search(self, path: str, file: str) -> FileSearch:
        return await asyncio.to_thread(
            search_file, self._root, path, file, seconds=_SEARCH_SECONDS, entries=_SEARCH_ENTRIES
        )

    def _below_root(self, path: str) -> str | None:
        if not os.path.isabs(path):
            return path
        absolute = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        inside = absolute.startswith(os.path.join(self._root, ""))
        return str(to_api_path(absolute, self._root)) if inside else None

    def _file(self, path: str) -> str | None:
        os_path = to_os_path(path, self._root)  # type: ignore[arg-type]
        return None if os.path.isdir(os_path) else file_identity(os_path)

    def _look_before_save(self, *, model: Mapping[str, Any], path: str, **_: Any) -> None:
        if model.get("type") == "notebook":
            self._before_save[path.strip("/")] = self._file(path)

    def _hear(self, *, logger: object, schema_id: str, data: Mapping[str, Any]) -> Awaitable[None]:
        """Called in the order of what happens; what it returns is run later, and in no certain order."""
        path, source = str(data["path"]).strip("/"), str(data.get("source_path", "")).strip("/")
        change: NotebookChange | None = None
        if data["action"] == "rename":
            change = Renamed(source, path)
        elif data["action"] == "delete":
            change = Deleted(path)
        elif data["action"] == "save" and path in self._before_save:
            before, after = self._before_save.pop(path), self._file(path)
            change = None if after in {None, before} else Saved(path, before, str(after))
        if change is not None:
            self._changes = [*self._changes[1 - _MOST_CHANGES :], change]
        return asyncio.sleep(0)
