"""What is asked of the processes around marimo, and the command that starts it. Pure."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

_SESSION_TTL_SECONDS = 45
"""marimo forgets a viewer of an app so long after their page was closed. A notebook that is edited runs on."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """The first line on standard input, as JSON."""

    file: str
    mode: str
    base_url: str
    """As it stands in a URL, without a slash at its end."""
    token: str

    @classmethod
    def read(cls, line: bytes) -> Instructions:
        """:raises ValueError, TypeError: for anything else."""
        return cls(**json.loads(line))


def marimo_command(wanted: Instructions, port: int) -> Sequence[str]:
    """marimo reads its token on standard input, so that it is in no process list and in no file.

    It compares its base URL with the decoded paths of requests.
    """
    return (
        *(sys.executable, "-P", "-m", "marimo", "-q", wanted.mode, wanted.file),
        *("--host", "127.0.0.1", "--port", str(port), "--base-url", unquote(wanted.base_url)),
        *("--headless", "--no-sandbox", "--token", "--token-password-file", "-"),
        *_MORE[wanted.mode],
    )


_MORE: dict[str, tuple[str, ...]] = {
    "edit": ("--skip-update-check",),
    "run": ("--session-ttl", str(_SESSION_TTL_SECONDS)),
}
