"""Python functions on their way to an interpreter that may have older modules, or none."""

from __future__ import annotations

import builtins
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pyspark.serializers import CloudPickleSerializer

from lakesail_notebook.spark.user_code.function_pickling import FunctionPickling, ModuleByName, StaleModule
from lakesail_notebook.spark.user_code.user_modules import UserModules, is_installed, user_packages

PICKLE = CloudPickleSerializer.dumps
MODULES = {
    "travels": "import functools\nimport far\n@functools.lru_cache(3)\ndef twice(n): return far.twice(n)\n",
    "far": "def twice(n): return 2 * n\n",
    "locked": (
        "import threading\nLOCK = threading.Lock()\ndef twice(n):\n    with LOCK: return 2 * n\n"
        "def thrice(n): return 3 * n\n"
    ),
    "large": "STATE = bytes(40_000_000)\ndef size(n): return n * len(STATE)\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """On the path, with modules of the user; gone from ``sys.modules`` afterwards."""
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def pickled() -> Callable[[Any], bytes]:
    pickling = FunctionPickling(PICKLE, UserModules())
    return lambda obj: pickling.pickled(CloudPickleSerializer(), obj)


def elsewhere(pickled: bytes, look: str, folder: Path | None = None) -> str:
    """What another interpreter prints of a function ``f``. It imports from a folder, or has none of the modules.

    In this interpreter, the tests would be taken for modules of the user that have changed.
    """
    path = f"sys.path.insert(0, {str(folder)!r})\n" if folder else ""
    code = f"import os, pickle, sys\n{path}sent = sys.stdin.buffer.read()\nf = pickle.loads(sent)\n{look}"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, input=pickled, capture_output=True, check=True, cwd="/").stdout.decode().strip()


def test_code_travels_with_what_it_uses(folder: Path, pickled: Callable[[Any], bytes]) -> None:
    import travels  # type: ignore[import-not-found]

    assert elsewhere(pickled(lambda n: travels.twice(n)), "print(f(4))") == "8"
    assert elsewhere(pickled(travels.twice), "print(f(5))") == "10", "a function with a cache"


AGAIN = """
from pyspark.serializers import CloudPickleSerializer
print(f(3), f.cache_info().currsize, end=" ")
again = pickle.loads(CloudPickleSerializer().dumps(f))
print(again(3), again.cache_parameters())
"""


def test_a_cached_function_can_be_pickled_again_where_it_arrived(folder: Path, pickled: Callable[[Any], bytes]) -> None:
    import travels

    assert elsewhere(pickled(travels.twice), AGAIN) == "6 1 6 {'maxsize': 3, 'typed': False}"


def test_what_cannot_travel_goes_by_name_and_is_named_once(folder: Path, pickled: Callable[[Any], bytes]) -> None:
    import locked  # type: ignore[import-not-found]
    import travels

    with pytest.warns(ModuleByName, match=r"The code of module locked .*cannot pickle '_thread.lock' object"):
        both = pickled(lambda n: travels.twice(locked.twice(n)))
    pickled(locked.twice)  # another warning would be an error
    (folder / "travels.py").unlink()
    assert elsewhere(both, "print(f(1))", folder) == "4", "the other module travels all the same"
    (folder / "locked.py").unlink()
    assert elsewhere(pickled(locked.thrice), "print(f(1))") == "3", "a function that does not use the lock travels"


def test_large_state_of_a_module_stays_where_it_is(folder: Path, pickled: Callable[[Any], bytes]) -> None:
    import large  # type: ignore[import-not-found]
    import travels

    with pytest.warns(ModuleByName, match=r"The code of module large cannot .*the function has 40 MB"):
        small = pickled(lambda n: large.size(travels.twice(n)))
    assert len(small) < 100_000
    (folder / "travels.py").unlink()
    assert elsewhere(small, "print(f(1))", folder) == "80000000", "the other module travels all the same"


NOTEBOOK = """
class Rates:
    def twice(self, n): return 2 * n
def twice(n): return Rates().twice(n)
"""


@pytest.mark.parametrize("file", [None, "rates.ipynb"], ids=["made by code", "imported notebook"])
def test_a_module_that_no_interpreter_can_import_by_itself_travels(
    file: str | None, folder: Path, pickled: Callable[[Any], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ModuleType("rates")
    if file is not None:
        made.__file__ = str(folder / file)
        made.__spec__ = ModuleSpec("rates", None, origin=made.__file__)
    monkeypatch.setitem(sys.modules, "rates", made)
    exec(NOTEBOOK, made.__dict__)
    assert elsewhere(pickled(lambda n: made.twice(n)), "print(f(4))") == "8"
    assert elsewhere(pickled(made.Rates), "print(f().twice(5))") == "10"


def test_modules_that_extensions_make_up_are_not_the_users() -> None:
    made = ModuleType("_cython_9")
    made.__dict__["type"] = type("function", (), {"__module__": "_cython_9"})
    assert user_packages({"_cython_9": made, "builtins": builtins, "time": time}) == {}


def test_what_cannot_be_pickled_at_all_is_said_by_pyspark(pickled: Callable[[Any], bytes]) -> None:
    import threading

    lock = threading.Lock()
    with pytest.raises(pickle.PicklingError, match="Could not serialize object"):
        pickled(lambda: lock)


def test_a_changed_file_is_named_once_for_each_change_and_not_after_a_reload(folder: Path) -> None:
    import importlib
    import os

    import far  # type: ignore[import-not-found]

    modules = UserModules()
    packages = modules.look()
    assert modules.newly_changed(packages) == []
    os.utime(folder / "far.py", ns=(1, 1))
    assert modules.newly_changed(packages) == ["far"]
    assert modules.newly_changed(packages) == []
    os.utime(folder / "far.py", ns=(2, 2))
    importlib.reload(far)
    assert modules.newly_changed(modules.look()) == []
    os.utime(folder / "far.py", ns=(3, 3))
    with pytest.warns(StaleModule, match=r"module far has changed .*importlib\.reload\(far\)"):
        FunctionPickling(PICKLE, modules).pickled(CloudPickleSerializer(), far.twice)


IMPORTS_AGAIN = """
print(f(), end=" ")
file = os.path.join(sys.path[0], "late.py")
open(file, "w").write("VERSION = 22")
os.utime(file, ns=(1, 1))
print(pickle.loads(sent)(), end=" ")
late = sys.modules["late"]
print(pickle.loads(sent)(), sys.modules["late"] is late)
"""


def test_the_engine_imports_again_what_has_changed_since(folder: Path, pickled: Callable[[Any], bytes]) -> None:
    def inside() -> int:
        import late  # type: ignore[import-not-found]

        return int(late.VERSION)

    (folder / "late.py").write_text("VERSION = 1")
    said = elsewhere(pickled(inside), IMPORTS_AGAIN, folder)
    assert said == "1 22 22 True", "and an unchanged module is not imported again"


def test_installed_files_are_not_the_users(folder: Path) -> None:
    import json

    import far

    import lakesail_notebook

    for module in (json, pytest, lakesail_notebook):
        assert is_installed(str(module.__file__))
    assert not is_installed(str(far.__file__))
    assert "far" in user_packages(sys.modules)
