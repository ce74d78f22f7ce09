"""The token of one session, as the channel needs it: always there, fetched anew before it ends, shown nowhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ...clock import Clock, from_rfc3339
from ...errors import Internal, LakesailError
from ...models import SessionToken

_RENEW_AT = 0.8
"""Share of a token's life."""
_SHORTEST_LIFE = timedelta(seconds=1)
"""Nothing is fetched more often, however far this machine's clock is off."""
_PAUSE_AFTER_FAILURE = timedelta(seconds=5)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenLife:
    """When a token is to be renewed, and when it is dead, by this machine's wall clock (which knows of sleep)."""

    renew_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, fetched_at: datetime, expires_at: datetime) -> TokenLife:
        life = max(expires_at - fetched_at, _SHORTEST_LIFE)
        return cls(fetched_at + life * _RENEW_AT, fetched_at + life)


def renewal(life: TokenLife | None, not_before: datetime | None, now: datetime) -> Literal["none", "later", "now"]:
    """Whether a token must be fetched: not yet, beside the call that needs it, or before that call.

    :param not_before: after a failure, when the next try may be made.
    """
    if not_before is not None and now < not_before:
        return "none"
    if life is None or now >= life.expires_at:
        return "now"
    return "later" if now >= life.renew_at else "none"


class RenewedToken:
    """A session token that renews itself when used. Threads may share it.

    :param fetch: asks the control plane for a token; raises :class:`LakesailError`.
    """

    def __init__(self, fetch: Callable[[], SessionToken], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetching = threading.Lock()
        self._token: SessionToken | None = None
        self._life: TokenLife | None = None
        self._not_before: datetime | None = None

    def renew(self) -> None:
        """Fetch a token now.

        :raises LakesailError: when there is none to be had; an older one is kept.
        """
        with self._fetching:
            self._renew()

    def text(self) -> str:
        """The token; an ended one when no other can be had, since the session proxy says best what is wrong."""
        due = self._due()
        if due == "now":
            with self._fetching:
                if self._due() == "now":  # else another thread has just fetched it
                    self._try_to_renew()
        elif due == "later" and not self._fetching.locked():
            threading.Thread(target=self._renew_beside, name="lakesail-token", daemon=True).start()
        return "" if self._token is None else self._token.token

    def replaced(self, refused: str) -> bool:
        """Whether there is a better token than one that was refused: another thread's, or one that is fetched now."""
        with self._fetching:
            if self._token is not None and self._token.token != refused:
                return True
            if self._not_before is not None and self._clock.now() < self._not_before:
                return False  # another thread has just asked in vain
            self._try_to_renew()
            return self._token is not None and self._token.token != refused

    def _due(self) -> Literal["none", "later", "now"]:
        return renewal(self._life, self._not_before, self._clock.now())

    def _renew_beside(self) -> None:
        with self._fetching:
            if self._due() != "none":
                self._try_to_renew()

    def _try_to_renew(self) -> None:
        try:
            self._renew()
        except LakesailError as error:
            self._not_before = self._clock.now() + _PAUSE_AFTER_FAILURE
            log.warning("The session token could not be renewed: %s", error.message)
        except Exception:
            self._not_before = self._clock.now() + _PAUSE_AFTER_FAILURE
            log.exception("The session token cannot be had")

    def _renew(self) -> None:
        token = self._fetch()
        self._life = TokenLife.of(self._clock.now(), _moment(token.expires_at))
        self._token = token
        self._not_before = None


def _moment(text: str) -> datetime:
    try:
        return from_rfc3339(text)
    except ValueError as error:
        raise Internal(f"The control plane gave a session token that ends at {text!r}, which is no time.") from error
