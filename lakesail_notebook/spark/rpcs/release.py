"""Ends a Spark session on its engine, with all that runs in it."""

from __future__ import annotations

import time

import grpc
import pyspark.sql.connect.proto as spark_proto

from ...clock import Clock

_ANSWERS_WITHIN_SECONDS = 10.0
_PAUSE_SECONDS = 1.0
_PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAUTHENTICATED})


def release_spark_session(channel: grpc.Channel, spark_session_id: str, clock: Clock, seconds: float) -> bool:
    """Whether the engine, or the session proxy, has said that it is over.

    :param channel: a bare one: it sends an RPC once.
    :param seconds: for how long to try, as the session proxy may be starting anew.
    """
    stub = spark_proto.SparkConnectServiceStub(channel)
    request = spark_proto.ReleaseSessionRequest(session_id=spark_session_id)
    until = clock.monotonic() + seconds
    while True:
        try:
            stub.ReleaseSession(request, timeout=_ANSWERS_WITHIN_SECONDS)
        except grpc.RpcError as error:
            if error.code() not in _PASSING:
                return False
        else:
            return True
        if clock.monotonic() >= until:
            return False
        time.sleep(_PAUSE_SECONDS)
