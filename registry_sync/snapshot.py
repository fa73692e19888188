"""Snapshot: one complete picture of who exists.

The one known today is carried with the program: the Office of the Permanent
Secretary for Interior and the provincial offices of the 75 provinces.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from envelopes.letter import OrganizationCode

MINISTRY_OFFICE: Final = OrganizationCode("1500200000")
"""สป.มท."""

_PROVINCE_PREFIX: Final = "15002000"
_DATA: Final = "data/provinces.csv"


@dataclass(frozen=True, slots=True)
class Office:
    """An organization as the registry knows it."""

    code: OrganizationCode
    th_name: str
    en_name: str
    iso_code: str = ""
    """ISO 3166-2 of the province of a provincial office: `TH-50`."""
    abbreviation: str = ""
    """As its letter numbers write it: `มท`, `ชม`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All offices, by code."""

    offices: Sequence[Office]


def packaged() -> Snapshot:
    """Read the snapshot that is carried with the program."""
    table = files("registry_sync").joinpath(_DATA).read_text("utf-8").splitlines()
    provinces = [_provincial_office(row) for row in csv.DictReader(table)]
    offices = [_ministry_office(), *sorted(provinces, key=lambda office: office.code)]
    return Snapshot(offices)


def _ministry_office() -> Office:
    return Office(
        MINISTRY_OFFICE,
        "สำนักงานปลัดกระทรวงมหาดไทย",
        "Office of the Permanent Secretary for Interior",
        abbreviation="มท",
    )


def _provincial_office(row: dict[str, str]) -> Office:
    iso_code = row["iso_code"]
    return Office(
        OrganizationCode(_PROVINCE_PREFIX + iso_code.removeprefix("TH-")),
        f"สำนักงานจังหวัด{row['th_name']}",
        f"{row['en_name']} Provincial Office",
        iso_code,
        row["abbreviation"],
    )
