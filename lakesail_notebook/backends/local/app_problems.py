"""What stands against starting marimo on this machine, told before anything is written."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import json
import os
import shlex
from collections.abc import Iterator, Sequence

from packaging.version import InvalidVersion, Version

from ...errors import FieldError
from ...process import own_python
from ...workloads.apps_port import AppSpec

OLDEST_MARIMO = "0.25"
"""Older ones have known holes, or take other options."""
FILE_FIELD, PYTHON_FIELD = "/metadata/lakesail~1marimo-file", "/metadata/lakesail~1python"
_ASK_SECONDS = 20.0
_VERSION_THERE = """
import importlib.metadata, importlib.util, json
found = {name: importlib.util.find_spec(name) is not None for name in ("lakesail_notebook", "marimo")}
print(json.dumps([importlib.metadata.version("marimo") if found["marimo"] else None, found["lakesail_notebook"]]))
"""


def own_problem() -> str | None:
    """Why this interpreter cannot serve pages of marimo; a sentence. It looks, and imports nothing."""
    if importlib.util.find_spec("marimo") is None or importlib.util.find_spec("jupyter_server_proxy") is None:
        return f"marimo is not installed for this server. {_install(own_python())}"
    return _too_old(importlib.metadata.version("marimo"), own_python())


def file_problems(spec: AppSpec) -> Iterator[FieldError]:
    file, directory = spec.file, os.path.dirname(spec.file)
    if not file.endswith(".py"):
        message = (
            f"{file} is no .py file; 'marimo convert {shlex.quote(file)} -o FILE.py' makes one of an .ipynb or .md"
        )
        yield FieldError(FILE_FIELD, message)
    elif os.path.isdir(file):
        yield FieldError(FILE_FIELD, f"{file} is a directory, not a notebook")
    elif not os.path.isdir(directory):
        yield FieldError(FILE_FIELD, f"{directory} is no directory of this machine")
    elif not os.path.exists(file):
        if spec.mode == "run":
            yield FieldError(FILE_FIELD, f"{file} does not exist; open it with mode edit to begin it")
        elif not os.access(directory, os.W_OK):
            yield FieldError(FILE_FIELD, f"{file} does not exist, and {directory} cannot be written")
    elif not os.path.isfile(file):
        yield FieldError(FILE_FIELD, f"{file} is a device or a pipe, not a notebook")
    elif not os.access(file, os.R_OK):
        yield FieldError(FILE_FIELD, f"{file} cannot be read")


async def python_problems(python: str) -> Sequence[FieldError]:
    """What another interpreter than the server's own lacks."""
    said = await _asked(python)
    if said is None:
        return [FieldError(PYTHON_FIELD, f"{python} is no interpreter that runs on this machine")]
    version, ours = said
    if version is None or not ours:
        missing = "marimo" if version is None else "lakesail-notebook"
        return [FieldError(PYTHON_FIELD, f"{missing} is not installed in {python}. {_install(python)}")]
    too_old = _too_old(version, python)
    return [] if too_old is None else [FieldError(PYTHON_FIELD, too_old)]


async def _asked(python: str) -> tuple[str | None, bool] | None:
    """The version of marimo there, and whether this package is there too; ``None``: it does not answer."""
    try:
        asked = await asyncio.create_subprocess_exec(
            *(python, "-P", "-c", _VERSION_THERE),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            answer, _ = await asked.communicate()
        version, ours = json.loads(answer)
    except (TimeoutError, ValueError):
        return None
    finally:
        if asked.returncode is None:
            asked.kill()
    return version, bool(ours)


def _too_old(version: str, python: str) -> str | None:
    try:
        if Version(version) >= Version(OLDEST_MARIMO):
            return None
    except InvalidVersion:
        return None  # somebody's own build
    return f"marimo {version} in {python} is too old: it must be {OLDEST_MARIMO} or newer. {_install(python)}"


def _install(python: str) -> str:
    return f"Run: {shlex.quote(python)} -m pip install 'lakesail-notebook[marimo]'"
