"""The hub that is copied for each court: a production one, its directory filled.

Each office is let in by a way of its own; two must sign, one may do so weakly.
"""

from pathlib import Path
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.bootstrap import init, open_hub
from gateway.config import load
from gateway.domain.access import Access, AccessKind, digest_of
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization, RegisteredCertificate
from tests.doubles.clock import HandClock
from tests.hostile import offices
from tests.hostile.keys import Signer

_SIGNING: Final = {
    offices.MINISTRY: Signed.HOSTED,
    offices.LANDS: Signed.OWN,
    offices.HEALTH: Signed.NONE,
    offices.CLOSED: Signed.HOSTED,
    offices.OLD: Signed.OWN,
    offices.CHIANG_MAI: Signed.HOSTED,
    offices.LOEI: Signed.HOSTED,
    offices.FAR: Signed.HOSTED,
    offices.KEYED: Signed.HOSTED,
    offices.ALSO_KEYED: Signed.HOSTED,
}
_LOOPBACK: Final = "127.0.0.0/8"


async def new_template(data: Path) -> None:
    """Make the hub that is copied for each court."""
    clock = HandClock(offices.NOW)
    await init(load(data), demo=False, clock=clock)
    async with open_hub(load(data), clock=clock) as hub, hub.store.unit() as unit:
        for serial, (code, signing) in enumerate(_SIGNING.items()):
            office = OrganizationCode(code)
            await unit.directory.add(
                Organization(
                    office,
                    "หน่วยงาน",
                    "Office",
                    signing,
                    active=code != offices.CLOSED,
                    dialect="csharp",
                    dialect_by_hand=True,
                    weak_signatures=code == offices.OLD,
                ),
                [registered(office, signer) for signer in certificates(code)],
                clock.now(),
            )
            for number, (kind, value) in enumerate(_ways_in(code)):
                way = Access(
                    id=UUID(int=serial * 10 + number + 1),
                    organization=office,
                    kind=kind,
                    value=value,
                    added_at=clock.now(),
                )
                await unit.accesses.add(way)
        await unit.directory.revoke(
            OrganizationCode(offices.LANDS),
            offices.lands_revoked().fingerprint,
            offices.REVOKED_AT,
            why="stolen",
        )
        await unit.commit()


def _ways_in(code: str) -> list[tuple[AccessKind, str]]:
    secret = digest_of(offices.KEYED_SECRET)
    other = digest_of(offices.OTHER_SECRET)
    return {
        offices.FAR: [(AccessKind.NETWORK, offices.FAR_NETWORK)],
        offices.KEYED: [(AccessKind.PATH, secret), (AccessKind.BASIC, secret)],
        offices.ALSO_KEYED: [(AccessKind.PATH, other), (AccessKind.BASIC, other)],
    }.get(code, [(AccessKind.NETWORK, _LOOPBACK)])


def certificates(code: str) -> list[Signer]:
    """Return what the directory holds of an office."""
    return {
        offices.LANDS: [
            offices.lands(),
            offices.lands_rsa(),
            offices.lands_expired(),
            offices.lands_early(),
            offices.lands_revoked(),
            offices.lands_weak(),
            offices.lands_curve(),
        ],
        offices.OLD: [offices.old()],
        offices.LOEI: [offices.loei()],
    }.get(code, [])


def registered(office: OrganizationCode, signer: Signer) -> RegisteredCertificate:
    """Return a certificate as the directory has it."""
    return RegisteredCertificate(
        office, signer.der, signer.fingerprint, signer.not_before, signer.not_after
    )
