"""Settings for every test: hypothesis must not judge how fast a loaded machine is."""

from __future__ import annotations

import importlib.util
import signal
import sys

from hypothesis import settings

settings.register_profile("lakesail", deadline=None, max_examples=100)
settings.load_profile("lakesail")

# A worker of pytest-xdist has a main module without a file, which PySpark takes for a run of its own doctests: it ends
# the process. With this name the main module is what `python -m pytest` has; multiprocessing does not import it again.
_main = sys.modules["__main__"]
if _main.__spec__ is None and not hasattr(_main, "__file__"):
    _main.__spec__ = importlib.util.find_spec("pytest.__main__")

# A shell starts its background jobs with Ctrl+C ignored, and their children inherit that; interrupts are tested here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
