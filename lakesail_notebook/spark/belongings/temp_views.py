"""The temp views that a Spark session has, whoever made them."""

from __future__ import annotations

import grpc
import pyspark.sql.connect.proto as spark_proto

from ..rpcs.looks import look
from .plan_effects import Belonging


def temp_views(channel: grpc.Channel, spark_session_id: str) -> tuple[Belonging, ...]:
    """None when the engine does not answer soon."""
    tables = spark_proto.Relation()
    tables.catalog.list_tables.SetInParent()
    rows = look(channel, spark_session_id, tables) or ()
    return tuple(Belonging("temp view", name) for name, *_, temporary in rows if temporary)
