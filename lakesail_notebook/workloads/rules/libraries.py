"""Which libraries a compute config may name: pure. A library is code that runs with the engine's rights.

Nothing passes that pip would read as an option, a file or a place of its own choice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from ...errors import FieldError
from ...models import Library, PypiLibrary, RequirementsLibrary, SailConfig
from .addresses import is_among, is_private_host

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0]")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_EXPANDED = "${"
"""pip puts environment variables in its place."""


def library_problems(
    library: Library, pointer: str, *, private_hosts: bool, index_hosts: Collection[str] | None = None
) -> Iterator[FieldError]:
    """What stands against a library.

    :param pointer: JSON pointer of the library.
    :param private_hosts: whether it may come from this machine or a private network.
    :param index_hosts: of the only indexes that it may name, wherever they are; ``None``: any.
    """
    given = [name for name in ("pypi", "requirements", "whl") if getattr(library, name) is not None]
    if len(given) != 1:
        yield FieldError(pointer, "must have exactly one of pypi, requirements and whl")
    if library.pypi is not None:
        yield from _pypi_problems(library.pypi, f"{pointer}/pypi", private_hosts, index_hosts)
    if library.requirements is not None:
        yield from _requirements_problems(library.requirements, f"{pointer}/requirements", private_hosts)
    if library.whl is not None:
        problem = _whl_problem(library.whl, private_hosts)
        if problem is not None:
            yield FieldError(f"{pointer}/whl", problem)


def requirements_in(text: str) -> list[str]:
    """The requirements of a requirements file, in their normal form.

    :raises ValueError: for a line that is an option, a file or a URL, or no requirement; the message names the line.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        wanted = _COMMENT.sub("", line).strip()
        if wanted:
            try:
                found.append(requirement(wanted))
            except ValueError as error:
                raise ValueError(f"line {number} {error}") from error
    return found


def requirement(text: str) -> str:
    """One requirement in its normal form, such as ``polars>=1.0``.

    :raises ValueError: when it is none, or names a place to take the package from.
    """
    if text.startswith("-"):
        raise ValueError("is an option of pip; only requirements such as polars>=1.0 can stand here")
    if text != text.strip() or "\n" in text or "\r" in text:
        raise ValueError("must be one requirement on one line, without spaces around it")
    try:
        parsed = Requirement(text)
    except InvalidRequirement as error:
        raise ValueError("is no requirement such as polars>=1.0") from error
    if parsed.url is not None:
        raise ValueError("must not name a URL; a wheel goes under whl")
    if _EXPANDED in text:
        raise ValueError("must not name an environment variable")
    return str(parsed)


def url_problem(text: str, schemes: Collection[str], *, private_hosts: bool) -> str | None:
    """What stands against a URL that is fetched on the server."""
    if _UNPRINTABLE.search(text) is not None or _EXPANDED in text or not text.isascii():
        return "must be a URL of printable ASCII characters without spaces and ${"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in schemes or not host:
        return f"must begin with {' or '.join(f'{scheme}://' for scheme in sorted(schemes))} and a host"
    if "@" in parts.netloc:
        return "must not hold a user name or password"
    if parts.scheme == "https" and not private_hosts and is_private_host(host):
        return "must not lie on this machine or a private network"
    return None


def refused_indexes(sail: SailConfig, index_hosts: Collection[str] | None) -> list[str]:
    """The indexes of a config that a server does not allow (any more)."""
    named = [library.pypi.repo for library in sail.libraries if library.pypi is not None]
    if index_hosts is None:
        return []
    return [repo for repo in named if repo is not None and not is_among(repo, index_hosts)]


def _pypi_problems(
    pypi: PypiLibrary, pointer: str, private_hosts: bool, index_hosts: Collection[str] | None
) -> Iterator[FieldError]:
    try:
        requirement(pypi.package)
    except ValueError as error:
        yield FieldError(f"{pointer}/package", str(error))
    if pypi.repo is not None:
        problem = url_problem(pypi.repo, {"https"}, private_hosts=private_hosts or index_hosts is not None)
        if problem is None and index_hosts is not None and not is_among(pypi.repo, index_hosts):
            problem = "is none of the indexes that this server allows; c.LakesailApp.allowed_index_hosts adds its host"
        if problem is not None:
            yield FieldError(f"{pointer}/repo", problem)


def _requirements_problems(wanted: RequirementsLibrary, pointer: str, private_hosts: bool) -> Iterator[FieldError]:
    if (wanted.source is None) == (wanted.uri is None):
        yield FieldError(pointer, "must have exactly one of source (the text) and uri (where it is)")
    if wanted.source is not None:
        try:
            requirements_in(wanted.source)
        except ValueError as error:
            yield FieldError(f"{pointer}/source", str(error))
    if wanted.uri is not None:
        problem = url_problem(wanted.uri, {"https", "s3"}, private_hosts=private_hosts)
        if problem is not None:
            yield FieldError(f"{pointer}/uri", problem)


def _whl_problem(whl: str, private_hosts: bool) -> str | None:
    if "://" in whl:
        problem = url_problem(whl, {"https", "s3"}, private_hosts=private_hosts)
        return problem or (None if urlsplit(whl).path.endswith(".whl") else "must end in .whl")
    path = PurePosixPath(whl)
    if not path.is_absolute() or ".." in path.parts or path.suffix != ".whl":
        return "must be an https:// or s3:// URL, or the absolute path of a .whl file without .. in it"
    return None
