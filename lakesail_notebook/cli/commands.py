"""Each command: what it asks the API, and what it shows of the answer."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from .. import models
from ..client.client import Client
from ..clock import SystemClock
from ..errors import FailedPrecondition, InvalidArgument
from ..rendering.listing import merged
from ..rendering.queries import queries_shown
from ..rendering.sessions import session_shown, sessions_shown
from ..rendering.shown import Shown, configs_shown, event_shown, finding_shown, service_accounts_shown, value_shown
from ..rendering.text_tables import facts, moment, moment_ahead, printable
from ..spark.doctor import examination, first_broken

Request = TypeVar("Request", bound=msgspec.Struct)


def list_sessions(client: Client, arguments: Namespace) -> Iterator[Shown]:
    statuses = (None,) if arguments.all else (arguments.status,) if arguments.status else models.LIVE_STATUSES
    page = merged(page for status in statuses for page in client.session_pages(team_id=arguments.team, status=status))
    what = "session" if arguments.all else f"{arguments.status or 'live'} session"
    yield sessions_shown(page, SystemClock().now(), nothing=f"There is no {what}.")


def show_session(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield session_shown(client.session(arguments.session_id), SystemClock().now())


def create_session(client: Client, arguments: Namespace) -> Iterator[Shown]:
    limits = models.SessionConfig(idle_timeout_seconds=arguments.idle, max_duration_seconds=arguments.max)
    wanted = models.SessionCreate(
        name=arguments.name,
        team_id=arguments.team,
        config=limits,
        workload_config_id=arguments.config,
        allow_shared=arguments.shared,
    )
    yield session_shown(client.create_session(wanted), SystemClock().now())


def issue_token(client: Client, arguments: Namespace) -> Iterator[Shown]:
    if arguments.revoke:
        client.revoke_tokens(arguments.session_id)
        yield Shown(f"The tokens of session {arguments.session_id} are revoked.", b"{}")
        return
    token = client.issue_token(arguments.session_id, arguments.duration)
    info = client.session(arguments.session_id).connection_info
    endpoint = None if info is None else info.grpc_endpoint
    aside = facts([("endpoint", endpoint), ("expires", moment(token.expires_at))])
    yield Shown(token.token, models.encode(token), aside)


def close_sessions(client: Client, arguments: Namespace) -> Iterator[Shown]:
    for session_id in arguments.session_ids:
        client.close_session(session_id, arguments.reason)
        yield Shown(f"Session {printable(session_id)} is closed.")


def relaunch_session(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield session_shown(client.relaunch_session(arguments.session_id), SystemClock().now())


def extend_session(client: Client, arguments: Namespace) -> Iterator[Shown]:
    session = client.extend_session(arguments.session_id, arguments.duration)
    closes = moment_ahead(session.timeout_at, SystemClock().now())
    text = f"Session {session.id} closes {closes} if unused." if closes else f"Session {session.id} stays open."
    yield Shown(text, models.encode(session))


def show_logs(client: Client, arguments: Namespace) -> Iterator[Shown]:
    lines = client.session_logs(arguments.session_id, arguments.lines)
    text = "\n".join(printable(line) for line in lines)
    yield Shown(text, models.encode(models.SessionLogs(lines=lines)), "" if lines else "It has written nothing.")


def interrupt_queries(client: Client, arguments: Namespace) -> Iterator[Shown]:
    ended = client.interrupt(arguments.session_id, arguments.query)
    text = f"Told to stop: {', '.join(map(printable, ended))}" if ended else "No query was running."
    yield Shown(text, models.encode(models.InterruptedQueries(interrupted=ended)))


def list_queries(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield queries_shown(client.queries(arguments.session_id or _only_live_session(client), arguments.limit))


def list_configs(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield configs_shown(client.compute_configs(team_id=arguments.team))


def show_config(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield value_shown(client.compute_config(arguments.config))


def create_config(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield value_shown(client.create_compute_config(_request_in(arguments.file, models.WorkloadConfigCreate)))


def change_config(client: Client, arguments: Namespace) -> Iterator[Shown]:
    change = _request_in(arguments.file, models.WorkloadConfigChange)
    yield value_shown(client.change_compute_config(arguments.config, change))


def delete_config(client: Client, arguments: Namespace) -> Iterator[Shown]:
    client.delete_compute_config(arguments.config)
    yield Shown(f"Compute config {printable(arguments.config)} is deleted.")


def list_service_accounts(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield service_accounts_shown(client.service_accounts(team_id=arguments.team))


def create_service_account(client: Client, arguments: Namespace) -> Iterator[Shown]:
    wanted = models.ServiceAccountCreate(
        username=arguments.username, description=arguments.description, team_id=arguments.team
    )
    made = client.create_service_account(wanted)
    aside = facts([("service account", made.id), ("key", "below; it is shown this once")])
    yield Shown(made.key, models.encode(made), aside)


def delete_service_account(client: Client, arguments: Namespace) -> Iterator[Shown]:
    client.delete_service_account(arguments.service_account_id)
    yield Shown(f"Service account {printable(arguments.service_account_id)} is deleted.")


def follow_events(client: Client, arguments: Namespace) -> Iterator[Shown]:
    for event in client.events(arguments.after, kinds=get_args(models.EventKind)):
        yield event_shown(event)


def show_me(client: Client, arguments: Namespace) -> Iterator[Shown]:
    yield value_shown(client.me())


COMMANDS: Mapping[str, Callable[[Client, Namespace], Iterator[Shown]]] = {
    "sessions": list_sessions,
    "sessions show": show_session,
    "sessions create": create_session,
    "token": issue_token,
    "close": close_sessions,
    "relaunch": relaunch_session,
    "extend": extend_session,
    "interrupt": interrupt_queries,
    "queries": list_queries,
    "logs": show_logs,
    "configs": list_configs,
    "configs show": show_config,
    "configs create": create_config,
    "configs change": change_config,
    "configs delete": delete_config,
    "service-accounts": list_service_accounts,
    "service-accounts create": create_service_account,
    "service-accounts delete": delete_service_account,
    "events": follow_events,
    "me": show_me,
}


def examine(find: Callable[[], Client], *, as_json: bool) -> Iterator[Shown]:
    """The doctor's findings, each as soon as it is there; as JSON all at once.

    :raises FailedPrecondition: at the end, when something is broken.
    """
    findings = []
    for finding in examination(find):
        findings.append(finding)
        if not as_json:
            yield finding_shown(finding)
    if as_json:
        yield Shown("", msgspec.json.encode({"findings": findings}))
    broken = first_broken(findings)
    if broken is not None:
        raise FailedPrecondition(f"the first thing that is broken: {broken.name}")


def _only_live_session(client: Client) -> str:
    """:raises InvalidArgument: when the caller has no live session, or several."""
    me = client.me()
    owner = me.member_id or me.service_account_id
    live = (session for status in models.LIVE_STATUSES for session in client.sessions(status=status))
    mine = tuple(dict.fromkeys(one.id for one in live if (one.member_id or one.service_account_id) == owner))
    if len(mine) == 1:
        return mine[0]
    which = f"you have {len(mine)} live ones: {', '.join(mine)}" if mine else "you have no live one"
    raise InvalidArgument(f"Name a session; {which}. 'jupyter lakesail sessions --all' lists them.")


def _request_in(file: Path | None, kind: type[Request]) -> Request:
    """The API's JSON in a file, or on standard input.

    :raises InvalidArgument: when it cannot be read, or says something else.
    """
    try:
        raw = sys.stdin.buffer.read() if file is None else file.read_bytes()
    except OSError as error:
        raise InvalidArgument(f"{file} cannot be read: {error.strerror}.") from error
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as error:
        raise InvalidArgument(f"{file or 'Standard input'} is not what the API takes: {error}.") from error
