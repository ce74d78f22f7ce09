"""The temp views and settings that a Spark session has, whoever made them."""

from __future__ import annotations

import logging

import grpc
import pyspark.sql.connect.proto as spark_proto

from ..rpcs.looks import look
from .plan_effects import Belonging

_SECONDS = 1.0

log = logging.getLogger(__name__)


def temp_views(channel: grpc.Channel, spark_session_id: str) -> tuple[Belonging, ...]:
    """None when the engine does not answer soon."""
    tables = spark_proto.Relation()
    tables.catalog.list_tables.SetInParent()
    rows = look(channel, spark_session_id, tables) or ()
    return tuple(Belonging("temp view", name) for name, *_, temporary in rows if temporary)


def settings(channel: grpc.Channel, spark_session_id: str) -> dict[str, str]:
    """Values by name; none when the engine does not answer soon.

    :param channel: one that nobody observes.
    """
    request = spark_proto.ConfigRequest(session_id=spark_session_id)
    request.operation.get_all.SetInParent()
    try:
        answer = spark_proto.SparkConnectServiceStub(channel).Config(request, timeout=_SECONDS)
    except (grpc.RpcError, ValueError) as error:  # ValueError: the channel is closed
        log.debug("The settings of the Spark session are not known: %s", error)
        return {}
    return {pair.key: pair.value for pair in answer.pairs if pair.HasField("value")}
