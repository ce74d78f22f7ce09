"""Mistakes in the settings, as everybody is told of them and as the log tells them; and what the settings ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import FieldError, Unavailable, json_pointer


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that an administrator must mend."""

    where: tuple[str, ...]
    """Such as ``("LakesailApp", "teams")``."""
    told: str
    """A sentence for everybody. It holds no path of the server and no text of the administrator's."""
    logged: str
    """The same for who reads the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the settings ask of this machine. Of a wrong setting: nothing."""

    database_url: str = ""
    proxy_hosts: tuple[str, ...] = ()
    """Addresses that the session proxy listens on; none: loopback."""
    proxy_port: int = 0
    """0: a free one."""
    proxy_tls_certificate_file: str | None = None
    proxy_tls_key_file: str | None = None
    signing_key_files: tuple[Path, ...] = ()
    """None: the one in the data directory."""


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Why nobody is served."""

    all: tuple[Mistake, ...]
    ground: Ground = Ground()
    need_restart: bool = True
    """Whether the server must be started again once they are mended."""

    def error(self) -> Unavailable:
        """What every call is answered with."""
        sentences = "; ".join(mistake.told for mistake in self.all)
        cure = "mend this and restart the server" if self.need_restart else "mend this"
        return Unavailable(
            f"This server is not set up rightly, so it serves nobody: {sentences}. "
            f"Its administrator must {cure}; its log has more.",
            reason="settings_wrong",
            errors=tuple(FieldError(json_pointer(*mistake.where), mistake.told) for mistake in self.all),
        )

    def lines(self) -> list[str]:
        """For who reads the log."""
        return [mistake.logged for mistake in self.all]
