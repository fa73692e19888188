"""`gateway directory signing|weak-signatures`: what an organization must sign, and how.

Whatever the record says, a signature that comes is verified, and one that fails is
refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.acting import By, NamedBy, Reason, RequiredReason, note
from gateway.cli.documents import organization as document_of
from gateway.cli.options import DEFAULT_DATA, Data, Json, Organization
from gateway.cli.screen import say, show_json, tell
from gateway.cli.session import ask
from gateway.cli.words import SIGNING
from gateway.domain import errors, organization
from gateway.domain.certificates import covered_until
from gateway.domain.consignment import Signed
from gateway.domain.organization import Purpose

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_WEAK: Final = {
    True: "รับลายมือชื่อ SHA-1 โดยไม่นับว่าเชื่อถือได้ / SHA-1 is read, never trusted",
    False: "ไม่รับลายมือชื่อ SHA-1 / SHA-1 is refused",
}


def choose_signing(
    *,
    code: Organization,
    signing: Annotated[
        Signed,
        typer.Argument(
            help="own: ต้องลงลายมือชื่อเอง / its own is demanded. "
            "hosted: ศูนย์กลางลงแทนได้ / the hub signs where none comes. "
            "none: ไม่ต้องลง / carried unsigned.",
        ),
    ],
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """กำหนดว่าหน่วยงานต้องลงลายมือชื่อหรือไม่ / Say whether it must sign its letters.

    ลายมือชื่อที่ส่งมาถูกตรวจเสมอ / A signature that comes is verified in every case.
    """

    async def verb(hub: "Hub") -> organization.Organization:
        changed = await _decide(
            hub, code, "directory signing", by, reason, {"signing": signing}
        )
        if signing is Signed.OWN:
            await _tell_of_missing_certificates(hub, changed)
        return changed

    changed = ask(data, verb)
    if as_json:
        show_json(document_of(changed))
    else:
        say(f"{code} {signing} {SIGNING[signing]}")


def choose_weak_signatures(
    *,
    code: Organization,
    allow: Annotated[
        bool,
        typer.Option(
            "--allow/--forbid",
            help="รับหรือไม่รับลายมือชื่อ SHA-1 / Whether SHA-1 is read.",
        ),
    ],
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """รับลายมือชื่อ RSA-SHA1 ของโปรแกรมรุ่นเก่า / Read what old programs sign by.

    RSA เท่านั้น ไม่นับว่าเชื่อถือได้ และบันทึกไว้ทุกครั้ง / RSA alone; never trusted,
    and marked in the journal. The hub itself never signs so.
    """

    async def verb(hub: "Hub") -> organization.Organization:
        what = "directory weak-signatures"
        return await _decide(hub, code, what, by, reason, {"weak_signatures": allow})

    changed = ask(data, verb)
    if as_json:
        show_json(document_of(changed))
    else:
        say(f"{code} {weak_words(changed)}")


def weak_words(found: organization.Organization) -> str:
    """Say whether an organization may sign by SHA-1."""
    return _WEAK[found.weak_signatures]


async def _decide(  # noqa: PLR0917 - what was ordered, by whom, and why
    hub: "Hub",
    code: Organization,
    what: str,
    by: str,
    reason: str,
    decided: Mapping[str, Any],
) -> organization.Organization:
    async with hub.store.unit() as unit:
        found = await unit.directory.find(code)
        if found is None:
            raise errors.OrganizationUnknown(code.text)
        changed = replace(found, **decided)
        await unit.directory.decide(changed)
        await note(
            hub,
            unit,
            what,
            by=by,
            reason=reason,
            organization=code,
            before={name: _text(getattr(found, name)) for name in decided},
            after={name: _text(value) for name, value in decided.items()},
        )
        await unit.commit()
    return changed


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


async def _tell_of_missing_certificates(
    hub: "Hub", found: organization.Organization
) -> None:
    certificates = await hub.store.certificates(found.code)
    if covered_until(certificates, Purpose.SIGNATURE, hub.work.clock.now()) is None:
        tell(
            "ไม่มีใบรับรองที่ใช้ได้ หนังสือจึงถูกปฏิเสธทุกฉบับ / No certificate of it is "
            "in force, so its letters are refused: "
            f"gateway directory certificate add {found.code} FILE"
        )
