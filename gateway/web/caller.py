"""Who calls: settled once, at the very entry, before anything reads the request.

1. The caller is who holds the connection, with the certificate it has proven there.
2. Where that is a configured proxy, the caller is whom the proxy names: the last
   address in its header that is no proxy of ours. A proxy that names nobody asks for
   nobody, and so does one whose header cannot be read.
3. Then the certificate is the one in the proxy's header, never the proxy's own, and
   the scheme is the one of `X-Forwarded-Proto`.
4. Behind the entry stands none of this: what a proxy says, a secret in the path and
   `Authorization` are taken out of every request, whoever sent it. What reads the
   request later cannot be deceived by the former, nor tell the latter to anybody.
"""

import base64
import binascii
import hashlib
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict, MultiMapping
from yarl import URL

from gateway.domain.access import IpAddress, IpNetwork, Shown, address_of

KEY: Final = "key"
"""Under this name a route holds the part of the path with the secret."""

SCHEME: Final = "X-Forwarded-Proto"

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
_CERTIFICATES: Final = ("x-client-cert", "x-ssl-", "x-arr-clientcert", "ssl-client-")
_AUTHORIZATIONS: Final = frozenset({"authorization", "proxy-authorization"})
_KEY_PREFIX: Final = "key-"
_BASIC: Final = "basic"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request."""

    shown: Shown
    passed_on: str = ""
    """A header that says that somebody passed the request on; empty for none."""


CALLER: Final = web.RequestKey("caller", Caller)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies in front of the hub, and how they say for whom they ask."""

    networks: Sequence[IpNetwork] = ()
    address_header: str = "X-Forwarded-For"
    certificate_header: str = "X-Client-Certificate"

    def has(self, address: IpAddress | None) -> bool:
        """Say whether this is the address of one of them."""
        return address is not None and any(address in one for one in self.networks)


def entry(proxies: Proxies) -> Middleware:
    """Return what every request passes first."""
    dropped = frozenset(
        _folded(name)
        for name in (proxies.address_header, proxies.certificate_header)
        if name
    )

    @web.middleware
    async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = _caller(request, proxies)
        scheme = _scheme(request, proxies)
        headers = CIMultiDict(
            (name, _writable(value))
            for name, value in request.headers.items()
            if not _is_ours_alone(_folded(name), dropped)
        )
        url = request.rel_url
        if request.match_info.pop(KEY, ""):
            # Where it led is known from the rest of what the route matched.
            url = URL.build(path="/", query_string=url.raw_query_string, encoded=True)
        inside = request.clone(headers=headers, scheme=scheme, rel_url=url)
        inside[CALLER] = caller
        return await handler(inside)

    return enter


def _caller(request: web.Request, proxies: Proxies) -> Caller:
    shown = Shown(
        address=_peer(request),
        certificate=_proven(request),
        path_secret=request.match_info.get(KEY, "")[len(_KEY_PREFIX) :],
    )
    user, password = _basic(request.headers.getall(hdrs.AUTHORIZATION, ()))
    shown = replace(shown, user=user, password=password)
    if proxies.has(shown.address):
        shown = replace(
            shown,
            address=_named(request.headers, proxies),
            certificate=_passed_on(request.headers, proxies.certificate_header),
        )
    forwarding = filter(_says_forwarded, request.headers)
    return Caller(shown, passed_on=next(forwarding, ""))


def _peer(request: web.Request) -> IpAddress | None:
    """Return the address of the connection itself; None where it is gone already."""
    name = request.transport.get_extra_info("peername") if request.transport else None
    return address_of(str(name[0])) if isinstance(name, tuple) and name else None


def _proven(request: web.Request) -> str:
    """Return the digest of the certificate that was proven in TLS, or nothing."""
    tls = request.transport.get_extra_info("ssl_object") if request.transport else None
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    return hashlib.sha256(der).hexdigest() if der else ""


def _named(headers: MultiMapping[str], proxies: Proxies) -> IpAddress | None:
    """Return for whom a proxy asks, read from the right, where the nearest wrote."""
    lines = headers.getall(proxies.address_header, ())
    for one in reversed(",".join(lines).split(",")):
        address = address_of(_without_port(one.strip()))
        if address is None or not proxies.has(address):
            return address
    return None


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.partition(":")
    return host if colon and port.isdecimal() else text


def _passed_on(headers: MultiMapping[str], name: str) -> str:
    """Return the digest of the certificate in a header; none for what is no such."""
    values = headers.getall(name, ())
    if len(values) != 1 or not values[0]:
        return ""
    try:
        der = ssl.PEM_cert_to_DER_cert(unquote(values[0], errors="strict").strip())
    except ValueError:
        return ""
    return hashlib.sha256(der).hexdigest() if der else ""


def _scheme(request: web.Request, proxies: Proxies) -> str:
    said = [text.strip().lower() for text in request.headers.getall(SCHEME, ())]
    if proxies.has(_peer(request)) and said in (["http"], ["https"]):
        return said[0]
    return request.scheme


def _basic(values: Sequence[str]) -> tuple[str, str]:
    """Return user and password; empty texts for what is no HTTP Basic."""
    if len(values) != 1:
        return "", ""
    scheme, _, told = values[0].strip().partition(" ")
    if scheme.lower() != _BASIC:
        return "", ""
    try:
        text = base64.b64decode(told.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return user, password


def _is_ours_alone(name: str, settings: Iterable[str]) -> bool:
    """Whether a header is for the entry, and for nothing behind it."""
    return (
        _says_forwarded(name)
        or name.startswith(_CERTIFICATES)
        or name in _AUTHORIZATIONS
        or name in settings
    )


def _says_forwarded(name: str) -> bool:
    folded = _folded(name)
    return folded in _FORWARDING or folded.startswith(_FORWARDING_PREFIXES)


def _folded(name: str) -> str:
    return name.lower().replace("_", "-")


def _writable(value: str) -> str:
    """Return a header's value with bytes that are no UTF-8 replaced."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
