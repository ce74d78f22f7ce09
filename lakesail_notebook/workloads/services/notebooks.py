"""The notebooks of kernels: a notebook keeps its id, and so its session, when its file is renamed or moved."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ...clock import Clock
from ...errors import FieldError, NotFound, Unavailable
from ...ids import new_id
from ...models import NOTEBOOK_KEY, Metadata
from ..ports import Kernels, NotebookFiles
from ..records import NotebookRecord
from ..rules import notebooks as rules
from ..rules.access import Principal
from ..rules.notebooks import Known, Looked, NotebookPlace, Saved
from ..store_port import Reading, Store

_TRIES = 5
"""So often another server on the same root may be quicker."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one reading of the store said."""

    known: Known
    looked: Looked


@dataclass(frozen=True, slots=True)
class NotebookOfSession:
    """What a session keeps of its notebook."""

    id: str | None
    metadata: Metadata
    """Its name, where it is known."""


class Notebooks:
    """
    :param files: where this server's notebooks are; ``None`` where there are none.
    """

    def __init__(self, *, store: Store, files: NotebookFiles | None, kernels: Kernels, clock: Clock) -> None:
        self._store = store
        self._files = files
        self._kernels = kernels
        self._clock = clock
        self._of_kernels: dict[str, str] = {}
        """By kernel, the id of the notebook that it was first asked for; it stays so while the kernel lives."""
        self._lock = asyncio.Lock()

    async def of(self, principal: Principal) -> NotebookRecord | None:
        """The notebook whose kernel asks, under its present name; ``None`` for a console, and for all other callers.

        :raises Unavailable: when the database cannot be used.
        """
        if self._files is None or principal.kernel_id is None:
            return None
        places = await self._files.of_kernel(principal.kernel_id)
        async with self._lock:
            await self._catch_up(self._files)
            return await self._of_kernel(self._files, principal.kernel_id, places)

    async def catch_up(self) -> None:
        """Write down what Jupyter has told of renames, saves and deletions since the last time."""
        if self._files is not None and self._files.changes:
            async with self._lock:
                await self._catch_up(self._files)

    async def of_new_session(self, principal: Principal, named: str | None) -> NotebookOfSession:
        """The notebook that a new session will belong to: that of the kernel which asks, or the one that is named.

        :param named: an id that the caller gives.
        :raises NotFound: when no session of the caller's belongs to it, and the caller is not its kernel.
        """
        notebook = await self.of(principal)
        if named is not None and (notebook is None or named != notebook.id):
            async with self._store.reading() as view:
                if not await view.has_session_of_notebook(principal.id, named):
                    raise _unknown(named)
                notebook = await view.notebook(named)
        shown = {} if notebook is None else {NOTEBOOK_KEY: notebook.shown_path}
        return NotebookOfSession(named or (None if notebook is None else notebook.id), shown)

    async def _catch_up(self, files: NotebookFiles) -> None:
        changes = files.changes
        if not changes:
            return
        async with self._store.writing() as unit:
            now = self._clock.now()
            for change in changes:
                found = [await unit.notebooks_below(files.server, path) for path in rules.paths_of(change)]
                if isinstance(change, Saved):
                    found.append(await unit.notebooks_of_file(files.server, change.after))
                records = {record.id: record for some in found for record in some}
                for record in rules.changed_by(change, list(records.values()), now):
                    await unit.put_notebook(record)
        files.forget_changes(len(changes))

    async def _of_kernel(
        self, files: NotebookFiles, kernel_id: str, places: tuple[NotebookPlace, ...]
    ) -> NotebookRecord | None:
        known_id = self._of_kernels.get(kernel_id)
        if known_id is not None:
            async with self._store.reading() as view:
                notebook = await view.notebook(known_id)
            if notebook is not None and (not places or rules.is_still_there(notebook, places)):
                return notebook
            if notebook is not None and (followed := await self._follow(files, notebook, places)) is not None:
                return followed
        if not places:
            return None
        identified = await self._identify(files, places[0])
        living = self._kernels.living() | {kernel_id}
        self._of_kernels = {known: one for known, one in self._of_kernels.items() if known in living}
        self._of_kernels[kernel_id] = identified.id
        return identified

    async def _follow(
        self, files: NotebookFiles, notebook: NotebookRecord, places: tuple[NotebookPlace, ...]
    ) -> NotebookRecord | None:
        """A kernel's notebook at its new place; ``None``, if the kernel was moved to another notebook."""
        place = rules.place_of_same_file(notebook, places)
        if place is None:
            place = places[0]
            there = await files.look(notebook.path)
            if not rules.has_left(notebook, there.file):
                return None
        async with self._store.writing() as unit:
            known = await _known(unit, place)
            taken = [one for one in (known.at_path, known.of_file) if one is not None and one.id != notebook.id]
            if taken:
                return None
            followed = rules.moved(notebook, place, self._clock.now())
            await unit.put_notebook(followed)
        return followed

    async def _identify(self, files: NotebookFiles, place: NotebookPlace) -> NotebookRecord:
        for _ in range(_TRIES):
            asked = await self._ask(files, place)
            now = self._clock.now()
            identified = rules.identify(place, asked.known, asked.looked, now, new_id(now))
            if not identified.changed:
                return identified.notebook
            async with self._store.writing() as unit:
                if await _known(unit, place) == asked.known:
                    for record in identified.changed:
                        await unit.put_notebook(record)
                    return identified.notebook
        raise Unavailable(f"Others change what is known of the notebook {place.path}; try again.")

    async def _ask(self, files: NotebookFiles, place: NotebookPlace) -> _Asked:
        async with self._store.reading() as view:
            known = await _known(view, place)
        of_file = known.of_file
        other_name = False
        if of_file is not None and of_file.left_at is None:
            other_name = (await files.look(of_file.path)).file == place.file
        searched = rules.file_to_search(place, known)
        if searched is None:
            return _Asked(known, Looked(other_name=other_name))
        found = await files.search(place.path, searched)
        path = found.path
        if path is not None:
            async with self._store.reading() as view:
                path = None if await view.notebook_at(place.server, path) is not None else path
        return _Asked(known, Looked(old_file_gone=found.gone, old_file_path=path))


def _unknown(notebook_id: str) -> NotFound:
    message = (
        f"There is no notebook {notebook_id} of yours. Leave notebookId out: the server knows a kernel's notebook."
    )
    return NotFound(message, reason="notebook_not_found", errors=(FieldError("/notebookId", message),))


async def _known(view: Reading, place: NotebookPlace) -> Known:
    at_path = await view.notebook_at(place.server, place.path)
    same_file = [] if place.file is None else await view.notebooks_of_file(place.server, place.file)
    others = (record for record in same_file if at_path is None or record.id != at_path.id)
    return Known(at_path, next(others, None))
