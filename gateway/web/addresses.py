"""Which addresses are doors, whose each is, and how an address is written.

1. An organization's door is `/ecms/{organization}/ecms-ws01/service2`; the other ways
   below its own path that old clients know lead to it too (Q-B24).
2. With the setting `host_suffix`, `{organization}.{host_suffix}` is a host of its own,
   and the same ways stand below its root (A2).
3. Where host and path name two organizations it is nobody's door: what stands before
   the hub may have let the caller in by either of them.
4. `key-SECRET` may stand behind the organization's path, or first below its host: all
   ways lead on from there. An address that is told to anybody has none.
"""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from envelopes.letter import OrganizationCode

SERVICE: Final = "/ecms-ws01/service2"
WAYS: Final = (
    SERVICE,
    f"{SERVICE}/",
    "",
    "/",
    "/thegif_2",
    "/thegif_2/",
    f"/thegif_2{SERVICE}",
)
"""What may stand behind an organization's path or host; the first is its address."""

_BELOW: Final = "/ecms/{organization}"
_KEY: Final = "/{key:[Kk][Ee][Yy]-[^/]+}"
PATH: Final = f"{_BELOW}{SERVICE}"

PATHS: Final = (
    *(f"{_BELOW}{way}" for way in WAYS),
    *(way for way in WAYS if way),
    *(f"{_BELOW}{_KEY}{way}" for way in WAYS),
    *(f"{_KEY}{way}" for way in WAYS),
)
"""Every path at which the door answers; those without an organization need a host."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """How the hub is reached."""

    public_url: str = ""
    """`https://ecms.example.go.th`, under which others reach it; empty for the scheme
    and host of each request."""
    host_suffix: str = ""
    """`ecms.example.go.th` where organizations have hosts below it; else empty."""

    def named(self, request: web.Request) -> OrganizationCode | None:
        """Return the organization a request names; None where it is nobody's."""
        path = request.match_info.get("organization", "")
        host = self._of_host(request)
        try:
            codes = {OrganizationCode.parse(one) for one in (path, host) if one}
        except ValueError:
            return None
        return codes.pop() if len(codes) == 1 else None

    def of(self, request: web.Request, code: OrganizationCode) -> str:
        """Return an organization's address, in the form that the caller uses."""
        if self.public_url:
            return f"{self.public_url.rstrip('/')}{path_of(code)}"
        if self._of_host(request):
            _, colon, port = request.host.partition(":")
            own = f"{code}.{self.host_suffix}{colon}{port}"
            return f"{request.scheme}://{own}{SERVICE}"
        return f"{request.scheme}://{request.host}{path_of(code)}"

    def schemas(self, request: web.Request) -> str:
        """Return the address below which the schemas lie."""
        root = self.public_url.rstrip("/") or f"{request.scheme}://{request.host}"
        return f"{root}/schemas"

    def _of_host(self, request: web.Request) -> str:
        """Return what stands before the suffix in the name of the host."""
        if not self.host_suffix:
            return ""
        host = request.host.partition(":")[0].lower().removesuffix(".")
        suffix = f".{self.host_suffix.lower()}"
        return host.removesuffix(suffix) if host.endswith(suffix) else ""


def path_of(code: OrganizationCode, secret: str = "") -> str:
    """Return the path of an organization's door; with a secret for its holder alone."""
    key = f"/key-{secret}" if secret else ""
    return f"{_BELOW.format(organization=code)}{key}{SERVICE}"
