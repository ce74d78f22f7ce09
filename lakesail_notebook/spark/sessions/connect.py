"""``connect()``: from a notebook, or any Python, to a PySpark session on a governed session."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
import warnings
from typing import TYPE_CHECKING

from ...api_location import CA_FILE_VARIABLE, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE
from ...client.client import Client
from ...client.personal import PERSONAL, PersonalApi
from ...errors import LakesailError
from ...version import __version__
from .choice import Wanted
from .connecting import Connection, open_connection
from .host import host_here, stack_level_of_the_user
from .waiting import Progress

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession


def connect(
    config: str | None = None,
    *,
    name: str | None = None,
    attach: str | None = None,
    new: bool = False,
    idle_timeout: str | int | None = None,
    max_duration: str | int | None = None,
    shared: bool = False,
    wait_seconds: str | int = 120,
    restore: bool = True,
) -> SparkSession:
    """A PySpark session on this notebook's live session, or on a new one when it has none.

    Calling it again gives the same object, as long as it can be used, in all threads of the process; after a restart of
    the kernel, the same Spark session with its temp views. A process that the kernel started, such as a script or a
    worker of a pool, gets a Spark session of its own on the notebook's session.

    :param config: id or name of the compute config to run on; without it, the control plane's default.
    :param name: what to call a new session.
    :param attach: id of the session to use instead.
    :param new: make a new session even if there is a live one.
    :param idle_timeout: of a new session: unused for so long, it counts as idle. Seconds, or a text such as ``"30m"``.
    :param max_duration: of a new session: it is closed after so long. Seconds, or a text such as ``"8h"``.
    :param shared: let a new session share its engine with others that say the same.
    :param wait_seconds: how long to wait for the session. Seconds, or a text such as ``"2m"``.
    :param restore: make the temp views, functions and settings of a session that is over again in the one that
        replaces it, and let its DataFrames run there.
    :raises InvalidArgument: for arguments that contradict each other, or that the control plane refuses.
    :raises FailedPrecondition: when there is no control plane, PySpark is missing, or the session ended.
    :raises DeadlineExceeded: when the session is not ready in time; it goes on starting.
    :raises Unavailable: when the control plane does not answer.
    """
    wanted = Wanted.checked(
        config=config,
        name=name,
        attach=attach,
        new=new,
        idle_timeout=idle_timeout,
        max_duration=max_duration,
        shared=shared,
        wait_seconds=wait_seconds,
        restore=restore,
    )
    host = host_here()
    with host.watching() as progress:
        connection = connect_in_host(wanted, progress)
    for note in connection.notes:
        warnings.warn(host.in_its_words(note), stacklevel=stack_level_of_the_user())
    return connection.spark


def connect_in_host(wanted: Wanted, progress: Progress) -> Connection:
    """Connect in a program that may end the sessions that it makes.

    :raises LakesailError: see :func:`connect`.
    """
    client, host = default_client(), host_here()
    connection = open_connection(wanted, client, progress)
    made_here = connection.how == "created" or wanted.replaces is not None  # a relaunch makes one and attaches to it
    if connection.private or (made_here and host.closes_its_sessions()):
        host.at_end(functools.partial(_close_quietly, client, connection.reached.session.id, os.getpid()))
    return connection


def default_client() -> Client:
    """The client of the control plane that the environment names now; the same one while that stays so.

    When it names none, the one for this user, which is started if need be.

    :raises FailedPrecondition: when it names one without a token, or there is none to be had.
    """
    with _CLIENTS.lock:
        if not os.environ.get(URL_VARIABLE):
            return _personal_client_of(PERSONAL.api(), os.getpid())
        names = (URL_VARIABLE, TOKEN_VARIABLE, TOKEN_FILE_VARIABLE, CA_FILE_VARIABLE)
        return _client_of(*(os.environ.get(name) for name in names))


class _Clients:
    """Lets one thread at a time look for the client, so that all get the same one."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """In a forked child: another thread of its parent may have held the lock."""
        self.lock = threading.Lock()


_CLIENTS = _Clients()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_CLIENTS.renew)


@functools.lru_cache(maxsize=4)
def _personal_client_of(api: PersonalApi, _process_id: int) -> Client:
    """One for each process: a forked child joins the control plane for itself, and says so."""
    how = "Started a control plane" if api.started else "Using the running control plane"
    print(f"{how} for this user; it ends with the last process that uses it.{_other_version(api)}", file=sys.stderr)
    return Client(api.url, api.token)


def _other_version(api: PersonalApi) -> str:
    """A sentence when the running control plane is of another version than this process."""
    if api.version == __version__:
        return ""
    return f" It is lakesail-notebook {api.version or 'before 0.1.0'}, and this process has {__version__}."


def client_in_use() -> Client | None:
    """:func:`default_client`, if that starts nothing."""
    return default_client() if os.environ.get(URL_VARIABLE) or PERSONAL.joined else None


def new_client() -> Client:
    """One of the caller's own, of the same control plane; to be closed."""
    if os.environ.get(URL_VARIABLE):
        return Client()
    api = PERSONAL.api()
    return Client(api.url, api.token)


def _close_quietly(client: Client, session_id: str, owner_process_id: int) -> None:
    """A session of a process that ends is of use to nobody; a forked child that ends is not its process."""
    if os.getpid() != owner_process_id:
        return
    with contextlib.suppress(LakesailError):
        client.close_session(session_id)


@functools.lru_cache(maxsize=4)
def _client_of(*_environment: str | None) -> Client:
    return Client()
