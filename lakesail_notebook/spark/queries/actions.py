"""The actions of the user: which RPCs belong to one, and the line of the user's code that asked for it.

One evaluation of one expression is one action: ``spark.sql("...").show()`` sends several plans and is one; each turn of
a loop is one more. Code of libraries and of Python itself is not the user's.

It costs some microseconds an RPC: frames are walked, and what is learned of a place in the code is remembered.
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import CodeType, FrameType
from typing import Any, NamedTuple

import grpc

from ...feed import ACTION_KEY, LINE_KEY
from ..user_code.source_lines import Expression, expression_at, in_one_line
from ..user_code.users_line import is_of_a_library

_METHODS = ("/ExecutePlan", "/ReattachExecute", "/AnalyzePlan")
_REMEMBERED = 1000
_MAX_OUTSIDE = 20
"""Frames beyond the user's that tell two evaluations apart."""

Send = Any


@dataclass(frozen=True, slots=True)
class Action:
    id: str
    line: str
    """What the user wrote, in one line; empty when no code of the user asked for it."""


class _Place(NamedTuple):
    """Where a frame is."""

    code_id: int
    """Equal codes of two cells are not the same."""
    instruction: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """The last action of a thread, and from where it was asked for."""

    action: Action
    expression: Expression
    code: CodeType
    """That of the user's frame."""
    outside: tuple[_Place, ...]
    """The places of the frames that led to it."""
    inside: tuple[int, ...]
    """The instructions from the user's frame to the one that sent the RPC."""


class Actions:
    """Those of this process. Threads may share it."""

    def __init__(self) -> None:
        self._thread = threading.local()
        self._of_operations: dict[str, Action] = {}  # without a lock, which a forked child might find locked

    @contextmanager
    def one(self, words: str, goes_on: Action | None = None) -> Iterator[Action]:
        """All that this thread sends meanwhile is one action of the user, in these words.

        :param goes_on: one that was begun before, and of which this is a part.
        """
        before = getattr(self._thread, "stated", None)
        stated = self._thread.stated = goes_on or Action(uuid.uuid4().hex, in_one_line(words))
        try:
            yield stated
        finally:
            self._thread.stated = before

    def now(self) -> Action | None:
        """The action that the caller acts for; ``None`` when it is no user's."""
        stated: Action | None = getattr(self._thread, "stated", None)
        if stated is not None:
            return stated
        asked = _asked_from(sys._getframe(1))
        if asked is None:
            return None
        asked = _carried_on(getattr(self._thread, "asked", None), asked)
        self._thread.asked = asked
        return asked.action

    def of_operation(self, operation_id: str) -> Action | None:
        return self._of_operations.get(operation_id)

    def begins(self, operation_id: str) -> Action | None:
        """The action that an operation is begun for; it is remembered, and stays when the operation is sent again."""
        action = self.of_operation(operation_id) or self.now()
        if action is not None:
            self._of_operations[operation_id] = action
            if len(self._of_operations) > _REMEMBERED:
                with suppress(KeyError, RuntimeError, StopIteration):  # another thread forgets one as well
                    del self._of_operations[next(iter(self._of_operations))]
        return action


ACTIONS = Actions()


class NamingActions(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Says with each plan that is sent which action it belongs to. The session proxy keeps that from the engine."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        return send(self._named(details, request), request)

    def intercept_unary_stream(self, send: Send, details: Any, request: Any) -> Any:
        return send(self._named(details, request), request)

    def _named(self, details: Any, request: Any) -> Any:
        if not details.method.endswith(_METHODS):
            return details
        operation_id = getattr(request, "operation_id", "")
        action = self._actions.begins(operation_id) if operation_id else self._actions.now()
        if action is None:
            return details
        metadata = [*(details.metadata or ()), (ACTION_KEY, action.id)]
        if action.line:
            metadata.append((LINE_KEY, action.line.encode(errors="replace")))
        return _Details(details.method, details.timeout, metadata, details.credentials, details.wait_for_ready)


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any = None


def _asked_from(frame: FrameType) -> _Asked | None:
    inside: list[int] = []
    here: FrameType | None = frame
    while here is not None and is_of_a_library(here.f_code.co_filename):
        inside.append(here.f_lasti)
        here = here.f_back
    if here is None:
        return None
    inside.append(here.f_lasti)
    expression = expression_at(here.f_code, here.f_lasti)
    line = expression.statement
    outside: list[_Place] = []
    caller = here.f_back
    while caller is not None and len(outside) < _MAX_OUTSIDE:
        outside.append(_Place(id(caller.f_code), caller.f_lasti))
        if not line and not is_of_a_library(caller.f_code.co_filename):  # %time runs code that has no source
            line = expression_at(caller.f_code, caller.f_lasti).statement
        caller = caller.f_back
    action = Action(uuid.uuid4().hex, line)
    return _Asked(action, expression, here.f_code, tuple(outside), tuple(reversed(inside)))


def _carried_on(before: _Asked | None, asked: _Asked) -> _Asked:
    """The same action as before, if the same evaluation of an expression goes on: execution has moved forward in it."""
    if before is None or before.code is not asked.code or before.outside != asked.outside:
        return asked
    if before.inside >= asked.inside:
        return asked
    if not (asked.expression.around(before.expression) or before.expression.around(asked.expression)):
        return asked
    wider = max(before.action.line, asked.action.line, key=len)
    return replace(asked, action=Action(before.action.id, wider))
