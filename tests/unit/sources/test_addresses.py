"""Which addresses are public."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.addresses import is_public

# One inside each special-purpose range, its first and its last address.
REFUSED_4 = [
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.192",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.0",
    "192.88.99.255",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.255",
]
# The neighbours of the ranges, and some well-known hosts.
ADMITTED_4 = [
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "8.8.8.8",
    "93.184.216.34",
]
REFUSED_6 = [
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::8.8.8.8",
    "100::",
    "100::1",
    "64:ff9b:1::1",
    "64:ff9b:1::808:808",
    "2001::1",
    "2001:0:1::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
]
ADMITTED_6 = ["2606:4700::6810:85e5", "2001:200::1", "2001:4860:4860::8888", "2a00:1450::1", "2400:cb00::1", "3ffe::1"]
NOT_ADDRESSES = [
    "",
    "localhost",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "１２７.0.0.1",
    "8.8.8.8 ",
    "8.8.8",
    "[::1]",
]


@pytest.mark.parametrize("address", REFUSED_4 + REFUSED_6 + NOT_ADDRESSES)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ADMITTED_4 + ADMITTED_6)
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(address)


WRAPPINGS = {
    "mapped": lambda inner: IPv6Address((0xFFFF << 32) | inner),
    "nat64": lambda inner: IPv6Address((0x64FF9B << 96) | inner),
    "6to4": lambda inner: IPv6Address((0x2002 << 112) | (inner << 80) | 1),
    "isatap": lambda inner: IPv6Address((0x26064700 << 96) | (0x5EFE << 32) | inner),
    "isatap, universal": lambda inner: IPv6Address((0x26064700 << 96) | (0x02005EFE << 32) | inner),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("address", REFUSED_4 + ADMITTED_4)
def test_an_ipv4_address_inside_ipv6_is_judged_itself(wrapping: str, address: str) -> None:
    wrapped = WRAPPINGS[wrapping](int(IPv4Address(address)))

    assert is_public(str(wrapped)) == (address in ADMITTED_4)


@pytest.mark.parametrize("address", ADMITTED_4)
def test_teredo_is_never_public(address: str) -> None:
    assert not is_public(str(IPv6Address((0x20010000 << 96) | (int(IPv4Address(address)) ^ 0xFFFFFFFF))))


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_public(address: IPv4Address | IPv6Address) -> None:
    # Some releases of Python call all of 6to4 private; what it wraps is judged here.
    if is_public(str(address)) and address not in ip_network("2002::/16"):
        assert not any((address.is_private, address.is_loopback, address.is_multicast, address.is_link_local))
