"""Who is let in at which door: settled before anything of the request is read.

1. A hub made by `init --demo` lets in callers on this machine, and nobody else.
2. It lets in no request that somebody passed on: a proxy on this machine would make
   the whole world look like this machine.
3. Any other hub lets nobody in: no other access exists yet.

A refusal is the same whether the organization exists or not, so that nobody can ask
the door who takes part.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

from gateway.web.errors import AccessDenied

_FORWARDING: Final = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
    }
)
_FORWARDING_PREFIXES: Final = ("x-forwarded", "x-original-", "x-proxy")


def let_in(peer: str | None, headers: Iterable[str], *, demo: bool) -> None:
    """Let a caller in, or raise `AccessDenied`.

    `peer` is the address of the connection, None where it is gone already;
    `headers` are the names of the request's header fields.
    """
    if not demo:
        raise AccessDenied(detail="no access is configured")
    if forwarding := next(filter(_says_forwarded, headers), None):
        raise AccessDenied(detail=f"forwarding header {forwarding}")
    if not _is_this_machine(peer):
        raise AccessDenied(detail="not from this machine")


def _says_forwarded(name: str) -> bool:
    folded = name.lower().replace("_", "-")
    return folded in _FORWARDING or folded.startswith(_FORWARDING_PREFIXES)


def _is_this_machine(peer: str | None) -> bool:
    if peer is None:
        return False
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
