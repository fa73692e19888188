"""`gateway directory certificate`: by what organizations speak, and until when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import certificates_entry, certificates_report, documents, screen
from gateway.cli.acting import (
    By,
    NamedBy,
    Reason,
    RequiredReason,
    order,
)
from gateway.cli.errors import NotInOrder
from gateway.cli.options import (
    DEFAULT_DATA,
    Data,
    Json,
    Organization,
    organization_code,
)
from gateway.cli.session import ask, known
from gateway.cli.thai import thai_time
from gateway.cli.words import PURPOSES
from gateway.domain.act import Order
from gateway.domain.certificates import covered_until
from gateway.domain.errors import CertificateUnknown
from gateway.domain.organization import Purpose, RegisteredCertificate

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.workflow.recheck import Rechecked

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_LEAST: Final = 4
"""Digits of a fingerprint that are asked for, so that a slip revokes nothing."""
_HEX: Final = frozenset("0123456789abcdef")
_SIGNATURE: Final = (Purpose.SIGNATURE,)


def fingerprint(text: str) -> str:
    """Read a fingerprint, or how one begins; raises `BadParameter`."""
    digits = text.strip().lower().removeprefix("sha256:").replace(":", "")
    if len(digits) < _LEAST or not _HEX.issuperset(digits):
        raise typer.BadParameter(
            f"เลขฐานสิบหกอย่างน้อย {_LEAST} หลัก / "
            f"at least {_LEAST} hexadecimal digits of it: {text}"
        )
    return digits


@app.command("add")
def add_certificate(
    *,
    code: Organization,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="ใบรับรอง PEM หรือ DER / The certificate.",
        ),
    ],
    purpose: Annotated[
        list[Purpose],
        typer.Option(
            "--purpose",
            help="signature: ลงลายมือชื่อในหนังสือ / signs letters. "
            "access: เข้าระบบ / lets in at its door. ใส่ซ้ำได้ / may be repeated.",
        ),
    ] = list(_SIGNATURE),  # noqa: B006 - Typer asks for a list and does not change it
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เพิ่มใบรับรอง ใบเดิมยังใช้ได้ / Enter a certificate; those before it stay."""
    content = file.read_bytes()
    ordered = order("directory certificate add", by=by, reason=reason)

    async def enter(hub: "Hub") -> tuple[datetime, RegisteredCertificate]:
        await known(hub, code)
        fresh = certificates_entry.fit(hub, code, content, purpose, parameter="FILE")
        entered = await _enter(hub, fresh, ordered)
        certificates_entry.tell_if_later(hub, entered)
        return hub.work.clock.now(), entered

    now, entered = ask(data, enter)
    if as_json:
        screen.show_json(certificates_report.document(entered, now))
        return
    uses = certificates_report.purposes_of(entered)
    screen.say(
        f"เพิ่มใบรับรองของ {code} แล้ว ({uses}) ถึง {thai_time(entered.not_after)} / "
        f"Entered sha256:{certificates_report.short(entered)}"
    )


