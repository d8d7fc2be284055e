"""Which addresses a connection may go to; resolved once, judged, and pinned (OWASP SSRF).

Only global unicast addresses are public. An address that carries another one inside
(IPv4-mapped, NAT64, 6to4, Teredo) is judged by both. A name is refused if any of its
addresses is not public, and the connection goes to the address that was judged, so that
a name which answers differently the second time (DNS rebinding) gains nothing.
"""

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Protocol

import httpx

from governance.outbound.errors import OutboundRefusedError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean
        "169.254.170.2",  # AWS task credentials
        "169.254.170.23",  # AWS pod identity
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure host channel; public by number
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
    )
)
INNER = tuple(  # IANA special-purpose registries; Python's own tables change with its version
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
        "fec0::/10",  # RFC 3879, deprecated but routed by some
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
    )
)
SHARED = ip_network("100.64.0.0/10")  # RFC 6598, carrier-grade NAT
UNIQUE_LOCAL = ip_network("fc00::/7")  # RFC 4193
NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))  # RFC 6052, RFC 8215
COMPATIBLE = ip_network("::/96")  # RFC 4291 2.5.5.1, deprecated IPv4-compatible
SIX_TO_FOUR = ip_network("2002::/16")  # RFC 3056
GLOBAL_V6 = ip_network("2000::/3")
LOW_32 = 0xFFFFFFFF
HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}")


class AddressClass(StrEnum):
    """What an address is for; only public ones are reachable from here."""

    PUBLIC = "public"
    METADATA = "metadata"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link_local"
    PRIVATE = "private"
    UNIQUE_LOCAL = "unique_local"
    SHARED = "shared"
    MULTICAST = "multicast"
    UNSPECIFIED = "unspecified"
    RESERVED = "reserved"


class Resolver(Protocol):
    """Answers the addresses of a host name."""

    def __call__(self, host: str, port: int, /) -> Sequence[str]:
        """All addresses, in the order to try them; raises OSError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """What may be left open on purpose; the default is https to port 443 of public hosts."""

    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] = frozenset({443})
    networks: tuple[Network, ...] = ()  # inner networks that the operator opened by hand
    hosts: frozenset[str] | None = None  # if given, no other host
    plain_inside: bool = False  # plain http into the opened networks alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A judged target: connect to the address, present the host."""

    scheme: str
    host: str
    port: int
    address: Address


def classify(address: Address) -> AddressClass:
    """The class of an address, or of the first address inside it that is not public."""
    for each in (address, *embedded(address)):
        if (found := _own_class(each)) is not AddressClass.PUBLIC:
            return found
    return AddressClass.PUBLIC


def embedded(address: Address) -> Iterator[Address]:
    """Every IPv4 address that this IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if any(address in network for network in (*NAT64, COMPATIBLE)):
        yield IPv4Address(int(address) & LOW_32)


def judge(address: Address, egress: Egress) -> AddressClass:
    """PUBLIC if a connection may be made, else the reason why not."""
    if METADATA & {address, *embedded(address)}:  # fails closed: no network opens credentials
        return AddressClass.METADATA
    if any(address in network for network in egress.networks):
        return AddressClass.PUBLIC
    return classify(address)


def pin(url: str, egress: Egress, *, resolver: Resolver) -> Target:
    """The one address to connect to for this URL; raises OutboundRefusedError."""
    scheme, host, port = _parts(url)
    if scheme not in egress.schemes:
        raise OutboundRefusedError(reason="scheme")
    if port not in egress.ports:
        raise OutboundRefusedError(reason="port", port=port)
    if egress.hosts is not None and host not in egress.hosts:
        raise OutboundRefusedError(reason="host")
    address = pin_host(host, port, egress, resolver=resolver)
    inside = any(address in network for network in egress.networks)
    if scheme == "http" and egress.plain_inside and not inside:
        raise OutboundRefusedError(reason="scheme")
    return Target(scheme=scheme, host=host, port=port, address=address)


def pin_host(host: str, port: int, egress: Egress, *, resolver: Resolver) -> Address:
    """The first address of a host, all of whose addresses may be reached; else refused."""
    addresses = [_address(text) for text in _resolved(host, port, resolver)]
    if not addresses:
        raise OutboundRefusedError(reason="unresolved")
    for address in addresses:
        if (found := judge(address, egress)) is not AddressClass.PUBLIC:
            raise OutboundRefusedError(reason=found.value)
    return addresses[0]


def system_resolver(host: str, port: int, /) -> Sequence[str]:
    """The addresses that this machine's resolver gives."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").rstrip(".").lower()
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise OutboundRefusedError(reason="url") from error
    if parsed.userinfo or not HOST.fullmatch(host):
        raise OutboundRefusedError(reason="url")
    return parsed.scheme, host, parsed.port or {"https": 443, "http": 80}.get(parsed.scheme, 0)


def _resolved(host: str, port: int, resolver: Resolver) -> Sequence[str]:
    try:
        return (str(ip_address(host)),)
    except ValueError:
        pass
    try:
        return resolver(host, port)  # also what forms like 0x7f.1 or 2130706433 mean to it
    except (OSError, UnicodeError) as error:
        raise OutboundRefusedError(reason="unresolved") from error


def _address(text: str) -> Address:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError as error:
        raise OutboundRefusedError(reason="unresolved") from error


def _own_class(address: Address) -> AddressClass:
    if address in METADATA:
        return AddressClass.METADATA
    if isinstance(address, IPv6Address) and (
        address.ipv4_mapped or address in NAT64[0] or address in SIX_TO_FOUR
    ):
        return AddressClass.PUBLIC  # judged by the address inside
    for found, test in CLASSES:
        if test(address):
            return found
    return AddressClass.PUBLIC


def _outside_global_v6(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address not in GLOBAL_V6


CLASSES: tuple[tuple[AddressClass, Callable[[Address], bool]], ...] = (
    (AddressClass.UNSPECIFIED, lambda a: a.is_unspecified),
    (AddressClass.LOOPBACK, lambda a: a.is_loopback),
    (AddressClass.LINK_LOCAL, lambda a: a.is_link_local),
    (AddressClass.MULTICAST, lambda a: a.is_multicast),
    (AddressClass.SHARED, lambda a: a in SHARED),
    (AddressClass.UNIQUE_LOCAL, lambda a: a in UNIQUE_LOCAL),
    (AddressClass.PRIVATE, lambda a: any(a in network for network in INNER)),
    (AddressClass.RESERVED, _outside_global_v6),
)
