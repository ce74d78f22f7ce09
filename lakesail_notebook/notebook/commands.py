"""What each command of ``%sail`` does, but for connecting: it asks the control plane and shows the answer."""

from __future__ import annotations

import contextlib
import shlex
from argparse import Namespace
from collections.abc import Callable, Mapping

from IPython.core.error import UsageError

from ..client.client import Client
from ..clock import SystemClock
from ..errors import FailedPrecondition
from ..models import LIVE_STATUSES, Session
from ..rendering.catalog import catalog_text
from ..rendering.listing import merged
from ..rendering.queries import queries_shown
from ..rendering.sessions import session_text, sessions_shown
from ..rendering.shown import configs_shown, finding_shown
from ..rendering.text_tables import moment, moment_ahead, printable
from ..spark.catalog.tree import tree_of, whole_tree
from ..spark.doctor import examination, first_broken
from ..spark.interrupts.interrupts import interrupt_all, old_query_note
from ..spark.sessions.active_catalog import active_catalog
from ..spark.sessions.choice import EXAMINATION_KEY, Candidate, is_own
from ..spark.sessions.connect import default_client, new_client
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from ..spark.sessions.sessions_here import is_borrowed, sessions_here, this_place, with_config
from ..spark.sessions.surroundings import changes_since
from ..spark.sql.names import parts_of
from .arguments import nearest

_CATALOG_SECONDS = 30.0
"""So long the whole of %sail catalog may take; remote catalogs can be slow."""


def overview_text() -> str:
    """This notebook's session or, when there is none that lives, what there is to choose from."""
    client = default_client()
    here = _session_here(client)
    said = [] if here is None else [session_text(here, SystemClock().now())]
    if here is None or not here.live:
        said.append(_to_choose_from(client))
    return "\n".join(said)


def status(arguments: Namespace) -> None:
    client = default_client()
    if arguments.session_id is not None:
        print(session_text(with_config(client, client.session(arguments.session_id)), SystemClock().now()))
        return
    here = _session_here(client)
    if here is None:
        print("This notebook has no session; %sail connect starts one.")
        return
    print(session_text(here, SystemClock().now()))
    if not here.live:
        return
    for sentence in changes_since(client, this_place(client), here.session):
        print(sentence)
    note = old_query_note(default_client, here.session.id)
    if note is not None:
        print(note)


def sessions(arguments: Namespace) -> None:
    client = default_client()
    statuses = (None,) if arguments.all else LIVE_STATUSES
    page = merged(page for status in statuses for page in client.session_pages(status=status))
    nothing = "You have no session." if arguments.all else "You have no live session; %sail connect starts one."
    print(sessions_shown(page, SystemClock().now(), nothing=nothing).text)


def configs(arguments: Namespace) -> None:
    print(configs_shown(default_client().compute_configs()).text)


def close(arguments: Namespace) -> None:
    client = default_client()
    session = None if arguments.session_id else _live_session(client)
    session_id: str | None = arguments.session_id or (None if session is None else session.id)
    if session_id is None:
        print("This notebook has no live session.")
        return
    if session is not None and is_borrowed(session, this_place(client)):
        OPEN_SESSIONS.release(session_id)
        print(
            f"This process has left session {session_id}, which stays open for the notebook that started the process."
        )
        print(f"%sail close {session_id} closes it for the notebook, too.")
        return
    client.close_session(session_id)
    OPEN_SESSIONS.drop(session_id)
    print(f"Session {session_id} is closed.")


def extend(arguments: Namespace) -> None:
    client = default_client()
    session_id = arguments.session_id or _required(_live_session_id(client), "live session")
    session = client.extend_session(session_id, arguments.duration)
    closes = moment_ahead(session.timeout_at, SystemClock().now())
    print(f"Session {session.id} closes {closes} if unused." if closes else f"Session {session.id} stays open.")


def interrupt(arguments: Namespace) -> None:
    print(interrupt_all(default_client))


def queries(arguments: Namespace) -> None:
    client = default_client()
    found = client.queries(arguments.session_id or _required(_any_session_id(client)), arguments.limit)
    print(queries_shown(found).text)


def catalog(arguments: Namespace) -> None:
    known = active_catalog()
    if known is None:
        raise FailedPrecondition("This notebook is not connected to a session; run %sail connect first.")
    reader = known.all_of_it(_CATALOG_SECONDS)
    name = " ".join(arguments.name)
    parts = parts_of(name)
    if name and parts is None:
        raise UsageError(f"%sail catalog: {name!r} is no name; write it like sales.orders or sales.`my orders`")
    print(catalog_text(whole_tree(reader) if parts is None else tree_of(reader, parts)))


