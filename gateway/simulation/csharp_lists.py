"""What the C# client reads of look-ups (docs/protocol/ecms.md, B5 and Q-C22).

It pairs the n-th element of one name with the n-th of another, over the whole answer,
whatever stands around them; where the counts differ, every row after the gap is wrong
or the reading ends.
"""

from gateway.simulation.csharp_reader import read
from gateway.simulation.errors import ClientBroken
from gateway.simulation.lists import CodeRow, MinistryRow, OrganizationRow, StatusRow
from gateway.simulation.reading import Reading, literal_name, text_of


def read_letter_deleted(answer: str) -> tuple[str, str]:
    """Read number and time; production looks only whether an error came."""
    reading = read(answer)
    response = "CorrespondenceDeleteGovernmentDocumentResponse"
    reading.response(response)
    return (
        text_of(reading.nth("LetterID", inside=response)),
        text_of(reading.nth("ProcessTime", inside=response)),
    )


def read_statuses(answer: str) -> tuple[StatusRow, ...]:
    """Read how far the letters are; no row is an answer too."""
    reading = read(answer)
    reading.response("OutboundStatusResponse")
    columns = _paired(reading, "ProcessID", "LetterID", "ProcessStatus")
    return tuple(StatusRow(*row) for row in columns)


def read_time(answer: str) -> str:
    """Read the element named ECMSTime, wherever it stands."""
    found = read(answer).named("ECMSTime")
    if not found:
        raise ClientBroken("ECMSTime is missing")
    return text_of(found[0])


def read_ministries(answer: str) -> tuple[MinistryRow, ...]:
    """Pair names with codes."""
    rows = _paired(_some(answer, "MinistryID"), "MinistryID", "Th-Name")
    return tuple(MinistryRow(*row) for row in rows)


def read_organizations(answer: str) -> tuple[OrganizationRow, ...]:
    """Pair codes, names and addresses; the first two characters are the ministry."""
    names = ("OrganizationID", "Th-Name", "ECMS-URL", "En-Name")
    rows = _paired(_some(answer, "OrganizationID"), *names)
    return tuple(OrganizationRow(*row) for row in rows)


def read_codes(answer: str) -> tuple[CodeRow, ...]:
    """Pair the codes of secrecy or speed with their words."""
    rows = _paired(_some(answer, "Value"), "Value", "Description")
    return tuple(CodeRow(*row) for row in rows)


def read_mime_codes(answer: str) -> tuple[CodeRow, ...]:
    """Pair extensions with types; note the small t of `Content-type`."""
    rows = _paired(_some(answer, "Content-type"), "Content-type", "File-Extension")
    return tuple(CodeRow(*row) for row in rows)


def _some(answer: str, name: str) -> Reading:
    reading = read(answer)
    if not reading.named(name):
        raise ClientBroken(f"{name} is missing: the table is empty")
    return reading


def _paired(reading: Reading, *names: str) -> list[tuple[str, ...]]:
    """Return the rows that index gives, and see that one element holds each."""
    columns = [reading.named(name) for name in names]
    if len({len(column) for column in columns}) > 1:
        counts = {name: len(reading.named(name)) for name in names}
        raise ClientBroken(f"columns of unequal length are paired: {counts}")
    rows = list(zip(*columns, strict=True))
    for row in rows:
        if len({element.getparent() for element in row}) > 1:
            parents = [literal_name(element) for element in row]
            raise ClientBroken(f"{parents} are paired, and are not of one row")
    return [tuple(text_of(element) for element in row) for row in rows]
