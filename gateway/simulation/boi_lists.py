"""What the BOI client reads of look-ups (docs/protocol/ecms.md, B5 and Q-B20).

Every list element is a row, and its children are found by name; what stands in a list
element of another shape gives an empty table, and nobody is told (I2.9).
"""

from typing import Final

from lxml import etree

from gateway.simulation.boi_reader import column
from gateway.simulation.errors import ClientBroken
from gateway.simulation.lists import MinistryRow, OrganizationRow, StatusRow
from gateway.simulation.reading import Reading, text_of

_BODY: Final = "Body"


def read_letter_deleted(answer: str) -> tuple[str, str]:
    """Read the number that is free, and the time."""
    reading = Reading(answer)
    response = reading.response("CorrespondenceDeleteGovernmentDocumentResponse")
    return (
        column("number", reading.text(response, "LetterID")),
        column("process time", reading.text(response, "ProcessTime")),
    )


def read_statuses(answer: str) -> tuple[StatusRow, ...]:
    """Read how far the letters are; there may be none."""
    reading = Reading(answer)
    response = reading.response("OutboundStatusResponse")
    return tuple(
        StatusRow(
            column("process number", reading.text(one, "ProcessID")),
            column("number", reading.text(one, "LetterID")),
            reading.text(one, "ProcessStatus"),
        )
        for one in reading.each(response, "Outbound")
    )


def read_ministries(answer: str) -> tuple[MinistryRow, ...]:
    """Read the direct children of each list element."""
    reading = Reading(answer)
    rows = []
    for row in _rows(reading, "MinistryOrganizationList"):
        name = reading.text(row, "Th-Name")
        rows.append(MinistryRow(column("code", reading.text(row, "MinistryID")), name))
    return tuple(rows)


def read_organizations(answer: str) -> tuple[OrganizationRow, ...]:
    """Read `name`, its next sibling for the Thai name, the address and the code."""
    reading = Reading(answer)
    rows = []
    for row in _rows(reading, "OrganizationList"):
        name = reading.child(row, "name")
        thai = name.getnext()
        if thai is None:
            raise ClientBroken("name has no sibling: there is no Thai name")
        url = reading.text(row, "ECMS-URL")
        code = column("organization", reading.text(row, "OrganizationID"))
        rows.append(OrganizationRow(code, text_of(thai), url, text_of(name)))
    return tuple(rows)


def _rows(reading: Reading, name: str) -> list[etree._Element]:
    """Return the list elements; none at all is a table nobody can choose from."""
    rows = reading.named(name)
    if not rows:
        raise ClientBroken(f"{name} is missing")
    for row in rows:
        parent = row.getparent()
        if parent is None or etree.QName(parent).localname != _BODY:
            raise ClientBroken(f"{name} stands not in Body")
    return rows
