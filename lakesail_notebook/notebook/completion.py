"""Completion of ``%sail`` lines: commands, options, compute configs and sessions."""

from __future__ import annotations

import re
import shlex
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..client.client import Client
from ..errors import LakesailError
from ..models import LIVE_STATUSES
from ..spark.sessions.choice import EXAMINATION_KEY
from ..spark.sessions.connect import client_in_use
from .arguments import COMMANDS, options_of, sql_options
from .name_completion import Completed, table_names

_PATIENCE_SECONDS = 0.5
"""A kernel does nothing else while it completes."""
_KNOWN_FOR_SECONDS = 5.0
_LINE = re.compile(r"\s*(?P<magic>%sail|%%sail|sail)\s(?P<rest>.*)", re.DOTALL)
_CATALOG = re.compile(r"\s*(?P<magic>%?sail)\s+catalog\s+(?P<name>.*)")
_WORD = re.compile(r"""(?:'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|[^\s'"])+""")
_OF_LIVE_SESSIONS = frozenset({"close", "extend", "status", "token", "logs", "queries"})
_OF_ENDED_SESSIONS = frozenset({"relaunch", "logs", "queries", "status"})


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to name."""

    configs: tuple[str, ...] = ()
    live_sessions: tuple[str, ...] = ()
    ended_sessions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What may stand in the place of a fragment at the end of a line."""

    words: Sequence[str]
    """As they are written: quoted where need be."""
    fragment: str


def found_in(text: str, number: int, known: Callable[[], Known], *, bare: bool) -> Found | None:
    """What the end of a cell's line may become; ``None`` when it is no line of ours.

    :param text: the line, up to the cursor.
    :param number: of the line in its cell, from 0.
    :param bare: whether ``sail`` without its ``%`` is the magic, too.
    """
    match = _LINE.fullmatch(text)
    if match is None or (match["magic"] == "sail" and not bare):
        return None
    if match["magic"] != "%%sail":
        return candidates(match["rest"], known)
    return _of_a_cell(match["rest"]) if number == 0 else None


def _of_a_cell(line: str) -> Found | None:
    """:param line: what stands behind ``%%sail``."""
    line = line.lstrip()
    if "sql".startswith(line):
        return Found(["sql"], line)
    command, *given = line.split()
    if command != "sql" or not given or not given[-1].startswith("-") or not line.endswith(given[-1]):
        return None
    fragment = given.pop()
    left = [option for option in (*sql_options(), "--help") if option not in given]
    return Found([option for option in left if option.startswith(fragment)], fragment)


def candidates(line: str, known: Callable[[], Known]) -> Found:
    """What the last word of a line may become; ``line`` is what stands behind ``%sail``, up to the cursor.

    :param known: asked only where names of things can stand.
    """
    written = _WORD.findall(line)
    fragment = "" if not written or not line.endswith(written[-1]) else written.pop()
    start = _unquoted(fragment)
    names = _that_can_stand(start, [_unquoted(word) for word in written], known)
    quote = '"' if fragment.startswith('"') else ""
    return Found([_quoted(name, quote) for name in names if name.startswith(start)], fragment)


def _that_can_stand(start: str, before: Sequence[str], known: Callable[[], Known]) -> Sequence[str]:
    """:param before: the words that stand before the one that begins with ``start``."""
    if not before:
        return (*COMMANDS, "help")
    command, *given = before
    if command == "help":
        return () if given else COMMANDS
    if command not in COMMANDS:
        return ()
    options = options_of(command)
    if given and options.get(given[-1]):
        return known().live_sessions if given[-1] == "--attach" else ()
    left = [option for option in (*options, "--help") if option not in given]
    if start.startswith("-"):
        return left
    return _names(command, _positionals(given, options), known) or ([] if start else left)


def _names(command: str, positionals: int, known: Callable[[], Known]) -> Sequence[str]:
    """:param positionals: how many of the command's positional arguments are given already."""
    if positionals != (1 if command == "extend" else 0):
        return ()
    if command == "connect":
        return known().configs
    names = known().live_sessions if command in _OF_LIVE_SESSIONS else ()
    return names + (known().ended_sessions if command in _OF_ENDED_SESSIONS else ())


def _positionals(given: Sequence[str], options: Mapping[str, bool]) -> int:
    values = sum(bool(options.get(word)) for word in given)
    return sum(not word.startswith("-") for word in given) - values


def _unquoted(word: str) -> str:
    return word.replace('"', "").replace("'", "")


def _quoted(name: str, quote: str) -> str:
    plain = not any(one in name for one in '"\\$`')
    return f"{quote}{name}{quote}" if quote and plain else shlex.quote(name)


class Things:
    """What the control plane knows, as far as it says so quickly; remembered for some seconds."""

    def __init__(self, client: Callable[[], Client | None]) -> None:
        self._client = client
        self._known = Known()
        self._until = 0.0
        self._asking: threading.Thread | None = None

    def known(self) -> Known:
        if time.monotonic() >= self._until:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, name="lakesail-completion", daemon=True)
                self._asking.start()
            self._asking.join(_PATIENCE_SECONDS)
        return self._known

    def _ask(self) -> None:
        try:
            client = self._client()
            if client is None:
                return
            page = next(client.session_pages())
            latest = [one for one in page.included.sessions if EXAMINATION_KEY not in one.metadata]
            self._known = Known(
                configs=tuple(config.name or config.id for config in client.compute_configs()),
                live_sessions=tuple(one.id for one in latest if one.status in LIVE_STATUSES),
                ended_sessions=tuple(one.id for one in latest if one.status not in LIVE_STATUSES),
            )
        except LakesailError:
            return
        self._until = time.monotonic() + _KNOWN_FOR_SECONDS


def register(shell: Any) -> None:
    """Have this shell complete ``%sail`` lines, and nothing else stand among what they may become."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    things = Things(client_in_use)

    @context_matcher()  # type: ignore[untyped-decorator]
    def lakesail_line_matcher(context: Any) -> Any:
        bare = shell.automagic and "sail" not in shell.user_ns and not context.full_text.startswith("%%")
        named = _CATALOG.fullmatch(context.text_until_cursor)
        if named is not None and (named["magic"] == "%sail" or bare) and not named["name"].startswith("-"):
            words, fragment = table_names(named["name"])
            return {"completions": Completed(SimpleCompletion(text=word) for word in words), **_alone(fragment)}
        found = found_in(context.text_until_cursor, context.cursor_line, things.known, bare=bare)
        if found is None:
            return {"completions": []}
        completions = [SimpleCompletion(text=word) for word in found.words]
        return {"completions": completions, **_alone(found.fragment)}

    shell.Completer.custom_matchers.append(lakesail_line_matcher)


def _alone(fragment: str) -> dict[str, Any]:
    """Of the result of a matcher: no other completions beside these."""
    return {"matched_fragment": fragment, "suppress": True}
