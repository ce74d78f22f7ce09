"""``%%sail sql --plot``: one chart by matplotlib, chosen by the types of the columns."""

from __future__ import annotations

import io
from typing import Any

from IPython.core.error import UsageError
from IPython.display import Image, display


def show(rows: Any) -> None:
    """Draw the numeric columns of an Arrow table over its first column: lines over times and numbers, else bars.

    :raises UsageError: without matplotlib, or a number to draw.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("%%sail sql --plot draws with matplotlib; run %pip install matplotlib") from error
    frame = rows.to_pandas()
    if len(frame.columns) < 1 or frame.empty:
        raise UsageError("%%sail sql --plot: there is nothing to draw")
    first = frame.columns[0]
    numbers = frame.select_dtypes("number").columns.drop(first, errors="ignore")
    if not len(numbers):
        raise UsageError("%%sail sql --plot: it needs a column of numbers beside the first column")
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    over = frame[first]
    ordered = over.dtype.kind in "iufM"
    for name in numbers:
        (axes.plot if ordered else axes.bar)(over if ordered else over.astype(str), frame[name], label=str(name))
    axes.set_xlabel(str(first))
    axes.legend()
    if not ordered:
        axes.tick_params(axis="x", rotation=45)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    alternative = f"{', '.join(map(str, numbers))} over {first}, {len(frame):,} rows"
    display(Image(drawn.getvalue(), alt=alternative))  # type: ignore[no-untyped-call]
