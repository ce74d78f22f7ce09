"""What the package costs those who do not use it: promises, so `make test` holds them too."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from headless import Config, jupyter_server

from .figures import Figure, Figures, paired

_IMPORT = "import time; t = time.perf_counter(); import lakesail_notebook; print(time.perf_counter() - t)"


def test_importing_the_package_takes_under_50_milliseconds(figures: Figures) -> None:
    runs = [_milliseconds_of_import() for _ in range(7)]
    figure = figures.add(Figure(name="import lakesail_notebook", value=min(runs), unit="ms", aim=50))
    assert figure.met, figures.table()


def test_a_server_with_the_extension_starts_at_most_30_percent_slower(figures: Figures, tmp_path: Path) -> None:
    ratio, pairs = paired(lambda: _seconds_to_start(tmp_path, True), lambda: _seconds_to_start(tmp_path, False), 5)
    note = f"{min(mine for mine, _ in pairs):.2f} s against {min(other for _, other in pairs):.2f} s"
    figure = figures.add(Figure(name="server start, with / without", value=ratio, unit="x", aim=1.3, note=note))
    assert figure.met, figures.table()


def _milliseconds_of_import() -> float:
    done = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout) * 1000


def _seconds_to_start(root: Path, extension: bool) -> float:
    """Beside all other extensions of this environment, as where people work with a browser."""
    config: Config = {"ServerApp": {"jpserver_extensions": {"lakesail_notebook": extension}}}
    started = time.perf_counter()
    with jupyter_server(root, config=config) as server:
        assert server.request("GET", "api").is_success
        return time.perf_counter() - started
