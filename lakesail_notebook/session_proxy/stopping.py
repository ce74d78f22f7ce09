"""Whether an engine has stopped with what was cancelled: it is asked, since it is not always told that clients went.

An engine that runs a Python function may answer nothing of a Spark session until the function returns. While it is
silent, it works. One that answers may compute on all the same, which only its use of the processor shows.
"""

from __future__ import annotations

import asyncio
import contextlib

import grpc.aio

from .forwarding import Engines
from .operation import Operation
from .operations import OperationBook
from .routes import RouteTable
from .spark_rpc import INTERRUPT, interrupt_request


class StopQuestions:
    """Asks about each operation that is cancelled, by an interrupt of that operation, until the engine answers."""

    def __init__(self, engines: Engines, routes: RouteTable, operations: OperationBook) -> None:
        self._engines = engines
        self._routes = routes
        self._operations = operations
        self._asking: set[asyncio.Task[None]] = set()
        operations.when_cancelled = self.ask

    def ask(self, operation: Operation) -> None:
        address = self._routes.address_of(operation.spark_session.session_id)
        if address is None:
            return
        self._operations.asks_engine(operation)
        task = asyncio.create_task(self._ask(operation, address))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, operation: Operation, address: str) -> None:
        spark_session = operation.spark_session
        request = interrupt_request(spark_session.id, spark_session.caller, operation.id)
        with contextlib.suppress(grpc.aio.AioRpcError):  # it refuses, or it is gone
            await self._engines.channel(address).unary_unary(INTERRUPT.path)(request)
        self._operations.engine_answered(operation)
