"""The options by which dead letters are chosen, alike in all commands about them."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import typer

from envelopes.letter import OrganizationCode
from gateway.cli.options import duration, organization_code
from gateway.cli.thai import arabic
from gateway.domain.promise import Stage
from gateway.domain.register import BANGKOK
from gateway.identity import SystemClock

_FIRST_YEAR: Final = 2400
_BUDDHIST_OFFSET: Final = 543

IncidentOption = Annotated[
    UUID | None,
    typer.Option(
        "--incident",
        metavar="ID",
        help="เฉพาะเหตุขัดข้องนี้ / Of this incident: gateway incidents list.",
    ),
]
CauseOption = Annotated[
    str,
    typer.Option(
        "--cause",
        metavar="CODE",
        help="เฉพาะสาเหตุนี้ / Of this cause, as in docs/errors.md.",
    ),
]
EndpointOption = Annotated[
    OrganizationCode | None,
    typer.Option(
        "--endpoint",
        metavar="ORGANIZATION",
        parser=organization_code,
        help="เฉพาะที่หน่วยงานนี้ไม่ได้รับ / What this organization does not get.",
    ),
]
StageOption = Annotated[
    Stage | None,
    typer.Option("--stage", help="เฉพาะขั้นตอนนี้ / Given up at this stage."),
]


def moment(text: str | datetime) -> datetime:
    """Read a time: `2h` ago, or a day or minute of Bangkok; raises `BadParameter`.

    Years may be Buddhist.
    """
    if isinstance(text, datetime):
        return text
    said = arabic(text.strip())
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return SystemClock().now() - duration(said)
    if found.year > _FIRST_YEAR:
        found = found.replace(year=found.year - _BUDDHIST_OFFSET)
    return found if found.tzinfo else found.replace(tzinfo=BANGKOK)


SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        metavar="TIME",
        parser=moment,
        help="ตั้งแต่ เช่น 2h หรือ 2569-11-21 / Given up then or later.",
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        "--until", metavar="TIME", parser=moment, help="ก่อน / Given up before."
    ),
]
EverythingOption = Annotated[
    bool, typer.Option("--all", help="ทั้งหมด / All there are; must be said.")
]
