"""What a browser is told so that the scripts of a page reach nothing of Jupyter, whose origin they share.

A page of marimo runs what its notebook puts into it. Cookies and the same origin would let that use Jupyter's API as
whoever looks at it. The Content-Security-Policy allows requests to the page's own path alone. Browsers do not compare
paths after a redirect, so no redirect that leaves the path is passed on.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from urllib.parse import quote

from ..api_location import is_loopback

_HOST = re.compile(r"^(?P<name>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?$")
_PAGES, _SOCKETS = ("http", "https"), ("ws", "wss")
_OWN_PATH = ("form-action", "base-uri", "manifest-src")
"""What can change something. Requests whose answers scripts can read, ``connect-src``, may also be sockets, or
``data:`` and ``blob:``, which hold what the page has already: charts and widgets load some of their data so."""
_OWN_PATH_AND_LOCAL = ("frame-src", "child-src", "worker-src", "object-src")
"""Documents and workers: ``data:`` and ``blob:`` inherit the policy of the page that makes them."""
_EMBEDDED = ("/@file/", "/public/")
"""What a page shows in a frame of its own."""
_NO_WINDOWS = (
    "sandbox allow-scripts allow-same-origin allow-forms allow-downloads allow-modals allow-pointer-lock "
    "allow-presentation"
)
"""Where a browser does not honour ``Cross-Origin-Opener-Policy``, a script could look into a window that it opens."""


def headers_for(path: str, *, root: str, host: str, secure: bool, other_origins: Iterable[str] = ()) -> dict[str, str]:
    """The headers of every answer below a page's root.

    :param path: below the root.
    :param root: the page's root path, without a slash at its end.
    :param host: what the browser calls this server, as ``Host`` says.
    :param secure: whether the browser reaches it by https.
    :param other_origins: by which browsers reach it too, where a proxy in front changes ``Host``.
    """
    return {
        "Content-Security-Policy": _policy(_ancestors(path), root, host, secure, tuple(other_origins)),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


@functools.lru_cache(maxsize=256)
def _policy(ancestors: str, root: str, host: str, secure: bool, other_origins: tuple[str, ...]) -> str:
    hosts = [_for_policy(host), *(_for_policy(origin.partition("://")[2]) for origin in other_origins)]
    # A semicolon or a comma would end the source; the browser decodes both sides before it compares.
    encoded = quote(root, safe="/%!$&'()*+=:@~-._")
    roots = [f"{name}{encoded}/" for name in dict.fromkeys(hosts)]
    own = " ".join(f"{scheme}://{root}" for root in roots for scheme in _PAGES)
    sockets = " ".join(f"{scheme}://{root}" for root in roots for scheme in _SOCKETS)
    directives = [f"connect-src {own} {sockets} data: blob:", *(f"{name} {own}" for name in _OWN_PATH)]
    directives += [f"{name} {own} data: blob:" for name in _OWN_PATH_AND_LOCAL]
    directives.append(f"frame-ancestors {ancestors}")
    if not secure and not _trustworthy(host):
        directives.append(_NO_WINDOWS)
    return "; ".join(directives)


def _ancestors(path: str) -> str:
    return "'self'" if path.startswith(_EMBEDDED) else "'none'"


def _for_policy(host: str) -> str:
    """A policy cannot name an IPv6 address: there the path alone is compared.

    :raises ValueError: when it is no host, which Jupyter has refused before.
    """
    found = _HOST.match(host)
    if found is None:
        raise ValueError(f"no host: {host!r}")
    port = "" if found["port"] is None else f":{found['port']}"
    return f"*{port}" if found["name"].startswith("[") else f"{found['name']}{port}"


def _trustworthy(host: str) -> bool:
    """Whether browsers take what is sent there without TLS for safe."""
    found = _HOST.match(host)
    name = "" if found is None else found["name"]
    return is_loopback(name) or name.endswith(".localhost")
