"""The process around one Sail server: it says when it is ready, and ends with the process that started it.

Runs as ``python -P -m lakesail_notebook.engine`` in the interpreter that is to run the UDFs. It imports the standard
library, pysail and :mod:`lakesail_notebook.lifeline`. Sail reads its settings from ``SAIL_*`` environment variables.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import warnings

from .. import lifeline

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    # Before Sail starts its threads, which inherit the mask: the main thread alone takes these signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lifeline.hold()
    lifeline.end_group_at_once()
    try:
        from pysail.spark import SparkConnectServer
    except ImportError as error:
        sys.exit(f"Sail is not installed in {sys.executable} ({error}); pip install 'lakesail-notebook[local]' there")
    # PySpark 4.2 under pandas 3, at every UDF: it would fill the session's log.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas >= 3", category=FutureWarning)
    sys.path.insert(0, os.getcwd())  # UDFs import what lies beside the notebook, as they do in the kernel
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    print(json.dumps({"ready": {"address": f"{host}:{port}"}}), flush=True)
    signal.sigwait(STOP_SIGNALS)
    server.stop()


if __name__ == "__main__":
    main()
