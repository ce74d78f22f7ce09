"""Opening a page in the browser whose URL is a secret, without the URL in the arguments of any process."""

from __future__ import annotations

import contextlib
import html
import os
import secrets
import threading
import time
import webbrowser
from pathlib import Path

SECONDS_ON_DISK = 30.0
"""So long a browser has to read the file; the link in it is dead then as well."""
_NAME = "lakesail-open-{}.html"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={url}">
<title>Opening marimo</title>
</head>
<body><p>If this page stays, <a href="{url}">open the notebook</a>.</p></body>
</html>
"""


class Redirect:
    """A file that only its owner can read and that leads a browser to a URL."""

    def __init__(self, directory: Path, url: str) -> None:
        """:raises OSError: when it cannot be written."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_old(directory)
        self.path = directory / _NAME.format(secrets.token_hex(8))
        self._written_at = time.monotonic()
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_PAGE.format(url=html.escape(url)))

    @property
    def url(self) -> str:
        return self.path.as_uri()

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self._written_at >= SECONDS_ON_DISK

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def open_browser(url: str) -> bool:
    """Whether there is a browser; it opens in a thread of its own, since some browsers return only when they end."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    threading.Thread(target=browser.open, args=(url, 2), name="lakesail-browser", daemon=True).start()
    return True


def _remove_old(directory: Path) -> None:
    """What commands left behind that were killed."""
    for path in directory.glob(_NAME.format("*")):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime >= SECONDS_ON_DISK:
                path.unlink()
