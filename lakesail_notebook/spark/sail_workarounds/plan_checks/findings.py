"""What a check has found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

SWITCH_PREFIX = "spark.lakesail.checks."

Name = Literal[
    "cache",
    "clusterCsvDates",
    "dynamicPartitionOverwrite",
    "emptyReads",
    "failedOverwrite",
    "ignoredOptions",
    "nullPartitions",
    "overwrittenSource",
    "partitionGlobs",
    "storedZones",
]


class SailDifference(UserWarning):
    """The engine does something else than Spark, and says nothing of it."""


class NothingRead(SailDifference):
    """A path that is read matches no file."""


class DataLost(SailDifference):
    """A write failed after the engine had deleted what it was to replace."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a plan, in sentences that hold the cure."""

    check: Name
    text: str
    about: str = ""
    """A warning about the same thing is shown once."""


def switch(check: Name) -> str:
    """The Spark setting that turns a check off when it is ``false``."""
    return f"{SWITCH_PREFIX}{check}"


def sentence(finding: Finding) -> str:
    """The text of a finding, with how to turn its check off."""
    return f'{finding.text} spark.conf.set("{switch(finding.check)}", "false") turns this check off.'


def wrong_switch(name: str, value: str) -> str | None:
    """Why a setting turns no check on or off, if it is one of these settings; ``None`` for others."""
    if not name.startswith(SWITCH_PREFIX):
        return None
    known, asked = get_args(Name), name.removeprefix(SWITCH_PREFIX)
    if asked not in known:
        close = get_close_matches(asked, known, n=1)
        hint = f"did you mean {switch(close[0])}? " if close else ""
        return f"{name} was not set: there is no such check; {hint}The checks are {', '.join(known)}."
    if value.strip().lower() not in {"true", "false"}:
        return f"{name}={value!r} was not set: it is true or false."
    return None