def logs(arguments: Namespace) -> None:
    client = default_client()
    lines = client.session_logs(arguments.session_id or _required(_any_session_id(client)), arguments.lines)
    print("\n".join(map(printable, lines)) or "The engine has written nothing.")


def token(arguments: Namespace) -> None:
    """It was asked for, so it is printed: it is in this notebook's output until that is cleared."""
    client = default_client()
    session = client.session(arguments.session_id or _required(_live_session_id(client), "live session"))
    if arguments.revoke:
        client.revoke_tokens(session.id)
        print(f"All tokens of session {session.id} are revoked. Notebooks on it fetch a new one by themselves.")
        return
    endpoint = None if session.connection_info is None else session.connection_info.grpc_endpoint
    if endpoint is None:
        raise FailedPrecondition(
            f"Session {session.id} is {session.status} and has no endpoint to use; %sail status says why."
        )
    made = client.issue_token(session.id, arguments.duration)
    print(f"endpoint  {endpoint}\ntoken     {made.token}\nexpires   {moment(made.expires_at)}")
    print(f'Elsewhere: SparkSession.builder.remote("sc://{endpoint}/;token=...").getOrCreate()')
    print("Whoever has the token is you on this session; clear this output before you share the notebook.")


def doctor(arguments: Namespace) -> None:
    findings = []
    with contextlib.closing(examination(new_client)) as walk:  # an interrupt's traceback would keep its session
        for finding in walk:
            findings.append(finding)
            print(finding_shown(finding).text)
    broken = first_broken(findings)
    if broken is not None:
        raise FailedPrecondition(f"The first thing that is broken is the {broken.name}: {broken.text}")


COMMANDS: Mapping[str, Callable[[Namespace], None]] = {
    "status": status,
    "sessions": sessions,
    "configs": configs,
    "close": close,
    "extend": extend,
    "interrupt": interrupt,
    "queries": queries,
    "catalog": catalog,
    "logs": logs,
    "token": token,
    "doctor": doctor,
}


def ended_session_id(client: Client) -> str:
    """The session of this notebook that ended last.

    :raises FailedPrecondition: when it has one that lives, or none at all.
    """
    here = sessions_here(client, this_place(client))
    if here.live:
        raise FailedPrecondition(
            f"Session {here.live[0].session.id} of this notebook is {here.live[0].session.status}; "
            "%sail close ends it, and %sail relaunch then begins another like it."
        )
    return _required(None if here.ended is None else here.ended.session.id, "session that is over")


def _session_here(client: Client) -> Candidate | None:
    """This notebook's live session, or the one that ended last."""
    here = sessions_here(client, this_place(client))
    return here.live[0] if here.live else here.ended


def _live_session(client: Client) -> Session | None:
    here = _session_here(client)
    return here.session if here is not None and here.live else None


def _live_session_id(client: Client) -> str | None:
    session = _live_session(client)
    return None if session is None else session.id


def _any_session_id(client: Client) -> str | None:
    here = _session_here(client)
    return None if here is None else here.session.id


def _required(session_id: str | None, what: str = "session") -> str:
    if session_id is None:
        raise FailedPrecondition(
            f"This notebook has no {what}. Name one (%sail sessions --all lists them), or run %sail connect."
        )
    return session_id


def _to_choose_from(client: Client) -> str:
    me = client.me()
    live = [one for status in LIVE_STATUSES for one in client.sessions(status=status)]
    usable = [
        one
        for one in live
        if is_own(one, me) and one.endpoint_type == "spark_connect" and EXAMINATION_KEY not in one.metadata
    ]
    lines = [f"  %sail connect --attach {one.id}   {printable(one.name or one.status)}" for one in usable]
    lines += [f"  %sail connect {shlex.quote(name)}" for name in _config_names(client)]
    return "\n".join(["To connect:", "  %sail connect", *lines])


def _config_names(client: Client) -> list[str]:
    return [config.name for config in client.compute_configs() if config.name]


def cured(message: str, arguments: Namespace) -> str:
    """What is said of a line that names something which is not there, with where to find the right name."""
    config = getattr(arguments, "config", None)
    if config is not None:
        near = nearest(config, _config_names(default_client()))
        return f"{message.rstrip('.')}{near or '.'} %sail configs lists them."
    if getattr(arguments, "session_id", None) or getattr(arguments, "attach", None):
        return f"{message} %sail sessions --all lists yours."
    return message
