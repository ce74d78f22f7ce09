"""The names that users may rely on, and the one version number."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
from pathlib import Path

import pytest

import lakesail_notebook
from lakesail_notebook import errors

ROOT = Path(__file__).parents[2]
ERRORS = {
    "DeadlineExceeded",
    "FailedPrecondition",
    "FieldError",
    "Internal",
    "InvalidArgument",
    "LakesailError",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedMediaType",
}


def test_the_public_names_are_these() -> None:
    others = {"Client", "__version__", "connect", "models", "panel", "sql", "sql_engine"}
    assert set(lakesail_notebook.__all__) == others | ERRORS
    assert set(lakesail_notebook.__all__) <= set(dir(lakesail_notebook))


@pytest.mark.parametrize("name", lakesail_notebook.__all__)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(lakesail_notebook, name) is not None


def test_every_exception_is_public() -> None:
    families = errors.LakesailError.__subclasses__()
    tree: list[type[Exception]] = [errors.LakesailError, *families, *errors.InvalidArgument.__subclasses__()]
    public = {kind.__name__ for kind in tree if kind.__module__ == errors.__name__}  # a process may have its own
    assert public | {"FieldError"} == ERRORS


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        getattr(lakesail_notebook, "nothing_of_ours")  # noqa: B009 - mypy would refuse the plain attribute


def test_the_wheel_and_the_npm_packages_have_one_version() -> None:
    listed = subprocess.run(["git", "ls-files", "*package.json"], cwd=ROOT, capture_output=True, text=True, check=True)
    npm = {json.loads((ROOT / path).read_text()).get("version") for path in listed.stdout.split()} - {None}
    assert npm | {importlib.metadata.version("lakesail-notebook")} == {lakesail_notebook.__version__}
