"""What the domain asks of apps: the marimo processes that serve the pages of sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ..errors import FieldError
from .records import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """What an app is to serve."""

    file: str
    """The notebook's absolute path."""
    mode: Literal["edit", "run"]
    python: str | None
    """The interpreter that runs marimo; ``None``: the server's own."""
    working_directory: str | None
    """``None``: the file's directory."""


@dataclass(frozen=True, slots=True)
class AppAddress:
    """Its port on loopback, and marimo's own token, for the proxy in front of it alone."""

    port: int
    token: str = field(repr=False)


class Apps(Protocol):
    """Starts, watches and ends apps, one for a session."""

    @property
    def unavailable(self) -> str | None:
        """Why no app can be started here, in a sentence; ``None``: one can. Starts no process."""
        ...

    def path_of(self, file: str) -> str:
        """The absolute path of a notebook that a session names: a relative one is below the server's root directory."""
        ...

    async def validate(self, spec: AppSpec) -> Sequence[FieldError]:
        """What stands against starting this, before anything is written. Raises LakesailError when nothing can be."""
        ...

    async def start(self, session: SessionRecord, spec: AppSpec, environment: Mapping[str, str] | None = None) -> None:
        """Return once it serves.

        :param environment: the variables of its kernels; ``None``: the server's own.
        :raises LakesailError: when it does not, with its last words; nothing of it is left then.
        """
        ...

    def address_of(self, session_id: str) -> AppAddress | None:
        """``None``: it does not serve."""
        ...

    def ended(self) -> AsyncIterator[str]:
        """Ids of the sessions whose app has ended by itself."""
        ...

    async def last_words(self, session_id: str) -> str | None:
        """How an app has ended, and what it said last; ``None``: somebody shut it down on its page.

        To be asked before :meth:`stop`.
        """
        ...

    async def busy(self, session_id: str) -> bool:
        """Whether a kernel of it computes."""
        ...

    def log_tail(self, session_id: str, count: int) -> Sequence[str]: ...
    def revoke(self, session_id: str) -> None:
        """Take away what its processes may ask of the API, at once."""
        ...

    async def stop(self, session_id: str) -> None:
        """Return when it is gone with all its children. Idempotent."""
        ...

    async def close(self) -> None: ...
