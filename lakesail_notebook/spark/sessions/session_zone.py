"""The time zones of this process and of its Spark session: they agree, or it is said.

``show()`` and ``toPandas()`` tell times in the Spark session's zone, ``collect()`` and ``datetime.now()`` in the
process's. Sail takes the zone of the engine's machine and reads no ``TZ``; a JVM, and so classic PySpark, takes ``TZ``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple

import grpc

from ..zones import zone_of

_SETTING = "spark.sql.session.timeZone"
_SECONDS = 2.0
_MONTHS = (1, 7)
"""Zones that have the same offsets in these months of a year are taken for the same."""

log = logging.getLogger(__name__)


class LocalZone(NamedTuple):
    """The zone of this process."""

    name: str | None
    """As IANA names it; ``None`` where that is not known."""
    offsets: tuple[timedelta, ...]
    by_variable: bool
    """Whether ``TZ`` names it, so that the user has chosen it."""


def agree(channel: grpc.Channel, spark_session_id: str, *, fresh: bool) -> str | None:
    """Have a Spark session take the zone that this process's ``TZ`` names.

    :param channel: one that nobody observes.
    :param fresh: whether nobody can have set its zone before; else it stays as it is.
    :returns: a sentence about what differs and stays so.
    """
    import pyspark.sql.connect.proto as spark_proto

    stub = spark_proto.SparkConnectServiceStub(channel)
    question = spark_proto.ConfigRequest(session_id=spark_session_id)
    question.operation.get_option.keys.append(_SETTING)
    try:
        zone = stub.Config(question, timeout=_SECONDS).pairs[0].value
        here = local_zone()
        if offsets_of(zone) == here.offsets:
            return None
        if not (fresh and here.by_variable and here.name):
            return difference(zone, here)
        change = spark_proto.ConfigRequest(session_id=spark_session_id)
        change.operation.set.pairs.add(key=_SETTING, value=here.name)
        stub.Config(change, timeout=_SECONDS)
    except (grpc.RpcError, IndexError) as error:
        log.debug("The zone of the Spark session is not known: %s", error)
    return None


def without_agreed_zone(settings: Mapping[str, str], here: LocalZone) -> dict[str, str]:
    """Settings without the time zone, if it is this process's: then each Spark session takes it by itself."""
    agreed = offsets_of(settings.get(_SETTING, "")) == here.offsets
    return {name: value for name, value in settings.items() if name != _SETTING or not agreed}


def difference(zone: str, here: LocalZone) -> str:
    """The sentence about a Spark session in another zone than this process."""
    local = here.name or f"UTC{_text(here.offsets[0])}"
    cure = here.name or (_text(here.offsets[0]) if len(set(here.offsets)) == 1 else "Area/City")
    return (
        f"The Spark session is in the time zone {zone}, this process in {local}: show() and toPandas() tell times in "
        f"the first, collect() and datetime.now() in the second. "
        f'spark.conf.set("{_SETTING}", "{cure}") makes them agree.'
    )


def local_zone() -> LocalZone:
    """The zone in which this process's ``datetime.now()`` tells the time."""
    offsets = _offsets(None)
    variable = os.environ.get("TZ", "").removeprefix(":")
    # A TZ that was set without time.tzset() changes nothing.
    if variable and offsets_of(variable) == offsets:
        return LocalZone(variable, offsets, True)
    machine = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return LocalZone(machine if machine and offsets_of(machine) == offsets else None, offsets, False)


def offsets_of(zone: str) -> tuple[timedelta, ...] | None:
    """The offsets of a zone in winter and summer; ``None`` for a name that is not known here."""
    known = zone_of(zone)
    return None if known is None else _offsets(known.rules)


def _offsets(rules: tzinfo | None) -> tuple[timedelta, ...]:
    year = datetime.now().year
    days = (datetime(year, month, 1, tzinfo=rules) for month in _MONTHS)
    return tuple(day.astimezone(rules).utcoffset() or timedelta() for day in days)


def _text(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
