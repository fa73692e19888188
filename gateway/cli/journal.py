"""`gateway journal`: who did what with the hub, and its head outside the database."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import documents
from gateway.cli.acting import NamedBy, RequiredReason, note
from gateway.cli.errors import HeadUnreadable
from gateway.cli.options import DEFAULT_DATA, Data, Json, organization_code
from gateway.cli.screen import Column, nothing_here, say, show_json, show_table
from gateway.cli.session import ask
from gateway.cli.thai import thai_time
from gateway.cli.words import WITHHELD
from gateway.domain.act import Act
from gateway.domain.continuity import Mark

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.headfile import HeadFile

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_ASIDE: Final = "%Y%m%dT%H%M%SZ"
_COLUMNS: Final = (
    Column("เมื่อ", "At"),
    Column("การกระทำ", "What"),
    Column("บัญชีผู้ใช้", "Account"),
    Column("ผู้สั่ง", "Name given"),
    Column("หน่วยงาน", "Organization"),
    Column("ก่อน", "Before", fold=True, least=120),
    Column("หลัง", "After", fold=True),
    Column("เหตุผล", "Why", fold=True, least=100),
)


@app.callback()
def journal() -> None:
    """บันทึก / The journal. `gateway check journal` says whether it is whole."""


@app.command("list")
def list_acts(
    *,
    organization: Annotated[
        OrganizationCode | None,
        typer.Option(
            "--organization",
            metavar="CODE",
            parser=organization_code,
            help="เฉพาะหน่วยงานนี้ / About this one only.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="จำนวนมากที่สุด / At most so many.")
    ] = 50,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ใครทำอะไรกับศูนย์กลางเมื่อใด / Who did what with the hub, newest first."""
    acts = ask(data, lambda hub: hub.store.views.acts(organization, limit=limit))
    if as_json:
        show_json([_document(act) for act in acts])
    elif not acts:
        nothing_here("ยังไม่มีบันทึก", "Nothing yet", "gateway directory --help")
    else:
        show_table(_COLUMNS, [_row(act) for act in acts])


@app.command("restart")
def restart(
    *,
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เริ่มหัวบันทึกใหม่หลังกู้คืนจากสำรอง / Begin a new head after a restore.

    หัวเดิมเก็บไว้ข้างกัน / What stood outside the database is kept beside it.
    """
    aside, newest = ask(data, lambda hub: _restart(hub, by=by, reason=reason))
    if as_json:
        show_json(
            {
                "head": str(newest) if newest else None,
                "set_aside": str(aside) if aside else None,
            }
        )
        return
    if aside is None:
        say("ไม่มีหัวเดิมนอกฐานข้อมูล / No head stood outside the database")
    else:
        say(f"เก็บหัวเดิมไว้ที่ / The old head is kept in {aside}")


async def _restart(
    hub: "Hub", *, by: str, reason: str
) -> tuple[Path | None, Mark | None]:
    # It knows every adapter, and is loaded only here.
    from gateway.bootstrap import head_file  # noqa: PLC0415

    file = head_file(hub.settings)
    now = hub.work.clock.now()
    batch = await hub.store.last_batch()
    newest = Mark.of(batch) if batch else None
    async with hub.store.unit() as unit:
        await note(
            hub,
            unit,
            "journal restart",
            by=by,
            reason=reason,
            after={"head": str(newest) if newest else ""},
        )
        await unit.commit()
    try:
        aside = _anew(file, newest, now.strftime(_ASIDE))
    except OSError as error:
        raise HeadUnreadable(f"{file.path}: {error}") from error
    return aside, newest


def _anew(file: "HeadFile", newest: Mark | None, name: str) -> Path | None:
    aside = file.set_aside(name)
    if newest is not None:
        file.write([newest])
    return aside


def _row(act: Act) -> Sequence[object]:
    return (
        thai_time(act.at),
        act.what,
        act.who.account or "-",
        act.who.name or (WITHHELD if act.secret else "-"),
        act.organization or "-",
        _facts(act.before),
        _facts(act.after),
        act.why or "-",
    )


def _facts(facts: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in facts.items()) or "-"


def _document(act: Act) -> documents.Document:
    return {
        "id": str(act.id),
        "at": documents.moment(act.at),
        "what": act.what,
        "account": act.who.account or None,
        "name": act.who.name or None,
        "organization": act.organization.text if act.organization else None,
        "consignment": str(act.consignment) if act.consignment else None,
        "why": act.why or None,
        "before": dict(act.before),
        "after": dict(act.after),
    }
