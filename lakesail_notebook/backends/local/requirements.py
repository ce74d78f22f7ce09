"""What pip is to install for the libraries of a compute config, and from where."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import Unavailable
from ...models import Library
from ...workloads.rules.libraries import requirement, requirements_in
from .downloads import Downloads

_MAX_REQUIREMENTS_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Requirements:
    """What one run of pip installs."""

    index: str | None
    """The only index that it asks; ``None``: pip's own."""
    lines: tuple[str, ...]

    def as_file(self) -> str:
        """In a file, since a URL may be a secret, and arguments of processes are everybody's to read."""
        return "\n".join([*([] if self.index is None else [f"--index-url {self.index}"]), *self.lines, ""])

    @property
    def urls(self) -> tuple[str, ...]:
        """Of the wheels that are yet to be downloaded: pip would follow every redirect."""
        return tuple(line for line in self.lines if line.startswith("https://"))

    def with_files(self, files: Mapping[str, str]) -> Requirements:
        """The same with what was downloaded in place of its URLs."""
        return Requirements(self.index, tuple(files.get(line, line) for line in self.lines))


async def requirements_of(libraries: Sequence[Library], downloads: Downloads) -> tuple[Requirements, ...]:
    """What pip is to install, one run for each index: a library that names its own must come from nowhere else.

    :raises LakesailError: when a list of requirements cannot be read.
    """
    lines: dict[str | None, list[str]] = {}
    for library in libraries:
        if library.pypi is not None:
            lines.setdefault(library.pypi.repo, []).append(requirement(library.pypi.package))
        elif library.whl is not None:
            lines.setdefault(None, []).append(_place_of(library.whl))
        elif library.requirements is not None:
            text = library.requirements.source
            if text is None:
                uri = library.requirements.uri or ""
                text = await downloads.text(uri, "its list of requirements", most_bytes=_MAX_REQUIREMENTS_BYTES)
            try:
                lines.setdefault(None, []).extend(requirements_in(text))
            except ValueError as error:
                raise Unavailable(f"its list of requirements cannot be used: {error}") from error
    return tuple(Requirements(index, tuple(wanted)) for index, wanted in lines.items())


def whl_problem(whl: str, roots: Sequence[str]) -> str | None:
    """What stands against a wheel on this machine: it must be a file below one of ``roots``, whatever links say."""
    if whl.startswith("s3://"):
        return "lies in S3, which this cluster does not read; give an https:// URL or a file"
    if "://" in whl:
        return None
    real = Path(os.path.realpath(whl))
    if not any(real.is_relative_to(os.path.realpath(root)) for root in roots):
        return f"lies outside of {', '.join(roots)}; c.LocalBackend.library_roots adds places"
    return None if real.is_file() else "is no file of this machine"


def _place_of(whl: str) -> str:
    return whl if "://" in whl else Path(os.path.realpath(whl)).as_uri()
