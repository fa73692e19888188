"""`gateway directory secrecy|person|persons`: levels carried, and who sees secrets."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.acting import By, Reason, note
from gateway.cli.documents import Document, moment
from gateway.cli.options import (
    DEFAULT_DATA,
    Data,
    Json,
    Organization,
    filled,
    secrecy_level,
)
from gateway.cli.screen import Column, nothing_here, say, show_json, show_table, tell
from gateway.cli.session import ask, known
from gateway.cli.thai import thai_time
from gateway.domain import errors, organization
from gateway.domain.organization import Person
from gateway.domain.secrecy import highest_carried
from schemas import codes

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_COLUMNS: Final = (
    Column("ชื่อ", "Name", fold=True),
    Column("นายทะเบียนข้อมูลข่าวสารลับ", "Secret registrar"),
    Column("เพิ่มเมื่อ", "Entered at"),
)
_REGISTRAR: Final = {True: "ใช่ / yes", False: "ไม่ใช่ / no"}


def choose_level(
    *,
    code: Organization,
    level: Annotated[
        str,
        typer.Argument(
            metavar="LEVEL",
            parser=secrecy_level,
            help="001 ปกติ, 002 ลับ, 003 ลับมาก; hub: ตามศูนย์กลาง / the hub's own.",
        ),
    ],
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """กำหนดชั้นความลับสูงสุดของหน่วยงาน / The highest level it sends and receives.

    สูงกว่าที่ศูนย์กลางรับไม่ได้ / Never higher than what the hub itself carries.
    """

    async def verb(hub: "Hub") -> str:
        async with hub.store.unit() as unit:
            found = await unit.directory.find(code)
            if found is None:
                raise errors.OrganizationUnknown(code.text)
            await unit.directory.decide(replace(found, secrecy=level))
            await note(
                hub,
                unit,
                "directory secrecy",
                by=by,
                reason=reason,
                organization=code,
                before={"secrecy": found.secrecy},
                after={"secrecy": level},
            )
            await unit.commit()
        return hub.work.carries

    carries = ask(data, verb)
    in_force = highest_carried((carries, level))
    if as_json:
        document = {"code": code.text, "secrecy": level or None, "in_force": in_force}
        show_json(document)
    else:
        say(f"{code} {level_words(level, carries)}")
    if level and in_force != level:
        tell(
            f"ศูนย์กลางรับถึง {carries} เท่านั้น / The hub itself carries up to {carries} "
            "only: gateway check"
        )


def enter_person(
    *,
    code: Organization,
    name: Annotated[
        str, typer.Argument(metavar="NAME", parser=filled, help="ชื่อ / Its name.")
    ],
    secret_registrar: Annotated[
        bool,
        typer.Option(
            "--secret-registrar/--no-secret-registrar",
            help="นายทะเบียนข้อมูลข่าวสารลับ จึงเห็นหนังสือลับ / Sees secret letters.",
        ),
    ],
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """แต่งตั้งหรือเพิกถอนนายทะเบียนข้อมูลข่าวสารลับ / Appoint a person, or end it."""

    async def verb(hub: "Hub") -> Person:
        await known(hub, code)
        async with hub.store.unit() as unit:
            found = await unit.persons.find(code, name)
            added_at = found.added_at if found else hub.work.clock.now()
            person = Person(code, name, secret_registrar, added_at)
            await unit.persons.enter(person)
            await note(
                hub,
                unit,
                "directory person",
                by=by,
                reason=reason,
                organization=code,
                before=_facts(found) if found else {},
                after=_facts(person),
            )
            await unit.commit()
        return person

    person = ask(data, verb)
    if as_json:
        show_json(_document(person))
    else:
        say(f"{code} {name}: {_COLUMNS[1].thai} {_REGISTRAR[person.secret_registrar]}")


def list_persons(
    *, code: Organization, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """บุคคลของหน่วยงาน / Its persons, and who of them sees secret letters."""

    async def question(hub: "Hub") -> Sequence[Person]:
        await known(hub, code)
        return await hub.store.persons(code)

    persons = ask(data, question)
    if as_json:
        show_json([_document(person) for person in persons])
    elif not persons:
        command = f"gateway directory person {code} NAME --secret-registrar"
        nothing_here("ยังไม่มีใครเห็นหนังสือลับ", "Nobody sees its secret letters", command)
    else:
        show_table(_COLUMNS, [_row(person) for person in persons])


def level_of(found: organization.Organization, carries: str) -> str:
    """Say up to which level an organization's letters are carried, and why."""
    return level_words(found.secrecy, carries)


def level_words(level: str, carries: str) -> str:
    """Say which level is in force where an organization has one of its own, or not."""
    in_force = highest_carried((carries, level))
    if not level:
        why = "ตามศูนย์กลาง / the hub's own"
    elif in_force == level:
        why = "กำหนดเอง / its own"
    else:
        why = f"กำหนดไว้ {level} / its own is {level}, the hub's is lower"
    return f"{in_force} {codes.secrecy(in_force).thai} ({why})"


def _facts(person: Person) -> dict[str, str]:
    registrar = "yes" if person.secret_registrar else "no"
    return {"name": person.name, "secret_registrar": registrar}


def _row(person: Person) -> Sequence[object]:
    return person.name, _REGISTRAR[person.secret_registrar], thai_time(person.added_at)


def _document(person: Person) -> Document:
    return {
        "organization": person.organization.text,
        "name": person.name,
        "secret_registrar": person.secret_registrar,
        "added_at": moment(person.added_at),
    }
