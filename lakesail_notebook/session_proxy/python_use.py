"""Python code in plans: the control plane knows of it before the engine gets it.

Functions, table functions and data sources in Python run inside the engine's process. The modules that they import stay
loaded there, and so does what they change of the environment and the working directory. So the control plane gives an
engine that ran any to no other session. It is told first and the plan is forwarded afterwards, so nothing that breaks
in between can lose the fact.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from ..cures import with_cure
from ..errors import InvalidArgument
from ..feed import Route
from .auth import SessionClosed
from .spark_rpc import ANALYZE_PLAN, EXECUTE_PLAN, Method
from .wire import fields

_VERSION_LENGTHS = (b"\x033.", b"\x043.", b"\x053.")
"""How a field with a version of Python (``3.9``, ``3.11``) goes on after its tag: its length, then its first bytes."""
_VERSION_FIELD = re.compile(rb"[\x12\x22](?:\x033\.\d|\x043\.\d\d|\x053\.\d\d\d)")
"""``python_ver``: field 2 of ``PythonDataSource``, field 4 of ``PythonUDF`` and ``PythonUDTF``."""
_MOST_CANDIDATES = 1000
"""Places in a request that are looked at one by one, for each length of a version."""
_PLAN_IN_EXECUTE, _COMPRESSED = 3, 3

Note = Callable[[str], Awaitable[bool]]


class PythonUse:
    """Which sessions are known to run Python code in their engine.

    :param note: makes it durable for a session's workload; false when the session is over.
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self._noted: set[str] = set()

    async def before(self, method: Method, request: bytes, route: Route) -> None:
        """Called before a request is forwarded: returns once the control plane knows what it brings.

        :raises SessionClosed: when the session is over.
        :raises Unavailable: when the control plane does not answer.
        """
        if route.session_id in self._noted or not brings_python(method, request):
            return
        if not await self._note(route.session_id):
            raise SessionClosed(with_cure(f"Session {route.session_id} is closed."))
        self._noted.add(route.session_id)

    def session_ended(self, session_id: str) -> None:
        self._noted.discard(session_id)


def brings_python(method: Method, request: bytes) -> bool:
    """Whether a request has the engine load Python code of its client.

    PySpark sends the version of its Python with each function. Other bytes may look the same, which only costs the
    reuse of an engine. In a compressed plan nothing can be seen, so it counts as one with Python.
    """
    if method not in {EXECUTE_PLAN, ANALYZE_PLAN}:
        return False
    return _names_a_python(request) or (method is EXECUTE_PLAN and _has_compressed_plan(request))


def _names_a_python(request: bytes) -> bool:
    """Searches without taking the message apart: it may hold megabytes of rows, and the event loop waits.

    A request with too many candidates counts as one with Python, so the time is bounded by that of ``bytes.find``.
    """
    return any(_names_a_version(request, needle) for needle in _VERSION_LENGTHS)


def _names_a_version(request: bytes, needle: bytes) -> bool:
    found = 0
    for _ in range(_MOST_CANDIDATES):
        found = request.find(needle, found + 1)  # a tag stands before it, so never at 0
        if found < 0:
            return False
        if _VERSION_FIELD.match(request, found - 1):
            return True
    return True


def _has_compressed_plan(request: bytes) -> bool:
    try:
        plans = [one.payload for one in fields(request) if one.number == _PLAN_IN_EXECUTE and one.payload is not None]
        return any(one.number == _COMPRESSED for plan in plans for one in fields(plan))
    except InvalidArgument:
        return False
