"""Which addresses are of the internet, whatever they are written like."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.workloads.rules.addresses import host_and_port, is_among, is_private_host, is_public_address

PRIVATE = [
    *("127.0.0.1", "127.255.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "0.1.2.3"),
    *("100.64.0.1", "100.100.100.200", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "168.63.129.16", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "2606:4700::1111%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001::1"),
    *("2001:db8::1", "100::1", "", "localhost", "127.1", "8.8.8.8/32", "8.8.8.8:443"),
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_internet_is_known(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_known(address: str) -> None:
    assert is_public_address(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_form_that_carries_it(address: ipaddress.IPv4Address) -> None:
    judged = is_public_address(str(address))
    number = int(address)
    for network in ("::ffff:0:0", "64:ff9b::"):
        carried = ipaddress.IPv6Address(int(ipaddress.IPv6Address(network)) + number)
        assert is_public_address(str(carried)) == judged
    for spelt in (str(number), hex(number), oct(number).replace("0o", "0"), f"[::ffff:{address}]", f"{address}."):
        assert is_private_host(spelt) != judged
    octets = [number >> shift & 255 for shift in (24, 16, 8, 0)]
    assert is_private_host(".".join(f"0{octet:o}" for octet in octets)) != judged
    assert is_private_host(f"{octets[0]}.{number & 0xFFFFFF}") != judged


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "db", "a.localhost", "x.local", "metadata.google.internal", "nas.home.arpa"]
)
def test_a_name_of_a_private_network_is_known(host: str) -> None:
    assert is_private_host(host)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://pypi.example.com/simple", True),
        ("https://PyPI.example.com./simple", True),
        ("https://pypi.example.com:443/simple", True),
        ("https://intranet:8443/simple", True),
        ("https://10.0.0.8/simple", True),
        ("https://pypi.example.com:8443/simple", False),
        ("https://intranet/simple", False),
        ("https://evil.pypi.example.com/simple", False),
        ("https://pypi.example.com.evil.com/simple", False),
        ("https://xpypi.example.com/simple", False),
    ],
)
def test_an_index_is_allowed_by_its_host_and_port(url: str, allowed: bool) -> None:
    assert is_among(url, {"pypi.example.com", "Intranet:8443", "10.0.0.8"}) is allowed


@pytest.mark.parametrize(
    "text", ["", "https://x", "x/y", "me@x", "x:port", "x y", "*", "*.x", "x?y", "x#y", "ä", "%41"]
)
def test_what_is_no_host_is_known(text: str) -> None:
    assert host_and_port(text) is None
