"""The PySpark sessions that this process holds, and the one that PySpark takes for the active one."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...client.client import Client
from ...errors import FailedPrecondition
from ...models import LIVE_STATUSES

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from ..belongings.observed import Gone
    from ..belongings.plan_effects import Belonging
    from ..catalog.lazy import LazyCatalog
    from ..queries.engine_tasks import TaskProgress
    from .channel import SessionChannelBuilder


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A PySpark session of this process: on which session it runs, and from where it is used."""

    session_id: str
    place_key: str
    spark_session_id: str
    spark: SparkSession
    channel_builder: SessionChannelBuilder


class OpenSessions:
    """All of them. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: list[OpenSession] = []
        self._ever_opened = False
        self._parents: list[tuple[OpenSession, object]] = []
        """Of the process that this one was forked from, with their clients."""
        self._left: dict[str, OpenSession] = {}
        """The last one that each place had and has no more."""
        self._session_ids: weakref.WeakKeyDictionary[SparkSession, str] = weakref.WeakKeyDictionary()

    def find(self, session_id: str, place_key: str) -> OpenSession | None:
        """The one that this place has on this session, if it was not stopped."""
        with self._lock:
            return next(
                (
                    opened
                    for opened in self._opened
                    if opened.session_id == session_id and opened.place_key == place_key and not opened.spark.is_stopped
                ),
                None,
            )

    def task_progress(self, spark_session_id: str) -> TaskProgress | None:
        """How far the engine is with what runs in a Spark session of this process; ``None`` where it does not tell."""
        from ..queries.engine_tasks import task_progress

        with self._lock:
            channels = [
                opened.channel_builder.bare_channel
                for opened in self._opened
                if opened.spark_session_id == spark_session_id
            ]
        return task_progress(channels[0], spark_session_id) if channels else None

    def catalog_of(self, spark: SparkSession) -> LazyCatalog | None:
        """The catalog of a PySpark session of this process; ``None`` for one that somebody else made."""
        with self._lock:
            return next((one.channel_builder.catalog for one in self._opened if one.spark is spark), None)

    def left(self, place_key: str, session_id: str) -> OpenSession | None:
        """The one that this place had on this session and stopped or, without one, the last that it had at all."""
        with self._lock:
            mine = [one for one in self._opened if (one.session_id, one.place_key) == (session_id, place_key)]
            return mine[-1] if mine else self._left.get(place_key)

    def forget_left(self, place_key: str) -> None:
        """What was there before has been replaced."""
        with self._lock:
            self._left.pop(place_key, None)

    def session_id_of_spark(self, spark: SparkSession) -> str | None:
        """The session that a Spark session of this process runs on, or ran on when it was stopped."""
        with self._lock:
            return self._session_ids.get(spark)

    def active_session_id(self) -> str | None:
        """The session of the Spark session that PySpark's own functions use in this thread."""
        active = active_spark_session()
        with self._lock:
            return next((opened.session_id for opened in self._opened if opened.spark is active), None)

    def gone(self, name: str) -> Gone | None:
        """What had that name in a session before the one that PySpark's own functions use in this thread."""
        active = active_spark_session()
        with self._lock:
            opened = next((one for one in self._opened if one.spark is active), None)
        return None if opened is None else opened.channel_builder.belongings.gone(name)

    def belongings_of(self, session_id: str, place_key: str | None = None) -> tuple[Belonging, ...] | None:
        """What the Spark sessions of this process hold on a session; ``None`` where it has none.

        :param place_key: of the one place to look at; by default all.
        """
        with self._lock:
            mine = [one for one in self._opened if one.session_id == session_id and place_key in {None, one.place_key}]
        if not mine:
            return None
        return tuple(dict.fromkeys(thing for one in mine for thing in one.channel_builder.belongings.all()))

    def session_id_of(self, spark_session_id: str) -> str | None:
        """The session that a Spark session of this process runs on."""
        with self._lock:
            return next((one.session_id for one in self._opened if one.spark_session_id == spark_session_id), None)

    def may_be_over(self, session_id: str, client: Client) -> bool:
        """Whether PySpark or the control plane knows that a session is over.

        :raises LakesailError: when the control plane does not answer.
        """
        with self._lock:
            mine = [opened for opened in self._opened if opened.session_id == session_id]
        if not mine or all(opened.spark.is_stopped for opened in mine):
            return True
        return client.session(session_id).status not in LIVE_STATUSES

    @property
    def ever_opened(self) -> bool:
        """Whether this process, or the one that it was forked from, has connected."""
        return self._ever_opened

    def session_ids(self, place_key: str) -> list[str]:
        """The sessions that this place has used in this process and not dropped, the latest first."""
        with self._lock:
            ids = [opened.session_id for opened in reversed(self._opened) if opened.place_key == place_key]
        return list(dict.fromkeys(ids))

    def session_ids_of_parent(self) -> list[str]:
        """The sessions of the process that this one was forked from, the latest first."""
        return list(dict.fromkeys(opened.session_id for opened, _ in reversed(self._parents)))

    def open(
        self,
        session_id: str,
        place_key: str,
        spark_session_id: str,
        channel_builder: SessionChannelBuilder,
        instead_of: SparkSession | None = None,
    ) -> OpenSession:
        """A new PySpark session; one that this place had on the same session is dropped.

        :param instead_of: one that is over, and goes on as the new one: so do the DataFrames that were made from it.
        """
        channel_builder.use_spark_session(spark_session_id)
        self._ever_opened = True
        with self._lock:
            older = [one for one in self._opened if (one.session_id, one.place_key) == (session_id, place_key)]
        for one in older:
            _drop(one.spark)
        spark = _new_spark(channel_builder)
        if instead_of is not None:
            _exchange(instead_of, spark)
            spark = instead_of
        opened = OpenSession(session_id, place_key, spark_session_id, spark, channel_builder)
        with self._lock:
            self._opened = [one for one in self._opened if one not in older] + [opened]
            self._session_ids[spark] = session_id
        # Else PySpark would clean up at exit, and wait for minutes for a control plane that is gone.
        atexit.register(opened.spark.client.close)
        return opened

    def drop(self, session_id: str) -> None:
        """Stop and forget the PySpark sessions on a session that is over: they raise at once, and no RPC is sent."""
        with self._lock:
            dropped = [opened for opened in self._opened if opened.session_id == session_id]
            self._opened = [opened for opened in self._opened if opened.session_id != session_id]
            self._left |= {opened.place_key: opened for opened in dropped}
        for opened in dropped:
            _drop(opened.spark)

    def release(self, session_id: str) -> None:
        """Stop and forget this process's Spark sessions on a session that goes on."""
        with self._lock:
            released = [opened for opened in self._opened if opened.session_id == session_id]
            self._opened = [opened for opened in self._opened if opened.session_id != session_id]
        for opened in released:
            opened.spark.stop()
            _forget_exit_hooks(opened.spark)

    def take(self, place_key: str) -> list[OpenSession]:
        """Forget what a place has and had: nobody asks for it any more. :meth:`end` is to follow for each."""
        with self._lock:
            taken = [opened for opened in self._opened if opened.place_key == place_key]
            self._opened = [opened for opened in self._opened if opened.place_key != place_key]
            self._left.pop(place_key, None)
        return taken

    def end(self, opened: OpenSession) -> None:
        """Close what was taken, without an RPC."""
        _drop(opened.spark)

    def forked(self) -> None:
        """In a child of this process: the sessions are its parent's. Their channels hang when they are used or let go
        here, and PySpark must neither take them for this process's nor stop them."""
        self._lock = threading.Lock()  # another thread may have held it
        parents, self._opened = self._opened, []
        kept = [*parents, *self._left.values()]
        self._left = {}
        self._parents = [*self._parents, *((opened, opened.spark.client) for opened in kept)]
        for opened in parents:
            _forget_exit_hooks(opened.spark)
            opened.spark._client = ParentsClient(opened.spark_session_id)
        if parents:
            _forget_parents_threads()


