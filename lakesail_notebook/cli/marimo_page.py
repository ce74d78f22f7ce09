"""``jupyter lakesail marimo``: a marimo notebook on a session, from its creation until the command is stopped."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from .. import models
from ..api_location import SOCKET_SUFFIX, URL_VARIABLE
from ..client.client import Client
from ..client.personal import PERSONAL
from ..clock import SystemClock
from ..cures import with_cure
from ..errors import FailedPrecondition, InvalidArgument, LakesailError, Unavailable
from ..rendering.shown import Shown
from ..rendering.text_tables import printable
from ..spark.sessions.connect import default_client
from ..spark.sessions.installation import engine_python
from ..spark.sessions.surroundings import environment_for
from ..spark.sessions.waiting import Stopwatch, sentence_of
from .browser import Redirect, open_browser
from .finding import find_client, runtime_directory
from .foreground import Foreground

Answer = TypeVar("Answer")

_FEATURE = "marimo_sessions"
_LOOKS_FOR_ONE = 3
_LOOK_EVERY_SECONDS = 0.5
_WATCH_EVERY_SECONDS = 2.0
_LOOKS_WITHOUT_ANSWER = 10
_AGAIN = "run the command again to start a new one"
_CONVERTIBLE = (".ipynb", ".md")
_CONVERT = (
    "{notebook} is no marimo notebook: those are .py files. Run: marimo convert {quoted} -o {converted} "
    "(docs/marimo.md says which lines to replace then)."
)


def open_page(arguments: Namespace, *, address_seconds: int = 30) -> Iterator[Shown]:
    """Create the session, open its page, and wait until the command is stopped or the session is over.

    :param address_seconds: so long after the session is ready, the control plane must tell where its page is.
    :raises LakesailError: when there is no page to open, or the session ends by itself.
    """
    notebook = checked_notebook(arguments.notebook, arguments.mode)
    with _client(arguments.url) as client:
        wanted = session_wanted(client.me(), notebook, arguments)
        sequence = client.event_page().sequence
        with Foreground() as foreground, _page(client, foreground, wanted, sequence) as page:
            yield from page.until_it_serves(address_seconds)
            yield from page.open(notebook, browser=not arguments.no_browser)
            yield from page.until_the_end()
        yield Shown(sentence_of(page.session) if page.is_over else f"Session {page.session.id} is closed.")


def checked_notebook(path: Path, mode: str) -> Path:
    """The absolute path of the notebook.

    :raises InvalidArgument: when marimo could not open it; the message says what to do.
    """
    absolute = Path(os.path.abspath(path))
    if absolute.is_dir():
        raise InvalidArgument(f"{path} is a directory; name a .py file.")
    if absolute.suffix in _CONVERTIBLE and absolute.exists():
        quoted, converted = (shlex.quote(str(each)) for each in (path, path.with_suffix(".py")))
        raise InvalidArgument(_CONVERT.format(notebook=path, quoted=quoted, converted=converted))
    if absolute.suffix != ".py":
        raise InvalidArgument(f"{path} is no marimo notebook: those are .py files.")
    if not absolute.parent.is_dir():
        raise InvalidArgument(f"There is no directory {path.parent}; make it first, or name another file.")
    if mode == "run" and not absolute.exists():
        raise InvalidArgument(
            f"There is no file {path}; 'jupyter lakesail marimo edit {shlex.quote(str(path))}' begins one."
        )
    return absolute


def session_wanted(me: models.Me, notebook: Path, arguments: Namespace) -> models.SessionCreate:
    """The request for the session.

    :raises FailedPrecondition: when the control plane has no marimo sessions.
    """
    if _FEATURE not in me.features:
        raise FailedPrecondition(
            "This control plane has no marimo sessions: its lakesail-notebook is older than this one. Update it where "
            "the server runs.",
            reason="feature_missing",
        )
    metadata = {
        models.MARIMO_FILE_KEY: str(notebook),
        models.MARIMO_MODE_KEY: arguments.mode,
        models.DIRECTORY_KEY: str(notebook.parent),
    }
    if importlib.util.find_spec("marimo") is not None and engine_python() is not None:
        metadata[models.PYTHON_KEY] = sys.executable
    return models.SessionCreate(
        endpoint_type="marimo",
        name=arguments.name,
        metadata=metadata,
        workload_config_id=arguments.config,
        environment=environment_for(me),
    )


@contextlib.contextmanager
def _client(url: str | None) -> Iterator[Client]:
    """The client of the control plane that is meant. If none runs, one is started for this user."""
    with _living_client(url) as client:
        if urlsplit(client.url).scheme.endswith(SOCKET_SUFFIX):
            raise FailedPrecondition(
                "The Jupyter server listens on a UNIX socket, which no browser can open. Start one that listens on a "
                "port of this machine, or name another one with --url."
            )
        yield client


def _living_client(url: str | None) -> Client:
    """One whose control plane does not end with other processes that use it."""
    is_named = url is not None or bool(os.environ.get(URL_VARIABLE))
    for _ in range(_LOOKS_FOR_ONE):
        try:
            client = find_client(url, os.environ)
        except FailedPrecondition as error:
            if error.reason != "no_control_plane":
                raise
            return default_client()
        if PERSONAL.join_at(client.url) or is_named or _answers(client):
            return client
        client.close()  # it was just ending
    return find_client(url, os.environ)


def _answers(client: Client) -> bool:
    try:
        client.check_health()
    except LakesailError as error:
        return not isinstance(error, Unavailable)
    return True


@contextlib.contextmanager
def _page(client: Client, foreground: Foreground, wanted: models.SessionCreate, sequence: int) -> Iterator[_Page]:
    """Create the session, and close it at the end. If that fails after another error, the other error is told."""
    page = _Page(client, foreground, client.create_session(wanted), sequence)
    try:
        yield page
    except BaseException:
        with contextlib.suppress(LakesailError):
            page.leave()
        raise
    page.leave()


class _Page:
    """The page of one session.

    :param sequence: of the last event before the session was made.
    """

    def __init__(self, client: Client, foreground: Foreground, session: models.Session, sequence: int) -> None:
        self.session = session
        self._client = client
        self._foreground = foreground
        self._sequence = sequence
        self._redirect: Redirect | None = None
        self._said = ""
        self._unanswered = 0

    @property
    def is_over(self) -> bool:
        return self.session.status not in models.LIVE_STATUSES

    @property
    def _link(self) -> str | None:
        """Logs a browser in, once. It is a secret."""
        info = self.session.connection_info
        return None if info is None else info.proxy_auth_url

    def until_it_serves(self, address_seconds: int) -> Iterator[Shown]:
        """Say what the start does.

        :raises FailedPrecondition: when the session ends, or its page has no address.
        """
        since_ready: Stopwatch | None = None
        while self._link is None and not self._foreground.stopped:
            self._raise_if_over()
            if self.session.status != "pending":
                since_ready = since_ready or Stopwatch(SystemClock(), address_seconds)
                if since_ready.over:
                    raise self._without_address()
            if self._said != (said := self.session.status_message or ""):
                self._said = said
                yield Shown("", aside=printable(f"Starting session {self.session.id}: {said}"))
            self._foreground.wait(_LOOK_EVERY_SECONDS)
            self._look()

    def open(self, notebook: Path, *, browser: bool) -> Iterator[Shown]:
        """Say where the page is, and open it."""
        link = self._link
        if link is None or self._foreground.stopped:
            return
        address = page_address(link)
        yield Shown(printable(f"{notebook.name} is at {address}"))
        if browser and not self._open_browser(link):
            yield Shown("", aside="No browser could be opened on this machine.")
        if self._foreground.has_keyboard:
            yield Shown("", aside="Enter prints a link that logs a browser in. Ctrl+C closes the session.")
        else:
            yield Shown("", aside=f"{address}_open logs a browser in by Jupyter's login. Ctrl+C closes the session.")

    def until_the_end(self) -> Iterator[Shown]:
        """Pass on what is warned of, until the command is stopped or the owner closes the session.

        :raises FailedPrecondition: when the session ends otherwise.
        :raises Unavailable: when the control plane no longer answers.
        """
        while not self._foreground.stopped and not self.is_over:
            called = self._foreground.wait(_WATCH_EVERY_SECONDS)
            if self._redirect is not None and self._redirect.is_old:
                self._remove_redirect()
            if called == "enter":
                self._look()
                yield Shown(self._link or "", aside="This link works once, within 30 seconds:")
            events = self._events()
            yield from (Shown("", aside=printable(e.message)) for e in events if e.kind == "warning" and e.message)
            if events:
                self._look()
            if self.session.termination_reason != "user_closed":
                self._raise_if_over()

    def leave(self) -> None:
        """Close the session, if it is not over."""
        self._remove_redirect()
        if not self.is_over:
            self._client.close_session(self.session.id)

    def _open_browser(self, link: str) -> bool:
        try:
            self._redirect = Redirect(runtime_directory(), link)
        except OSError:  # a full disk, or a directory of somebody else
            return False
        return open_browser(self._redirect.url)

    def _remove_redirect(self) -> None:
        if self._redirect is not None:
            self._redirect.remove()
            self._redirect = None

    def _look(self) -> None:
        self.session = self._answer(lambda: self._client.session(self.session.id)) or self.session

    def _events(self) -> tuple[models.Event, ...]:
        """What happened to the session since the last look."""
        page = self._answer(lambda: self._client.event_page(self._sequence))
        if page is None:
            return ()
        self._sequence = page.sequence
        return tuple(event for event in page.events if event.session_id == self.session.id)

    def _answer(self, ask: Callable[[], Answer]) -> Answer | None:
        """``None``: the control plane does not answer now. It may be away for a while, as on a laptop that slept."""
        try:
            answer = ask()
        except Unavailable as error:
            self._unanswered += 1
            if self._unanswered < _LOOKS_WITHOUT_ANSWER:
                return None
            raise Unavailable(
                f"{error.message} Session {self.session.id} may be over; "
                f"'jupyter lakesail sessions show {self.session.id}' tells it once the control plane runs again."
            ) from error
        self._unanswered = 0
        return answer

    def _raise_if_over(self) -> None:
        if self.is_over:
            raise FailedPrecondition(
                with_cure(sentence_of(self.session), _AGAIN), reason=self.session.termination_reason
            )

    def _without_address(self) -> FailedPrecondition:
        return FailedPrecondition(
            f"Session {self.session.id} is {self.session.status}, but the control plane at {self._client.url} does not "
            "tell where its page is (connectionInfo.proxyAuthUrl): only a session's owner is told, and only by a "
            "server that can serve pages. Ask its administrator."
        )


def page_address(link: str) -> str:
    """Of the page that a link logs in to: the link without its secret."""
    parts = urlsplit(link)
    return urlunsplit((parts.scheme, parts.netloc, f"{parts.path.rpartition('/')[0]}/", "", ""))
