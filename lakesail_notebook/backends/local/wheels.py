"""What is looked at in a wheel before pip has it: its name, and that it sends pip to no URL of its own."""

from __future__ import annotations

import hashlib
import re
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from ...errors import Unavailable
from .requirements import Requirements

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,250}\.whl")
_MAX_METADATA_BYTES = 4 * 1024 * 1024


def wheel_name(url: str) -> str:
    """The file's name, which tells pip what is in it.

    :raises Unavailable: when it is none that a wheel can have.
    """
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    if _NAME.fullmatch(name) is None:
        raise Unavailable("its wheel has a URL that does not end in the name of a wheel")
    return name


def require_its_hash(url: str, wheel: Path) -> None:
    """A URL may say what it is of: ``...whl#sha256=HEX``.

    :raises Unavailable: when the file is another one.
    """
    name, _, wanted = urlsplit(url).fragment.partition("=")
    if name in hashlib.algorithms_guaranteed and not name.startswith("shake"):
        with wheel.open("rb") as opened:
            found = hashlib.file_digest(opened, name).hexdigest()
        if found != wanted.partition("&")[0].lower():
            raise Unavailable(f"its wheel {wheel.name} does not have the {name} that its URL says")


def require_no_urls(run: Requirements, directory: Path) -> None:
    """Of a wheel that comes from no index, pip would fetch whatever URL its metadata needs.

    :param directory: where pip runs.
    :raises Unavailable: when a wheel needs one, or cannot be read.
    """
    for line in run.lines:
        if line.startswith(("./", "file:")):
            path = directory / line if line.startswith("./") else Path(unquote(urlsplit(line).path))
            _require_no_urls(path)


def _require_no_urls(wheel: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            metadata = [entry for entry in archive.infolist() if entry.filename.endswith(".dist-info/METADATA")]
            if any(entry.file_size > _MAX_METADATA_BYTES for entry in metadata):
                raise ValueError("the metadata is too long")
            texts = [archive.read(entry).decode() for entry in metadata]
        needs = [need for text in texts for need in HeaderParser().parsestr(text).get_all("Requires-Dist", [])]
        urls = [need for need in needs if Requirement(need).url is not None]
    # RuntimeError: zipfile raises it for an encrypted file and for a compression that it does not know.
    except (zipfile.BadZipFile, InvalidRequirement, ValueError, RuntimeError) as error:
        raise Unavailable(f"its wheel {wheel.name} cannot be read ({type(error).__name__})") from error
    if urls:
        name = Requirement(urls[0]).name
        raise Unavailable(
            f"its wheel {wheel.name} needs {name} from a URL, which this server does not fetch; make {name} a library"
        )
