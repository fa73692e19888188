"""What the authorities take back, the directory revokes.

Judging is done before the unit and outside it; a certificate that somebody revoked
meanwhile stays as it is. From when on it speaks for nobody is when the hub learnt of
it: letters that came before were judged by what was known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.act import Order
from gateway.domain.certificates import Standing, Vouch, standing
from gateway.domain.organization import RegisteredCertificate
from gateway.telemetry import emit
from gateway.workflow.acts import note
from gateway.workflow.work import Work

_AS_BYTES: Final = 256 * 1024
"""A chain takes as long to follow as a letter of this size to read."""

Judge = Callable[[RegisteredCertificate, datetime], Vouch]


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What came out."""

    looked_at: int
    taken_back: Sequence[tuple[RegisteredCertificate, str]]
    """Those revoked now, and why."""
    missing: Sequence[tuple[RegisteredCertificate, str]]
    """Those no chain leads from, which stay in force, and why."""


async def recheck(work: Work, judge: Judge, order: Order) -> Rechecked:
    """Ask the authorities about every certificate in force or to come."""
    now = work.clock.now()
    lines = await work.store.views.endpoints()
    judged = await work.bench.run(
        _AS_BYTES * sum(len(line.certificates) for line in lines),
        lambda: [
            (one, judge(one, now))
            for line in lines
            for one in line.certificates
            if standing(one, now) in {Standing.VALID, Standing.NOT_YET}
        ],
    )
    taken = [(one, said.taken_back) for one, said in judged if said.taken_back]
    done = await _revoke(work, taken, order, now) if taken else []
    missing = [(one, said.missing) for one, said in judged if said.missing]
    return Rechecked(len(judged), done, missing)


async def _revoke(
    work: Work,
    taken: Sequence[tuple[RegisteredCertificate, str]],
    order: Order,
    now: datetime,
) -> list[tuple[RegisteredCertificate, str]]:
    done: list[tuple[RegisteredCertificate, str]] = []
    async with work.store.unit() as unit:
        for certificate, because in taken:
            code, fingerprint = certificate.organization, certificate.fingerprint
            known = await unit.directory.certificates(code)
            if any(c.fingerprint == fingerprint and c.revoked_at for c in known):
                continue
            await unit.directory.revoke(code, fingerprint, now, why=because)
            await note(
                unit,
                work,
                order,
                organization=code,
                before={"certificate": fingerprint, "revoked": ""},
                after={"certificate": fingerprint, "revoked": because},
            )
            done.append((certificate, because))
        await unit.commit()
    for certificate, because in done:
        emit(
            "certificate revoked",
            organization=certificate.organization,
            certificate=certificate.fingerprint,
            why=because,
        )
    return done
