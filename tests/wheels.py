"""Wheels made on the spot, so that no test of libraries needs a network."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path


def build_wheel(
    directory: Path,
    name: str,
    source: str,
    *,
    version: str = "1.0",
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
) -> Path:
    """A wheel with one module of that name."""
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    wheel = directory / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(file, text)
    return wheel


def index_of(directory: Path, *wheels: Path) -> str:
    """The URL of a package index that holds these wheels, without a server."""
    for wheel in wheels:
        project = directory / wheel.name.partition("-")[0]
        project.mkdir(parents=True, exist_ok=True)
        wheel.rename(project / wheel.name)
        links = "".join(f'<a href="{found.name}">{found.name}</a>\n' for found in project.glob("*.whl"))
        (project / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    return directory.as_uri()
