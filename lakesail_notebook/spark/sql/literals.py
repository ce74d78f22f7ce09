"""The Python values that SQL has a literal for. Pure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

KINDS = (bool, int, float, Decimal, str, bytes, datetime, date)
"""A value is of the first that it is an instance of."""
MOST_DIGITS = 38
"""Of the largest DECIMAL."""


def decimal_digits(value: Decimal) -> tuple[int, int]:
    """The digits before and after the point.

    :raises ValueError: for a value that is no number.
    """
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"is {value}, which DECIMAL does not know; bind it as a float")
    return max(len(digits) + exponent, 0), max(-exponent, 0)
