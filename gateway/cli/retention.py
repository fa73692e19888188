"""`gateway retention`: how long the bytes of letters stay in the hub."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import documents
from gateway.cli.acting import NamedBy, RequiredReason, order
from gateway.cli.options import DEFAULT_DATA, Data, Json, organization_code
from gateway.cli.screen import Column, say, show_json, show_table
from gateway.cli.session import ask, known
from gateway.domain.retention import LONGEST, YEARS, Kind, Retention, years_of

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

KINDS: Final = {
    Kind.OPEN: "หนังสือทั่วไป",
    Kind.SECRET: "หนังสือลับ",
    Kind.TEST: "หนังสือทดสอบ",
}
ALL: Final = "ทุกหน่วยงาน / all"

_COLUMNS: Final = (
    Column("หน่วยงาน", "Organization"),
    Column("ประเภท", "Kind"),
    Column("ปี", "Years", right=True),
    Column("ที่มา", "Because"),
)

Whose = Annotated[
    OrganizationCode | None,
    typer.Option(
        "--organization",
        metavar="CODE",
        parser=organization_code,
        help="ไม่ระบุคือทุกหน่วยงาน / Whose letters; all that have none of their own.",
    ),
]


@app.callback()
def retention() -> None:
    """อายุการเก็บ / How long letters stay. Nothing goes without an archive."""


@app.command("show")
def show_retention(
    *, organization: Whose = None, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """อายุการเก็บที่ใช้อยู่ / What counts for all, and for each organization.

    นับจากเหตุการณ์สุดท้าย ใช้อายุที่ยาวกว่าของผู้ส่งและผู้รับ / Counted from the last line of
    a letter's journal; of sender and receiver the longer one counts.
    """

    async def question(hub: "Hub") -> Sequence[Retention]:
        from gateway.store.archives import StoredArchives  # noqa: PLC0415

        if organization is not None:
            await known(hub, organization)
        return await StoredArchives(hub.store.reading).rules()

    rules = ask(data, question)
    shown = _in_force(rules, organization)
    if as_json:
        show_json([_document(rule, is_set=rule in rules) for rule in shown])
    else:
        show_table(_COLUMNS, [_row(rule, is_set=rule in rules) for rule in shown])


@app.command("set")
def set_retention(
    *,
    kind: Annotated[
        Kind, typer.Argument(help="ประเภทหนังสือ / Which letters: see docs.")
    ],
    years: Annotated[
        int,
        typer.Argument(min=1, max=LONGEST, help="กี่ปี / For how many years."),
    ],
    organization: Whose = None,
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """กำหนดอายุการเก็บ / Set for how many years letters stay.

    ไม่มีหนังสือใดถูกลบทันที / Nothing is removed by it: `gateway archive purge` does.
    """
    rule = Retention(organization=organization, kind=kind, years=years)

    async def verb(hub: "Hub") -> None:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.archive import (  # noqa: PLC0415
            set_retention as keep,
        )

        if organization is not None:
            await known(hub, organization)
        ordered = order("retention set", by=by, reason=reason)
        await keep(hub.work, rule, ordered)

    ask(data, verb)
    if as_json:
        show_json(_document(rule, is_set=True))
    else:
        whose = organization or ALL
        say(f"{whose} {KINDS[kind]}: {years} ปี / {kind.value}: {years} years")


def _in_force(
    rules: Sequence[Retention], organization: OrganizationCode | None
) -> list[Retention]:
    """Return what counts for all, then what is set for single ones."""
    if organization is not None:
        return [
            Retention(
                organization=organization,
                kind=kind,
                years=years_of(rules, organization, kind),
            )
            for kind in Kind
        ]
    hubs = {rule.kind: rule.years for rule in rules if rule.organization is None}
    default = [
        Retention(organization=None, kind=kind, years=hubs.get(kind, YEARS))
        for kind in Kind
    ]
    return default + [rule for rule in rules if rule.organization is not None]


def _row(rule: Retention, *, is_set: bool) -> Sequence[object]:
    return (
        rule.organization or ALL,
        f"{KINDS[rule.kind]} / {rule.kind.value}",
        rule.years,
        "กำหนดไว้ / set" if is_set else "ค่าตั้งต้น / by default",
    )


def _document(rule: Retention, *, is_set: bool) -> documents.Document:
    return {
        "organization": rule.organization.text if rule.organization else None,
        "kind": rule.kind.value,
        "years": rule.years,
        "set": is_set,
    }
