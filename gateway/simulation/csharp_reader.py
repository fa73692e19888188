"""What the C# client needs to read (docs/protocol/ecms.md, H2, Q-C9 and I2).

It finds elements anywhere by literal name and index: the first `ram:ID` is the
letter's number, the second `ram:GivenName` the receiver's. Errors come first, by
position, and suppress all other reading (Q-C21).
"""

from typing import Final

from lxml import etree

from gateway.simulation.errors import ClientBroken, Refused
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    KINDS,
    File,
    Letter,
    Notifier,
    Party,
    Pulled,
    Reference,
    Taken,
)
from gateway.simulation.reading import Reading, inner_xml, literal_name, text_of

_DOCUMENT: Final = "rsm:GovernmentDocument"
_LETTER: Final = "ram:CorrespondenceLetter"
_REFERENCE: Final = "ram:ReferenceCorrespondence"


def read_taken(answer: str) -> Taken:
    """Read the answer to anything sent: the first ProcessID anywhere."""
    reading = read(answer)
    response = "CorrespondenceLetterOutboundResponse"
    number = _process(reading, response)
    kind = _kind(reading)
    return Taken(*number, _notifier(reading, kind, response) if kind else None)


def read_deleted(answer: str) -> tuple[str, str]:
    """Read process number and time; production looks only whether an error came."""
    return _process(read(answer), "CorrespondenceLetterDeleteResponse")


def read_poll(answer: str) -> Pulled | None:
    """Read the head of the queue; nothing at all is an empty queue."""
    reading = read(answer)
    response = "CorrespondenceLetterInboundResponse"
    if not len(reading.response(response)):
        return None
    number = _process(reading, response)
    kind = _kind(reading)
    return Pulled(
        *number, _notifier(reading, kind, response) if kind else _letter(reading)
    )


def read(answer: str) -> Reading:
    """Read an answer in which no error stands; raises `Refused` for the first."""
    reading = Reading(answer)
    for error in reading.named("ErrorDetail"):
        code, text = (text_of(child) for child in error)
        raise Refused(code, text)
    return reading


def _process(reading: Reading, response: str) -> tuple[str, str]:
    reading.response(response)
    number = text_of(reading.nth("ProcessID", inside=response))
    if not number or number != number.strip():
        raise ClientBroken(f"ProcessID is used untrimmed: {number!r} (Q-C18)")
    return number, text_of(reading.nth("ProcessTime", inside=response))


def _kind(reading: Reading) -> str:
    return next((kind for kind in KINDS if reading.named(kind)), "")


def _letter(reading: Reading) -> Letter:
    def first(name: str) -> str:
        return text_of(reading.nth(name, inside=_LETTER))

    reading.nth(_DOCUMENT, inside="CorrespondenceLetterInboundResponse")
    reading.nth(_LETTER, inside=_DOCUMENT)
    return Letter(
        number=first("ram:ID"),
        date=first("ram:CorrespondenceDate"),
        subject=first("ram:Subject"),
        secrecy=first("ram:SecretCode"),
        speed=first("ram:SpeedCode"),
        sender=_party(reading, "ram:SenderParty", 0),
        receiver=_party(reading, "ram:ReceiverParty", 1),
        references=tuple(
            _reference(reading, index)
            for index in range(len(reading.named(_REFERENCE)))
        ),
        attachment_text=first("ram:Attachment"),
        send_date=first("ram:SendDate"),
        description=first("ram:Description"),
        main=_file(reading.nth("ram:MainLetterBinaryObject", inside=_LETTER)),
        attachments=tuple(
            _file(reading.nth("ram:AttachmentBinaryObject", index, inside=_LETTER))
            for index in range(len(reading.named("ram:AttachmentBinaryObject")))
        ),
    )


def _party(reading: Reading, party: str, index: int) -> Party:
    """Read by index 0 for the sender and 1 for the receiver; both must exist."""
    reading.nth(party, inside=_LETTER)
    given_name = text_of(reading.nth("ram:GivenName", index, inside=party))
    family_name = text_of(reading.nth("ram:FamilyName", index, inside=party))
    job_title = text_of(reading.nth("ram:JobTitle", index, inside=party))
    office = reading.nth("ram:DepartmentOrganization", index, inside=party)
    if not len(office) or literal_name(office[0]) != "ram:ID":
        raise ClientBroken("the first child of ram:DepartmentOrganization is the code")
    code = text_of(office[0])
    return Party(
        given_name=given_name,
        family_name=family_name,
        job_title=job_title,
        ministry=code[:2],
        organization=code,
    )


def _reference(reading: Reading, index: int) -> Reference:
    """Read the children by position: number, date, subject."""
    earlier = reading.nth(_REFERENCE, index, inside=_LETTER)
    names = [literal_name(child) for child in earlier]
    if names != ["ram:ID", "ram:CorrespondenceDate", "ram:Subject"]:
        raise ClientBroken(f"a reference is read by position, not as {names}")
    number, date, subject = (text_of(child) for child in earlier)
    return Reference(number, date, subject)


def _file(element: etree._Element) -> File:
    """Take the first attribute for the MIME code, whatever it is called."""
    name, mime_code = next(iter(element.items()), ("", ""))
    if name != "mimeCode":
        raise ClientBroken("mimeCode is not the first attribute")
    return File(str(mime_code), text_of(element))


def _notifier(reading: Reading, kind: str, response: str) -> Notifier:
    """Read a notifier; the raw inner XML is what will be compared (Q-C10)."""

    def raw(name: str) -> str:
        return inner_xml(reading.nth(name, inside=kind))

    reading.nth(kind, inside=response)
    number = raw("LetterID")
    accepting = kind in (ACCEPT, INVALID_ACCEPT_ID)
    if not accepting and reading.named("AcceptID"):
        raise ClientBroken(f"AcceptID makes an acceptance of {kind} (I2)")
    return Notifier(
        kind=kind,
        number=number,
        accept_id=raw("AcceptID") if accepting else "",
        date=raw("CorrespondenceDate"),
        subject=raw("Subject"),
        accept_date=raw("AcceptDate"),
        department=_department(reading, kind),
    )


def _department(reading: Reading, kind: str) -> str:
    reading.nth("AcceptDepartment", inside=kind)
    return text_of(reading.nth("Code", inside="AcceptDepartment"))
