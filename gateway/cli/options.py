"""The options and arguments that commands share, and how they are read.

Thai digits are Arabic ones in all of them.
"""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from envelopes.dialects import DIALECTS
from envelopes.letter import OrganizationCode
from gateway.cli.thai import arabic
from gateway.domain.admission import day_of
from gateway.domain.register import buddhist_year
from gateway.domain.secrecy import CARRIED
from gateway.identity import SystemClock
from schemas import codes

AUTO: Final = "auto"
"""Names no dialect: what an endpoint sends decides."""
DIALECT_NAMES: Final = ", ".join(dialect.name for dialect in DIALECTS)

HUBS_OWN: Final = "hub"
"""Names no level: the hub's own counts."""

_FIRST_YEAR = 2400
_LEVEL_DIGITS: Final = 3
_DURATION: Final = re.compile("([0-9]{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def organization_code(text: str | OrganizationCode) -> OrganizationCode:
    """Read a code of ten digits, or of five (v1); raises `BadParameter`."""
    if isinstance(text, OrganizationCode):
        return text
    try:
        return OrganizationCode.parse(arabic(text))
    except ValueError as error:
        raise typer.BadParameter(
            f"รหัสหน่วยงานมี 10 หลัก หรือ 5 หลัก (v1) / {error}: {text}"
        ) from error


def process_id(text: str) -> str:
    """Read the ProcessID of an inbox entry."""
    return arabic(text.strip())


def dialect_name(text: str) -> str:
    """Read the name of a dialect, or `auto`; raises `BadParameter`."""
    name = text.strip().lower()
    if name not in {AUTO, *(dialect.name for dialect in DIALECTS)}:
        raise typer.BadParameter(
            f"รุ่นโปรแกรมมี / there are {DIALECT_NAMES}, {AUTO}: {text}"
        )
    return name


def secrecy_level(text: str) -> str:
    """Read a level of secrecy, or `hub` as an empty text; raises `BadParameter`.

    A level is written as its code, with or without zeros, or as its Thai word.
    """
    said = arabic("".join(text.split()))
    if said.lower() == HUBS_OWN:
        return ""
    words = {code.thai: code.value for code in codes.secrecy_codes().values()}
    level = words.get(said, said.rjust(_LEVEL_DIGITS, "0"))
    if level not in CARRIED:
        raise typer.BadParameter(
            f"ชั้นความลับที่รับส่งได้คือ / levels that can be carried are "
            f"{', '.join(CARRIED)}, {HUBS_OWN}: {text}"
        )
    return level


def filled(text: str) -> str:
    """Read a text that must say something; raises `BadParameter`."""
    if not (said := " ".join(text.split())):
        raise typer.BadParameter("ต้องไม่ว่าง / must not be empty")
    return said


def year(text: str) -> int:
    """Read a Buddhist year; raises `BadParameter`."""
    digits = arabic(text.strip())
    if not (digits.isascii() and digits.isdigit() and int(digits) > _FIRST_YEAR):
        now = buddhist_year(SystemClock().now())
        raise typer.BadParameter(f"เขียนปี พ.ศ. เช่น {now} / a Buddhist year, like {now}")
    return int(digits)


def day(text: str | date) -> date:
    """Read a day, `2026-06-30` or `2569-06-30`; raises `BadParameter`."""
    if isinstance(text, date):
        return text
    try:
        return day_of(arabic(text.strip()))
    except ValueError as error:
        raise typer.BadParameter(
            f"เขียนวันที่เช่น / write a day like 2569-06-30: {text}"
        ) from error


def duration(text: str | timedelta) -> timedelta:
    """Read how long: `30s`, `10m`, `2h`, `7d`; raises `BadParameter`."""
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(arabic(text.strip().lower()))
    if found is None:
        raise typer.BadParameter(f"เขียนเช่น / write it like 30s, 10m, 2h, 7d: {text}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="GATEWAY_DATA",
        help="โฟลเดอร์ข้อมูลของศูนย์กลาง / The hub's data directory.",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="เอกสาร JSON หนึ่งฉบับ / One JSON document."),
]
Organization = Annotated[
    OrganizationCode,
    typer.Argument(
        metavar="ORGANIZATION",
        parser=organization_code,
        help="รหัสหน่วยงาน / The organization's code, 10 digits or 5.",
    ),
]
Number = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER",
        parser=filled,
        help="เลขที่หนังสือ / The letter's number, in any digits, spaced or not.",
    ),
]
DEFAULT_DATA = Path("var")
