"""The process that installs an engine's libraries: pip, but it ends with the process that started it.

Runs as ``python -P -m lakesail_notebook.installer install ...`` in the interpreter that the libraries are for, and
imports nothing but the standard library, pip and :mod:`lakesail_notebook.engine`'s lifeline.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys

from .engine import end_with_parent


def main() -> None:
    end_with_parent()
    if importlib.util.find_spec("pip") is None:
        sys.exit(f"pip is not installed in {sys.executable}; run {sys.executable} -m ensurepip")
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
