"""``%%sail sql --plot``: one chart by matplotlib, chosen by the types of the columns."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from typing import Any

from IPython.core.error import UsageError
from IPython.display import display

from ..rendering.arrow_values import NULL, texts_of
from ..rendering.fetching import Fetched
from ..spark.zones import SessionZone, has_instants

_LABELS = 40
"""So many texts can be read below a chart."""
_BARS_WIDTH = 0.8


def check() -> None:
    """To be asked before a statement runs.

    :raises UsageError: without matplotlib.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("%%sail sql --plot draws with matplotlib; run %pip install matplotlib")


def show(fetched: Fetched) -> None:
    """Draw the numeric columns of a result over its first column: lines over times and numbers, else bars.

    :raises UsageError: without rows, or a number to draw.
    """
    rows = fetched.shown
    numbers = [index for index in range(1, rows.num_columns) if _is_number(rows.schema.field(index).type)]
    if not numbers or not rows.num_rows:
        why = "a column of numbers beside the first column" if rows.num_rows else "rows"
        raise UsageError(f"%%sail sql --plot: the statement has run, but to draw its result it needs {why}")
    import matplotlib

    try:
        with matplotlib.rc_context({"text.parse_math": False}):  # a $ in a name is a $
            png = _drawn(rows, numbers, fetched.zone)
    except ValueError as error:  # times beyond the years 1 to 9999
        raise UsageError(f"%%sail sql --plot: the statement has run, but matplotlib cannot draw it: {error}") from error
    names = rows.schema.names
    count = f"{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}"
    alternative = f"{', '.join(names[index] for index in numbers)} over {names[0]}, {count}"
    bundle = {"image/png": png, "text/plain": f"Chart: {alternative}"}
    display(bundle, raw=True, metadata={"image/png": {"alt": alternative}})  # type: ignore[no-untyped-call]


def _drawn(rows: Any, numbers: Sequence[int], zone: SessionZone | None) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    series = [_floats(rows.column(index)) for index in numbers]
    if _is_ordered(rows.schema.field(0).type):
        over = _over(rows.column(0), zone)
        drawn = [axes.plot(over, values)[0] for values in series]
    else:
        drawn = _bars(axes, texts_of(rows.column(0), zone), series)
    in_zone = f" ({zone.name})" if zone is not None and has_instants(rows.schema.field(0).type) else ""
    axes.set_xlabel(f"{rows.schema.names[0]}{in_zone}")
    # Named here, since a label of an artist that begins with _ is left out.
    axes.legend(drawn, [rows.schema.names[index] for index in numbers])
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _bars(axes: Any, over: Sequence[str | None], series: Sequence[Sequence[float]]) -> list[Any]:
    """A group of bars for each row, in the order of the rows; equal texts stay apart."""
    texts = [NULL if text is None else text for text in over]
    width = _BARS_WIDTH / len(series)
    first = (width - _BARS_WIDTH) / 2
    drawn = [
        axes.bar([row + first + width * number for row in range(len(texts))], values, width)
        for number, values in enumerate(series)
    ]
    named = range(0, len(texts), -(-len(texts) // _LABELS))
    axes.set_xticks(list(named), [texts[row][:_LABELS] for row in named], rotation=45, ha="right")
    return drawn


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _is_ordered(kind: Any) -> bool:
    from pyarrow import types

    return _is_number(kind) or bool(types.is_timestamp(kind) or types.is_date(kind))


def _over(column: Any, zone: SessionZone | None) -> Any:
    from pyarrow import types

    if _is_number(column.type):
        return _floats(column)
    import pyarrow

    if zone is not None and has_instants(column.type):
        column = zone.local(column)

    kind = "us" if types.is_timestamp(column.type) else "s"
    return column.cast(pyarrow.timestamp(kind)).to_numpy()


def _floats(column: Any) -> Any:
    import pyarrow

    return column.cast(pyarrow.float64(), safe=False).to_numpy()
