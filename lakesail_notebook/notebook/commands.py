"""What each command of ``%sail`` does, but for connecting: it asks the control plane and shows the answer."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Mapping

from ..client import Client
from ..clock import SystemClock, in_words
from ..doctor import examination, first_broken
from ..errors import FailedPrecondition
from ..spark.choice import LIVE, Candidate
from ..spark.connect import default_client, new_client
from ..spark.open_sessions import OPEN_SESSIONS
from ..spark.sessions_here import sessions_here, this_place
from ..texts.listing import merged
from ..texts.shown import configs_shown, finding_shown, queries_shown, sessions_shown
from ..texts.tables import moment, moment_ahead, printable
from .display import session_text


def overview() -> None:
    """This notebook's session or, when there is none that lives, what there is to choose from."""
    client = default_client()
    here = _session_here(client)
    if here is not None:
        print(session_text(here, SystemClock().now()))
    if here is None or not here.live:
        print(_to_choose_from(client))


def status(arguments: Namespace) -> None:
    client = default_client()
    if arguments.session_id is not None:
        print(session_text(Candidate(client.session(arguments.session_id)), SystemClock().now()))
        return
    here = _session_here(client)
    print(
        "This notebook has no session; %sail connect starts one."
        if here is None
        else session_text(here, SystemClock().now())
    )


def sessions(arguments: Namespace) -> None:
    client = default_client()
    statuses = (None,) if arguments.all else ("pending", "active", "idle")  # in the order of a session's life
    page = merged(page for status in statuses for page in client.session_pages(status=status))
    nothing = "You have no session." if arguments.all else "You have no live session; %sail connect starts one."
    print(sessions_shown(page, SystemClock().now(), nothing=nothing).text)


def configs(arguments: Namespace) -> None:
    print(configs_shown(default_client().compute_configs()).text)


def close(arguments: Namespace) -> None:
    client = default_client()
    session_id = arguments.session_id or _live_session_id(client)
    if session_id is None:
        print("This notebook has no live session.")
        return
    client.close_session(session_id)
    OPEN_SESSIONS.drop(session_id)
    print(f"Session {session_id} is closed.")


def extend(arguments: Namespace) -> None:
    client = default_client()
    session = client.extend_session(_required(_live_session_id(client)), arguments.duration)
    closes = moment_ahead(session.timeout_at, SystemClock().now())
    print(f"Session {session.id} closes {closes} if unused." if closes else f"Session {session.id} stays open.")


def interrupt(arguments: Namespace) -> None:
    """Stop what other threads, or cells that were given up, left running."""
    from pyspark.sql.connect.session import SparkSession

    from ..spark.interrupting import DEADLINE_SECONDS, INTERRUPTIONS

    spark = SparkSession.getActiveSession()
    if spark is None:
        raise FailedPrecondition("This notebook is not connected; %sail connect does it.")
    began = time.monotonic()
    stopped = spark.interruptAll()
    if any(one.answer == "none" for one in INTERRUPTIONS.since(began)):
        raise FailedPrecondition(
            f"The engine did not answer within {in_words(DEADLINE_SECONDS)}: it ends queries when the Python "
            "functions that they run return. %sail close, then %sail relaunch, end them for sure."
        )
    count = "1 query was" if len(stopped) == 1 else f"{len(stopped)} queries were"
    print(f"{count} told to stop." if stopped else "No query was running.")


def queries(arguments: Namespace) -> None:
    client = default_client()
    found = client.queries(arguments.session_id or _required(_any_session_id(client)), min(arguments.limit, 100))
    print(queries_shown(found).text)


def logs(arguments: Namespace) -> None:
    client = default_client()
    lines = client.session_logs(arguments.session_id or _required(_any_session_id(client)), arguments.lines)
    print("\n".join(map(printable, lines)) or "The engine has written nothing.")


def token(arguments: Namespace) -> None:
    """It was asked for, so it is printed: it is in this notebook's output until that is cleared."""
    client = default_client()
    session_id = arguments.session_id or _required(_live_session_id(client))
    made = client.issue_token(session_id, arguments.duration)
    info = client.session(session_id).connection_info
    endpoint = None if info is None else info.grpc_endpoint
    print(f"endpoint  {endpoint}\ntoken     {made.token}\nexpires   {moment(made.expires_at)}")
    print(f'Elsewhere: SparkSession.builder.remote("sc://{endpoint}/;token=...").getOrCreate()')
    print("Whoever has the token is you on this session; clear this output before you share the notebook.")


def doctor(arguments: Namespace) -> None:
    findings = []
    for finding in examination(new_client):
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
    return _required(None if here.ended is None else here.ended.session.id)


def _session_here(client: Client) -> Candidate | None:
    """This notebook's live session, or the one that ended last."""
    here = sessions_here(client, this_place(client))
    return here.live[0] if here.live else here.ended


def _live_session_id(client: Client) -> str | None:
    here = _session_here(client)
    return here.session.id if here is not None and here.live else None


def _any_session_id(client: Client) -> str | None:
    here = _session_here(client)
    return None if here is None else here.session.id


def _required(session_id: str | None) -> str:
    if session_id is None:
        raise FailedPrecondition(
            "This notebook has no such session. Name one (%sail sessions --all lists them), or run %sail connect."
        )
    return session_id


def _to_choose_from(client: Client) -> str:
    live = [one for status in LIVE for one in client.sessions(status=status)]
    lines = [f"  %sail connect --attach {one.id}   {one.name or one.status}" for one in live]
    named = [config for config in client.compute_configs() if config.name]
    lines += [f"  %sail connect {printable(config.name or '')}" for config in named]
    return "\n".join(["To connect:", "  %sail connect", *lines])
