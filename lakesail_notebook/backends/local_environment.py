"""What a local engine's environment holds: pure, but for the size of the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_NOT_FOR_ENGINES = re.compile(r"JUPYTER.*|JPY_.*|LAKESAIL_.*")
"""Jupyter's, the Hub's and our own: UDFs run in the engine's process and read its environment."""

_NEVER_SECONDS = 365 * 24 * 3600
_MEMORY_LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    batch_size: int
    stack_bytes: int
    memory_bytes: int
    scratch_directory: str


def engine_environment(user: Mapping[str, str], settings: EngineSettings) -> dict[str, str]:
    """The user's environment, so that cloud credentials work in it, with our settings of Sail."""
    kept = {name: value for name, value in user.items() if _NOT_FOR_ENGINES.fullmatch(name) is None}
    return kept | {
        "SAIL_MODE": "local",
        # Sail would end Spark sessions by their last request, also while a query runs; the session proxy does it right.
        "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(_NEVER_SECONDS),
        # 3 to 5 times the throughput of the default 8192.
        "SAIL_EXECUTION__BATCH_SIZE": str(settings.batch_size),
        # With the default 8 MiB, `select 1+1+...` of 600 terms ends the process.
        "SAIL_RUNTIME__STACK_SIZE": str(settings.stack_bytes),
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": '"greedy"',
        "SAIL_RUNTIME__MEMORY_POOL__GREEDY__MAX_SIZE": str(settings.memory_bytes),
        "SAIL_RUNTIME__TEMPORARY_FILES__PATHS": f'["{_toml_text(settings.scratch_directory)}"]',
        "RUST_LOG": "info",
        "PYTHONUNBUFFERED": "1",
    }


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
