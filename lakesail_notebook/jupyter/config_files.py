"""The config files that Jupyter passed over: it logs what goes wrong in one, drops all that it says, and goes on.

What Jupyter loaded it remembers by name, unless the file set nothing. A file that is there and not remembered is read
once more, which tells whether it sets nothing or cannot be read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_core.application import JupyterApp
from traitlets.config.loader import FileConfigLoader

from .mistakes import Mistake

_BASE_NAME = "jupyter_config"


def passed_over(app: JupyterApp, config_file: str = "") -> Iterator[Mistake]:
    """The files that ``app`` should have read and did not.

    :param config_file: the one that it was told to read, in place of those of its own name.
    """
    wanted = [(directory, _BASE_NAME) for directory in app.config_file_paths]
    named = os.path.split(os.path.splitext(config_file)[0])
    if config_file:
        wanted.append(named)
        if not any(file.is_file() for file in _files(*named)):
            yield _mistake(Path(config_file), "does not exist")
    else:
        wanted += ((directory, str(app.config_file_name)) for directory in app.config_file_paths)
    loaded = {os.path.realpath(file) for file in app.loaded_config_files}
    for directory, name in dict.fromkeys(wanted):
        if not _may_enter(Path(directory)):
            yield _mistake(Path(directory), "cannot be entered, so the config files in it are not read")
        for file in _files(directory, name) if name else ():
            if file.is_file() and os.path.realpath(file) not in loaded:
                yield from _passed_over(app, file)


def _files(directory: str, name: str) -> tuple[Path, Path]:
    place = Path(os.path.expandvars(directory or ".")).expanduser()
    return place / f"{name}.py", place / f"{name}.json"


def _passed_over(app: JupyterApp, file: Path) -> Iterator[Mistake]:
    kind = app.python_config_loader_class if file.suffix == ".py" else app.json_config_loader_class
    loader: FileConfigLoader = kind(file.name, path=str(file.parent), log=None)
    try:
        says = loader.load_config()
    except (Exception, SystemExit) as error:
        yield _mistake(file, f"could not be loaded ({type(error).__name__})", f"could not be loaded: {error!r}")
    else:
        if says:
            yield _mistake(file, "could not be loaded when the server started")


def _may_enter(directory: Path) -> bool:
    return not directory.is_dir() or os.access(directory, os.R_OK | os.X_OK)


def _mistake(path: Path, told: str, logged: str | None = None) -> Mistake:
    return Mistake(
        ("config_file", path.name), f"the config file {path.name} {told}", f"the config file {path} {logged or told}"
    )
