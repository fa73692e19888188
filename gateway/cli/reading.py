"""Who reads a secret letter at a command line, and that it is written down.

Everybody may look at lists, numbers and states; subject, persons and files of a
secret letter are shown to a secret registrar of its sender or its receiver only, and
each such reading is an act of the journal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from envelopes.letter import OrganizationCode
from gateway.cli.acting import note
from gateway.domain import errors
from gateway.domain.consignment import LetterFacts
from gateway.domain.secrecy import may_see

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

Reader = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        help="นายทะเบียนข้อมูลข่าวสารลับ จึงเห็นหนังสือลับของหน่วยงาน / A secret "
        "registrar, who sees its organization's secret letters; it is noted.",
    ),
]

Seen = frozenset[UUID]
"""Consignments of which everything is shown though they are secret."""

NOTHING: Seen = frozenset()


@dataclass(frozen=True, slots=True)
class Copy:
    """A consignment that is about to be shown."""

    consignment: UUID
    letter: LetterFacts
    receiver: OrganizationCode
    """Its receiver, or another party of it that is known."""


async def read_as(
    hub: "Hub",
    what: str,
    copies: Iterable[Copy],
    *,
    organization: OrganizationCode,
    by: str,
    demanded: bool = False,
) -> Seen:
    """Return which of these are shown in full, once it is written down who reads them.

    `what` is the command. Where it is `demanded`, raises `NotASecretRegistrar` for a
    name that may not read what is secret among them; otherwise nothing is shown.
    """
    secret = [copy for copy in copies if copy.letter.is_secret]
    if not (secret and by.strip()):
        return NOTHING
    async with hub.store.unit() as unit:
        reader = await unit.persons.find(organization, by)
        if demanded and (reader is None or not reader.secret_registrar):
            raise errors.NotASecretRegistrar(organization.text)
        seen = frozenset(
            copy.consignment
            for copy in secret
            if may_see(copy.letter.secrecy, (copy.letter.sender, copy.receiver), reader)
        )
        for consignment in sorted(seen):
            await note(
                hub,
                unit,
                what,
                by=by,
                organization=organization,
                consignment=consignment,
                secret=True,
            )
        await unit.commit()
    return seen
