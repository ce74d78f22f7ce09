"""The modules of the user among those that are loaded: Python code outside of what is installed."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES
from pathlib import Path, PurePath
from types import FunctionType, ModuleType
from typing import Any

_INSTALLED_FOLDERS = frozenset({"site-packages", "dist-packages"})
_STANDARD_LIBRARY = tuple({str(Path(sysconfig.get_path(name))) for name in ("stdlib", "platstdlib")})
_OURS = Path(__file__).parents[2]
_NOT_BY_NAME = frozenset({"__main__", "__mp_main__"})
_COMPILED = (*EXTENSION_SUFFIXES, *BYTECODE_SUFFIXES)

FileVersion = tuple[int, int]
"""When a file was last changed, in nanoseconds, and its size."""


def is_installed(path: str) -> bool:
    """Whether a file or folder belongs to Python, to an installed package, or to this one.

    An editable installation is where its author works, and counts as the user's.
    """
    if _INSTALLED_FOLDERS.intersection(PurePath(path).parts) or PurePath(path).is_relative_to(_OURS):
        return True
    return any(PurePath(path).is_relative_to(folder) for folder in _STANDARD_LIBRARY)


def user_folders() -> tuple[str, ...]:
    """The absolute folders from which this process imports what is not installed."""
    folders = {os.path.abspath(entry or os.curdir) for entry in [os.curdir, *sys.path]}
    return tuple(sorted(folder for folder in folders if os.path.isdir(folder) and not is_installed(folder)))


def source_of(module: Any) -> str | None:
    """The Python file of a module; ``None`` for one that is built in, compiled, frozen, or a folder."""
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) and file.endswith(".py") else None


def user_packages(loaded: Mapping[str, ModuleType]) -> dict[str, ModuleType]:
    """The user's modules and packages of the topmost level, by name.

    :param loaded: such as ``sys.modules``.
    """
    return {
        name: module
        for name, module in list(loaded.items())
        if "." not in name and name not in _NOT_BY_NAME and _is_of_the_user(module)
    }


def _is_of_the_user(module: Any) -> bool:
    file = getattr(module, "__file__", None)
    if isinstance(file, str):  # of a notebook that was imported as a module, too
        return not file.endswith(_COMPILED) and not is_installed(os.path.abspath(file))
    folders = getattr(module, "__path__", None)  # a package without __init__.py
    if folders is None:
        return getattr(module, "__spec__", None) is None and _has_python_code(module)
    try:
        found = [str(folder) for folder in folders or ()]
    except Exception:  # whatever its author made of the attribute
        return False
    return bool(found) and not any(is_installed(os.path.abspath(folder)) for folder in found)


def _has_python_code(module: Any) -> bool:
    """Whether any function or method was written in this module, which extensions that make modules up have not."""
    try:
        own = [value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__]
    except Exception:  # whatever its author made of its values
        return False
    methods = (value for one in own if isinstance(one, type) for value in vars(one).values())
    return any(isinstance(value, FunctionType) for value in (*own, *methods))


def with_their_modules(packages: Mapping[str, ModuleType]) -> Iterator[tuple[str, ModuleType]]:
    """The loaded modules of these packages that have a Python file, by their full names."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in packages and source_of(module) is not None:
            yield name, module


def version_of(file: str) -> FileVersion | None:
    """``None`` when the file is gone."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@dataclass(frozen=True, slots=True)
class _Import:
    spec: object
    """A new one after each reload."""
    version: FileVersion | None


class UserModules:
    """The user's modules of this process, and in which version of its file each was loaded."""

    def __init__(self) -> None:
        self._imports: dict[str, _Import] = {}
        self._told: set[tuple[str, FileVersion | None]] = set()
        self.reloaded_by_themselves: Callable[[], bool] = lambda: False
        """Whether changed files are loaded again without a word of the user, as IPython's autoreload does."""

    def look(self) -> dict[str, ModuleType]:
        """Note what was loaded or reloaded since the last look; the packages of the topmost level."""
        packages = user_packages(sys.modules)
        for name, module in with_their_modules(packages):
            spec = getattr(module, "__spec__", None)
            known = self._imports.get(name)
            if known is None or known.spec is not spec:
                self._imports[name] = _Import(spec, version_of(str(module.__file__)))
        return packages

    def files(self, packages: Mapping[str, ModuleType]) -> tuple[tuple[str, str], ...]:
        """The names and absolute files of the modules of these packages."""
        return tuple((name, os.path.abspath(str(one.__file__))) for name, one in with_their_modules(packages))

    def newly_changed(self, packages: Mapping[str, ModuleType]) -> list[str]:
        """The modules whose file has changed since they were loaded; each change is told once."""
        changed: list[str] = []
        if not packages or self.reloaded_by_themselves():
            return changed
        for name, module in with_their_modules(packages):
            known, now = self._imports.get(name), version_of(str(module.__file__))
            if known is None or now is None or now == known.version or (name, now) in self._told:
                continue
            self._told.add((name, now))
            changed.append(name)
        return changed


USER_MODULES = UserModules()
