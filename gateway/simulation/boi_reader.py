"""What the BOI client needs to read (docs/protocol/ecms.md, H1, F1 and I3).

It goes element by element and stops at the first that is missing, after which a
truncated letter is stored and deleted from the queue (Q-B10); or its insert fails and
the head of the queue stays for ever (Q-B12, Q-B13). Both are `ClientBroken` here.
"""

from typing import Final

from lxml import etree

from gateway.simulation.errors import ClientBroken
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    RECEIVE,
    REJECT,
    File,
    Letter,
    Notifier,
    Party,
    Pulled,
    Reference,
    Taken,
)
from gateway.simulation.reading import Reading, text_of

SPELLING_SENT: Final = {RECEIVE: "ProcessID"}
"""How it spells the process number of a sent notifier: `processID` but for these."""
SPELLING_PULLED: Final = {REJECT: "processID", INVALID_ACCEPT_ID: "processID"}
"""How it spells that of a pulled one: `ProcessID` but for these (Q-B8)."""

_COLUMNS: Final = {
    "process number": 50,
    "process time": 50,
    "number": 50,
    "date": 50,
    "send date": 50,
    "mime code": 50,
    "main mime code": 50,
    "accept id": 50,
    "subject": 255,
    "name": 100,
    "post": 255,
    "organization": 10,
    "code": 10,
}
"""Characters the columns hold (Q-B13, I3)."""
_NEVER_EMPTY: Final = {
    "process number",
    "process time",
    "number",
    "date",
    "subject",
    "mime code",
    "content",
}


def read_taken(answer: str) -> Taken:
    """Read the answer to a letter: a ProcessID that is not empty is success."""
    reading = Reading(answer)
    response = reading.response("CorrespondenceLetterOutboundResponse")
    return Taken(*_process(reading, response, "ProcessID"))


def read_notified(answer: str, kind: str) -> Taken:
    """Read the answer to a notifier; a number in the wrong case is a failure (Q-B8)."""
    reading = Reading(answer)
    response = reading.response("CorrespondenceLetterOutboundResponse")
    number = _process(reading, response, SPELLING_SENT.get(kind, "processID"))
    # The number counts from here on, and nothing of the rest is inserted (H1.4).
    return Taken(*number, _notifier(reading, response, kind, inserted=False))


def read_deleted(answer: str) -> tuple[str, str]:
    """Read process number and time of a deletion; both must be there (Q-B15)."""
    reading = Reading(answer)
    response = reading.response("CorrespondenceLetterDeleteResponse")
    return _process(reading, response, "ProcessID")


def read_poll(answer: str) -> Pulled | None:
    """Read the head of the queue as a letter, which is all this client expects."""
    reading = Reading(answer)
    response = reading.response("CorrespondenceLetterInboundResponse")
    if not len(response) and not (response.text or "").strip():
        return None
    number = _process(reading, response, "ProcessID")
    document = reading.child(response, "rsm:GovernmentDocument")
    letter = _letter(reading, reading.child(document, "ram:CorrespondenceLetter"))
    _read_signature(reading, document)
    return Pulled(*number, letter)


def read_pulled_notifier(answer: str, kind: str) -> Pulled:
    """Read a notifier with the function for its kind, which production never calls."""
    reading = Reading(answer)
    response = reading.response("CorrespondenceLetterInboundResponse")
    number = _process(reading, response, SPELLING_PULLED.get(kind, "ProcessID"))
    return Pulled(*number, _notifier(reading, response, kind))


def _process(
    reading: Reading, response: etree._Element, spelling: str
) -> tuple[str, str]:
    return (
        column("process number", reading.text(response, spelling)),
        column("process time", reading.text(response, "ProcessTime")),
    )


def _letter(reading: Reading, letter: etree._Element) -> Letter:
    def read(which: str, name: str) -> str:
        return column(which, reading.text(letter, name))

    return Letter(
        number=read("number", "ram:ID"),
        date=_day(read("date", "ram:CorrespondenceDate")),
        subject=read("subject", "ram:Subject"),
        secrecy=read("code", "ram:SecretCode"),
        speed=read("code", "ram:SpeedCode"),
        sender=_party(reading, reading.child(letter, "ram:SenderParty")),
        receiver=_party(reading, reading.child(letter, "ram:ReceiverParty")),
        references=tuple(
            _reference(reading, earlier)
            for earlier in reading.each(letter, "ram:ReferenceCorrespondence")
        ),
        attachment_text=reading.text(letter, "ram:Attachment"),
        send_date=read("send date", "ram:SendDate"),
        description=reading.text(letter, "ram:Description"),
        main=_file(reading.child(letter, "ram:MainLetterBinaryObject"), "main "),
        attachments=tuple(
            _file(attachment)
            for attachment in reading.each(letter, "ram:AttachmentBinaryObject")
        ),
    )


