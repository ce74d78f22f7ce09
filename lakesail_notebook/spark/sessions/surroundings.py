"""What of this process reaches the engine of its session: its environment and its working directory.

An engine reads both when it starts. What changes here afterwards does not reach it, and the user is told so.
"""

from __future__ import annotations

import os
import threading

from ...client.client import Client
from ...errors import FailedPrecondition, InvalidArgument, LakesailError
from ...models import DIRECTORY_KEY, Me, Session
from ...models.own_variables import MAX_ENVIRONMENT_BYTES, beyond_limit, own_variables
from .choice import Place
from .process_session import launched_on

_FEATURE = "environment"
_NEW = "%sail connect --new starts an engine with what is here now"
_NAMED = 10


def environment_for(me: Me) -> dict[str, str] | None:
    """The environment of this process for the engine of a new session; ``None`` where the control plane takes none.

    :raises InvalidArgument: when it is too large; the message names the largest variables.
    """
    if _FEATURE not in me.features:
        return None
    environment = _environment_here()
    if large := beyond_limit(environment):
        raise InvalidArgument(
            f"The environment of this process is too large for its engine: {', '.join(large)} must go until the rest "
            f"fits into {MAX_ENVIRONMENT_BYTES // 1024} KiB. Remove it (del os.environ[{large[0]!r}]), and connect "
            "again; a large value can be kept in a file."
        )
    return environment


def directory_here() -> str:
    """:raises FailedPrecondition: when the working directory was removed."""
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise FailedPrecondition(
            "The working directory of this process does not exist any more; change to another one (%cd ~), and "
            "connect again."
        ) from error


def changes_since(client: Client, place: Place, session: Session) -> tuple[str, ...]:
    """Sentences on what the engine of a live session has otherwise than this process; none where all is the same.

    The environment of a process that a kernel started differs as a rule: its pools and tools set variables.
    """
    if not place.me.single_user:
        return ()
    environment = None if place.role == "child" else _difference_of_environments(client, place.me, session)
    engines = session.metadata.get(DIRECTORY_KEY)
    directory = None if engines is None else _other_directory(session.id, engines)
    return tuple(filter(None, (directory, environment)))


class ToldChanges:
    """Leaves out what was said of a session before, so that a cell which is run again and again does not repeat it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, tuple[str, ...]] = {}

    def new(self, session_id: str, sentences: tuple[str, ...]) -> tuple[str, ...]:
        with self._lock:
            before, self._told[session_id] = self._told.get(session_id, ()), sentences
        return tuple(one for one in sentences if one not in before)


TOLD_CHANGES = ToldChanges()


class EngineDirectories:
    """The working directories of the engines that this process is connected to. Threads may share it: each step is one
    of the interpreter's."""

    def __init__(self) -> None:
        self._by_session: dict[str, str] = {}

    def note(self, session: Session) -> None:
        if directory := session.metadata.get(DIRECTORY_KEY):
            self._by_session[session.id] = directory

    def difference(self, session_id: str) -> str | None:
        """A sentence, when the engine of this session works in another directory than this process. It asks nobody."""
        directory = self._by_session.get(session_id)
        return None if directory is None else _other_directory(session_id, directory)


ENGINE_DIRECTORIES = EngineDirectories()


def _environment_here() -> dict[str, str]:
    """Without values that are no text in UTF-8, which no request can carry."""
    return {name: value for name, value in own_variables(os.environ).items() if _is_text(name) and _is_text(value)}


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _difference_of_environments(client: Client, me: Me, session: Session) -> str | None:
    """In a sentence; ``None``: there is none, or it cannot be known."""
    environment = _environment_here()
    if _FEATURE not in me.features or beyond_limit(environment):
        return None
    try:
        difference = client.compare_environment(session.id, environment)
    except LakesailError:  # it is a hint, and the session may be used without it
        return None
    if difference.known:
        return _other_environment(difference.changed)
    # A process that was launched on the session was given the same environment as the engine.
    return None if launched_on() == session.id else _servers_environment(session)


def _other_directory(session_id: str, engines: str) -> str | None:
    try:
        here = os.getcwd()
    except FileNotFoundError:
        return (
            f"The working directory of this process does not exist any more; the engine of session {session_id} works "
            f"in {engines} and looks for relative paths there."
        )
    if engines == here:
        return None
    return (
        f"This process works in {here}, and the engine of session {session_id} in {engines}: it looks for relative "
        f"paths there. Use absolute paths, or %cd back; {_NEW}."
    )


def _other_environment(names: tuple[str, ...]) -> str | None:
    if not names:
        return None
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    which = f"{', '.join(names[:_NAMED])}{more}"
    return f"The engine keeps the environment that it was started with, and here it has changed since: {which}. {_NEW}."


def _servers_environment(session: Session) -> str:
    """Of a session that was made or relaunched by somebody who knew no kernel's environment."""
    return f"The engine of session {session.id} has the environment of the server, and not that of this kernel. {_NEW}."
