"""Build the user interface into the package when its sources have changed: ``python scripts/build_frontend.py``.

With ``--node``, only look whether Node.js is there, which a clone needs.

The builder writes the digest of all sources beside what it builds. A tree whose digest is the same is left alone, so a
source distribution, which carries what was built, is installed without Node.js.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    "package.json",
    "package-lock.json",
    "frontend/package.json",
    "frontend/tsconfig.json",
    "frontend/build.mjs",
    "frontend/licenses.mjs",
    "frontend/src",
    "labextension/package.json",
    "labextension/tsconfig.json",
    "labextension/install.json",
    "labextension/licenses.mjs",
    "labextension/src",
    "labextension/schema",
    "labextension/style",
)
BUILT = (
    "lakesail_notebook/labextension/package.json",
    "lakesail_notebook/static/panel.js",
    "lakesail_notebook/static/elements.js",
)
DIGEST = "lakesail_notebook/static/sources.sha256"
OLDEST_NODE = (20, 19)
NO_NODE = (
    "Node.js 20.19 or newer is needed to build the user interface from a clone (https://nodejs.org). "
    "A released package needs none."
)


def main() -> None:
    try:
        require_node() if "--node" in sys.argv[1:] else build(ROOT)
    except RuntimeError as error:
        sys.exit(str(error))


def build(root: Path) -> None:
    """Build what the package carries of the user interface, unless it is there for the same sources.

    :raises RuntimeError: when it cannot be built, with what to do.
    """
    with _alone(root):
        digest = digest_of(root)
        if is_built(root, digest):
            return
        require_node()
        _install_packages(root)
        (root / DIGEST).unlink(missing_ok=True)
        _npm(root, "run", "--silent", "build")
        missing = [name for name in BUILT if not (root / name).is_file()]
        if missing:
            raise RuntimeError(f"The user interface was built, but {', '.join(missing)} did not come of it.")
        (root / DIGEST).write_text(f"{digest}\n")


def is_built(root: Path, digest: str) -> bool:
    """Whether the tree has what these sources give."""
    written = root / DIGEST
    return (
        all((root / name).is_file() for name in BUILT) and written.is_file() and written.read_text().strip() == digest
    )


def digest_of(root: Path) -> str:
    """A digest of the names and contents of all sources."""
    digest = hashlib.sha256()
    for path in sorted(_files(root)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        path = root / name
        yield from (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def require_node() -> None:
    """:raises RuntimeError: when Node.js or npm is missing or too old."""
    node = shutil.which("node")
    version = "" if node is None else subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_NODE or shutil.which("npm") is None:
        raise RuntimeError(NO_NODE)


def _install_packages(root: Path) -> None:
    """``npm ci``, unless the same lock was installed before."""
    lock = (root / "package-lock.json").read_bytes()
    installed = root / "node_modules" / ".installed-lock"
    if installed.is_file() and installed.read_bytes() == lock:
        return
    _npm(root, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    installed.write_bytes(lock)


def _npm(root: Path, *arguments: str) -> None:
    # The extension is bundled by jupyter-builder, a program of the Python that runs this.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = ["npm", *arguments]
    finished = subprocess.run(command, cwd=root, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    if finished.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{finished.stdout}\n{finished.stderr}")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One build at a time in a tree."""
    directory = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


if __name__ == "__main__":
    main()
