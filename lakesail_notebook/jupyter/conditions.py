"""What stands in the way of opening the control plane, as far as a look can tell: nothing is opened or written for it.

Unlike a mistake in the settings, each of these can be mended while the server runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import Unavailable
from ..private_files import exposed
from ..store.looking import foreign, sqlite_path
from .mistakes import Ground, Mistake


def obstacles(key_files: Mapping[str, Iterable[Path]], ground: Ground) -> tuple[Mistake, ...]:
    """All of them at once; none when nothing is known to be wrong.

    :param key_files: the files that hold keys, by what the keys are.
    """
    found = (mistake for what, files in key_files.items() for file in files for mistake in _key_file(what, file))
    return (
        *dict.fromkeys(found),
        *_database(ground.database_url),
        *_tls_files(ground),
        *_port(ground),
    )


def _key_file(key: str, file: Path) -> Iterator[Mistake]:
    where = (key.replace(" ", "_"),)
    for path, what in ((file.parent, f"The directory of the {key}"), (file, f"The {key}")):
        try:
            found = exposed(path)
        except OSError as error:
            yield _about(where, path, f"{what} ", f"cannot be looked at ({error.strerror})")
            continue
        if found is not None:
            yield Mistake(where, found.sentence(what, Path(path.name)), found.sentence(what))


def _database(url: str) -> Iterator[Mistake]:
    path = sqlite_path(url)
    if path is None:
        return
    where = ("LakesailApp", "database_url")
    try:
        trouble = foreign(path)
    except OSError as error:
        trouble = f"cannot be read ({error.strerror})"
    if trouble is not None:
        yield _about(where, path, "The database ", f"{trouble}; set c.LakesailApp.database_url to another file")


def _tls_files(ground: Ground) -> Iterator[Mistake]:
    files = {
        "proxy_tls_cert": ground.proxy_tls_certificate_file,
        "proxy_tls_key": ground.proxy_tls_key_file,
    }
    for trait, file in files.items():
        if file is not None and not (os.path.isfile(file) and os.access(file, os.R_OK)):
            yield _about(("LakesailApp", trait), Path(file), f"c.LakesailApp.{trait}: ", "is no file that can be read")


def _port(ground: Ground) -> Iterator[Mistake]:
    if not ground.proxy_hosts and not ground.proxy_port:
        return
    from ..control_plane.supervisor import reserve_port

    try:
        reserved = reserve_port(ground.proxy_hosts, ground.proxy_port)
    except Unavailable as error:
        sentence = error.message.rstrip(".")
        yield Mistake(("LakesailApp", "proxy_bind"), sentence, sentence)
        return
    for held in reserved:
        held.close()


def _about(where: tuple[str, ...], path: Path, before: str, after: str) -> Mistake:
    return Mistake(where, f"{before}{path.name} {after}", f"{before}{path} {after}")
