"""How the belongings of a Spark session were made, so that another one can have them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .plan_effects import Belonging, Kind

KEPT_BYTES = 32 * 1024 * 1024
"""So much is kept of the plans of one Spark session."""

BEYOND = f"its plan is beyond the {KEPT_BYTES // 1024**2} MB that are kept"
EARLIER = "an earlier process made it"
BOUND = "its plan refers to data that the engine held for the old Spark session"

Setting = str | bytes
"""A value, or the plan of the statement that set it."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How one belonging was made."""

    belonging: Belonging
    number: int
    """Counts them in the order in which they were made."""
    plan: bytes | None
    """``None`` when it cannot be made again."""
    why_not: str
    """The reason then, in words that follow its name."""
    needs: tuple[Recipe, ...]
    """What its plan may use, as it was when this one was made: an engine reads the names of a plan only then."""
    settings: Mapping[str, Setting]
    """Those of the Spark session when this one was made."""


class Recipes:
    """Those of one Spark session. The caller sees to it that one thread uses it at a time.

    What a kept view uses is kept as well, also after it was replaced or dropped itself.
    """

    def __init__(self, limit_bytes: int = KEPT_BYTES) -> None:
        self._limit = limit_bytes
        self._last_number = 0
        self._current: dict[tuple[Kind, str], Recipe] = {}
        self.settings: Mapping[str, Setting] = MappingProxyType({})

    @property
    def current(self) -> tuple[Recipe, ...]:
        """Of what is there now, in the order in which it was made."""
        return tuple(sorted(self._current.values(), key=_number))

    @property
    def in_order(self) -> tuple[Recipe, ...]:
        """All that it takes to make what is there now, in the order in which it was made."""
        return tuple(sorted(_reached(self._current.values()), key=_number))

    def find(self, belonging: Belonging) -> Recipe | None:
        return self._current.get(belonging.key)

    def made(self, belonging: Belonging, plan: bytes | None, names: Collection[str] = (), why_not: str = "") -> None:
        """Something was made, or replaced what had its name.

        :param names: that the plan uses.
        :param why_not: the reason, when there is no plan to make it again.
        """
        needs = tuple(one for one in self._current.values() if _is_named(one.belonging, names))
        self._last_number += 1
        number = self._last_number
        self._current[belonging.key] = Recipe(belonging, number, plan, why_not, needs, self.settings)
        if plan is not None and self._bytes() > self._limit:
            self._current[belonging.key] = Recipe(belonging, number, None, BEYOND, (), self.settings)

    def dropped(self, belonging: Belonging) -> None:
        self._current.pop(belonging.key, None)

    def set(self, name: str, value: Setting) -> None:
        """A setting was set, after all others: a database may be there only in the catalog that was set before."""
        others = {key: former for key, former in self.settings.items() if key != name}
        self.settings = MappingProxyType({**others, name: value})

    def unset(self, name: str) -> None:
        self.settings = MappingProxyType({key: value for key, value in self.settings.items() if key != name})

    def take_over(self, others: Recipes) -> None:
        """Begin with what another Spark session had."""
        self._current = dict(others._current)
        self._last_number = others._last_number
        self.settings = others.settings

    def _bytes(self) -> int:
        return sum(len(one.plan or b"") for one in _reached(self._current.values()))


def _reached(recipes: Collection[Recipe]) -> set[Recipe]:
    found: set[Recipe] = set()
    ahead = list(recipes)
    while ahead:
        recipe = ahead.pop()
        if recipe not in found:
            found.add(recipe)
            ahead.extend(recipe.needs)
    return found


def _is_named(belonging: Belonging, names: Collection[str]) -> bool:
    if belonging.kind == "table":
        return False  # the engine says itself that a table is not there
    if belonging.kind == "function":
        return belonging.name.lower() in {name.lower() for name in names}
    return belonging.name in names


def _number(recipe: Recipe) -> int:
    return recipe.number


def changes(there: Mapping[str, Setting], wanted: Mapping[str, Setting]) -> Iterator[tuple[str, Setting | None]]:
    """What to set, or with ``None`` to unset, so that settings are as wanted."""
    yield from ((name, value) for name, value in wanted.items() if there.get(name) != value)
    yield from ((name, None) for name in there if name not in wanted)
