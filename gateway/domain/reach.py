"""Which addresses the hub reaches as a client: the rules against request forgery.

1. An address is `http` or `https`, a host in ASCII, a port and a path: no user, no
   fragment, no blank. A host is a name, or an address in its one canonical writing.
2. What lies in a network that the endpoint's record names is reached.
3. Of a demo hub so are programs on the same machine.
4. All else is reached by `https` alone, and only where it is an address of the public
   internet: whatever is private, shared, local, reserved, for groups, or known as a
   machine's own metadata service is not.
5. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo) is judged as itself.

A name is judged by each of its addresses, when a connection is opened: by all that it
resolves to, and once more by the one that is connected to.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self
from urllib.parse import urlsplit

from gateway.domain.access import IpAddress, IpNetwork

_PORTS: Final = {"http": 80, "https": 443}
_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
# Resolvers read such a name as a number: `0x7f000001`, `127.1`, `2130706433`.
_NUMBER: Final = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
_VISIBLE: Final = re.compile(r"[!-~]+")
_LONGEST: Final = 253

_NEVER_PUBLIC: Final[tuple[IpNetwork, ...]] = tuple(
    ip_network(one)
    for one in (
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
        # One cloud's metadata service, among public addresses.
        "168.63.129.16/32",
        "::/8",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""What no standard library of any patch level is asked about."""

_NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """Where an endpoint's address points, before any name is resolved."""

    url: str
    host: str
    """A name in lower case, or an address without brackets."""
    port: int
    is_https: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address (rule 1); raises `ValueError`, its text fit for people."""
        if not _VISIBLE.fullmatch(url) or "\\" in url:
            raise ValueError("an address is ASCII without blanks; a Thai name is xn--…")
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise ValueError("an address begins with https:// or http://")
        if "@" in parts.netloc or "#" in url:
            raise ValueError("no user and no fragment stand in an address")
        port = parts.port or _PORTS[parts.scheme]
        host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
        return cls(url, host, port, parts.scheme == "https")

    @property
    def literal(self) -> IpAddress | None:
        """The address that stands in place of a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached for one endpoint."""

    networks: tuple[IpNetwork, ...] = ()
    """Those that its record names."""
    is_https: bool = True
    loopback: bool = False
    """Whether the hub is a demo."""

    def why_not(self, address: IpAddress) -> str:
        """Say why an address is not reached; nothing where it is (rules 2 to 5)."""
        meant = judged(address)
        if any(meant in network for network in self.networks):
            return ""
        if self.loopback and meant.is_loopback:
            return ""
        if not is_public(meant):
            return f"{address} is no public address, and in no network of its record"
        if not self.is_https:
            return f"{address} is public, and reached by https alone"
        return ""


def networks_of(texts: Sequence[str]) -> tuple[IpNetwork, ...]:
    """Read networks as an endpoint's record has them; raises `ValueError`."""
    return tuple(ip_network(text) for text in texts)


def judged(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that is carried inside an IPv6 one, or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def is_public(address: IpAddress) -> bool:
    """Say whether an address is one of the public internet."""
    known = any(address in network for network in _NEVER_PUBLIC)
    return not known and address.is_global and not address.is_multicast


def _host(host: str, *, bracketed: bool) -> str:
    if bracketed:
        # A zone (`%eth0`) would choose the way out of the machine.
        if "%" in host:
            raise ValueError("no zone stands in an address")
        return str(IPv6Address(host))
    try:
        return str(IPv4Address(host))
    except ValueError:
        pass
    if _NUMBER.fullmatch(host):
        raise ValueError("a host is a name, or an IPv4 address as 203.0.113.7")
    if len(host) > _LONGEST or not _NAME.fullmatch(host):
        raise ValueError("a host is a name of letters, digits, - and dots")
    return host
