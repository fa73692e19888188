"""What the Java client needs to read (docs/protocol/ecms.md, F3 and H3).

It speaks to a wrapper on its own machine, whose bytes nobody has seen; what the
application needs of an answer is known. What it sends is written like C# (G11).
"""

import re
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
from gateway.simulation.reading import Reading, literal_name, text_of

_DAY: Final = re.compile(r"\d{1,4}-\d{1,2}-\d{1,2}")
_MOMENT: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}T\d{1,2}:\d{1,2}:\d{1,2}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NUMBERING: Final = ("ProcessID", "processID", "ProcessTime")


def read_taken(answer: str) -> Taken:
    """Read the answer to a letter or a notifier."""
    reading, response = _read(answer, "CorrespondenceLetterOutboundResponse")
    number = _process(reading, response)
    kind = _kind(response)
    return Taken(*number, _notifier(reading, response) if kind in KINDS else None)


def read_poll(answer: str) -> Pulled | None:
    """Read the head of the queue, whose type is the element's name (Q-J9)."""
    reading, response = _read(answer, "CorrespondenceLetterInboundResponse")
    kind = _kind(response)
    if not kind and not len(response):
        return None
    number = _process(reading, response)
    if kind in KINDS:
        return Pulled(*number, _notifier(reading, response))
    document = reading.child(response, "rsm:GovernmentDocument")
    return Pulled(
        *number, _letter(reading, reading.child(document, "ram:CorrespondenceLetter"))
    )


def _read(answer: str, name: str) -> tuple[Reading, etree._Element]:
    reading = Reading(answer)
    errors = reading.named("ErrorDetail")
    joined = "|".join(_joined(reading, error) for error in errors)
    for part in joined.split("|") if errors else ():
        code, separator, text = part.partition("=")
        if not separator or not text:
            raise ClientBroken(f"the error splitter throws on {part!r} (Q-J12)")
        raise Refused(code, text)
    return reading, reading.response(name)


def _joined(reading: Reading, error: etree._Element) -> str:
    code = reading.text(error, "ErrorCode")
    text = reading.text(error, "ErrorDescription")
    for sign in "|=":
        if sign in code + text:
            raise ClientBroken(f"{sign!r} in an error is taken for a separator")
    return f"{code}={text}"


def _process(reading: Reading, response: etree._Element) -> tuple[str, str]:
    return (
        reading.text(response, "ProcessID"),
        _moment(reading.text(response, "ProcessTime")),
    )


def _kind(response: etree._Element) -> str:
    names = [literal_name(child) for child in response]
    return next((name for name in names if name not in _NUMBERING), "")


def _letter(reading: Reading, letter: etree._Element) -> Letter:
    def read(name: str) -> str:
        return reading.text(letter, name)

    return Letter(
        number=read("ram:ID"),
        date=_day(read("ram:CorrespondenceDate")),
        subject=read("ram:Subject"),
        secrecy=read("ram:SecretCode"),
        speed=read("ram:SpeedCode"),
        sender=_party(reading, reading.child(letter, "ram:SenderParty")),
        receiver=_party(reading, reading.child(letter, "ram:ReceiverParty")),
        references=tuple(
            _reference(reading, earlier)
            for earlier in reading.each(letter, "ram:ReferenceCorrespondence")
        ),
        attachment_text=read("ram:Attachment"),
        send_date=_day(read("ram:SendDate")),
        description=read("ram:Description"),
        main=_file(reading.child(letter, "ram:MainLetterBinaryObject")),
        attachments=tuple(
            _file(attachment)
            for attachment in reading.each(letter, "ram:AttachmentBinaryObject")
        ),
    )


def _party(reading: Reading, party: etree._Element) -> Party:
    return Party(
        given_name=reading.text(party, "ram:GivenName"),
        family_name=reading.text(party, "ram:FamilyName"),
        job_title=reading.text(party, "ram:JobTitle"),
        ministry=reading.text(party, "ram:MinistryOrganization", "ram:ID"),
        organization=reading.text(party, "ram:DepartmentOrganization", "ram:ID"),
    )


def _reference(reading: Reading, earlier: etree._Element) -> Reference:
    """Read a reference, which is kept joined by commas and bars (Q-J7)."""
    found = Reference(
        reading.text(earlier, "ram:ID"),
        reading.text(earlier, "ram:CorrespondenceDate"),
        reading.text(earlier, "ram:Subject"),
    )
    fields = (found.number, found.date, found.subject)
    if not all(fields) or "," in found.number or any("|" in text for text in fields):
        raise ClientBroken(f"a reference cannot be joined and split again: {found}")
    return found


def _file(element: etree._Element) -> File:
    content = text_of(element)
    if not _BASE64.fullmatch(content):
        raise ClientBroken("the decoder takes no white space (Q-J16)")
    return File(element.get("mimeCode", ""), content)


def _notifier(reading: Reading, response: etree._Element) -> Notifier:
    kind = _kind(response)
    fields = reading.child(response, kind)
    number = reading.text(fields, "LetterID")
    accepting = kind in (ACCEPT, INVALID_ACCEPT_ID)
    return Notifier(
        kind=kind,
        number=number,
        accept_id=reading.text(fields, "AcceptID") if accepting else "",
        date=_day(reading.text(fields, "CorrespondenceDate")),
        subject=reading.text(fields, "Subject"),
        accept_date=_moment(reading.text(fields, "AcceptDate")),
        department=reading.text(fields, "AcceptDepartment", "Code"),
    )


def _day(date: str) -> str:
    """Split into three numbers, else take it for a moment (C5)."""
    return date if _DAY.fullmatch(date) else _moment(date)


def _moment(text: str) -> str:
    """Cut at the first dot, then read integers: a zone throws (Q-J8)."""
    if not _MOMENT.fullmatch(text.split(".", maxsplit=1)[0]):
        raise ClientBroken(f"no time that this client can read: {text!r}")
    return text