def _party(reading: Reading, party: etree._Element) -> Party:
    return Party(
        given_name=column("name", reading.text(party, "ram:GivenName")),
        family_name=column("name", reading.text(party, "ram:FamilyName")),
        job_title=column("post", reading.text(party, "ram:JobTitle")),
        ministry=column(
            "organization", reading.text(party, "ram:MinistryOrganization", "ram:ID")
        ),
        organization=column(
            "organization", reading.text(party, "ram:DepartmentOrganization", "ram:ID")
        ),
    )


def _reference(reading: Reading, earlier: etree._Element) -> Reference:
    return Reference(
        column("number", reading.text(earlier, "ram:ID")),
        column("date", reading.text(earlier, "ram:CorrespondenceDate")),
        reading.text(earlier, "ram:Subject"),
    )


def _file(element: etree._Element, which: str = "") -> File:
    mime_code = element.get("mimeCode")
    if mime_code is None:
        raise ClientBroken("mimeCode is missing")
    return File(
        column(f"{which}mime code", mime_code),
        column(f"{which}content", text_of(element)),
    )


def _read_signature(reading: Reading, document: etree._Element) -> None:
    """Read what is read last: without it nothing is lost but itself (Q-B10)."""
    for block in reading.each(document, "ram:GovernmentSignature"):
        reading.text(block, "ram:TypeCode")
        signer = reading.child(block, "ram:SignerParty")
        for name in ("GivenName", "FamilyName", "Title"):
            column("post", reading.text(signer, f"ram:{name}"))
        for name in ("MinistryCode", "DepartmentCode"):
            column("organization", reading.text(signer, f"ram:{name}"))
        for signature in reading.each(block, "ds:Signature"):
            _read_values(reading, signature)


def _read_values(reading: Reading, signature: etree._Element) -> None:
    signed = reading.child(signature, "ds:SignedInfo")
    reading.child(signed, "ds:CanonicalizationMethod")
    reading.child(signed, "ds:SignatureMethod")
    reading.child(signed, "ds:Reference")
    reading.child(signed, "ds:Reference", "ds:DigestMethod")
    reading.text(signed, "ds:Reference", "ds:DigestValue")
    reading.text(signature, "ds:SignatureValue")
    certificate = reading.child(signature, "ds:KeyInfo", "ds:X509Data")
    reading.text(certificate, "ds:X509SubjectName")
    reading.text(certificate, "ds:X509Certificate")


def _notifier(
    reading: Reading, response: etree._Element, kind: str, *, inserted: bool = True
) -> Notifier:
    fields = reading.child(response, kind)

    def read(which: str, *path: str) -> str:
        text = reading.text(fields, *path)
        return column(which, text) if inserted else text.strip()

    accepting = kind in (ACCEPT, INVALID_ACCEPT_ID)
    return Notifier(
        kind=kind,
        number=read("number", "LetterID"),
        accept_id=read("accept id", "AcceptID") if accepting else "",
        date=read("date", "CorrespondenceDate"),
        subject=read("subject", "Subject"),
        accept_date=read("date", "AcceptDate"),
        department=read("organization", "AcceptDepartment", "Code"),
    )


def column(column: str, value: str) -> str:
    """Put a trimmed value into a column, which turns nothing into NULL."""
    value = value.strip()
    if not value and column in _NEVER_EMPTY:
        raise ClientBroken(f"{column} is NULL: the head of the queue stays for ever")
    if len(value) > _COLUMNS.get(column, len(value)):
        raise ClientBroken(f"{column} does not fit: {value!r}")
    return value


def _day(date: str) -> str:
    """Split a date as the list page does, which fails for all letters at once."""
    parts = date.split("-")
    if len(parts) != _DATE_PARTS or not all(part.isdecimal() for part in parts):
        raise ClientBroken(f"the list page cannot show the date {date!r} (Q-B14)")
    return date


_DATE_PARTS: Final = 3