OPEN_SESSIONS = OpenSessions()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=OPEN_SESSIONS.forked)


class ParentsClient:
    """Stands for PySpark's client in the Spark sessions that a forked child has from its parent.

    It counts as closed, so PySpark gives such a Spark session to nobody, and stopping it sends nothing.
    """

    is_closed = True

    def __init__(self, spark_session_id: str) -> None:
        self._session_id = spark_session_id

    def close(self) -> None:
        """There is nothing to close: the connection is the parent's."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        from ..rpcs.one_process import of_parent

        raise of_parent()


def active_spark_session() -> SparkSession | None:
    """The Spark session that PySpark's own functions use in this thread: its active one, or the default.

    PySpark is not loaded for the question.
    """
    module = sys.modules.get("pyspark.sql.connect.session")
    spark_class: Any = None if module is None else getattr(module, "SparkSession", None)  # it may just be loading
    return None if spark_class is None else spark_class.getActiveSession() or spark_class._get_default_session()


def prepare_full_pyspark() -> None:
    """Have a full PySpark (one that could also start a JVM) build Spark Connect plans.

    :raises FailedPrecondition: when it runs a JVM already: one process cannot do both.
    """
    import pyspark
    from pyspark.util import is_remote_only

    if is_remote_only():
        return
    if getattr(pyspark.SparkContext, "_active_spark_context", None) is not None:
        raise FailedPrecondition(
            "A local Spark with its JVM runs in this process, and PySpark cannot use both. "
            "Stop it with spark.stop() or restart the kernel, then connect again."
        )
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"


def _new_spark(channel_builder: SessionChannelBuilder) -> SparkSession:
    from pyspark.sql.connect.session import SparkSession

    builder: Any = SparkSession.builder
    return builder.channelBuilder(channel_builder).create()


def _forget_parents_threads() -> None:
    """PySpark's thread pool that releases what ran: in a forked child it has no threads, and would never release."""
    from pyspark.sql.connect.client.reattach import ExecutePlanResponseReattachableIterator as Reattachable

    if getattr(Reattachable, "_release_thread_pool_instance", None) is not None:
        Reattachable._release_thread_pool_instance = None
    Reattachable._lock = threading.RLock()


def _exchange(one: SparkSession, other: SparkSession) -> None:
    """Let each have the other's client. PySpark closes the client of a Spark session that is no longer referred to."""
    for name, value in list(vars(other).items()):
        vars(other)[name] = vars(one)[name]
        vars(one)[name] = value


def _drop(spark: SparkSession) -> None:
    spark.release_session_on_close = False  # the RPC would be retried for minutes when nobody listens any more
    spark.stop()
    # Else the process would hold each client to its end, by our hook and by PySpark's own (whose name changes).
    _forget_exit_hooks(spark)


def _forget_exit_hooks(spark: SparkSession) -> None:
    for hook in ("close", "_on_exit", "_cleanup_ml_cache", "_cleanup_ml"):
        if callable(registered := getattr(spark.client, hook, None)):
            atexit.unregister(registered)
