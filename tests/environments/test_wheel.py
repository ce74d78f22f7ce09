"""What an installation brings of the user interface, and what a clone without Node.js is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .virtual_environment import INSTALL_SECONDS, ROOT, Environment, new_environment, source_at

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

LABEXTENSION = "share/jupyter/labextensions/@lakesail/notebook-labextension"


def test_the_wheel_installs_the_labextension_where_jupyterlab_looks(base: Environment) -> None:
    installed = base.directory / LABEXTENSION
    package = json.loads((installed / "package.json").read_text())
    assert package["name"] == "@lakesail/notebook-labextension"
    assert (installed / package["jupyterlab"]["_build"]["load"]).is_file()
    assert json.loads((installed / "install.json").read_text())["packageName"] == "lakesail-notebook"


def test_the_wheel_carries_the_panel_and_the_licenses_of_what_is_bundled(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "lakesail_notebook/static/panel.js" in names
    assert "lakesail_notebook/static/elements.js" in names
    assert "lakesail_notebook/http_proxy/page.js" in names
    assert "lakesail_notebook/static/third-party-licenses.json" in names
    assert "lakesail_notebook/static/sources.sha256" not in names
    assert [name for name in names if name.endswith(f"{LABEXTENSION}/static/third-party-licenses.json")]
    assert not [name for name in names if "node_modules" in name or name.endswith(".ts")]


def programs_without_node(directory: Path) -> Path:
    """A directory with the programs that a build may call, but neither ``node`` nor ``npm``."""
    directory.mkdir()
    for name in ("git", "sh", "env"):
        found = shutil.which(name)
        assert found is not None
        (directory / name).symlink_to(found)
    return directory


def build(source: Path, path: Path) -> subprocess.CompletedProcess[str]:
    script = source / "scripts" / "build_frontend.py"
    variables = os.environ | {"PATH": str(path)}
    return subprocess.run([sys.executable, str(script)], env=variables, capture_output=True, text=True, timeout=180)


def test_a_clone_without_node_is_told_so_in_one_line(tmp_path: Path) -> None:
    source = source_at("HEAD", tmp_path / "source")
    run = build(source, programs_without_node(tmp_path / "bin"))
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("Node.js 20.19 or newer is needed")


def test_pip_shows_that_sentence_alone(tmp_path: Path) -> None:
    source = source_at("HEAD", tmp_path / "source")
    path = programs_without_node(tmp_path / "bin")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(tmp_path / "wheel"), str(source)]
    run = subprocess.run(command, env=os.environ | {"PATH": str(path)}, capture_output=True, text=True)
    assert run.returncode == 1
    assert "Node.js 20.19 or newer is needed" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_tree_that_carries_what_was_built_needs_no_node(tmp_path: Path) -> None:
    """As a source distribution does."""
    source = source_at("HEAD", tmp_path / "source")
    for name in ("labextension", "static"):
        shutil.copytree(ROOT / "lakesail_notebook" / name, source / "lakesail_notebook" / name)
    digest = subprocess.run(
        [sys.executable, "-c", "import build_frontend; print(build_frontend.digest_of(build_frontend.ROOT))"],
        cwd=source / "scripts",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (source / "lakesail_notebook" / "static" / "sources.sha256").write_text(digest)
    path = programs_without_node(tmp_path / "bin")
    assert build(source, path).returncode == 0

    (source / "frontend" / "src" / "added.ts").write_text("export const changed = true;\n")
    assert build(source, path).returncode == 1


def test_the_source_distribution_installs_without_node(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "build", "--sdist", "--outdir", str(tmp_path), str(ROOT)], check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    environment = new_environment(tmp_path / "env")
    path = programs_without_node(tmp_path / "bin")
    command = [sys.executable, "-m", "pip", "--python", str(environment.python), "install", "--quiet", "--no-deps"]
    subprocess.run([*command, str(archive)], check=True, env=os.environ | {"PATH": str(path)})
    assert (environment.directory / LABEXTENSION / "package.json").is_file()
