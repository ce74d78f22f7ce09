"""The line of the user's code that is running: where a warning has to point, whatever libraries stand in between."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import threading
import warnings
from pathlib import Path
from types import FrameType

_PACKAGE = Path(__file__).parents[2]
_PATHS = ("stdlib", "platstdlib", "purelib", "platlib")
_LIBRARIES = tuple({f"{path}{os.sep}" for path in (*map(sysconfig.get_path, _PATHS), str(_PACKAGE)) if path})
_GENERATED = ("<frozen ", "<decorator-gen", "<__array_function__")
"""How the names of files begin that are none, and no cell."""
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def users_frame() -> FrameType:
    """The innermost frame of this thread that is no library's; without one, that of the main thread.

    A thread of a pool that runs ``df.count`` has no code of the user; the main thread usually waits for it.
    """
    here = sys._getframe(1)
    main = sys._current_frames().get(threading.main_thread().ident or 0)
    return _users(here) or _users(main) or here


def warn_at_users_line(sentence: str, category: type[Warning]) -> None:
    """Warn at the user's line, each time: Python's own registry shows a warning once for each line.

    Filters hold, so that a category can be ignored or made an error.
    """
    frame = users_frame()
    warnings.warn_explicit(
        sentence,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=str(frame.f_globals.get("__name__", "__main__")),
        registry={},
        module_globals=frame.f_globals,
    )


def _users(frame: FrameType | None) -> FrameType | None:
    while frame is not None and is_of_a_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@functools.lru_cache(maxsize=4096)
def is_of_a_library(filename: str) -> bool:
    """Whether code of this file is not the user's; Python's own is none either."""
    return filename.startswith((*_GENERATED, *_LIBRARIES)) or any(folder in filename for folder in _INSTALLED)
