"""What the package costs those who do not use it: promises, so `make test` holds them too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from headless import Config, jupyter_server

from .figures import Figure, Figures, once_met, paired

_IMPORT = "import time; t = time.process_time(); import lakesail_notebook; print(time.process_time() - t)"
"""What it computes: on a machine where others compute, too, it lasts longer."""
_IMPORT_MILLISECONDS = 50.0
_SLOWER = 1.3


def test_importing_the_package_takes_under_50_milliseconds(figures: Figures) -> None:
    least = once_met(_milliseconds_of_import, _IMPORT_MILLISECONDS, 30)
    figure = figures.add(Figure(name="import lakesail_notebook", value=least, unit="ms", aim=_IMPORT_MILLISECONDS))
    assert figure.met, figures.table()


@pytest.mark.timeout(1200)
def test_a_server_with_the_extension_starts_at_most_30_percent_slower(figures: Figures, tmp_path: Path) -> None:
    def ratio() -> float:
        return paired(lambda: _seconds_to_start(tmp_path, True), lambda: _seconds_to_start(tmp_path, False), 3)[0]

    least = once_met(ratio, _SLOWER, 4)
    figure = figures.add(Figure(name="server start, with / without", value=least, unit="x", aim=_SLOWER))
    assert figure.met, figures.table()


def _milliseconds_of_import() -> float:
    done = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout) * 1000


def _seconds_to_start(root: Path, extension: bool) -> float:
    """Of the processor, beside all other extensions of this environment, as where people work with a browser."""
    config: Config = {"ServerApp": {"jpserver_extensions": {"lakesail_notebook": extension}}}
    with jupyter_server(root, config=config) as server:
        assert server.request("GET", "api").is_success
        used = psutil.Process(server.pid).cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)
