"""Whose code runs in a marimo process: each viewer of ``marimo run`` has a kernel, which is a thread of the process."""

from __future__ import annotations

import sys
import threading
import uuid
import weakref
from typing import Any, Literal

Mode = Literal["run", "edit", "script"]


class NotThisMarimo(Exception):
    """This version of marimo does not tell whose code runs."""


def context_here() -> Any | None:
    """marimo's context of the calling thread, without the apps that a notebook embeds; ``None`` outside of its code.

    Nothing of marimo is imported for the question.

    :raises NotThisMarimo: when marimo keeps its contexts in another way.
    """
    module = sys.modules.get("marimo._runtime.context.types")
    if module is None:
        return None
    try:
        context = module.safe_get_context()
        while context is not None and context.parent is not None:
            context = context.parent
    except AttributeError as error:
        raise NotThisMarimo(str(error)) from error
    return context


def mode_of(context: Any) -> Mode:
    """:raises NotThisMarimo: when it cannot be told."""
    if type(context).__name__ == "ScriptRuntimeContext":
        return "script"
    try:
        mode = context.session_mode.value
    except AttributeError as error:
        raise NotThisMarimo(str(error)) from error
    return "run" if mode == "run" else "edit"


class Viewers:
    """Implements :class:`...spark.sessions.owners.Owners`: a viewer is a kernel of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

    def current(self) -> str | None:
        context = context_here()
        return None if context is None else self.key_of(context._kernel)

    def key_of(self, kernel: Any) -> str:
        with self._lock:
            return self._keys.setdefault(kernel, str(uuid.uuid4()))
