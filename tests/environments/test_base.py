"""The package without extras is the kernel half, and little else."""

from __future__ import annotations

import json

import pytest

from .virtual_environment import INSTALL_SECONDS, Environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

MOST_PACKAGES = 45
SERVER_LIBRARIES = {"aiosqlite", "alembic", "jupyter_server", "sqlalchemy", "tornado"}

_LOADED = """
import importlib.util, json, sys
import lakesail_notebook
{also}
loaded = {{name.partition(".")[0] for name in sys.modules}}
installed = [name for name in {names} if importlib.util.find_spec(name) is not None]
print(json.dumps([lakesail_notebook.__file__, sorted(loaded), installed]))
"""


def loaded_and_installed(environment: Environment, also: str = "") -> tuple[str, set[str], set[str]]:
    """Where the package lies, what is loaded after its import, and what of the server's libraries is installed."""
    program = _LOADED.format(also=also, names=sorted(SERVER_LIBRARIES))
    file, loaded, installed = json.loads(environment.run("-c", program).stdout)
    return file, set(loaded), set(installed)


def test_the_base_brings_few_packages(base: Environment) -> None:
    found = base.distributions()
    assert "lakesail-notebook" in found
    assert len(found) <= MOST_PACKAGES, sorted(found)


@pytest.mark.parametrize(
    "also", ["", "import lakesail_notebook.notebook.magic", "from lakesail_notebook import Client, connect, models"]
)
def test_the_base_neither_loads_nor_installs_the_server_half(base: Environment, also: str) -> None:
    file, loaded, installed = loaded_and_installed(base, also)
    assert file.startswith(str(base.packages))
    assert loaded & SERVER_LIBRARIES == set()
    assert installed == set()


def test_the_command_line_works_in_the_base(base: Environment) -> None:
    run = base.start(base.programs / "jupyter", "lakesail", "--help")
    assert run.returncode == 0, run.stderr
    assert "sessions" in run.stdout
    assert "doctor" in run.stdout


@pytest.mark.parametrize("words", [(), ("serve",)])
def test_a_control_plane_that_the_base_cannot_run_is_said_in_one_line_with_its_cure(
    base: Environment, words: tuple[str, ...]
) -> None:
    run = base.start(base.programs / "jupyter", "lakesail", *words)
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert 'pip install "lakesail-notebook[' in line
    assert run.stdout == ""


def test_a_script_in_the_base_is_told_what_to_install_for_a_control_plane_of_its_own(kernel_side: Environment) -> None:
    run = kernel_side.start(kernel_side.python, "-c", "import lakesail_notebook; lakesail_notebook.connect()")
    assert run.returncode == 1
    last = run.stderr.splitlines()[-1]
    assert "LAKESAIL_API_URL" in last
    assert 'pip install "lakesail-notebook[' in last
