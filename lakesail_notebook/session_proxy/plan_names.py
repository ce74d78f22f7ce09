"""What people call the relations and commands of Spark Connect, by their field numbers in ``Relation`` and ``Command``.

Where the protocol's own name says it, that name with spaces; else a shorter one.
"""

from __future__ import annotations

from collections.abc import Mapping

RELATIONS: Mapping[int, str] = {
    2: "read",
    3: "project",
    4: "filter",
    5: "join",
    6: "set operation",
    7: "sort",
    8: "limit",
    9: "aggregate",
    10: "sql",
    11: "local relation",
    12: "sample",
    13: "offset",
    14: "deduplicate",
    15: "range",
    16: "alias",
    17: "repartition",
    18: "rename columns",
    19: "rename columns",
    20: "show",
    21: "drop",
    22: "tail",
    23: "with columns",
    24: "hint",
    25: "unpivot",
    26: "to schema",
    27: "repartition",
    28: "map partitions",
    29: "collect metrics",
    30: "parse",
    31: "group map",
    32: "co-group map",
    33: "with watermark",
    34: "apply in pandas with state",
    35: "show as HTML",
    36: "local relation",
    37: "checkpoint",
    38: "table function",
    39: "as-of join",
    40: "data source",
    41: "with relations",
    42: "transpose",
    43: "table function",
    44: "lateral join",
    45: "local relation",
    46: "relation changes",
    47: "nearest-by join",
    90: "fill nulls",
    91: "drop nulls",
    92: "replace",
    100: "summary",
    101: "crosstab",
    102: "describe",
    103: "covariance",
    104: "correlation",
    105: "approximate quantile",
    106: "frequent items",
    107: "sample by",
    200: "catalog",
    300: "machine learning",
    998: "extension",
    999: "unknown",
}

COMMANDS: Mapping[int, str] = {
    1: "register function",
    2: "write",
    3: "create view",
    4: "write",
    5: "sql",
    6: "write stream",
    7: "streaming query",
    8: "get resources",
    9: "streaming queries",
    10: "register table function",
    11: "streaming query listeners",
    12: "register data source",
    13: "create resource profile",
    14: "checkpoint",
    15: "remove checkpoint",
    16: "merge into table",
    17: "machine learning",
    18: "external command",
    19: "pipeline",
    999: "extension",
}

INPUTS: Mapping[int, int] = {
    **dict.fromkeys(
        (*range(3, 10), *range(12, 15), *range(16, 36), 39, 41, 42, 44, 47, 90, 91, 92, *range(100, 108)), 1
    ),
    300: 3,
}
"""Of relations that work on another one: the field that holds it; of two, the left one."""

COMMAND_INPUTS: Mapping[int, int] = {2: 1, 3: 1, 4: 1, 6: 1, 14: 1, 16: 2}
"""Of commands that work on a relation: the field that holds it."""

SHAPES = frozenset({8, 13, 16, 20, 22, 26, 35})
"""Relations that take a part of a result, or put it into another form, and compute nothing."""
