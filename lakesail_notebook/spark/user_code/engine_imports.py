"""What runs in the engine's interpreter before a Python function arrives there.

It is sent as it stands here, since this package need not be installed there: each function imports what it uses.
"""

from __future__ import annotations

from typing import Any


def arrived(files: tuple[tuple[str, str], ...], folders: tuple[str, ...], pickled: bytes) -> Any:
    """What was pickled, with none of the user's modules older than its file.

    An interpreter keeps a module that it has imported. If the file of any of the user's has changed since then, they
    are all imported again when they are next asked for, since one may have taken names from another. The version of a
    file is noted before its import; a module that was imported before its first note is imported once more.

    :param files: the names and files of the user's modules, as the sender knows them.
    :param folders: where the user's modules are; this interpreter may have imported others of them.
    """
    import importlib
    import os
    import pickle
    import sys
    import sysconfig
    import types

    kept = sys.modules.setdefault("_lakesail_imports", types.ModuleType("_lakesail_imports"))
    versions: dict[str, tuple[int, int]] = kept.__dict__.setdefault("versions", {})
    loaded = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    looked_at = {name: file for name, file in files if loaded.get(name, file) == file}
    installed = ("site-packages", "dist-packages", sysconfig.get_path("stdlib"))
    inside = tuple(os.path.join(folder, "") for folder in folders)
    for name, file in loaded.items():
        if not isinstance(file, str) or not file.endswith(".py") or not file.startswith(inside):
            continue
        if not any(part in file for part in installed):
            looked_at[name] = file
    now = {}
    for name, file in looked_at.items():
        if name.partition(".")[0] in ("__main__", "lakesail_notebook"):
            continue
        try:
            found = os.stat(file)
        except OSError:  # an engine elsewhere has other files
            continue
        now[name] = found.st_mtime_ns, found.st_size
    if any(name in loaded and versions.get(name) != version for name, version in now.items()):
        for name in now:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
    versions.update(now)
    return pickle.loads(pickled)


class CachedFunction:
    """A function that ``functools.lru_cache`` stands around. It begins with an empty cache wherever it arrives.

    The engine pickles functions once more, and Python pickles its own cached functions by name alone.
    """

    def __init__(self, function: Any, parameters: dict[str, Any]) -> None:
        import functools

        self.__wrapped__ = function
        self._parameters = parameters
        self._cached = functools.lru_cache(**parameters)(function)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._cached(*arguments, **named)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self._cached.__get__(instance, owner)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_cached":
            raise AttributeError(name)
        return getattr(self._cached, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.__wrapped__, self._parameters)
