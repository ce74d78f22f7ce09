"""Files and directories that are for their owner alone, and the command that makes them so."""

from __future__ import annotations

import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Exposed:
    """Something secret that other users of the machine can reach."""

    path: Path
    is_directory: bool

    def sentence(self, what: str, path: Path | None = None) -> str:
        """What is wrong, and the command that mends it.

        :param what: what it is, such as ``The signing key``.
        :param path: how the sentence names it; by default in full.
        """
        mode = "700" if self.is_directory else "600"
        place = shlex.quote(str(path or self.path))
        return f"{what} can be reached by other users of this machine; run: chmod {mode} {place}"


def exposed(path: Path) -> Exposed | None:
    """``path`` where its group or others have any right on it; ``None`` where they have none, or it does not exist.

    :raises OSError: when it cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    return Exposed(path, stat.S_ISDIR(mode)) if mode & _OTHERS else None
