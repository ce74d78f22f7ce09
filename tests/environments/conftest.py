"""Each environment is made once, when the first test asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .virtual_environment import ROOT, Environment, new_environment, source_at, wheel_of

BEFORE_THE_SPLIT = "a91836b"
"""The last commit whose distribution was one whole: kernel half and control plane."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the working tree."""
    return wheel_of(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package, without any extra."""
    environment = new_environment(tmp_path_factory.mktemp("base") / "env")
    environment.install(wheel)
    return environment


@pytest.fixture(scope="session")
def kernel_side(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package without any extra, PySpark's client and a kernel: no engine, no control plane."""
    environment = new_environment(tmp_path_factory.mktemp("kernel-side") / "env")
    environment.install(wheel, "pyspark-client", "ipykernel")
    return environment


@pytest.fixture(scope="session")
def plain_jupyter(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package without any extra beside a Jupyter server."""
    environment = new_environment(tmp_path_factory.mktemp("plain-jupyter") / "env")
    environment.install(wheel, "jupyter-server")
    return environment


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package as it was before the split, with the other packages of the tests' own environment."""
    directory = tmp_path_factory.mktemp("older")
    environment = new_environment(directory / "env")
    environment.install("--no-deps", wheel_of(source_at(BEFORE_THE_SPLIT, directory / "source"), directory / "wheel"))
    environment.borrow_packages_of_the_tests()  # after the installation: pip would find the working tree's there
    return environment


@pytest.fixture(scope="session")
def pandas_3(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package under the newest pandas, with the other packages of the tests' own environment."""
    environment = new_environment(tmp_path_factory.mktemp("pandas-3") / "env")
    environment.install("--no-deps", wheel)
    environment.install_newest("--no-deps", "pandas>=3,<4")
    environment.borrow_packages_of_the_tests()
    return environment
