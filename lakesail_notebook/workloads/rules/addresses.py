"""Which addresses a server may fetch from for people who do not administer it: pure.

Text is judged early, so that a mistake is told where it is made. What counts is the judgement of the address that is
connected to, after the name was resolved.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOCAL_NAMES = re.compile(r".*\.(localhost|local|internal|home\.arpa)", re.IGNORECASE)
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""How networks without IPv4 reach it (RFC 6052)."""
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_IPV6 = tuple(
    map(
        ipaddress.IPv6Network,
        # Teredo and other protocols' own, documentation, 6to4 (which holds an IPv4 address), documentation
        ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_REFUSED_IPV4 = tuple(
    map(
        ipaddress.IPv4Network,
        # protocols' own, 6to4's relays, and Azure's service for virtual machines, which only looks public
        ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"),
    )
)
_HTTPS_PORT = 443


def is_public_address(text: str) -> bool:
    """Whether an address, as a resolver gives it, is one of the internet: not of this machine, of a private network, of
    a link, of a group, or one that leads to such an address by its form."""
    try:
        return _is_public(ipaddress.ip_address(text))  # one with a zone is of a link, whatever else it is
    except ValueError:
        return False


def is_private_host(host: str) -> bool:
    """Whether a host is local by its name or, in any notation, by its address."""
    name = host.strip("[]").rstrip(".")
    address = _address(name)
    if address is None:
        return "." not in name or _LOCAL_NAMES.fullmatch(name) is not None
    return not _is_public(address)


def host_and_port(text: str) -> str | None:
    """``HOST:PORT`` of a host with or without a port, in its one form; ``None`` when it is something else."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.netloc != text or "@" in text or not text.isascii() or re.search(r"[\s*%]", text) is not None:
        return None
    return _place(host, port)


def is_among(url: str, hosts: Collection[str]) -> bool:
    """Whether a URL is of one of these hosts, each ``HOST`` (with the port of HTTPS) or ``HOST:PORT``."""
    parts = urlsplit(url)
    return _place(parts.hostname or "", parts.port) in {host_and_port(host) for host in hosts}


def _place(host: str, port: int | None) -> str:
    return f"{host.rstrip('.').lower()}:{port or _HTTPS_PORT}"


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in net for net in _REFUSED_IPV4)
    if address.scope_id is not None:
        return False
    if address in _MAPPED or address in _TRANSLATED:
        return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_IPV6 and not any(address in net for net in _REFUSED_IPV6)


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f.0.0.1, 2130706433
    except (OSError, ValueError):
        return None