@app.command("list")
def list_certificates(
    *,
    organization: Annotated[
        OrganizationCode | None,
        typer.Argument(
            metavar="[ORGANIZATION]",
            parser=organization_code,
            show_default=False,
            help="รหัสหน่วยงาน ไม่ใส่คือทั้งหมด / Its code; all without it.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ใบรับรองที่มี และสถานะ / The certificates, and whether each is in force."""

    async def question(hub: "Hub") -> tuple[datetime, Sequence[RegisteredCertificate]]:
        now = hub.work.clock.now()
        if organization is not None:
            await known(hub, organization)
            return now, await hub.store.certificates(organization)
        lines = await hub.store.views.endpoints()
        return now, [one for line in lines for one in line.certificates]

    now, found = ask(data, question)
    if as_json:
        screen.show_json([certificates_report.document(one, now) for one in found])
    elif found:
        certificates_report.show_list(found, now)
    else:
        add = f"gateway directory certificate add {organization or 'ORGANIZATION'} FILE"
        screen.nothing_here("ยังไม่มีใบรับรอง", "There is no certificate", add)


@app.command("revoke")
def revoke_certificate(
    *,
    code: Organization,
    which: Annotated[
        str,
        typer.Argument(
            metavar="FINGERPRINT",
            parser=fingerprint,
            help="SHA-256 หรือส่วนต้นที่ไม่ซ้ำ / Its SHA-256, or how it alone begins.",
        ),
    ],
    reason: RequiredReason,
    by: NamedBy,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เพิกถอนใบรับรองทันที ใช้ใหม่ไม่ได้อีก / Revoke a certificate at once, for good.

    หนังสือที่รับไว้แล้วเดินทางต่อ / Letters taken before go on their way.
    """
    ordered = order("directory certificate revoke", by=by, reason=reason)
    now, gone, own = ask(data, lambda hub: _revoke(hub, code, which, ordered))
    if as_json:
        screen.show_json(certificates_report.document(gone, now))
    else:
        screen.say(
            f"เพิกถอนใบรับรองของ {code} แล้ว / Revoked "
            f"sha256:{certificates_report.short(gone)}"
        )
    _warn(gone, own, now)


@app.command("expiring")
def list_expiring(
    *,
    days: Annotated[
        int,
        typer.Option(min=0, max=3660, help="ภายในกี่วัน / Within so many days."),
    ] = certificates_report.DAYS,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ใบรับรองใกล้หมดอายุ ใครจะหยุดวันไหน / What ends soon, and who stops when.

    Of all organizations and of the hub itself, the soonest first. Ends with 1 where
    somebody stops or has stopped, with 0 otherwise: fit for cron.
    """
    found = ask(
        data, lambda hub: certificates_report.endings_of(hub, timedelta(days=days))
    )
    if as_json:
        screen.show_json([certificates_report.ending_document(one) for one in found])
    elif found:
        certificates_report.show_endings(found)
    else:
        screen.tell(f"ไม่มีใบรับรองหมดอายุใน {days} วัน / None ends within {days} days")
    if any(one.stops for one in found):
        raise NotInOrder


@app.command("refresh")
def refresh_certificates(
    *,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ถามผู้ออกใบรับรองใหม่ทันที / Read authorities and revocation lists at once.

    A hub that is served does so by itself within a minute of a change.
    """

    async def question(hub: "Hub") -> "tuple[Rechecked, list[str]]":
        from gateway.workflow.recheck import recheck  # noqa: PLC0415 - see session

        now = hub.work.clock.now()
        vouching = certificates_entry.vouching(hub, now)
        ordered = order("directory certificate refresh", by=by, reason=reason)
        done = await recheck(hub.work, vouching.judge, ordered)
        return done, certificates_report.troubles(vouching, now)

    done, troubles = ask(data, question)
    if as_json:
        screen.show_json(certificates_report.rechecked_document(done, troubles))
    else:
        certificates_report.show_rechecked(done, troubles)
    if troubles or done.missing:
        raise NotInOrder


async def _enter(
    hub: "Hub", fresh: RegisteredCertificate, ordered: Order
) -> RegisteredCertificate:
    from gateway.workflow.acts import note  # noqa: PLC0415 - see session

    code = fresh.organization
    async with hub.store.unit() as unit:
        own = await unit.directory.certificates(code)
        certificates_entry.key_is_fresh(fresh, own)
        before = _same(own, fresh.fingerprint)
        await unit.directory.add_certificate(fresh, hub.work.clock.now())
        after = _same(await unit.directory.certificates(code), fresh.fingerprint)
        entered = after or fresh
        await note(
            unit,
            hub.work,
            ordered,
            organization=code,
            before=_facts(before) if before else {},
            after=_facts(entered),
        )
        await unit.commit()
    return entered


async def _revoke(
    hub: "Hub", code: OrganizationCode, which: str, ordered: Order
) -> tuple[datetime, RegisteredCertificate, Sequence[RegisteredCertificate]]:
    """Revoke the one that is meant; return it, and all that the organization has."""
    from gateway.workflow.acts import note  # noqa: PLC0415 - see session

    await known(hub, code)
    now = hub.work.clock.now()
    async with hub.store.unit() as unit:
        own = await unit.directory.certificates(code)
        meant = [one for one in own if one.fingerprint.startswith(which)]
        if not meant:
            raise CertificateUnknown(which)
        if len(meant) > 1:
            raise typer.BadParameter(
                f"มีหลายใบที่ขึ้นต้นเช่นนี้ / {len(meant)} of them begin so: {which}",
                param_hint="FINGERPRINT",
            )
        before = meant[0]
        if before.revoked_at is None:
            await unit.directory.revoke(code, before.fingerprint, now, why=ordered.why)
        left = await unit.directory.certificates(code)
        gone = _same(left, before.fingerprint) or before
        await note(
            unit,
            hub.work,
            ordered,
            organization=code,
            before=_facts(before),
            after=_facts(gone),
        )
        await unit.commit()
    return now, gone, left


def _warn(
    gone: RegisteredCertificate, own: Sequence[RegisteredCertificate], now: datetime
) -> None:
    """Say for what nothing is left, and where the same key still speaks."""
    code = gone.organization
    for purpose in (one for one in Purpose if one in gone.purposes):
        if covered_until(own, purpose, now) is None:
            screen.tell(
                f"{code} ไม่มีใบรับรองสำหรับ{PURPOSES[purpose]}เหลือแล้ว / It has none in "
                f"force for {purpose} now: gateway directory certificate add {code} "
                f"FILE --purpose {purpose}",
                style=screen.RED,
            )
    for one in own:
        if one.revoked_at is None and certificates_entry.same_key(one, gone):
            screen.tell(
                f"ใบ {certificates_report.short(one)} ใช้กุญแจเดียวกันและยังใช้ได้ / Another "
                "certificate of the same key is not revoked: gateway directory "
                f"certificate revoke {code} {certificates_report.short(one)}",
                style=screen.RED,
            )


def _same(
    found: Sequence[RegisteredCertificate], wanted: str
) -> RegisteredCertificate | None:
    return next((one for one in found if one.fingerprint == wanted), None)


def _facts(certificate: RegisteredCertificate) -> dict[str, str]:
    revoked = documents.moment(certificate.revoked_at) or ""
    return {
        "certificate": certificate.fingerprint,
        "purposes": " ".join(sorted(certificate.purposes)),
        "revoked": revoked,
    }
