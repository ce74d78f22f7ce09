"""The user's code at a place: which expression is evaluated there, and its statement in one line.

A file is parsed once, when one of its lines first sends something; larger ones are not parsed, and give the line alone.
"""

from __future__ import annotations

import ast
import bisect
import functools
import linecache
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType
from typing import NamedTuple

from ...feed import MAX_WORDS

_MAX_PARSED_CHARACTERS = 200_000
_REMEMBERED_FILES = 64
_LINE_MAGIC = re.compile(r"get_ipython\(\)\.run_line_magic\((?P<name>'\w+'), (?P<rest>'.*')\)")

Point = tuple[int, int]
"""Line from 1, and column in bytes."""


class Expression(NamedTuple):
    begins: Point
    ends: Point
    statement: str
    """The statement that it stands in, in one line; empty when there is no source."""

    def around(self, other: Expression) -> bool:
        return self.begins <= other.begins and other.ends <= self.ends


def expression_at(code: CodeType, instruction: int) -> Expression:
    """What is evaluated by an instruction of a code object, which is its offset in bytes."""
    return _expression_at(code, code.co_filename, instruction)


@functools.lru_cache(maxsize=1024)
def _expression_at(code: CodeType, filename: str, instruction: int) -> Expression:
    """Codes of different files may be equal, so the name is there to tell them apart."""
    position = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    first, last, column, end_column = (number or 0 for number in position)
    lines = linecache.getlines(filename)
    parsed = _parsed(filename, lines)
    begins = parsed.begins.get((last, end_column), (first, column))
    top, bottom = parsed.statement_around(begins[0], last)
    return Expression(begins, (last, end_column), in_one_line(" ".join(lines[max(0, top - 1) : bottom])))


def in_one_line(text: str) -> str:
    """The beginning of a text, without what cannot be printed, white space folded."""
    words = " ".join(text.split())
    magic = _LINE_MAGIC.fullmatch(words)
    if magic is not None:  # what IPython makes of %name rest
        words = f"%{ast.literal_eval(magic['name'])} {ast.literal_eval(magic['rest'])}"
    printable = "".join(character if character.isprintable() else " " for character in words)
    return printable if len(printable) <= MAX_WORDS else f"{printable[: MAX_WORDS - 1]}…"


@dataclass(frozen=True, slots=True)
class _Parsed:
    lines: list[str]
    begins: dict[Point, Point] = field(default_factory=dict)
    """Where the expressions begin that end there. A call of a method on a further line is said to begin at its name."""
    statements: list[tuple[int, int]] = field(default_factory=list)
    """The first and the last line of each; of one with a body, of its head. By their first lines."""

    def statement_around(self, first: int, last: int) -> tuple[int, int]:
        """The first and last line of the innermost statement with these lines."""
        index = bisect.bisect_right(self.statements, (first, 1 << 30)) - 1
        while index >= 0:
            top, bottom = self.statements[index]
            if bottom >= last:
                return top, bottom
            index -= 1
        return first, last


_files: OrderedDict[str, _Parsed] = OrderedDict()


def _parsed(filename: str, lines: list[str]) -> _Parsed:
    known = _files.get(filename)
    if known is not None and known.lines is lines:
        return known
    parsed = _Parsed(lines)
    for node in _nodes(lines):
        if isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
            parsed.begins[node.end_lineno or 0, node.end_col_offset or 0] = (node.lineno, node.col_offset)
        elif isinstance(node, ast.stmt):
            parsed.statements.append((node.lineno, _last_line_of_head(node)))
    parsed.statements.sort()
    _files[filename] = parsed
    if len(_files) > _REMEMBERED_FILES:
        _files.popitem(last=False)
    return parsed


def _nodes(lines: list[str]) -> Iterator[ast.AST]:
    if sum(map(len, lines)) > _MAX_PARSED_CHARACTERS:
        return iter(())
    try:
        return ast.walk(ast.parse("".join(lines)))
    except (SyntaxError, ValueError, RecursionError):  # what runs may be older than what the file says now
        return iter(())


def _last_line_of_head(statement: ast.stmt) -> int:
    body: list[ast.stmt] = getattr(statement, "body", [])
    last = statement.end_lineno or statement.lineno
    return max(statement.lineno, body[0].lineno - 1) if body else last
