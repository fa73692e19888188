"""`gateway directory access`: who is let in at an organization's door.

A secret is made here, shown once, and kept nowhere: what is stored is its digest.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import access_report as report
from gateway.cli.access_report import Given, Ways
from gateway.cli.acting import By, Reason, note
from gateway.cli.options import DEFAULT_DATA, Data, Json, Organization
from gateway.cli.session import ask, known
from gateway.cli.thai import arabic
from gateway.domain.access import (
    SECRET_BITS,
    Access,
    AccessKind,
    digest_of,
    network_of,
    secret_of,
)
from gateway.domain.certificates import registered_for
from gateway.domain.errors import AccessUnknown, OrganizationUnknown
from gateway.domain.organization import Purpose
from gateway.ports import UnitOfWork

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="รหัสจาก access list / As `access list` shows it, or its start.",
    ),
]


@app.command("list")
def list_accesses(
    organization: Organization, *, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """ช่องทางเข้าถึงของหน่วยงาน / How an organization is let in; no secret is shown."""

    async def question(hub: "Hub") -> Ways:
        await known(hub, organization)
        return await _ways(hub, organization)

    ways = ask(data, question)
    command = f"gateway directory access add {organization} path-secret --data {data}"
    report.show_ways(ways, command, as_json=as_json)


@app.command("add")
def add_access(
    *,
    organization: Organization,
    kind: Annotated[
        AccessKind,
        typer.Argument(
            metavar="KIND",
            help="path-secret: ความลับในที่อยู่ / in its address. basic: HTTP Basic. "
            "network: เครือข่ายที่เรียกมา / where it calls from.",
        ),
    ],
    network: Annotated[
        str,
        typer.Argument(
            metavar="[NETWORK]",
            show_default=False,
            help="เครือข่าย / The network, like 10.1.0.0/16; for that kind only.",
        ),
    ] = "",
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เปิดช่องทางเข้าถึง / Let an organization in; a secret is shown this once.

    ผู้เรียกต้องมาจากเครือข่ายที่กำหนดไว้ และแสดงหลักฐานอย่างหนึ่งที่กำหนดไว้ /
    A caller comes from one of its networks, if any is entered, and shows one of its
    proofs, if any is entered. A network alone lets in where no proof was entered.
    """
    value = _network(kind, network)

    async def verb(hub: "Hub") -> Given:
        async with hub.store.unit() as unit:
            await _exists(unit, organization)
            given = _made(hub, organization, kind, value)
            await unit.accesses.add(given.access)
            await note(
                hub,
                unit,
                "directory access add",
                by=by,
                reason=reason,
                organization=organization,
                after=_facts(given.access),
            )
            await unit.commit()
        return given

    report.show_given(ask(data, verb), as_json=as_json)


