"""The gRPC channel of a session: how PySpark reaches the session proxy, and with which token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from pyspark.sql.connect.client import DefaultChannelBuilder

from ...api_location import is_loopback
from ...process_identity import HOLDER_HEADER, Holder
from ...version import __version__
from ..belongings.observed import Belongings
from ..belongings.present import settings, temp_views
from ..catalog.asking import ask
from ..catalog.changes import Changes
from ..catalog.lazy import LazyCatalog
from ..queries.actions import ACTIONS, NamingActions
from ..queries.observed import QUERIES
from ..rpcs.observing import Observing
from ..rpcs.one_process import OneProcess
from ..rpcs.reauthenticating import Reauthenticating
from ..rpcs.reconnecting import Reconnecting
from ..rpcs.running_calls import RUNNING_CALLS
from ..rpcs.session_token import RenewedToken
from ..rpcs.stoppable_channel import RefusingThreads, StoppableChannel
from ..sail_workarounds.interrupting import INTERRUPTIONS, Interrupting
from ..sail_workarounds.invalid_settings import InvalidSettings
from ..sail_workarounds.plan_checks.checking import PlanChecks
from ..user_code import function_pickling
from .session_zone import local_zone, without_agreed_zone

if TYPE_CHECKING:
    from ..belongings.restoring import Restoring

_OPTIONS = (
    ("grpc.compression_enabled_algorithms_bitset", 1),  # identity alone: gzip costs many times the throughput
    ("grpc.http2.lookahead_bytes", 8 * 1024 * 1024),
    ("grpc.http2.max_frame_size", 4 * 1024 * 1024),
    ("grpc.experimental.tcp_read_chunk_size", 1024 * 1024),
    ("grpc.experimental.tcp_max_read_chunk_size", 4 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)
_NO_HTTP_PROXY = ("grpc.enable_http_proxy", 0)


class SessionChannelBuilder(DefaultChannelBuilder):  # type: ignore[misc]
    """Builds the one channel of a PySpark session: plain on this machine, TLS elsewhere.

    PySpark keeps its builder and prints its URL: the token is in neither.

    :param endpoint: ``HOST:PORT`` of the session proxy.
    :param holder: the process that the Spark session ends with, however it ends.
    """

    def __init__(self, endpoint: str, token: RenewedToken, holder: Holder | None = None) -> None:
        function_pickling.install()
        super().__init__(f"sc://{endpoint}/", channelOptions=list(_OPTIONS))
        self.set(self.PARAM_USER_AGENT, f"lakesail-notebook/{__version__}")
        if is_loopback(self.host):
            self.setChannelOption(*_NO_HTTP_PROXY)
        self.session_token = token
        self._holder = holder
        self.belongings = Belongings()
        self.restoring: Restoring | None = None
        """What is being made again in its Spark session, and was interrupted if there is still one."""
        self.bare_channel: grpc.Channel = self._secure_channel(self.endpoint, self._channel_credentials())
        self._stoppable_channel = StoppableChannel(self.bare_channel, RUNNING_CALLS)
        unobserved = grpc.intercept_channel(self.bare_channel, Reauthenticating(token), Reconnecting(endpoint))
        self.catalog = LazyCatalog(lambda question: ask(unobserved, self.session_id, question))
        self.plan_checks = PlanChecks(
            self._stoppable_channel, local=is_loopback(self.host), bare_channel=self.bare_channel
        )

    @property
    def secure(self) -> bool:
        return True

    @property
    def token(self) -> None:
        """Nothing for PySpark to keep or print, whatever its environment says."""
        return None

    def use_spark_session(self, spark_session_id: str) -> None:
        """The id under which PySpark will work."""
        self.set(self.PARAM_SESSION_ID, spark_session_id)

    def find_belongings(self) -> None:
        """Learn what is in the Spark session already, to name it should it be lost, and to set its settings again."""
        set_already = without_agreed_zone(settings(self.bare_channel, self.session_id), local_zone())
        self.belongings.found(temp_views(self.bare_channel, self.session_id), set_already)

    def toChannel(self) -> grpc.Channel:
        # NamingActions is called below the code that asks, in its thread. Observing looks on from outside: it sees one
        # RPC, however often the others send it.
        return grpc.intercept_channel(
            self._stoppable_channel,
            OneProcess(),
            RefusingThreads(RUNNING_CALLS),
            NamingActions(ACTIONS),
            Observing((QUERIES, self.belongings, Changes(self.catalog), self.plan_checks)),
            InvalidSettings(self._stoppable_channel),
            Reauthenticating(self.session_token),
            Reconnecting(self.endpoint),
            Interrupting(INTERRUPTIONS, being_stopped=lambda operation_id: operation_id in RUNNING_CALLS.being_stopped),
        )

    def _channel_credentials(self) -> grpc.ChannelCredentials:
        transport = grpc.local_channel_credentials() if is_loopback(self.host) else grpc.ssl_channel_credentials()
        token = grpc.metadata_call_credentials(_BearerToken(self.session_token, self._holder), name="lakesail")
        return grpc.composite_channel_credentials(transport, token)


class _BearerToken(grpc.AuthMetadataPlugin):  # type: ignore[misc]
    """gRPC asks it at each RPC, in a thread of its own."""

    def __init__(self, token: RenewedToken, holder: Holder | None) -> None:
        self._token = token
        self._holder = () if holder is None else ((HOLDER_HEADER, holder.text),)

    def __call__(self, context: Any, callback: Any) -> None:
        # PySpark takes an exception in here for a passing trouble and retries in silence for ten minutes. Without a
        # good token, the proxy's answer says at once what is wrong.
        callback((("authorization", f"Bearer {self._token.text()}"), *self._holder), None)
