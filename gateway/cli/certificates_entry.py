"""What is asked of a certificate before it is entered, by every command that does.

1. It can be read, and its key is one that the hub verifies with.
2. It has not expired; one that begins later is entered, and that is said.
3. Nobody has taken it back: it is not revoked here, and no list names it.
4. Where authorities are set, a chain leads from it to one of them.
5. Its key is not that of one that was revoked: who has a lost key has the new
   certificate too.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import screen
from gateway.cli.errors import CertificateUnfit
from gateway.cli.thai import thai_time
from gateway.domain.certificates import Standing, standing
from gateway.domain.organization import Purpose, RegisteredCertificate

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.vouching.vouching import Vouching


def fit(
    hub: "Hub",
    code: OrganizationCode,
    content: bytes,
    purposes: Iterable[Purpose] = (Purpose.SIGNATURE,),
    *,
    parameter: str,
) -> RegisteredCertificate:
    """Read a certificate that may be entered.

    Raises `BadParameter` under this name for a file that holds none, and
    `CertificateUnfit` saying why one is not taken.
    """
    # What reads certificates is loaded with the hub, not with `gateway --help`.
    from gateway.bootstrap import registered  # noqa: PLC0415

    try:
        found = registered(code, content, frozenset(purposes))
    except ValueError as error:
        raise typer.BadParameter(
            f"ใบรับรองใช้ไม่ได้ / {error}", param_hint=parameter
        ) from error
    now = hub.work.clock.now()
    if standing(found, now) is Standing.EXPIRED:
        raise CertificateUnfit(_expired(found.not_after))
    said = vouching(hub, now).judge(found, now)
    if said.taken_back:
        raise CertificateUnfit(f"ผู้ออกใบรับรองเพิกถอนแล้ว / taken back: {said.taken_back}")
    if said.missing:
        raise CertificateUnfit(
            f"ไม่ได้ออกโดยผู้ออกที่ตั้งค่าไว้ / no chain to an authority: {said.missing}"
        )
    return found


def key_is_fresh(
    fresh: RegisteredCertificate, known: Sequence[RegisteredCertificate]
) -> None:
    """Raise `CertificateUnfit` where one with the same key was revoked (rules 3, 5)."""
    for one in known:
        if one.revoked_at is None:
            continue
        when = thai_time(one.revoked_at)
        if one.fingerprint == fresh.fingerprint:
            raise CertificateUnfit(
                f"เพิกถอนแล้วเมื่อ {when} / it was revoked and does not come back"
            )
        if same_key(one, fresh):
            raise CertificateUnfit(
                f"กุญแจเดียวกับใบที่เพิกถอนเมื่อ {when} / it has the key of one that was "
                f"revoked, sha256:{one.fingerprint[:16]}; it needs a new key"
            )


def same_key(one: RegisteredCertificate, other: RegisteredCertificate) -> bool:
    """Say whether two certificates are of one key."""
    from envelopes.trust import read_certificate  # noqa: PLC0415 - see above

    keys = [read_certificate(each.der).public_key for each in (one, other)]
    return keys[0] == keys[1]


def tell_if_later(hub: "Hub", found: RegisteredCertificate) -> None:
    """Say where a certificate that was entered is not in force yet."""
    if standing(found, hub.work.clock.now()) is Standing.NOT_YET:
        screen.tell(
            f"ใบรับรองเริ่มใช้ได้ {thai_time(found.not_before)} / It is not in force "
            f"before {found.not_before.date().isoformat()}"
        )


def vouching(hub: "Hub", now: datetime) -> "Vouching":
    """Read what authorities and lists say now."""
    from gateway.vouching.vouching import folders_of, read_vouching  # noqa: PLC0415 - see above

    return read_vouching(*folders_of(hub.settings), now)


def _expired(at: datetime) -> str:
    day = at.date().isoformat()
    return f"หมดอายุ {thai_time(at)} / it expired on {day}"
