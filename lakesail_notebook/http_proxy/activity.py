"""Which of the traffic of a page is a person's doing, and whether cells run. An open page alone is neither."""

from __future__ import annotations

import re

_BY_A_PERSON = frozenset(
    {
        "/api/ai/chat",
        "/api/ai/completion",
        "/api/kernel/code_autocomplete",
        "/api/kernel/delete",
        "/api/kernel/format",
        "/api/kernel/interrupt",
        "/api/kernel/rename",
        "/api/kernel/run",
        "/api/kernel/save",
        "/api/kernel/scratchpad/run",
        "/api/kernel/stdin",
    }
)
"""Requests that follow from a key or a click. Values of controls are not among them: a timer sets them too. The page
itself tells of clicks and keys (``page.js``)."""

_CELL = re.compile(r'"op":\s?"cell-op"')
_CELL_ID = re.compile(r'"cell_id":\s?"([^"]{1,64})"')
_STATUS = re.compile(r'"status":\s?"(idle|queued|running|disabled-transitively)"')
_WHERE_THE_KIND_STANDS = 64
_AT_WORK = frozenset({"queued", "running"})


def by_a_person(method: str | None, path: str) -> bool:
    """:param path: below the page's root."""
    return method == "POST" and path in _BY_A_PERSON


class RunningCells:
    """The cells that run, as the messages of a kernel to its page tell."""

    def __init__(self) -> None:
        self._running: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._running)

    def hear(self, message: str | bytes) -> None:
        """Only the beginning and the end of a message are looked at: between them stands output, of any size."""
        if isinstance(message, bytes) or not _CELL.search(message, 0, _WHERE_THE_KIND_STANDS):
            return
        cell = _CELL_ID.search(message)
        statuses = _STATUS.findall(message[-4096:])
        if cell is None or not statuses:
            return
        if statuses[-1] in _AT_WORK:
            self._running.add(cell[1])
        else:
            self._running.discard(cell[1])
