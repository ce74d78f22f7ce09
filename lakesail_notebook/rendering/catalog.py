"""A part of a catalog as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..spark.catalog.tree import Node
from .text_tables import printable, width

_MOST = 100
"""So many entries of a level are listed."""
_LONGEST_COLUMN = 40
"""What stands behind longer names is not aligned with the rest."""


def catalog_text(nodes: Sequence[Node]) -> str:
    """A line for each entry, indented by its level."""
    return "\n".join(_lines(nodes, ""))


def _lines(nodes: Sequence[Node], indent: str) -> Iterator[str]:
    shown = nodes[:_MOST]
    wide = _common_width(printable(node.name) for node in shown)
    for node in shown:
        name = printable(node.name)
        detail = _detail(node)
        gap = " " * max(2, wide - width(name) + 2)
        yield f"{indent}{name}{gap}{detail}".rstrip()
        if node.children is not None:
            yield from _lines(node.children, f"{indent}  ")
            if not node.children:
                yield f"{indent}  (empty)"
    if len(nodes) > len(shown):
        yield f"{indent}... and {len(nodes) - len(shown)} more"


def _detail(node: Node) -> str:
    if node.kind == "column":
        return printable(node.type or "")
    if node.kind == "temp views":
        return "of this Spark session"
    return f"{node.kind}, current" if node.current else node.kind


def _common_width(names: Iterable[str]) -> int:
    return max((wide for name in names if (wide := width(name)) <= _LONGEST_COLUMN), default=0)
