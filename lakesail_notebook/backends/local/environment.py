"""What a local engine's environment holds: pure, but for the size of the machine."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from ...models import MASKED
from ...models.own_variables import changed_between, own_variables, without_servers_variables
from .size import EngineSize, Workers

_FOR_EVERYBODY = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|VIRTUAL_ENV|CONDA_PREFIX|SAIL_\w+"
    r"|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(?i:https?|all|no)_proxy"
)
"""What processes need to run and to reach the network: no credentials of whoever started the server."""

_NO_SECRET = re.compile(
    r"LANG|LANGUAGE|TZ|USER|LOGNAME|SHELL"
    r"|LC_(?:ALL|ADDRESS|COLLATE|CTYPE|IDENTIFICATION|MEASUREMENT|MESSAGES|MONETARY|NAME|NUMERIC|PAPER|TELEPHONE|TIME)"
    r"|VIRTUAL_ENV|VIRTUAL_ENV_PROMPT|PYENV_ROOT|MAMBA_ROOT_PREFIX|MAMBA_EXE"
    r"|CONDA_(?:PREFIX(?:_\d+)?|DEFAULT_ENV|EXE|PYTHON_EXE|PROMPT_MODIFIER|SHLVL|ROOT)"
    r"|PYTHONPATH|PYTHONHOME|PYTHONUSERBASE|CLASSPATH|GOPATH|MANPATH|INFOPATH|TMPDIR"
    r"|(?!.*(?:TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH))(?:[A-Z0-9]+_)*(?:PATH|DIR|HOME)"
)
"""Paths and names: lines of a log that say where an error lies are of no use without them.

Whole names only, since a prefix or a suffix would exempt secrets such as ``CONDA_TOKEN``.
"""
_SHORTEST_MASKED = 6
_NEVER_SECONDS = 365 * 24 * 3600
_MEMORY_LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    batch_size: int
    stack_bytes: int
    size: EngineSize
    scratch_directory: str
    libraries_directory: str | None = None
    """What was installed for the engine."""


def user_environment(server: Mapping[str, str]) -> dict[str, str]:
    """For engines of the person whose server it is: cloud credentials and proxies work as they do in the notebook."""
    return without_servers_variables(server)


def kernel_environment(kernel: Mapping[str, str], *, its_python: bool) -> dict[str, str]:
    """What a kernel gave to its own engine: it replaces what the server has.

    :param its_python: whether the engine runs in the kernel's interpreter.
    """
    kept = own_variables(kernel)
    return kept if its_python else {name: kept[name] for name in kept if name != "PYTHONHOME"}


def shared_environment(server: Mapping[str, str], also: Collection[str]) -> dict[str, str]:
    """For engines of other people than the server's owner.

    :param also: further variables that the administrator gives to all of them.
    """
    kept = user_environment(server)
    return {name: value for name, value in kept.items() if name in also or _FOR_EVERYBODY.fullmatch(name) is not None}


def engine_environment(base: Mapping[str, str], extra: Mapping[str, str], settings: EngineSettings) -> dict[str, str]:
    """Over the base the compute config's variables, and over both our settings of Sail."""
    kept = {**base, **extra}
    return kept | _sail_settings(settings) | _python_path(kept.get("PYTHONPATH"), settings.libraries_directory)


def masking(values: Iterable[str]) -> Callable[[str], str]:
    """Takes the values of a compute config's variables out of a line of a log: Sail quotes a setting that it cannot
    read, and a UDF may print what it likes. Shorter values are words of any line, and no secrets."""
    lines = {line for value in values for line in (value, *value.splitlines()) if len(line) >= _SHORTEST_MASKED}
    if not lines:
        return lambda line: line
    spelt = lines | {json.dumps(line, ensure_ascii=False)[1:-1] for line in lines}  # as Rust's messages quote it
    pattern = re.compile("|".join(re.escape(text) for text in sorted(spelt, key=len, reverse=True)))
    return lambda line: pattern.sub(MASKED, line)


def secrets_among(kernel: Mapping[str, str], server: Mapping[str, str]) -> list[str]:
    """The values of a kernel's variables that may be secrets: those that the server has not, and that name no place."""
    return [
        kernel[name] for name in changed_between(server, kernel) if name in kernel and not _NO_SECRET.fullmatch(name)
    ]


def _sail_settings(settings: EngineSettings) -> dict[str, str]:
    size = settings.size
    return {
        # Sail would end Spark sessions by their last request, also while a query runs; the session proxy does it right.
        "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(_NEVER_SECONDS),
        # 3 to 5 times the throughput of the default 8192.
        "SAIL_EXECUTION__BATCH_SIZE": str(settings.batch_size),
        # With the default 8 MiB, `select 1+1+...` of 600 terms ends the process.
        "SAIL_RUNTIME__STACK_SIZE": str(settings.stack_bytes),
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": '"greedy"',
        "SAIL_RUNTIME__MEMORY_POOL__GREEDY__MAX_SIZE": str(size.memory_bytes),
        "SAIL_RUNTIME__TEMPORARY_FILES__PATHS": f'["{_toml_text(settings.scratch_directory)}"]',
        "RUST_LOG": "info",
        "PYTHONUNBUFFERED": "1",
        **({} if size.parallelism is None else {"SAIL_EXECUTION__DEFAULT_PARALLELISM": str(size.parallelism)}),
        **_mode(size.workers),
    }


def _mode(workers: Workers | None) -> dict[str, str]:
    if workers is None:
        return {"SAIL_MODE": "local"}
    return {
        "SAIL_MODE": "local-cluster",
        "SAIL_CLUSTER__WORKER_INITIAL_COUNT": str(workers.at_first),
        "SAIL_CLUSTER__WORKER_MAX_COUNT": str(workers.at_most),
        "SAIL_CLUSTER__WORKER_TASK_SLOTS": str(workers.task_slots),
    }


def _python_path(users: str | None, libraries: str | None) -> dict[str, str]:
    return {} if libraries is None else {"PYTHONPATH": os.pathsep.join(filter(None, (libraries, users)))}


def vcpus_of_machine() -> int:
    """The machine's processors, or those that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def memory_of_machine() -> int:
    """Bytes: the machine's, or what its container allows."""
    total = int(psutil.virtual_memory().total)
    return min([total, *filter(None, map(_limit_in, _MEMORY_LIMIT_FILES))])


def _limit_in(path: str) -> int | None:
    try:
        text = Path(path).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _toml_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
