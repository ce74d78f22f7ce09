"""The type that the values of a list are cast to: Sail 0.7.2 panics at an array of values of unlike types.

Goes when Sail finds the common type of an array's elements by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ..sql.literals import KINDS, MOST_DIGITS, decimal_digits

_INT = range(-(2**31), 2**31)


def common_type(values: Sequence[Any]) -> str | None:
    """What to cast the values of a list to; ``None`` where they are of one type already.

    :raises ValueError: when they have none; its text goes on after the variable's name.
    """
    kinds = {next(kind for kind in KINDS if isinstance(value, kind)) for value in values}
    if kinds == {int}:
        return None if all(value in _INT for value in values) else "bigint"
    if Decimal in kinds and kinds <= {int, Decimal}:
        pairs = (decimal_digits(Decimal(value)) for value in values)
        whole, fraction = (max(side) for side in zip(*pairs, strict=True))
        if whole + fraction > MOST_DIGITS:
            raise ValueError(f"is a list that needs more than the {MOST_DIGITS} digits of a DECIMAL")
        return f"decimal({max(whole + fraction, 1)},{fraction})"
    if kinds == {int, float} and all(float(value) == value for value in values if isinstance(value, int)):
        return "double"
    if len(kinds) > 1:
        raise ValueError(f"is a list of unlike values: {', '.join(sorted(kind.__name__ for kind in kinds))}")
    return None
