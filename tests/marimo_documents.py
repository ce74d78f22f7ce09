"""The marimo example and the page about marimo, as programs that run without a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "quickstart_marimo.py"
PAGE = ROOT / "docs" / "marimo.md"

ASKS = """
import json, sys
sys.path.insert(0, ".")
import marimo as mo
from quickstart_marimo import app

def told(names):
    hours, skies = names["by_hour"].to_dict("records"), names["by_sky"].to_dict("records")
    there = [row.asDict() for row in names["airlines_there"].collect()]
    return {"total": names["total"].asDict(), "hours": hours, "skies": skies, "there": there}

_, all_flights = app.run()
chosen = {
    "airline": mo.ui.dropdown(["JetBlue Airways"], value="JetBlue Airways"),
    "months": mo.ui.range_slider(1, 12, value=[6, 7]),
    "minutes": mo.ui.slider(5, 120, step=5, value=60),
    "airport": mo.ui.text(" bos"),
}
_, some_flights = app.run(defs=chosen)
print(json.dumps([told(all_flights), told(some_flights)]))
"""
"""Prints what the example comes to as it opens, and after somebody has used its controls."""

Run = Callable[[Sequence[str]], str]
"""Runs Python with these arguments to its end, and returns what it printed."""


@dataclass(frozen=True)
class Answers:
    """What the example found of some flights."""

    total: Mapping[str, Any]
    hours: Sequence[Mapping[str, Any]]
    skies: Sequence[Mapping[str, Any]]
    there: Sequence[Mapping[str, Any]]

    def late_by_sky(self) -> dict[str, float]:
        return {row["sky"]: row["late"] for row in self.skies}

    def late_at(self, *hours: int) -> float:
        """The share of the flights of these hours, on all days."""
        rows = [row for row in self.hours if row["hour"] in hours]
        return float(sum(row["late"] * row["flights"] for row in rows) / sum(row["flights"] for row in rows))


def answers_of(run: Run) -> tuple[Answers, Answers]:
    """Of all flights, and of those that the controls of :data:`ASKS` choose."""
    every, some = json.loads(run(["-c", ASKS]).splitlines()[-1])
    return Answers(**every), Answers(**some)


def copy_examples(directory: Path) -> None:
    for name in ("quickstart_marimo.py", "flights.py", "quickstart.ipynb"):
        shutil.copy(ROOT / "examples" / name, directory)


def blocks_of(page: Path) -> list[str]:
    """Its Python code, block by block."""
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def as_notebook(blocks: Sequence[str]) -> str:
    """A marimo notebook with each block as a cell."""
    lines = ["import marimo", "", "app = marimo.App()"]
    for block in blocks:
        lines += ["", "", "@app.cell", "def _():", *(f"    {line}" for line in block.splitlines()), "    return"]
    return "\n".join([*lines, "", "", 'if __name__ == "__main__":', "    app.run()", ""])


def converted(notebook: Path) -> str:
    """What ``marimo convert`` makes of a Jupyter notebook."""
    made = notebook.with_name(f"{notebook.stem}_converted.py")
    command = [sys.executable, "-m", "marimo", "-q", "convert", str(notebook), "-o", str(made)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0, finished.stderr
    return made.read_text()


def with_cell(source: str, comment: str, code: str) -> str:
    """A marimo notebook in which ``code`` replaces the cell whose comment begins so."""
    begins = source.index(f"    # {comment}")
    ends = source.index("    return", begins)
    indented = "".join(f"    {line}\n" if line else "\n" for line in code.splitlines())
    return f"{source[:begins]}{indented}{source[ends:]}"
