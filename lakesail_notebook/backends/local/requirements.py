"""What pip is to install for the libraries of a compute config, and from where."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import Unavailable
from ...models import Library
from ...workloads.rules.libraries import requirement, requirements_in

_FETCH_SECONDS = 15.0
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


async def requirements_of(libraries: Sequence[Library]) -> tuple[Requirements, ...]:
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
            text = await _fetch(library.requirements.uri or "") if text is None else text
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


async def _fetch(uri: str) -> str:
    """:raises Unavailable: when it cannot be read whole and at once; redirects are not followed."""
    import httpx  # few need it, and a server that is not used must start fast

    try:
        async with (
            httpx.AsyncClient(timeout=_FETCH_SECONDS, follow_redirects=False) as client,
            client.stream("GET", uri) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise Unavailable(f"its list of requirements was answered with status {answer.status_code}")
            content = b""
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > _MAX_REQUIREMENTS_BYTES:
                    raise Unavailable(f"its list of requirements has more than {_MAX_REQUIREMENTS_BYTES} bytes")
            return content.decode()
    except (httpx.HTTPError, UnicodeDecodeError) as error:
        raise Unavailable(f"its list of requirements cannot be read ({type(error).__name__})") from error
