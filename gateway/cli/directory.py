"""`gateway directory`: who takes part, and by which certificates they speak."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.dialects import dialect_named
from envelopes.letter import OrganizationCode
from gateway.cli import (
    access,
    certificates,
    certificates_entry,
    certificates_report,
    directory_endpoint,
    directory_secrecy,
    directory_signing,
    documents,
    endpoint_report,
    screen,
)
from gateway.cli.acting import By, Reason, order
from gateway.cli.options import (
    AUTO,
    DEFAULT_DATA,
    DIALECT_NAMES,
    Data,
    Json,
    Organization,
    dialect_name,
    filled,
)
from gateway.cli.screen import Column
from gateway.cli.session import ask, known
from gateway.cli.thai import NEVER, ago, thai_time
from gateway.cli.words import SIGNING
from gateway.domain import errors, organization
from gateway.domain.act import Order
from gateway.domain.consignment import Signed
from gateway.domain.endpoint import Way
from gateway.ports import EndpointLine

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(access.app, name="access", help="ช่องทางเข้าถึง / Who is let in.")
app.add_typer(
    certificates.app,
    name="certificate",
    help="ใบรับรอง / By which certificates it speaks.",
)

app.add_typer(
    directory_endpoint.app,
    name="endpoint",
    help="ปลายทาง / How organizations are reached: pulled or pushed.",
)

_COLUMNS: Final = (
    Column("รหัส", "Code"),
    Column("ชื่อหน่วยงาน", "Thai name", fold=True),
    Column("ชื่ออังกฤษ", "English name", fold=True, least=120),
    Column("ลายมือชื่อ", "Signature"),
    Column("ใบรับรอง", "Certificates", right=True),
    Column("รอในกล่อง", "Waiting", right=True),
    Column("ทาง", "Way"),
    Column("ติดต่อล่าสุด", "Last seen"),
)


@app.command("list")
def list_directory(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """หน่วยงานทั้งหมด / All organizations, and when each was last seen."""
    now, lines = ask(data, _endpoints)
    if as_json:
        screen.show_json([_document(line, now) for line in lines])
    elif not lines:
        command = "gateway directory add --help"
        screen.nothing_here("ยังไม่มีหน่วยงาน", "Nobody is known yet", command)
    else:
        screen.show_table(_COLUMNS, [_row(line, now) for line in lines])


@app.command("show")
def show_organization(
    code: Organization, *, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """หน่วยงานหนึ่งแห่ง / One organization, its certificates and its endpoint."""
    carries, now, lines = ask(data, _endpoints_and_level)
    line = next((one for one in lines if one.organization.code == code), None)
    if line is None:
        raise errors.OrganizationUnknown(code.text)
    if as_json:
        screen.show_json(_document(line, now))
    else:
        screen.show_facts(_facts(line, now, carries))


@app.command("dialect")
def choose_dialect(
    *,
    code: Organization,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            parser=dialect_name,
            help=f"{DIALECT_NAMES}; {AUTO}: ดูจากที่ส่งมา / what is sent decides again.",
        ),
    ],
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """กำหนดรุ่นโปรแกรมของหน่วยงาน / Say which client an endpoint has.

    ใบแจ้งที่รุ่นใหม่อ่านได้กลับเข้ากล่อง / Notifiers held beside its inbox come back
    where that client reads them.
    """
    ordered = order("directory dialect", by=by, reason=reason)
    changed = ask(data, lambda hub: _set_dialect(hub, code, name, ordered))
    if as_json:
        screen.show_json(documents.organization(changed))
    else:
        screen.say(f"{code} {_dialect(changed)}")


app.command("secrecy")(directory_secrecy.choose_level)
app.command("person")(directory_secrecy.enter_person)
app.command("persons")(directory_secrecy.list_persons)
app.command("signing")(directory_signing.choose_signing)
app.command("weak-signatures")(directory_signing.choose_weak_signatures)


@app.command("add")
def add_organization(
    *,
    code: Organization,
    th_name: Annotated[
        str, typer.Option(metavar="TEXT", parser=filled, help="ชื่อ / Its Thai name.")
    ],
    en_name: Annotated[
        str,
        typer.Option(metavar="TEXT", parser=filled, help="Its English name."),
    ],
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="ใบรับรอง PEM หรือ DER / Its certificate.",
        ),
    ] = None,
    signature: Annotated[
        Signed,
        typer.Option(
            help="own: ต้องลงลายมือชื่อเอง / its own is demanded. "
            "hosted: ศูนย์กลางลงแทนได้ / the hub signs where none comes. "
            "none: ไม่ต้องลง / carried unsigned.",
        ),
    ] = Signed.OWN,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เพิ่มหน่วยงาน / Enter an organization."""
    fresh = organization.Organization(code, th_name, en_name, signature)
    content = certificate.read_bytes() if certificate else None
    ordered = order("directory add", by=by, reason=reason)
    ask(data, lambda hub: _add(hub, fresh, content, ordered))
    if as_json:
        screen.show_json(documents.organization(fresh))
    else:
        screen.say(f"เพิ่ม {code} {th_name} แล้ว / Entered {en_name}")
    if signature is Signed.OWN and content is None:
        screen.tell(
            "ยังไม่มีใบรับรอง จึงยังส่งหนังสือไม่ได้ / Without a certificate its "
            "letters are refused: --certificate FILE"
        )


