"""Refuses settings with values that break a Spark session: Sail 0.7.2 takes them, and then fails at every query.

The switches of our own checks are refused with them, when they are misspelt.

Goes when Sail refuses such a value itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto

from ...errors import InvalidArgument
from .plan_checks.findings import wrong_switch

_PROBE = "select timestamp '2024-01-01 00:00:00'"
"""Sail reads all of its settings for any plan, and the session's time zone for this one."""
_SECONDS = 5.0

Send = Callable[..., Any]

log = logging.getLogger(__name__)


class InvalidSettings(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Sets what is asked for, tries it, and takes back what does not work.

    :param channel: one that nobody observes.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = spark_proto.SparkConnectServiceStub(channel)

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        """:raises InvalidArgument: for a value that breaks the session; the old ones are set again."""
        if not details.method.endswith("/Config") or request.operation.WhichOneof("op_type") != "set":
            return send(details, request)
        for pair in request.operation.set.pairs:
            if complaint_of_ours := wrong_switch(pair.key, pair.value):
                raise InvalidArgument(complaint_of_ours)
        before = self._values(request)
        answer = send(details, request)
        if before is None or answer.code() is not grpc.StatusCode.OK:
            return answer
        complaint = self._complaint(request)
        if complaint is None:
            return answer
        self._restore(request, before)
        if self._complaint(request) is None:
            raise InvalidArgument(refusal(request.operation.set.pairs, complaint))
        return send(details, request)  # it was broken before, by another setting

    def _values(self, request: Any) -> dict[str, str | None] | None:
        """The values before, by name; ``None`` where the engine does not tell them in time."""
        keys = [pair.key for pair in request.operation.set.pairs]
        question = _asking(request)
        question.operation.get_option.keys.extend(keys)
        try:
            pairs = self._stub.Config(question, timeout=_SECONDS).pairs
        except grpc.RpcError as error:
            log.debug("The settings %s cannot be read: %s", keys, error)
            return None
        found = {pair.key: pair.value for pair in pairs if pair.HasField("value")}
        return {key: found.get(key) for key in keys}

    def _complaint(self, request: Any) -> str | None:
        """What the engine has against its settings."""
        question = spark_proto.AnalyzePlanRequest(session_id=request.session_id, user_context=request.user_context)
        question.schema.plan.root.sql.query = _PROBE
        try:
            self._stub.AnalyzePlan(question, timeout=_SECONDS)
        except grpc.RpcError as error:
            passing = error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
            return None if passing else str(error.details())
        return None

    def _restore(self, request: Any, before: dict[str, str | None]) -> None:
        for key, value in before.items():
            change = _asking(request)
            if value is None:
                change.operation.unset.keys.append(key)
            else:
                change.operation.set.pairs.add(key=key, value=value)
            self._stub.Config(change, timeout=_SECONDS)


def refusal(pairs: Any, complaint: str) -> str:
    """The sentence about settings that break a session."""
    said = ", ".join(f"{pair.key}={pair.value!r}" for pair in pairs)
    return (
        f"{said} was not set: queries would fail with it ({complaint.strip().rstrip('.')}). "
        f"The setting{'' if len(pairs) == 1 else 's'} stayed as before."
    )


def _asking(request: Any) -> Any:
    return spark_proto.ConfigRequest(session_id=request.session_id, user_context=request.user_context)