@app.command("rotate")
def rotate_access(
    *,
    organization: Organization,
    access: Id,
    overlap: Annotated[
        int,
        typer.Option(
            metavar="DAYS",
            min=0,
            max=366,
            help="วันที่ความลับเดิมยังใช้ได้ / Days for which the old one still counts.",
        ),
    ] = 7,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เปลี่ยนความลับ / Make a new secret; the old one ends some days later.

    ให้หน่วยงานเปลี่ยนในระหว่างนั้น / The office changes its client in between.
    """

    async def verb(hub: "Hub") -> Given:
        now = hub.work.clock.now()
        async with hub.store.unit() as unit:
            await _exists(unit, organization)
            old = _chosen(await unit.accesses.of(organization), access)
            if old.kind is AccessKind.NETWORK:
                raise typer.BadParameter(
                    "เครือข่ายไม่มีความลับ / a network has no secret: add another, end it",
                    param_hint="ID",
                )
            if not old.counts(now):
                raise typer.BadParameter(
                    "สิ้นสุดแล้ว ให้เพิ่มใหม่ / it is over: add a new one", param_hint="ID"
                )
            ends = now + timedelta(days=overlap)
            ends = min(ends, old.ends_at) if old.ends_at else ends
            await unit.accesses.end(organization, old.id, ends)
            given = _made(hub, organization, old.kind, "")
            await unit.accesses.add(given.access)
            await note(
                hub,
                unit,
                "directory access rotate",
                by=by,
                reason=reason,
                organization=organization,
                before=_facts(old),
                after={**_facts(given.access), "old_ends_at": ends.isoformat()},
            )
            await unit.commit()
        return given

    report.show_given(ask(data, verb), as_json=as_json)


@app.command("end")
def end_access(
    *,
    organization: Organization,
    access: Id,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ปิดช่องทางเข้าถึงเดี๋ยวนี้ / Let a way in count for nothing from now on.

    ทำซ้ำไม่เปลี่ยนอะไร / Doing it again changes nothing.
    """

    async def verb(hub: "Hub") -> tuple[Access, Ways]:
        now = hub.work.clock.now()
        async with hub.store.unit() as unit:
            await _exists(unit, organization)
            old = _chosen(await unit.accesses.of(organization), access)
            if old.counts(now):
                await unit.accesses.end(organization, old.id, now)
                await note(
                    hub,
                    unit,
                    "directory access end",
                    by=by,
                    reason=reason,
                    organization=organization,
                    before=_facts(old),
                    after={"access": str(old.id), "ends_at": now.isoformat()},
                )
                await unit.commit()
        ways = await _ways(hub, organization)
        return _chosen(ways.accesses, old.id.hex), ways

    old, left = ask(data, verb)
    report.show_end(old, left, as_json=as_json)


def _network(kind: AccessKind, text: str) -> str:
    if kind is not AccessKind.NETWORK:
        if text:
            raise typer.BadParameter(
                f"{kind} ไม่มีเครือข่าย / takes no network", param_hint="NETWORK"
            )
        return ""
    try:
        return str(network_of(arabic(text)))
    except ValueError as error:
        raise typer.BadParameter(
            f"เครือข่ายไม่ถูกต้อง / {error}", param_hint="NETWORK"
        ) from error


def _made(
    hub: "Hub", organization: OrganizationCode, kind: AccessKind, network: str
) -> Given:
    # It brings the web server with it, which `gateway --help` does not need.
    from gateway.web.addresses import path_of  # noqa: PLC0415

    secret = "" if network else secret_of(secrets.randbits(SECRET_BITS))
    access = Access(
        id=hub.work.ids.new(),
        organization=organization,
        kind=kind,
        value=network or digest_of(secret),
        added_at=hub.work.clock.now(),
    )
    path = path_of(organization, secret if kind is AccessKind.PATH else "")
    return Given(access, secret, hub.settings.public_url.rstrip("/") + path)


async def _exists(unit: UnitOfWork, organization: OrganizationCode) -> None:
    if await unit.directory.find(organization) is None:
        raise OrganizationUnknown(organization.text)


async def _ways(hub: "Hub", organization: OrganizationCode) -> Ways:
    certificates = await hub.store.certificates(organization)
    return Ways(
        hub.work.clock.now(),
        await hub.store.accesses(organization),
        registered_for(Purpose.ACCESS, certificates),
    )


def _chosen(accesses: Sequence[Access], text: str) -> Access:
    """Return the one whose id begins or ends like this; raises `AccessUnknown`."""
    wanted = arabic(text.strip().lower()).replace("-", "")
    found = [
        one
        for one in accesses
        if wanted and (one.id.hex.startswith(wanted) or one.id.hex.endswith(wanted))
    ]
    if len(found) != 1:
        raise AccessUnknown(text)
    return found[0]


def _facts(access: Access) -> Mapping[str, str]:
    """Return what an act may say of it: never the digest of a secret."""
    facts = {"access": str(access.id), "kind": access.kind.value}
    if access.kind is AccessKind.NETWORK:
        facts["network"] = access.value
    return facts
