"""What is made again in a new Spark session, on an endpoint that refuses some of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.spark.belongings.observed import Belongings
from lakesail_notebook.spark.belongings.plan_effects import Belonging
from lakesail_notebook.spark.belongings.restoring import Restored, Restoring

COMPLETE = spark_proto.ExecutePlanResponse(result_complete=spark_proto.ExecutePlanResponse.ResultComplete())


class RefusingEngine(spark_proto.SparkConnectServiceServicer):  # type: ignore[misc]
    """Refuses the statements that name ``sales``, and answers all others."""

    def ExecutePlan(self, request: Any, context: Any) -> Iterator[Any]:
        if "sales" in request.plan.command.sql_command.input.sql.query:
            context.abort(grpc.StatusCode.NOT_FOUND, "there is no sales")
        yield COMPLETE


@pytest.fixture
def channel() -> Iterator[grpc.Channel]:
    server = grpc.server(futures.ThreadPoolExecutor(2))
    spark_proto.add_SparkConnectServiceServicer_to_server(RefusingEngine(), server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    with grpc.insecure_channel(f"localhost:{port}") as channel:
        yield channel
    server.stop(0).wait()


def restored(channel: grpc.Channel, *statements: str) -> Restored:
    before, now = Belongings(), Belongings()
    for statement in statements:
        request = spark_proto.ExecutePlanRequest(operation_id="o")
        request.plan.command.sql_command.input.sql.query = statement
        before.begins(request)
        before.answered("o", COMPLETE)
    now.take_over(before)
    return Restoring(channel, "s", now).run(lambda _: None)


def test_a_setting_that_is_refused_loses_only_the_views_that_cannot_be_made_without_it(channel: grpc.Channel) -> None:
    outcome = restored(
        channel, "use sales", "create temp view a as select 1", "create temp view b as select * from sales.t"
    )
    assert Belonging("temp view", "a") in outcome.made
    assert {(one.belonging, one.why) for one in outcome.lost} == {
        (Belonging("setting", "current database"), "there is no sales"),
        (
            Belonging("temp view", "b"),
            "it was made under the setting current database, which is lost: there is no sales",
        ),
    }
