"""Each environment is made once, when the first test asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .virtual_environment import ROOT, Environment, environment_at, new_environment, wheel_of

BEFORE_THE_SPLIT = "a91836b"
"""The last commit whose distribution was one whole: kernel half and control plane."""
BEFORE_THE_FACE = "62882f9"
"""The last commit without labextension, panels and what the API tells for them."""


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
    return environment_at(BEFORE_THE_SPLIT, tmp_path_factory.mktemp("older"))


@pytest.fixture(scope="session")
def faceless(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package as it was before it had a user interface in the browser, likewise."""
    return environment_at(BEFORE_THE_FACE, tmp_path_factory.mktemp("faceless"))


@pytest.fixture(scope="session")
def pandas_3(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package under the newest pandas, with the other packages of the tests' own environment."""
    environment = new_environment(tmp_path_factory.mktemp("pandas-3") / "env")
    environment.install("--no-deps", wheel)
    environment.install_newest("--no-deps", "pandas>=3,<4")
    environment.borrow_packages_of_the_tests()
    return environment


_RUNNERS = ("papermill==2.7.0", "nbclient==0.11.0", "nbconvert==7.17.2", "jupyter-core==5.9.1")
_LIBRARIES = ("ibis-framework==12.0.0", "narwhals==2.29.0", "cuallee==0.15.4", "quinn==0.10.3")
_WHAT_THEY_NEED = (
    "ansicolors==1.1.8",
    "atpublic==9.0.0",
    "entrypoints==0.4.2",
    "parsy==2.2",
    "pyarrow-hotfix==0.7",
    "rich==15.0.0",
    "sqlglot==30.29.0",
    "tenacity==9.2.1",
    "toolz==1.2.0",
    "tqdm==4.70.1",
)


@pytest.fixture(scope="session")
def libraries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package beside programs that run notebooks, and libraries that ask PySpark for a session themselves."""
    environment = new_environment(tmp_path_factory.mktemp("libraries") / "env")
    environment.install_newest("--no-deps", wheel, *_RUNNERS, *_LIBRARIES, *_WHAT_THEY_NEED)
    environment.borrow_packages_of_the_tests()
    return environment


_HUB = (
    "jupyterhub==6.1.1",
    "aiodns==4.0.4",
    "aiohappyeyeballs==2.7.1",
    "aiohttp==3.14.5",
    "aiosignal==1.4.0",
    "certipy==0.2.3",
    "frozenlist==1.8.0",
    "multidict==7.2.1",
    "oauthlib==4.0.1",
    "pamela==1.2.0",
    "propcache==0.5.4",
    "pycares==5.2.1",
    "yarl==1.25.1",
)


@pytest.fixture(scope="session")
def hub_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package beside JupyterHub, with the other packages of the tests' own environment."""
    environment = new_environment(tmp_path_factory.mktemp("hub") / "env")
    environment.install_newest("--no-deps", wheel, *_HUB)
    environment.borrow_packages_of_the_tests()
    return environment
