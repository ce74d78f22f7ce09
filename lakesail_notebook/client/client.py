"""The workloads API over HTTP: one method an operation, its errors as exceptions of ours."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from ..errors import InvalidArgument
from ..models import (
    EngineUse,
    EnvironmentComparison,
    EnvironmentDifference,
    Event,
    EventKind,
    EventPage,
    InstanceType,
    InstanceTypes,
    InterruptedQueries,
    NewServiceAccount,
    Query,
    ServiceAccountCreate,
    ServiceAccountPage,
    Session,
    SessionClose,
    SessionCreate,
    SessionExtend,
    SessionInterrupt,
    SessionLogs,
    SessionPage,
    SessionQueries,
    SessionRelaunch,
    SessionToken,
    StartEstimate,
    StartEstimates,
    TeamServiceAccount,
    TokenCreate,
    WorkloadConfig,
    WorkloadConfigChange,
    WorkloadConfigCreate,
    WorkloadConfigPage,
)
from .address import ApiAddress, FixedToken, checked_url, find_api
from .asking import AskingClient
from .transport import ANSWER_SECONDS, Asked, Transport

_SESSIONS = "/workloads/sessions"
_CONFIGS = "/workloads/compute-configs"
_SERVICE_ACCOUNTS = "/service-accounts"
_HEALTH_SECONDS = 5.0
_EVENTS_WAIT_SECONDS = 30


class Client(AskingClient):
    """The operations of one control plane, as one caller. Threads may share it.

    Every method raises a :class:`LakesailError`: what the control plane said, or :class:`Unavailable` when it does not
    answer. Reads, closes, deletes and the creation of a session are tried three times, and take effect once; what else
    changes something is sent again only if it never left.

    :param url: the API's root; without it, what the environment says (:func:`find_api`).
    :param token: the API token that belongs to ``url``.
    :raises FailedPrecondition: when no control plane is known.
    :raises InvalidArgument: when ``url`` is no HTTP address, or comes without its token.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        given = None if token is None else FixedToken(token)
        del token  # a traceback may show this frame's names
        super().__init__(Transport(_address(url, given)))

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check_health(self) -> None:
        """Return if a control plane answers; it opens nothing for it, and asks for no login."""
        self._ask(Asked(verb="GET", path="/health", answer_seconds=_HEALTH_SECONDS))

    # Sessions

    def create_session(self, wanted: SessionCreate, idempotency_key: str | None = None) -> Session:
        """A new session, or the one that the same request under the same key has made before.

        :param idempotency_key: by default one of this call's own, so that a repeated try makes no second session.
        :raises FailedPrecondition: with reason ``idempotency_key_reused``: the key stands for another request.
        """
        key = idempotency_key or uuid.uuid4().hex
        return self._read(Asked(verb="POST", path=_SESSIONS, body=self._body(wanted), idempotency_key=key), Session)

    def session(self, session_id: str) -> Session:
        """:raises NotFound: when there is none, or none that this caller may see."""
        return self._read(Asked(verb="GET", path=_session_path(session_id)), Session)

    def session_pages(
        self, *, team_id: str | None = None, endpoint_type: str | None = None, status: str | None = None
    ) -> Iterator[SessionPage]:
        """Pages of the sessions that the caller may see, newest first, to the last one."""
        query = _query(teamId=team_id, endpoint_type=endpoint_type, status=status)
        while True:
            page = self._read(Asked(verb="GET", path=_SESSIONS, query=query), SessionPage)
            yield page
            if page.marker is None:
                return
            query = query | {"marker": page.marker}

    def sessions(
        self, *, team_id: str | None = None, endpoint_type: str | None = None, status: str | None = None
    ) -> Iterator[Session]:
        """The sessions that the caller may see, newest first; fetched page by page as they are taken."""
        for page in self.session_pages(team_id=team_id, endpoint_type=endpoint_type, status=status):
            included = {session.id: session for session in page.included.sessions}
            yield from (included[item.id] for item in page.items if item.id in included)

    def close_session(self, session_id: str, reason: str | None = None) -> None:
        """Close a session, now; closing a closed one changes nothing.

        :param reason: for its owner to read, who is told with it who closed it.
        :raises FailedPrecondition: with reason ``feature_missing``: the control plane takes no reason.
        """
        path = _session_path(session_id)
        if reason is None:
            self._ask(Asked(verb="DELETE", path=path))
            return
        body = self._body(SessionClose(reason=reason))
        self._ask(Asked(verb="POST", path=f"{path}/close", body=body, feature="close_reason", takes_effect_once=True))

    def relaunch_session(self, session_id: str, environment: Mapping[str, str] | None = None) -> Session:
        """A new session like one that is over.

        :param environment: the variables of its engine, where the control plane takes them; without them, the engine
            gets those of the old session's.
        :raises FailedPrecondition: when that one is not over.
        """
        body = None if environment is None else self._body(SessionRelaunch(environment=dict(environment)))
        return self._read(Asked(verb="POST", path=f"{_session_path(session_id)}/relaunch", body=body), Session)

    def compare_environment(self, session_id: str, environment: Mapping[str, str]) -> EnvironmentDifference:
        """How these variables differ from those that the session's engine was given; names alone."""
        body = self._body(EnvironmentComparison(environment=dict(environment)))
        asked = Asked(verb="POST", path=f"{_session_path(session_id)}/environment", body=body, feature="environment")
        return self._read(asked, EnvironmentDifference)

    def extend_session(self, session_id: str, duration_seconds: int | None = None) -> Session:
        """Keep an unused session from being closed for ``duration_seconds`` from now, or the server's default."""
        body = self._body(SessionExtend(duration_seconds=duration_seconds))
        return self._read(
            Asked(verb="POST", path=f"{_session_path(session_id)}/extend", body=body, feature="extend"), Session
        )

    def session_logs(self, session_id: str, tail: int | None = None) -> tuple[str, ...]:
        """The last ``tail`` lines that the session's engine wrote, or as many as the server gives by default."""
        query = _query(tail=tail)
        return self._read(
            Asked(verb="GET", path=f"{_session_path(session_id)}/logs", query=query, feature="logs"), SessionLogs
        ).lines

    def engine_use(self, session_id: str) -> EngineUse:
        """What the session's engine has used of its machine so far."""
        return self._read(
            Asked(verb="GET", path=f"{_session_path(session_id)}/engine", feature="engine_use"), EngineUse
        )

    def queries(self, session_id: str, limit: int | None = None) -> tuple[Query, ...]:
        """What was run on a session of the caller's own, newest first.

        :param limit: 0 to 100: how many, or as many as the server gives by default.
        :raises PermissionDenied: when the session is somebody else's.
        """
        asked = Asked(
            verb="GET", path=f"{_session_path(session_id)}/queries", query=_query(limit=limit), feature="queries"
        )
        return self._read(asked, SessionQueries).items

    def interrupt(self, session_id: str, query_id: str | None = None) -> tuple[str, ...]:
        """End what runs on a session of the caller's own, or one query of it; the ids of those that ran.

        :raises PermissionDenied: when the session is somebody else's.
        :raises FailedPrecondition: when it runs on another server than the one that is asked.
        :raises Unavailable: while its session proxy is being started again.
        """
        body = self._body(SessionInterrupt(query_id=query_id))
        asked = Asked(verb="POST", path=f"{_session_path(session_id)}/interrupt", body=body, feature="interrupt")
        return self._read(asked, InterruptedQueries).interrupted

    def start_estimates(self, kernel_id: str) -> tuple[StartEstimate, ...]:
        """How soon a kernel of a notebook of the caller's own would have a session, for each compute config.

        :raises NotFound: when no such kernel runs.
        """
        asked = Asked(verb="GET", path="/start-estimates", query=_query(kernelId=kernel_id), feature="start_estimates")
        return self._read(asked, StartEstimates).items

    def issue_token(self, session_id: str, duration_seconds: int | None = None) -> SessionToken:
        """A token for the session's endpoint, valid for ``duration_seconds`` or the server's default."""
        body = self._body(TokenCreate(duration_seconds=duration_seconds))
        return self._read(Asked(verb="POST", path=f"{_session_path(session_id)}/token", body=body), SessionToken)

    def revoke_tokens(self, session_id: str) -> None:
        """End all tokens of a session, which stays; its kernels fetch new ones by themselves."""
        self._ask(Asked(verb="POST", path=f"{_session_path(session_id)}/token/revoke", feature="token_revocation"))

    # Compute configs; each is named by its id or its name

    def compute_config(self, config_id: str) -> WorkloadConfig:
        """:raises NotFound: when there is none, or none that this caller may see."""
        return self._read(Asked(verb="GET", path=_config_path(config_id)), WorkloadConfig)

    def compute_configs(self, *, team_id: str | None = None) -> Iterator[WorkloadConfig]:
        """The configs that the caller may see, newest first; fetched page by page as they are taken."""
        for page in self.compute_config_pages(team_id=team_id):
            yield from page.items

    def compute_config_pages(self, *, team_id: str | None = None) -> Iterator[WorkloadConfigPage]:
        """Pages of the configs that the caller may see, newest first, to the last one."""
        query = _query(teamId=team_id)
        while True:
            page = self._read(Asked(verb="GET", path=_CONFIGS, query=query), WorkloadConfigPage)
            yield page
            if page.marker is None:
                return
            query = query | {"marker": page.marker}

    def create_compute_config(self, wanted: WorkloadConfigCreate) -> WorkloadConfig:
        """:raises FailedPrecondition: when the team has one of this name."""
        return self._read(Asked(verb="POST", path=_CONFIGS, body=self._body(wanted)), WorkloadConfig)

    def change_compute_config(self, config_id: str, change: WorkloadConfigChange) -> WorkloadConfig:
        """Change what ``change`` names; sessions that run on it go on as they are.

        :raises InvalidArgument: for what cannot be changed.
        """
        return self._read(
            Asked(verb="PATCH", path=_config_path(config_id), body=self._body(change), feature="config_changes"),
            WorkloadConfig,
        )

    def delete_compute_config(self, config_id: str) -> None:
        """Sessions that run on it go on.

        :raises FailedPrecondition: when it is the server's default.
        """
        self._ask(Asked(verb="DELETE", path=_config_path(config_id), gone_after_first=True, feature="config_changes"))

    def instance_types(self) -> tuple[InstanceType, ...]:
        """The sizes that configs may name, by name, with their prices where the administrator has set them."""
        return self._read(Asked(verb="GET", path="/instance-types", feature="instance_types"), InstanceTypes).items

    # Service accounts

    def service_accounts(self, *, team_id: str | None = None) -> tuple[TeamServiceAccount, ...]:
        """Those of the teams that the caller administers."""
        asked = Asked(verb="GET", path=_SERVICE_ACCOUNTS, query=_query(teamId=team_id), feature="service_accounts")
        return self._read(asked, ServiceAccountPage).items

    def create_service_account(self, wanted: ServiceAccountCreate) -> NewServiceAccount:
        """A service account, and its key, which nobody is told again."""
        return self._read(
            Asked(verb="POST", path=_SERVICE_ACCOUNTS, body=self._body(wanted), feature="service_accounts"),
            NewServiceAccount,
        )

    def delete_service_account(self, service_account_id: str) -> None:
        """Its key is dead at once, and its live sessions are closed."""
        path = f"{_SERVICE_ACCOUNTS}/{quote(service_account_id, safe='')}"
        self._ask(Asked(verb="DELETE", path=path, gone_after_first=True, feature="service_accounts"))

    # Events

    def event_page(
        self,
        after: int | None = None,
        *,
        wait_seconds: int = 0,
        limit: int | None = None,
        kinds: Collection[EventKind] | None = None,
    ) -> EventPage:
        """The events that the caller may see after the one of this number, or those from now on.

        :param wait_seconds: 0 to 60: how long to wait for one when there is none.
        :param kinds: what to be told of; by default, and by a server that knows no others, moves, warnings and
            extensions. A notice (``query``) is told while this waits, and in the seconds between two such calls; its
            ``sequence`` is ``None``.
        """
        query = _query(after=after, wait=wait_seconds, limit=limit)
        if kinds is not None and "event_kinds" in self._announced():
            query = query | {"kinds": ",".join(sorted(kinds))}
        answer_seconds = ANSWER_SECONDS + wait_seconds
        return self._read(
            Asked(verb="GET", path="/events", query=query, answer_seconds=answer_seconds, feature="events"), EventPage
        )

    def events(self, after: int | None = None, *, kinds: Collection[EventKind] | None = None) -> Iterator[Event]:
        """The events as they happen, without end; after an error, go on from the last ``sequence`` that was told.

        :param kinds: as of :meth:`event_page`.
        """
        while True:
            page = self.event_page(after, wait_seconds=_EVENTS_WAIT_SECONDS, kinds=kinds)
            yield from page.events
            after = page.sequence


def _address(url: str | None, given: FixedToken | None) -> ApiAddress:
    if url is not None and given is None:
        raise InvalidArgument("Client(url) needs token= too: a token of the environment belongs to its own URL.")
    if url is not None and given is not None:
        return ApiAddress(checked_url(url), given)
    found = find_api(os.environ)
    return found if given is None else replace(found, credentials=given)


def _session_path(session_id: str) -> str:
    return f"{_SESSIONS}/{quote(session_id, safe='')}"


def _config_path(config_id: str) -> str:
    return f"{_CONFIGS}/{quote(config_id, safe='')}"


def _query(**wanted: str | int | None) -> dict[str, str]:
    return {name: str(value) for name, value in wanted.items() if value is not None}
