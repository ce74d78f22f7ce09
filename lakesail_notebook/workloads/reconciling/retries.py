"""What failed, and when it is tried again: exponential backoff with jitter, apart for each thing."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ...clock import Clock

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 60.0
_REMEMBERED = 10_000

Key = tuple[str, str]
"""What is tried, and on which row."""


@dataclass(frozen=True, slots=True)
class Failure:
    attempts: int
    again_in: float
    """Seconds."""
    again_at: float
    """Of the monotonic clock, in seconds."""


def delay(attempts: int, chance: float) -> float:
    """Seconds until the next try after so many failures. Pure.

    :param chance: from 0 to 1; spreads the tries of things that failed together over half to one and a half the time.
    """
    longest = LONGEST_SECONDS / FIRST_SECONDS
    return FIRST_SECONDS * float(min(2 ** min(attempts - 1, 30), longest)) * (0.5 + chance)


class Retries:
    """:param chance: a random number from 0 to 1, for the jitter."""

    def __init__(self, clock: Clock, chance: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._chance = chance
        self._failures: OrderedDict[Key, Failure] = OrderedDict()

    def may_try(self, key: Key) -> bool:
        failure = self._failures.get(key)
        return failure is None or self._clock.monotonic() >= failure.again_at

    def failed(self, key: Key) -> Failure:
        earlier = self._failures.pop(key, None)
        attempts = 1 if earlier is None else earlier.attempts + 1
        wait = delay(attempts, self._chance())
        failure = self._failures[key] = Failure(attempts, wait, self._clock.monotonic() + wait)
        if len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)
        return failure

    def succeeded(self, key: Key) -> None:
        self._failures.pop(key, None)
