"""The process that installs an engine's libraries: pip, which ends with the process that started it.

Runs as ``python -P -m lakesail_notebook.engine.installer install ...`` in the interpreter that the libraries are for.
It imports the standard library, pip and :mod:`lakesail_notebook.lifeline`.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys

from .. import lifeline


def main() -> None:
    lifeline.hold()
    lifeline.end_group_at_once()
    if importlib.util.find_spec("pip") is None:
        sys.exit(f"pip is not installed in {sys.executable}; run {sys.executable} -m ensurepip")
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
