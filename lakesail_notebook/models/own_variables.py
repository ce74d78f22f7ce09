"""Which environment variables of a kernel are its user's, and so reach the user's engine. Pure.

The kernel leaves the rest out before it sends them, and the server before it uses them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

MAX_ENVIRONMENT_BYTES = 48 * 1024
"""Of all variables, as JSON in UTF-8: the body of a request holds 64 KiB."""

_OF_SERVERS = re.compile(r"JUPYTER.*|JPY_.*|LAKESAIL_.*")
"""Jupyter's, the Hub's and ours: UDFs run in the engine's process and read its environment."""

_OF_ONE_KERNEL = re.compile(
    # How this process was started and where it shows its output. An engine with the same of all else is the same.
    r"_|SHLVL|PWD|OLDPWD|TERM|COLUMNS|LINES|CLICOLOR|CLICOLOR_FORCE|FORCE_COLOR|PAGER|GIT_PAGER|MPLBACKEND"
    r"|PYDEVD_.*|DEBUGPY_.*|IPY_INTERRUPT_EVENT|KERNEL_(?:ID|USERNAME|WORKING_DIR|LAUNCH_TIMEOUT)|VSCODE_.*"
    r"|PYTEST_CURRENT_TEST|KMP_INIT_AT_FORK|_?MARIMO_.*"
    # PySpark's own of the client's side, some of which it sets itself.
    r"|SPARK_REMOTE|SPARK_LOCAL_REMOTE|SPARK_API_MODE|SPARK_CONNECT_.*"
)


def without_servers_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """All but what belongs to Jupyter, to the Hub, or to this package."""
    return {name: value for name, value in environment.items() if _OF_SERVERS.fullmatch(name) is None}


def own_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a kernel that its user gave it, in the order of their names."""
    kept = without_servers_variables(environment)
    return {name: kept[name] for name in sorted(kept) if _OF_ONE_KERNEL.fullmatch(name) is None}


def beyond_limit(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The largest variables, as many as must go until the rest fits; none when all of it does."""
    largest_first = sorted(environment, key=lambda name: (_size(name, environment[name]), name), reverse=True)
    left = sum(_size(name, value) for name, value in environment.items())
    dropped: list[str] = []
    for name in largest_first:
        if left <= MAX_ENVIRONMENT_BYTES:
            break
        dropped.append(name)
        left -= _size(name, environment[name])
    return tuple(dropped)


def changed_between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """The names of what was added, removed or given another value, sorted."""
    names = before.keys() | after.keys()
    return tuple(sorted(name for name in names if before.get(name) != after.get(name)))


def _size(name: str, value: str) -> int:
    return len(json.dumps({name: value}, ensure_ascii=False).encode(errors="surrogateescape"))
