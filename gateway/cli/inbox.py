"""`gateway inbox`: what waits for an organization, and entering it in its register."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import documents, endpoint_report
from gateway.cli.acting import NamedBy, Reason, order
from gateway.cli.options import (
    DEFAULT_DATA,
    Data,
    Json,
    Organization,
    filled,
    process_id,
)
from gateway.cli.reading import NOTHING, Copy, Reader, Seen, read_as
from gateway.cli.screen import Column, nothing_here, say, show_json, show_table, tell
from gateway.cli.session import ask, known
from gateway.cli.thai import ago, letter_day, thai_time
from gateway.cli.words import RECEIPTS, subject_of
from gateway.domain.endpoint import Endpoint
from gateway.domain.inbox import Standing
from gateway.domain.register import Registration
from gateway.ports import InboxLine

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_COLUMNS: Final = (
    Column("รหัสรายการ", "ProcessID"),
    Column("นำส่ง", "Brings"),
    Column("เลขที่", "Number"),
    Column("ลงวันที่", "Dated", least=110),
    Column("เรื่อง", "Subject", fold=True),
    Column("จาก", "From", fold=True, least=130),
    Column("เข้ากล่องเมื่อ", "Queued at", least=120),
    Column("รอมา", "Waiting"),
    Column("เปิดดูเมื่อ", "Seen at", least=150),
)


_PARKED: Final = (
    Column("รหัสรายการ", "ProcessID"),
    Column("นำส่ง", "Brings"),
    Column("เลขที่", "Number"),
    Column("เรื่อง", "Subject", fold=True),
    Column("จาก", "From", fold=True, least=110),
    Column("พักไว้เมื่อ", "Parked at"),
    Column("นานแล้ว", "Since", least=100),
)

Entry = Annotated[
    str,
    typer.Argument(
        metavar="PROCESS_ID",
        parser=process_id,
        help="รหัสรายการจาก inbox list / The entry's ProcessID in `inbox list`.",
    ),
]


@app.command("list")
def list_inbox(
    *,
    organization: Organization,
    by: Reader = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """รายการที่รอในกล่องขาเข้า / What waits in an inbox, the head first."""

    async def question(
        hub: "Hub",
    ) -> tuple[datetime, Sequence[InboxLine], Seen, Sequence[Endpoint]]:
        await known(hub, organization)
        lines = await hub.store.views.inbox(organization)
        copies = [Copy(x.entry.consignment, x.letter, organization) for x in lines]
        seen = await read_as(
            hub, "inbox list", copies, organization=organization, by=by
        )
        endpoints = await hub.store.endpoints()
        pushed = [e for e in endpoints if e.pushes and e.organization == organization]
        return hub.work.clock.now(), lines, seen, pushed

    now, lines, seen, pushed = ask(data, question)
    for endpoint in pushed:
        how = endpoint_report.fares(endpoint, now)
        tell(f"{endpoint_report.way(endpoint)}: {how}")
    if as_json:
        show_json([_document(line, seen) for line in lines])
    elif not lines:
        command = f"gateway registers show {organization} --data {data}"
        nothing_here("กล่องขาเข้าว่าง", "The inbox is empty", command)
    else:
        show_table(_COLUMNS, [_row(line, now, seen) for line in lines])


@app.command("parked")
def list_parked(
    *, organization: Organization, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """รายการที่พักไว้ / What is parked: read too often and never deleted.

    กลับเข้ากล่องเองวันละครั้ง / It comes back by itself once a day, and when its
    client deletes another entry.
    """

    async def question(hub: "Hub") -> tuple[datetime, Sequence[InboxLine]]:
        await known(hub, organization)
        lines = await hub.store.views.aside(organization)
        parked = [x for x in lines if x.entry.standing is Standing.PARKED]
        return hub.work.clock.now(), parked

    now, lines = ask(data, question)
    if as_json:
        show_json([_document(line) for line in lines])
    elif not lines:
        command = f"gateway inbox list {organization} --data {data}"
        nothing_here("ไม่มีรายการที่พักไว้", "Nothing is parked", command)
    else:
        show_table(_PARKED, [_parked_row(line, now) for line in lines])


@app.command("unpark")
def unpark_entry(
    *,
    organization: Organization,
    entry: Entry,
    by: NamedBy,
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """นำรายการที่พักไว้กลับเข้ากล่อง / Put a parked entry behind the others again.

    ทำซ้ำไม่เปลี่ยนอะไร / Doing it again changes nothing.
    """

    async def verb(hub: "Hub") -> None:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.park import unpark  # noqa: PLC0415

        await known(hub, organization)
        ordered = order("inbox unpark", by=by, reason=reason)
        await unpark(hub.work, organization, entry, by=by, order=ordered)

    ask(data, verb)
    if as_json:
        show_json({"process_id": entry, "organization": organization.text})
    else:
        say(f"นำ {entry} กลับเข้ากล่องแล้ว / It stands in the inbox again")


@app.command("register")
def register_entry(
    *,
    organization: Organization,
    entry: Entry,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="NAME", parser=filled, help="ผู้ลงรับ / Who enters it."
        ),
    ],
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ลงรับหนังสือในทะเบียนของศูนย์กลาง / Enter a letter, and give it the next number.

    ทำซ้ำได้เลขเดิม / Doing it again gives the same number.
    """
    done = ask(data, lambda hub: _registered(hub, organization, entry, by))
    if as_json:
        show_json(
            {
                "number": done.number.text,
                "organization": done.organization.text,
                "year": done.year,
                "serial": done.number.serial,
                "numbered_by": done.numbered_by.value,
                "at": documents.moment(done.at),
            }
        )
    else:
        number, at = done.number.text, thai_time(done.at)
        say(f"ลงรับเลขที่ {number} เมื่อ {at} / Registered under {number}")


async def _registered(
    hub: "Hub", organization: OrganizationCode, entry: str, by: str
) -> Registration:
    # The verb brings telemetry with it, which only this command needs.
    from gateway.workflow.register import register  # noqa: PLC0415

    await known(hub, organization)
    ordered = order("inbox register", by=by)
    return await register(hub.work, organization, entry, by=by, order=ordered)


def _row(line: InboxLine, now: datetime, seen: Seen) -> Sequence[object]:
    letter = line.letter
    return (
        line.entry.process_id,
        RECEIPTS[line.receipt.kind] if line.receipt else "หนังสือ",
        letter.letter_id.number,
        letter_day(letter.letter_id.date),
        subject_of(letter, seen=line.entry.consignment in seen),
        line.sender.th_name,
        thai_time(line.entry.queued_at),
        ago(now - line.entry.queued_at),
        thai_time(line.entry.shown_at),
    )


def _parked_row(line: InboxLine, now: datetime) -> Sequence[object]:
    letter, parked_at = line.letter, line.entry.parked_at or now
    return (
        line.entry.process_id,
        RECEIPTS[line.receipt.kind] if line.receipt else "หนังสือ",
        letter.letter_id.number,
        subject_of(letter),
        line.sender.th_name,
        thai_time(parked_at),
        ago(now - parked_at),
    )


def _document(line: InboxLine, seen: Seen = NOTHING) -> documents.Document:
    is_seen = line.entry.consignment in seen
    return {
        **documents.inbox_entry(line.entry),
        "letter": documents.letter(line.letter, seen=is_seen),
        "sender": documents.organization(line.sender),
        "state": line.state,
        "receipt": documents.receipt(line.receipt) if line.receipt else None,
    }
