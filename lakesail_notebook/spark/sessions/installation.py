"""Whether this Python has a PySpark that a session understands, and what to install when it has not."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import re
import sys
import threading
import warnings
from collections.abc import Collection
from concurrent.futures import Future

from ...errors import FailedPrecondition

_DISTRIBUTIONS = ("pyspark", "pyspark-client")
_OLDEST, _TOO_NEW = (4, 0), (4, 3)
_INSTALL = '%pip install "pyspark-client>=4.0,<4.3"'
_MODULES = (
    "lakesail_notebook.spark.sessions.channel",
    "lakesail_notebook.spark.rpcs.first_rpc",
    "pyspark.sql.connect.session",
)


_LOADING = threading.RLock()
"""Held while PySpark is imported: a child that is forked meanwhile could never import it."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOADING.acquire, after_in_parent=_LOADING.release, after_in_child=_LOADING.release)


def load_in_background() -> Future[None]:
    """Begin to import PySpark (about a second) in a thread of its own.

    The future ends with :class:`FailedPrecondition` when it cannot be loaded; the message says what to install.
    """
    _keep_quiet_about_pandas_3()
    name_main_module()
    loaded: Future[None] = Future()
    threading.Thread(target=_load_into, args=(loaded,), name="lakesail-import", daemon=True).start()
    return loaded


def name_main_module() -> None:
    """Give the main module a spec where it has neither that nor a file, as in ``python -c`` and in spawned workers.

    PySpark 4.2 takes such a process for a run of its own doctests, and ends it. Goes when PySpark tells them apart.
    """
    main = sys.modules["__main__"]
    if main.__spec__ is None and not hasattr(main, "__file__"):
        main.__spec__ = importlib.machinery.ModuleSpec("__main__", None)  # multiprocessing takes no notice of this name


def engine_python() -> str | None:
    """This interpreter, if an engine can run in it; it then runs the UDFs with the packages of this environment."""
    return sys.executable if importlib.util.find_spec("pysail") is not None else None


def pandas_note(version: str | None) -> str:
    """What the doctor says of pandas in this version; nothing where all of PySpark works with it."""
    if version is None or int(version.partition(".")[0]) < 3:
        return ""
    return f"; pandas {version}, under which pyspark.pandas cannot be imported"


def _keep_quiet_about_pandas_3() -> None:
    """Under pandas 3, PySpark 4.2 warns into cells, again and again, that it does not fully support it.

    What notebooks use of it works there. What does not, ``pyspark.pandas``, goes on warning: its import fails next.
    """
    warnings.filterwarnings(
        "ignore",
        message="PySpark does not yet fully support pandas >= 3",
        category=FutureWarning,
        module=r"pyspark\.(sql|testing)\.",
    )


def check_installation() -> None:
    """Look without importing.

    :raises FailedPrecondition: when PySpark is missing or the wrong one; the message says what to install.
    """
    installed = installed_pysparks()
    check_distributions(installed, importable=importlib.util.find_spec("pyspark") is not None)
    for version in installed.values():
        check_version(version)


def check_distributions(installed: Collection[str], *, importable: bool) -> None:
    """:raises FailedPrecondition: when no PySpark is there, or two that overwrite each other's files."""
    if len(installed) > 1:
        raise FailedPrecondition(
            "Both pyspark and pyspark-client are installed, and they share their files. Run "
            f"%pip uninstall -y pyspark pyspark-client, then {_INSTALL}, and restart the kernel.",
            reason="two_pysparks",
        )
    if not importable:
        raise FailedPrecondition(f"PySpark is missing in {sys.prefix}. Run {_INSTALL}.", reason="no_pyspark")


def check_version(version: str) -> None:
    """:raises FailedPrecondition: for a PySpark that the engine refuses."""
    match = re.match(r"(\d+)\.(\d+)", version)
    if match is None or not _OLDEST <= (int(match[1]), int(match[2])) < _TOO_NEW:
        raise FailedPrecondition(
            f"PySpark {version} is installed; sessions need PySpark 4.0, 4.1 or 4.2. "
            f"Run {_INSTALL} (or the same for pyspark[connect]), and restart the kernel.",
            reason="pyspark_version",
        )


def _load_into(loaded: Future[None]) -> None:
    try:
        with _LOADING:
            _load()
    except BaseException as error:
        loaded.set_exception(error)
    else:
        loaded.set_result(None)


def _load() -> None:
    try:
        check_version(importlib.import_module("pyspark").__version__)
        for module in _MODULES:
            importlib.import_module(module)
    except ImportError as error:
        raise FailedPrecondition(
            f"PySpark cannot be loaded ({error}). Run {_INSTALL}, and restart the kernel.", reason="pyspark_broken"
        ) from error


def installed_pysparks() -> dict[str, str]:
    """Distribution -> version, of those that bring PySpark."""
    found = {name: installed_version(name) for name in _DISTRIBUTIONS}
    return {name: version for name, version in found.items() if version is not None}


def installed_version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
