"""What `gateway check` says of doors: who is let in nowhere, and what is overheard."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypedDict

from envelopes.letter import OrganizationCode
from gateway.domain.access import AccessKind, is_open

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.config import Settings

_NAMED: Final = 3
"""So many organizations are named; `directory access list` tells of each."""


class Looked(TypedDict):
    """A line of `gateway check`."""

    name: str
    thai: str
    ok: bool
    found: str


async def look(hub: "Hub") -> list[Looked]:
    """Look at the doors of a production hub; a demo hub is this machine's alone."""
    if hub.demo:
        return []
    now = hub.work.clock.now()
    closed: list[OrganizationCode] = []
    number, has_secret = 0, False
    for line in await hub.store.views.endpoints():
        organization = line.organization
        if not organization.active:
            continue
        accesses = await hub.store.accesses(organization.code)
        number += 1
        if not is_open(accesses, line.certificates, now):
            closed.append(organization.code)
        has_secret |= any(
            one.counts(now) and one.kind is not AccessKind.NETWORK for one in accesses
        )
    return [_access(closed, number), *_overheard(hub.settings, has_secret=has_secret)]


def _access(closed: Sequence[OrganizationCode], number: int) -> Looked:
    """Say who has no access: no mistake, an office may keep its register here."""
    if closed:
        names = ", ".join(code.text for code in closed[:_NAMED])
        more = " …" if len(closed) > _NAMED else ""
        words = (
            f"ยังเข้าไม่ได้ {len(closed)} แห่ง / {len(closed)} of {number} are let in "
            f"nowhere: {names}{more}: gateway directory access add CODE KIND"
        )
    else:
        words = f"เข้าได้ทั้ง {number} แห่ง / all {number} have access"
    return Looked(name="access", thai="ช่องทางเข้าถึง", ok=True, found=words)


def _overheard(settings: "Settings", *, has_secret: bool) -> list[Looked]:
    """Say where secrets would go over the network in the clear."""
    if settings.listen.is_loopback or settings.tls_certificate or settings.proxies:
        return []
    words = (
        f"{settings.listen} เปิดให้เครื่องอื่นโดยไม่มี TLS / is open to others without TLS: "
        "set tls_certificate, or listen on 127.0.0.1 behind a proxy (docs/settings.md)"
    )
    return [
        Looked(name="transport", thai="การเข้ารหัสทาง", ok=not has_secret, found=words)
    ]
