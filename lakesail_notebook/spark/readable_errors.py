"""What the engine and PySpark say of a failure, in one line: the cause, and what to do about it where that is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NO_ACTIVE_SESSION, SESSION_NOT_SAME = "[NO_ACTIVE_SESSION]", "[SESSION_NOT_SAME]"
"""How PySpark begins to say that a Spark session is over, and that two DataFrames are not of the same one."""

_CHARACTERS = 600
_PARSED_PART = re.compile(r'Identifier\("((?:[^"\\]|\\.)*)"\)')
_PARSED_NAME = re.compile(rf"ObjectName\(\[{_PARSED_PART.pattern}(?:, {_PARSED_PART.pattern})*\]\)")
_CURE_OF_AN_ENDED_SESSION = "This Spark session is over. Run %sail connect to get a new one."
_CURES: tuple[tuple[str, str], ...] = (
    (
        r"Traceback.*NO_ACTIVE_SESSION",
        "A Python function of the engine cannot use spark or a DataFrame; join them, or collect what it needs before.",
    ),
    (r"NO_ACTIVE_SESSION", _CURE_OF_AN_ENDED_SESSION),
    (
        r"handle add artifacts|copy.?from.?local",
        "Sail takes no files from clients. Put modules beside the notebook, and packages into the notebook's "
        "environment or the libraries of the compute config.",
    ),
    (
        r"Resources exhausted|Failed to allocate",
        "The engine's memory limit is reached. Read less at once, or connect with a larger compute config "
        "(c.LocalBackend.memory_bytes on your own machine).",
    ),
    (
        r"message larger than max|larger than max \(",
        "One message may have 128 MB. Write large local data to a Parquet file, and read that.",
    ),
    (
        r"invalid argument: (?:provided string was not `true` or `false`|invalid digit found in string"
        r"|invalid (?:map key dedup policy|timestamp type|store assignment policy))",
        "A setting of this Spark session has a value that Sail cannot read. spark.conf.getAll lists the settings; "
        "spark.conf.unset(name) takes one back.",
    ),
    (
        r"Invalid timezone",
        "Name the zone as Europe/Paris or +05:30, in the query or by "
        'spark.conf.set("spark.sql.session.timeZone", zone).',
    ),
    (r"unsupported PySpark version", 'Run %pip install "pyspark-client>=4.0,<4.3" and restart the kernel.'),
    (r"No module named", "Install it in the notebook's environment, then run %sail relaunch: UDFs run there too."),
    (r"URL scheme is not allowed", "Download the file first; Sail reads s3://, gs://, az:// and file paths."),
    (r"already exists", 'Choose another name, or say .mode("overwrite") or CREATE OR REPLACE.'),
    (
        r"(?:table|view|TABLE_OR_VIEW).{0,20}(?:not found|NOT_FOUND)",
        "spark.catalog.listTables() lists what there is; a temp view is gone after a new session.",
    ),
    (r"cannot resolve attribute", "Check the column's name."),
    (r"ambiguous attribute", "Say of which table it is, as in t.n."),
    (r"No field named", "Check the column's name; beside an aggregate, a column has to stand in GROUP BY."),
    (r"PERMISSION_DENIED|Permission denied|Access ?Denied", "Check the rights of the path and the credentials."),
    (r"No space left on device", "Free some space; c.LocalBackend.scratch_directory names where engines spill."),
    (r"No such file|Object at location .* not found", "Check the path; relative paths begin at the notebook's folder."),
)


@dataclass(frozen=True, slots=True)
class OldObject:
    """A variable that holds a DataFrame or a Spark session."""

    name: str
    session_id: str
    """The session that it belongs to."""
    cell: int | None
    """The number of the cell that made it, where that is known."""

    def __str__(self) -> str:
        return self.name if self.cell is None else f"{self.name} (made in In[{self.cell}])"


def of_an_ended_session(objects: Sequence[OldObject], current_session_id: str | None) -> str:
    """What to say when what belongs to a session that is over was used.

    :param objects: that the code names; none when it is not known what it was.
    :param current_session_id: of the session that the notebook runs on, if there is one.
    """
    if current_session_id is None:
        return _CURE_OF_AN_ENDED_SESSION
    if not objects:
        return (
            "A DataFrame that this code uses belongs to a Spark session that is over. Make it again; spark now runs "
            f"on session {current_session_id}."
        )
    these = _enumerated([str(one) for one in objects])
    belong = "belongs" if len(objects) == 1 else "belong"
    ended = _enumerated(list(dict.fromkeys(one.session_id for one in objects)))
    cells = [f"In[{cell}]" for cell in sorted({one.cell for one in objects if one.cell is not None})]
    cure = f"Run {_enumerated(cells)} again" if cells else "Make it again"
    return (
        f"{these} {belong} to session {ended}, which is over. {cure}: spark now runs on session {current_session_id}."
    )


def of_two_sessions(objects: Sequence[OldObject]) -> str:
    """What to say when DataFrames of two sessions were put together."""
    owned = "; ".join(f"{one} is of session {one.session_id}" for one in objects)
    return (
        f"Two DataFrames of different sessions cannot be put together{f': {owned}' if owned else ''}. "
        "Make both from the same Spark session."
    )


def table_not_found(message: str) -> str | None:
    """The name of the table or view that an error says is not there; ``None`` for another error."""
    found = re.search(r"Table or view not found: `?([^\n`]+?)`?\s*$", message, re.M)
    return None if found is None else found[1]


def of_something_gone(message: str, kind_and_name: str, why: str, line: str) -> str:
    """What to say when a table or view of the session before was used.

    :param why: it was not made again.
    :param line: the user's code that made it; empty when it is not known.
    """
    cure = f"Make it again, as in: {line}" if line else "Make it again."
    return f"{one_line(message).rstrip('.')}. The {kind_and_name} was of a session that is over ({why}). {cure}"


def _enumerated(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def readable(message: str) -> str:
    """A message of PySpark as one line, with a cure where one is known.

    Of a Python function's traceback, the last line is kept: it names the error.
    """
    line = one_line(_with_plain_names(message))
    cure = next((cure for pattern, cure in _CURES if re.search(pattern, message, re.I | re.S)), None)
    if cure is None or cure in line:
        return line
    return f"{line.rstrip('.')}. {cure}"


def _with_plain_names(message: str) -> str:
    """Sail names columns as its parser holds them: ``ObjectName([Identifier("t"), Identifier("n")])`` is ``t.n``."""
    return _PARSED_NAME.sub(lambda found: ".".join(_PARSED_PART.findall(found[0])), message)


def one_line(message: str) -> str:
    """A message as one line, cut where it is long; of a traceback, its last line."""
    head, marker, traceback = message.partition("Traceback (most recent call last):")
    if marker:
        last = next((line for line in reversed(traceback.strip().splitlines()) if line.strip()), "")
        message = f"{head.strip().rstrip(':')}: {last.strip()}" if head.strip() else last
    words = " ".join(message.split())
    return words if len(words) <= _CHARACTERS else f"{words[: _CHARACTERS - 1]}…"
