"""Which network addresses are public: our own table, because `ipaddress.is_global` errs (CVE-2024-4032).

Sources: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890), RFC 4291, 6052, 3056, 5214, 8215.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Everything outside 2000::/3 is refused, so only the holes inside it are listed.
_UNICAST_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = 0x5EFE


def is_public(address: str) -> bool:
    """Tell whether a numeric address is reachable by everyone; IPv4 inside IPv6 is judged by the IPv4 address.

    Anything that is not a plain numeric address, or carries a zone, is not public.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_4(parsed)
    return parsed.scope_id is None and _is_public_6(parsed)


def _is_public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_PUBLIC_4)


def _is_public_6(address: IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _is_public_4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_4(IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in _UNICAST_6 or any(address in network for network in _NOT_PUBLIC_6):
        return False
    return all(_is_public_4(inner) for inner in _embedded(address))


def _embedded(address: IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that 6to4 and ISATAP routers would unwrap."""
    embedded = [] if address.sixtofour is None else [address.sixtofour]
    if (int(address) >> 32) & 0xFDFFFFFF == _ISATAP:
        embedded.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return embedded
