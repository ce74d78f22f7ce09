"""What PySpark answers when code asks it for a session: ``SparkSession.builder.getOrCreate()`` and its like.

Without a URL, PySpark can only refuse. Here it gives the caller's own session instead: the one that the caller is
connected to, or a new one by ``connect()``. A builder that names another server is left to PySpark, and so is a full
PySpark, which starts a Spark of its own, until the process has connected.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...errors import FailedPrecondition
from . import new_workers, owners
from .installation import name_main_module

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_PUBLIC = "pyspark.sql.session"
_CONNECT = "pyspark.sql.connect.session"


def install() -> None:
    """Answer requests for sessions from now on, whether PySpark is imported already or later. May be called again."""
    name_main_module()
    if not any(isinstance(finder, _Importing) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Importing())
    for name in _WRAPS:
        if name in sys.modules:
            wrap(importlib.import_module(name))  # which waits for another thread that is importing it


def share_among(several: owners.Owners) -> None:
    """From now on, several owners share this process: who asks is given its own session, and never another's."""
    owners.install(several)
    install()


def make_active(spark: SparkSession) -> None:
    """Have PySpark take this session for its caller's: for the process's default and the thread's active one.

    Where several owners share the process, it is its owner's alone. PySpark has no public way to change either.
    """
    from pyspark.sql.connect.session import SparkSession

    if owners.have_several():
        _OF_OWNERS[owners.current_owner()] = spark
        return
    with SparkSession._lock:
        SparkSession._default_session = spark
        SparkSession._active_session.session = spark


def forget_owner(owner: str) -> None:
    """An owner asks for nothing more."""
    _OF_OWNERS.pop(owner, None)


def names_another_server(options: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Whether a builder, or the environment, says which server to use."""
    return (
        "spark.remote" in options
        or bool(environment.get("SPARK_REMOTE"))
        or str(options.get("spark.master", "")).startswith("sc://")
    )


_OF_OWNERS: dict[str, SparkSession] = {}
"""Where several owners share the process: the session of each."""


def _public_get_or_create(original: Callable[[Any], Any], builder: Any) -> Any:
    if not _is_asked_of_us(builder):
        return original(builder)
    from pyspark.sql.connect.session import SparkSession

    return SparkSession.builder.config(map=dict(builder._options)).getOrCreate()


def _is_asked_of_us(builder: Any) -> bool:
    from .open_sessions import OPEN_SESSIONS

    if names_another_server(builder._options, os.environ):
        return False
    return _remote_only() or OPEN_SESSIONS.ever_opened


def _connect_get_or_create(original: Callable[[Any], Any], builder: Any) -> Any:
    if builder._channel_builder is not None or "spark.remote" in builder._options:
        return original(builder)
    from pyspark.sql.connect.session import SparkSession

    spark = SparkSession.getActiveSession() or SparkSession._get_default_session()
    if spark is None:
        from .connect import connect

        spark = connect()
    builder._apply_options(spark)
    return spark


def _public_create(original: Callable[[Any], Any], builder: Any) -> Any:
    if _is_asked_of_us(builder):
        raise _no_second_session()
    return original(builder)


def _connect_create(original: Callable[[Any], Any], builder: Any) -> Any:
    if builder._channel_builder is None and "spark.remote" not in builder._options:
        raise _no_second_session()
    return original(builder)


def _no_second_session() -> FailedPrecondition:
    return FailedPrecondition(
        "SparkSession.builder.create() makes a second Spark session, and needs the address of a server for that. Call "
        "SparkSession.builder.getOrCreate() for the session of this process, or lakesail_notebook.connect(new=True) "
        "for a new one on an engine of its own.",
        reason="no_second_session",
    )


def _own_session(original: Callable[[Any], Any], spark_class: Any) -> Any:
    """PySpark's active or default session; among several owners, the asker's own."""
    return _of_asker() if owners.have_several() else original(spark_class)


def _set_own_session(original: Callable[[Any, Any], None], spark_class: Any, spark: Any) -> None:
    """A new session becomes PySpark's default and active one where there is none; among several owners, its owner's."""
    owner = _asker()
    if not owners.have_several():
        original(spark_class, spark)
    elif owner is not None and _of_asker() is None:
        _OF_OWNERS[owner] = spark


def _of_asker() -> SparkSession | None:
    spark = _OF_OWNERS.get(_asker() or "")
    return None if spark is None or spark.is_stopped else spark


def _asker() -> str | None:
    try:
        return owners.current_owner()
    except FailedPrecondition:
        return None


def _remote_only() -> bool:
    """Whether this PySpark has no Spark of its own to start."""
    from pyspark.util import is_remote_only

    return bool(is_remote_only())


def _wrap_public(module: ModuleType) -> None:
    _replace(module.SparkSession.Builder, "getOrCreate", _public_get_or_create)
    _replace(module.SparkSession.Builder, "create", _public_create)


def _wrap_connect(module: ModuleType) -> None:
    _replace(module.SparkSession.Builder, "getOrCreate", _connect_get_or_create)
    _replace(module.SparkSession.Builder, "create", _connect_create)
    _replace(module.SparkSession, "getActiveSession", _own_session, classmethod)
    _replace(module.SparkSession, "_get_default_session", _own_session, classmethod)
    _replace(module.SparkSession, "_set_default_and_active_session", _set_own_session, classmethod)


def _wrap_starter_of_workers(module: ModuleType) -> None:
    _replace(module, "get_preparation_data", new_workers.preparation)


_WRAPS: Mapping[str, Callable[[ModuleType], None]] = {
    _PUBLIC: _wrap_public,
    _CONNECT: _wrap_connect,
    **dict.fromkeys(new_workers.STARTERS, _wrap_starter_of_workers),
}
"""Module -> what wraps its functions."""


def wrap(module: ModuleType) -> None:
    """Have the functions of a module of another library answer as this module says; once."""
    _WRAPS[module.__name__](module)


def _replace(
    owner: Any, name: str, replacement: Callable[..., Any], kind: Callable[[Any], Any] = lambda function: function
) -> None:
    """Put a function in the place of a method. It is called with the method's own function, then with its arguments."""
    method = owner.__dict__[name]
    original = getattr(method, "__func__", method)
    if getattr(original, "__lakesail__", False):
        return

    @functools.wraps(original)
    def answers(*arguments: Any) -> Any:
        return replacement(original, *arguments)

    answers.__lakesail__ = True  # type: ignore[attr-defined]
    setattr(owner, name, kind(answers))


class _Importing(MetaPathFinder):
    """Wraps the modules of other libraries when they are imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if name not in _WRAPS:
            return None
        spec = next(_found_by_others(self, name, path, target), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module
            spec.loader.exec_module = functools.partial(_execute_and_wrap, execute)  # type: ignore[method-assign]
        return spec


def _found_by_others(
    finder: MetaPathFinder, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> Iterator[ModuleSpec]:
    for other in list(sys.meta_path):
        find = None if other is finder else getattr(other, "find_spec", None)
        spec = None if find is None else find(name, path, target)
        if spec is not None:
            yield spec


def _execute_and_wrap(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    execute(module)
    wrap(module)
