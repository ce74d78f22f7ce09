"""What a caller of ``connect()`` wants, from where, and which session answers it. Pure."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ...clock import in_words, parse_duration
from ...errors import FailedPrecondition, InvalidArgument
from ...models import (
    DIRECTORY_KEY,
    KERNEL_KEY,
    LIVE_STATUSES,
    PYTHON_KEY,
    Me,
    Session,
    SessionConfig,
    SessionCreate,
    SessionPage,
    WorkloadConfig,
)

EXAMINATION_KEY = "examination"
"""Session metadata: it was made to look whether one can be had, and is nobody's to come back to."""

PROCESS_KEY = "process"
"""Session metadata: a process that a kernel started asked for a new session of its own, which is not its notebook's."""

_SPARK_SESSIONS = uuid.UUID("6d5f0f5e-6a0f-5c0e-9f5c-2f4f3f8f3f55")
"""Namespace of the Spark session ids that notebooks derive."""
_CREATIONS = uuid.UUID("0b0f2f1c-5f0e-5a53-8d5c-9c1f6f8e2a44")
"""Namespace of the idempotency keys of new sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The arguments of ``connect()``, checked. Durations in seconds."""

    config: str | None = None
    name: str | None = None
    attach: str | None = None
    new: bool = False
    idle_timeout: int | None = None
    max_duration: int | None = None
    shared: bool = False
    wait_seconds: int = 120
    restore: bool = True
    """Whether to make again what the session before held."""
    replaces: str | None = None
    """The id of the session that the attached one was relaunched from."""

    @classmethod
    def checked(
        cls,
        *,
        config: str | None,
        name: str | None,
        attach: str | None,
        new: bool,
        idle_timeout: str | int | None,
        max_duration: str | int | None,
        shared: bool,
        wait_seconds: str | int,
        restore: bool = True,
    ) -> Wanted:
        """:raises InvalidArgument: for arguments that contradict each other, or a duration that is none."""
        if attach is not None and (new or shared or {config, name, idle_timeout, max_duration} != {None}):
            raise InvalidArgument(
                "attach takes a session as it is: leave out config, name, new, idle_timeout, max_duration and shared."
            )
        return cls(
            config=config,
            name=name,
            attach=attach,
            new=new,
            idle_timeout=_seconds("idle_timeout", idle_timeout),
            max_duration=_seconds("max_duration", max_duration),
            shared=shared,
            wait_seconds=_seconds("wait_seconds", wait_seconds) or 0,
            restore=restore,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """From where sessions are used: the kernel of a notebook, a process that a kernel started, or any other process.

    A process with several owners has a place for each.
    """

    key: str
    """Of a kernel: the same for the same notebook, also after a restart of the kernel. Else: of the owner."""
    me: Me
    role: Literal["kernel", "child", "process"]
    """A kernel's child asks with the kernel's token: the control plane takes it for the kernel."""

    @property
    def is_kernel(self) -> bool:
        return self.role == "kernel"

    @property
    def shares_sessions(self) -> bool:
        """Whether the control plane knows the notebook or kernel whose sessions are used here."""
        return self.role != "process"

    @classmethod
    def of(cls, me: Me, owner: str, *, is_kernel: bool, several_owners: bool = False) -> Place:
        """The place of an owner.

        :param owner: see :func:`.owners.current_owner`.
        :param is_kernel: whether this process is the kernel whose token asks.
        :param several_owners: whether several owners share this process: a kernel's sessions are then none of theirs.
        """
        known = me.notebook_id or me.kernel_id
        if known is None or several_owners:
            return cls(owner, me, "process")
        return cls(known, me, "kernel") if is_kernel else cls(owner, me, "child")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session, and the compute config that it runs on where the caller may see it."""

    session: Session
    config: WorkloadConfig | None = None

    @property
    def live(self) -> bool:
        return self.session.status in LIVE_STATUSES

    @property
    def has_workers(self) -> bool:
        """Whether its engine runs in cluster mode, as far as it is known here."""
        return self.config is not None and self.config.config.sail.execution_mode == "cluster"

    @property
    def config_name(self) -> str | None:
        """A session says it itself, where the server is new enough."""
        named = None if self.config is None else self.config.name
        return named or self.session.workload_config_name

    def runs_on(self, config: str | None) -> bool:
        """Whether it runs on the config of this id or name; any will do for ``None``."""
        return config is None or (self.config is not None and config in {self.config.id, self.config.name})


def candidates_of(page: SessionPage) -> list[Candidate]:
    """The sessions of a page, in its order, with their configs."""
    sessions = {session.id: session for session in page.included.sessions}
    workloads = {workload.id: workload.workload_config_id for workload in page.included.workloads}
    configs = {config.id: config for config in page.included.workload_configs}
    return [
        Candidate(session, configs.get(workloads.get(session.workload_id or "") or ""))
        for session in (sessions[item.id] for item in page.items if item.id in sessions)
    ]


def is_own(session: Session, me: Me) -> bool:
    """Whether a session belongs to the caller, a member or a service account."""
    as_member = me.member_id is not None and session.member_id == me.member_id
    return as_member or (me.service_account_id is not None and session.service_account_id == me.service_account_id)


def of_place(candidates: Iterable[Candidate], me: Me) -> list[Candidate]:
    """The caller's own Spark sessions of this kernel, then those of this notebook, each in the order given."""
    own = [
        candidate
        for candidate in candidates
        if candidate.session.member_id == me.member_id
        and candidate.session.endpoint_type == "spark_connect"
        and not {EXAMINATION_KEY, PROCESS_KEY} & candidate.session.metadata.keys()
    ]
    by_kernel = [
        candidate
        for candidate in own
        if me.kernel_id is not None and candidate.session.metadata.get(KERNEL_KEY) == me.kernel_id
    ]
    by_notebook = [
        candidate for candidate in own if me.notebook_id is not None and candidate.session.notebook_id == me.notebook_id
    ]
    return by_kernel + [candidate for candidate in by_notebook if candidate not in by_kernel]


def choose(candidates: Iterable[Candidate], wanted: Wanted) -> Candidate | None:
    """The first live one that runs on the wanted config; ``None`` asks for a new session."""
    if wanted.new:
        return None
    return next((one for one in candidates if one.live and one.runs_on(wanted.config)), None)


def check_launched(launched: Candidate, wanted: Wanted) -> None:
    """A process that was launched on a session uses that one alone.

    :raises FailedPrecondition: when another one is wanted.
    """
    session_id = launched.session.id
    only = f"This notebook was launched on session {session_id} and uses no other"
    if wanted.new:
        raise FailedPrecondition(f"{only}: leave out new. {_LAUNCH_ANOTHER}", reason="launched_on_another")
    if wanted.attach not in {None, session_id}:
        raise FailedPrecondition(f"{only}: leave out attach. {_LAUNCH_ANOTHER}", reason="launched_on_another")
    _refuse_other_config(f"{only}. It", launched, wanted, _LAUNCH_ANOTHER)


def check_shared(live: Iterable[Candidate], wanted: Wanted) -> None:
    """Several owners of one process share one session: no owner makes a second one.

    :param live: the sessions that they have.
    :raises FailedPrecondition: when a second one is wanted.
    """
    if wanted.new:
        raise FailedPrecondition(
            "Several users share this process and one session: leave out new. To replace the session, close it and "
            "connect again.",
            reason="session_is_shared",
        )
    shared = list(live)
    if shared and not any(one.runs_on(wanted.config) for one in shared):
        session = f"Several users share this process and session {shared[0].session.id}, which"
        _refuse_other_config(session, shared[0], wanted, "To use another config, close the session and connect again.")


_LAUNCH_ANOTHER = "For another session, launch the notebook again with the command jupyter lakesail marimo."


def _refuse_other_config(session: str, candidate: Candidate, wanted: Wanted, cure: str) -> None:
    known = candidate.config is not None or candidate.config_name is not None
    if not known or candidate.runs_on(wanted.config) or wanted.config == candidate.config_name:
        return
    raise FailedPrecondition(
        f"{session} runs on compute config {candidate.config_name or 'another'}, not on {wanted.config}: leave the "
        f"config out. {cure}",
        reason="session_on_another_config",
    )


def session_create(
    wanted: Wanted,
    *,
    python: str | None,
    directory: str,
    environment: Mapping[str, str] | None = None,
    private_to: str | None = None,
) -> SessionCreate:
    """The request for a new session.

    :param python: the interpreter that runs the engine; ``None`` leaves it to the control plane.
    :param directory: the engine's working directory.
    :param environment: the engine's variables; ``None`` leaves them to the control plane.
    :param private_to: key of the place that the session is for, where its notebook must not use it.
    """
    metadata = {DIRECTORY_KEY: directory} | ({} if python is None else {PYTHON_KEY: python})
    if private_to is not None:
        metadata |= {PROCESS_KEY: private_to}
    return SessionCreate(
        name=wanted.name,
        config=SessionConfig(idle_timeout_seconds=wanted.idle_timeout, max_duration_seconds=wanted.max_duration),
        metadata=metadata,
        workload_config_id=wanted.config,
        allow_shared=wanted.shared,
        environment=None if environment is None else dict(environment),
    )


def private_to(wanted: Wanted, place: Place) -> str | None:
    """Key of the place that alone uses a new session; ``None`` where the notebook whose token asks uses it, too."""
    if place.role == "child":
        return place.key if wanted.new else None
    has_notebook = place.me.kernel_id is not None or place.me.notebook_id is not None
    return place.key if place.role == "process" and has_notebook else None


def creation_key(wanted: Wanted, place: Place, newest_id: str | None) -> str | None:
    """The idempotency key under which a kernel and its children ask for a session when they have none.

    Those that ask at the same time have seen the same sessions: they send the same key, and get the same session.

    :param newest_id: of the sessions that the notebook had so far, the one that was made last.
    :returns: ``None`` where each that asks gets a session of its own.
    """
    if wanted.new or not place.shares_sessions:
        return None
    asked = repr((place.me.notebook_id or place.me.kernel_id, wanted.config, newest_id))
    return uuid.uuid5(_CREATIONS, asked).hex


def difference(session: Session, wanted: Wanted) -> str | None:
    """A sentence on what a session that was there before has otherwise than wanted: its limits and name stay."""
    limits = (
        ("idle timeout", wanted.idle_timeout, session.config.idle_timeout_seconds),
        ("maximum duration", wanted.max_duration, session.config.max_duration_seconds),
    )
    kept = [
        f"no {what}" if has is None else f"its {what} of {in_words(has)}"
        for what, asked, has in limits
        if asked is not None and asked != has
    ]
    if wanted.name is not None and wanted.name != session.name:
        kept.append(f"the name {session.name!r}" if session.name else "no name")
    if not kept:
        return None
    return f"Session {session.id} was there before, so it keeps {' and '.join(kept)}; ask for a new one to change that."


def spark_session_ids(session_id: str, place: Place) -> Iterator[str]:
    """The Spark session ids to try, in order: the next one when the one before is dead.

    A notebook comes back to the same ids on the same session, and so to its temp views. Elsewhere they are random: what
    a process makes in its Spark session, or stops, is never the notebook's.
    """
    if not place.is_kernel:
        return (str(uuid.uuid4()) for _ in itertools.count())
    return (str(uuid.uuid5(_SPARK_SESSIONS, f"{session_id}\0{place.key}\0{n}")) for n in itertools.count())


def _seconds(name: str, duration: str | int | None) -> int | None:
    if duration is None:
        return None
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise InvalidArgument(f"{name}: {error}.") from error
