"""Where in Python code a column's name can stand: in which string or behind which dot, of which variable. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

VariableKind = Literal["frame", "session", "function"]
"""A DataFrame, a Spark session, or a function of columns or a module of these."""
PlaceKind = Literal["attribute", "column", "exact column", "expression", "sql", "table"]

_TOKEN = re.compile(
    r'''
    (?P<comment> \#[^\n]* )
    | (?P<string> [rRbBuUfFtT]{0,2} (?: """(?:[^\\]|\\.)*?""" | \'\'\'(?:[^\\]|\\.)*?\'\'\'
        | (?!""")"(?:[^"\\\n]|\\.)*" | (?!\'\'\')'(?:[^'\\\n]|\\.)*' ) )
    | (?P<begun> (?P<prefix>[rRbBuUfFtT]{0,2}) (?P<quote>"""|\'\'\'|"|') )
    | (?P<name> [^\W\d]\w* )
    | (?P<number> \d[\w.]* )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<joined> \\\n )
    | (?P<newline> \n )
    | (?P<space> [^\S\n]+ )
    | (?P<symbol> . )
    ''',
    re.VERBOSE | re.DOTALL,
)
_COLUMN_METHODS = """
select groupBy groupby orderBy sort sortWithinPartitions agg cube rollup repartition repartitionByRange join
withColumn withColumns dropDuplicates drop_duplicates dropDuplicatesWithinWatermark dropna fillna fill replace
describe corr cov crosstab freqItems approxQuantile sampleBy unpivot melt pivot sum avg mean min max
partitionBy bucketBy sortBy
"""
_TAKE_COLUMNS = frozenset(_COLUMN_METHODS.split())
_TAKE_EXACT_NAMES = frozenset({"drop", "withColumnRenamed", "withColumnsRenamed"})
"""They read a dot as a part of the name."""
_TAKE_EXPRESSIONS = frozenset({"filter", "where", "selectExpr", "expr"})
_WITH_ANOTHER = frozenset({"join", "crossJoin", "unionByName"})
_OF_SESSION: Mapping[str, PlaceKind] = {"sql": "sql", "table": "table"}
_LAST_WORD = re.compile(r"(?:`[^`]*|[^\W\d]\w*)?\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor stands."""

    kind: PlaceKind
    variables: tuple[str, ...]
    """The one that the expression begins with; then those that it is joined with."""
    fragment: str
    """What is there of the name."""
    quote: str = ""
    """That the string around it began with."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    end: int


@dataclass(frozen=True, slots=True)
class _Chain:
    """An expression such as ``flights.join(planes, "tailnum").where("x")``."""

    root: str
    others: tuple[str, ...] = ()
    plain: bool = True
    """Whether it is the root alone."""


class _Code:
    """The tokens before the cursor, and which brackets are open there."""

    def __init__(self, before: str) -> None:
        self.tokens: list[_Token] = []
        self.opened: list[int] = []
        self.begun: re.Match[str] | None = None
        self._partner: dict[int, int] = {}
        self.in_comment = False
        position = 0
        while (match := _TOKEN.match(before, position)) and self._goes_on_after(match, before):
            position = match.end()

    def _goes_on_after(self, match: re.Match[str], before: str) -> bool:
        """Whether there is code after this token; there is none in a string that has begun."""
        kind = "begun" if match["begun"] else match.lastgroup or ""
        self.in_comment = kind == "comment"
        if kind == "begun" and (len(match["quote"]) == 3 or "\n" not in before[match.end() :]):
            self.begun = match
            return False
        if kind in {"comment", "joined", "space"} or (kind == "newline" and self.opened):
            return True
        if kind == "open":
            self.opened.append(len(self.tokens))
        elif kind == "close" and self.opened:
            self._partner[len(self.tokens)] = self.opened.pop()
        self.tokens.append(_Token(kind, match.group(), match.end()))
        return True

    def kind(self, at: int) -> str:
        return self.tokens[at].kind if 0 <= at < len(self.tokens) else ""

    def text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def chain(self, at: int) -> _Chain | None:
        """The expression that ends with this token, if it begins with a variable."""
        others: list[str] = []
        plain = True
        while True:
            kind = self.kind(at)
            if kind == "name":
                if self.text(at - 1) != ".":
                    return _Chain(self.text(at), tuple(others), plain)
                at, plain = at - 2, False
                continue
            begin = self._partner.get(at) if kind == "close" else None
            if begin is None:
                return None
            plain = False
            if self.kind(begin - 1) not in {"name", "close"}:  # parentheses around the expression
                if self.text(begin) != "(":
                    return None
                at -= 1
                continue
            if self.text(begin) == "[":
                at = begin - 1
                continue
            if self.text(begin - 2) != ".":  # a function's result
                return None
            if self.text(begin - 1) in _WITH_ANOTHER and self.kind(begin + 1) == "name":
                others.append(self.text(begin + 1))
            at = begin - 3


def place_at(before: str, kind_of: Callable[[str], VariableKind | None]) -> Place | None:
    """The place at the end of a piece of code; ``None`` where nothing of ours is meant.

    :param kind_of: what a variable is.
    """
    code = _Code(before)
    if code.in_comment:
        return None
    if code.begun is None:
        return _attribute(code, before, kind_of)
    text = before[code.begun.end() :]
    prefix = set(code.begun["prefix"].lower())
    if prefix & set("bt") or "\\" in text or ("f" in prefix and text.count("{") != text.count("}")):
        return None
    place = _in_call(code, kind_of)
    if place is None or (place.kind != "sql" and (len(code.begun["quote"]) == 3 or "f" in prefix)):
        return None
    fragment = text
    if place.kind == "expression":
        found = _LAST_WORD.search(text)
        fragment = "" if found is None else found.group()
        if text.removesuffix(fragment).endswith((".", "'")):
            return None
    return replace(place, fragment=fragment, quote=code.begun["quote"])


def _attribute(code: _Code, before: str, kind_of: Callable[[str], VariableKind | None]) -> Place | None:
    """``df.`` and ``df.na``, with nothing before the variable."""
    at = len(code.tokens) - 1
    if at < 0 or code.tokens[at].end != len(before):
        return None
    fragment = ""
    if code.kind(at) == "name":
        fragment, at = code.text(at), at - 1
    chain = code.chain(at - 1) if code.text(at) == "." else None
    if chain is None or not chain.plain or kind_of(chain.root) != "frame":
        return None
    return Place("attribute", (chain.root,), fragment)


def _in_call(code: _Code, kind_of: Callable[[str], VariableKind | None]) -> Place | None:
    """What the string that has begun is an argument of, directly or through functions of columns."""
    for begin in reversed(code.opened):
        end = begin - 1  # of what is called, or indexed
        if code.text(begin) == "[" and code.kind(end) in {"name", "close"}:
            chain = code.chain(end)
            is_ours = chain is not None and kind_of(chain.root) == "frame"
            return Place("column", (chain.root, *chain.others), "") if chain is not None and is_ours else None
        if code.text(begin) != "(" or code.kind(end) != "name":
            continue  # the brackets of a list, a dict, a tuple
        method = code.text(end)
        if code.text(end - 1) != ".":
            if kind_of(method) != "function":
                return None
            continue
        chain = code.chain(end - 2)
        kind = None if chain is None else kind_of(chain.root)
        if chain is None or kind is None:
            return None
        if kind == "function":  # in a module of functions
            continue
        is_first = begin == code.opened[-1] and begin == len(code.tokens) - 1
        return _of_method(method, chain, kind, is_first=is_first)
    return None


def _of_method(method: str, chain: _Chain, kind: VariableKind, *, is_first: bool) -> Place | None:
    """:param is_first: whether the string is the method's first argument."""
    if kind == "session":
        return Place(_OF_SESSION[method], (), "") if chain.plain and is_first and method in _OF_SESSION else None
    variables = (chain.root, *chain.others)
    if method in _TAKE_COLUMNS:
        return Place("column", variables, "")
    if method in _TAKE_EXACT_NAMES:
        return Place("exact column", variables, "")
    return Place("expression", variables, "") if method in _TAKE_EXPRESSIONS else None
