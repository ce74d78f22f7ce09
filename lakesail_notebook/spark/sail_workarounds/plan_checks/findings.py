"""What a check has found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
