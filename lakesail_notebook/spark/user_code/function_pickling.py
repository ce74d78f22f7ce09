"""How Python functions travel to the engine: with the code of the user's modules, not with their names.

PySpark pickles functions of modules by name, and the engine's interpreter keeps a module that it has imported. After an
edit and a reload, the notebook would compute with the new code and its UDFs with the old.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from pyspark import cloudpickle
from pyspark.serializers import CloudPickleSerializer

from . import engine_imports
from .user_modules import USER_MODULES, UserModules, user_folders
from .users_line import warn_at_users_line

_LARGE_BYTES = 16 * 1024 * 1024
_LRU_CACHE: Any = type(functools.lru_cache(int))

Dumps = Callable[[Any, Any], bytes]


class StaleModule(UserWarning):
    """The file of a module has changed since the notebook imported it."""


class ModuleByName(UserWarning):
    """The code of a module cannot travel with the functions that use it."""


class FunctionPickling:
    """Pickles what goes to the engine. Threads may share it.

    :param dumps: PySpark's own way, for what cannot go in ours.
    """

    def __init__(self, dumps: Dumps, modules: UserModules) -> None:
        self._dumps = dumps
        self._modules = modules
        self._lock = threading.RLock()  # pickling may run code of the user, which may pickle
        self._named: set[str] = set()

    def forked(self) -> None:
        """In a child of this process: another thread may have held the lock."""
        self._lock = threading.RLock()

    def pickled(self, serializer: Any, obj: Any) -> bytes:
        """:raises pickle.PicklingError: what PySpark raises for an object that cannot be pickled at all."""
        with self._lock:
            packages = self._modules.look()
            self._tell_of_changes(packages)
            try:
                inner = self._by_value(obj, packages)
            except Exception:  # any code of the user's may run in there; PySpark says it in its own words
                return self._dumps(serializer, obj)
            return _dumped(_Arrival(self._modules.files(packages), user_folders(), inner), {})

    def _by_value(self, obj: Any, packages: Mapping[str, ModuleType]) -> bytes:
        """With the code of these packages; of none but those that can travel, when all cannot."""
        try:
            whole = _dumped(obj, packages)
        except Exception as error:
            if not packages:
                raise
            return self._as_far_as_possible(obj, packages, error)
        return self._smaller(obj, packages, whole) if packages and len(whole) > _LARGE_BYTES else whole

    def _as_far_as_possible(self, obj: Any, packages: Mapping[str, ModuleType], error: Exception) -> bytes:
        best = _dumped(obj, {})
        travelling: dict[str, ModuleType] = {}
        for name, module in packages.items():
            try:
                best = _dumped(obj, {**travelling, name: module})
            except Exception as found:  # see above
                error = found
                self._tell_by_name([name], error)
            else:
                travelling[name] = module
        return best

    def _smaller(self, obj: Any, packages: Mapping[str, ModuleType], whole: bytes) -> bytes:
        """By name, where the state of a module is what makes it large."""
        try:
            best = _dumped(obj, {})
        except Exception:  # what travels by value only
            return whole
        if len(best) > len(whole) // 2:
            return whole
        travelling: dict[str, ModuleType] = {}
        for name, module in packages.items():
            with_it = _dumped(obj, {**travelling, name: module})
            if len(with_it) > _LARGE_BYTES:
                self._tell_by_name([name], f"with it, the function has {len(with_it) / 1e6:.0f} MB")
            else:
                best = with_it
                travelling[name] = module
        return best

    def _tell_by_name(self, names: Iterable[str], why: object) -> None:
        new = sorted(set(names) - self._named)
        if not new:
            return
        self._named.update(new)
        which = f"module {new[0]}" if len(new) == 1 else f"modules {', '.join(new)}"
        sentence = (
            f"The code of {which} cannot be sent with the functions that use it ({_first_line(why)}). The engine "
            "imports it from its own file, which has to be the same there."
        )
        warn_at_users_line(sentence, ModuleByName)

    def _tell_of_changes(self, packages: Mapping[str, ModuleType]) -> None:
        for name in self._modules.newly_changed(packages):
            sentence = (
                f"The file of module {name} has changed since this notebook imported it. The notebook and its functions"
                f" on the engine use the old code; importlib.reload({name}) or %autoreload 2 takes up the new code."
            )
            warn_at_users_line(sentence, StaleModule)


class _Arrival:
    """Pickled as the call that unpickles it in the engine."""

    def __init__(self, files: tuple[tuple[str, str], ...], folders: tuple[str, ...], inner: bytes) -> None:
        self._call = engine_imports.arrived, (files, folders, inner)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._call


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """PySpark's, which would pickle a function with a cache by its name alone."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is _LRU_CACHE and _travels(obj):
            return engine_imports.CachedFunction, (obj.__wrapped__, obj.cache_parameters())
        return super().reducer_override(obj)


def _travels(function: Any) -> bool:
    package = str(getattr(function, "__module__", None)).partition(".")[0]
    return package == "__main__" or package in cloudpickle.list_registry_pickle_by_value()


def _dumped(obj: Any, by_value: Mapping[str, ModuleType]) -> bytes:
    with _registered({**by_value, engine_imports.__name__: engine_imports}), io.BytesIO() as file:
        _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(obj)
        return file.getvalue()


@contextlib.contextmanager
def _registered(modules: Mapping[str, ModuleType]) -> Iterator[None]:
    """What the user has registered stays so."""
    added = []
    try:
        for name, module in modules.items():
            if name not in cloudpickle.list_registry_pickle_by_value() and sys.modules.get(name) is module:
                cloudpickle.register_pickle_by_value(module)
                added.append(module)
        yield
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)


def _first_line(why: object) -> str:
    return str(why).strip().partition("\n")[0].rstrip(".") or type(why).__name__


FUNCTION_PICKLING = FunctionPickling(CloudPickleSerializer.dumps, USER_MODULES)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FUNCTION_PICKLING.forked)


def install() -> None:
    """Have PySpark pickle in this way, once in a process.

    PySpark pickles when it builds a plan, and has no hook for it.
    """

    def dumps(self: Any, obj: Any) -> bytes:
        return FUNCTION_PICKLING.pickled(self, obj)

    if CloudPickleSerializer.dumps.__module__ != __name__:
        CloudPickleSerializer.dumps = dumps