async def _add(
    hub: "Hub",
    fresh: organization.Organization,
    certificate: bytes | None,
    ordered: Order,
) -> None:
    from gateway.workflow.acts import note  # noqa: PLC0415

    own = (
        [
            certificates_entry.fit(
                hub, fresh.code, certificate, parameter="--certificate"
            )
        ]
        if certificate
        else []
    )
    async with hub.store.unit() as unit:
        if await unit.directory.find(fresh.code) is not None:
            raise errors.OrganizationExists(fresh.code.text)
        await unit.directory.add(fresh, own, hub.work.clock.now())
        await note(
            unit,
            hub.work,
            ordered,
            organization=fresh.code,
            after={
                "th_name": fresh.th_name,
                "signing": fresh.signing,
                "certificates": " ".join(c.fingerprint for c in own),
            },
        )
        await unit.commit()
    for one in own:
        certificates_entry.tell_if_later(hub, one)


async def _set_dialect(
    hub: "Hub", code: OrganizationCode, name: str, ordered: Order
) -> organization.Organization:
    # The verb brings telemetry with it, which only this command needs.
    from gateway.workflow.endpoint import set_dialect  # noqa: PLC0415

    found = await known(hub, code)
    by_hand = name != AUTO
    dialect = dialect_named(name if by_hand else found.dialect)
    return await set_dialect(hub.work, code, dialect, by_hand=by_hand, order=ordered)


def _dialect(found: organization.Organization) -> str:
    how = "กำหนดเอง / by hand" if found.dialect_by_hand else "ตามที่ส่งมา / as it sends"
    return f"{found.dialect} ({how})"


def _deletes(found: organization.Organization) -> str:
    if found.never_deletes:
        return "ไม่เคยลบ / never"
    return thai_time(found.deleted_at)


async def _endpoints(hub: "Hub") -> tuple[datetime, Sequence[EndpointLine]]:
    return hub.work.clock.now(), await hub.store.views.endpoints()


def _row(line: EndpointLine, now: datetime) -> Sequence[object]:
    found = line.organization
    return (
        found.code,
        found.th_name,
        found.en_name,
        SIGNING[found.signing],
        certificates_report.count(line.certificates, now),
        line.waiting,
        _way(line, now),
        ago(now - line.last_seen_at) if line.last_seen_at else NEVER,
    )


async def _endpoints_and_level(
    hub: "Hub",
) -> tuple[str, datetime, Sequence[EndpointLine]]:
    return hub.work.carries, *await _endpoints(hub)


def _facts(
    line: EndpointLine, now: datetime, carries: str
) -> list[tuple[Column, object]]:
    found = line.organization
    seen = thai_time(line.last_seen_at)
    if line.last_seen_at:
        seen += f" ({ago(now - line.last_seen_at)})"
    facts: list[tuple[Column, object]] = [
        (Column("รหัส", "Code"), found.code),
        (Column("ชื่อหน่วยงาน", "Thai name"), found.th_name),
        (Column("ชื่ออังกฤษ", "English name"), found.en_name),
        (Column("จังหวัด", "ISO code"), found.iso_code or NEVER),
        (Column("ลายมือชื่อ", "Signature"), f"{found.signing} {SIGNING[found.signing]}"),
        (Column("ลายมือชื่อแบบเก่า", "SHA-1"), directory_signing.weak_words(found)),
        (
            Column("ชั้นความลับสูงสุด", "Secrecy"),
            directory_secrecy.level_of(found, carries),
        ),
        (Column("ที่อยู่", "Address"), address_of(found.code)),
        (Column("รุ่นโปรแกรม", "Dialect"), _dialect(found)),
        (Column("ลบรายการ", "Deletes"), _deletes(found)),
        (Column("รอในกล่อง", "Waiting"), line.waiting),
        (Column("ติดต่อล่าสุด", "Last seen"), seen),
    ]
    facts += endpoint_report.facts_of(line, now)
    facts += [
        (Column("ใบรับรอง", "Certificate"), certificates_report.fact(one, now))
        for one in line.certificates
    ]
    return facts


def address_of(code: OrganizationCode) -> str:
    """Return the path of an organization's door."""
    return f"/ecms/{code}/ecms-ws01/service2"


def _way(line: EndpointLine, now: datetime) -> str:
    """Say how it is reached, and where that fails or rests."""
    endpoint = line.endpoint
    if endpoint is None or not endpoint.pushes:
        return Way.PULL.value
    troubled = endpoint.rests(now) or endpoint.failures
    return f"{endpoint.way.value}{' !' if troubled else ''}"


def _document(line: EndpointLine, now: datetime) -> documents.Document:
    return {
        **documents.organization(line.organization),
        "address": address_of(line.organization.code),
        "certificates": [documents.certificate(one) for one in line.certificates],
        "waiting": line.waiting,
        "last_seen_at": documents.moment(line.last_seen_at),
        "endpoint": endpoint_report.document_of(line.endpoint, now),
    }
