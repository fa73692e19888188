"""Answers and error answers (ErrorDetail) as the old clients read them.

Everything here follows docs/protocol/ecms.md, B3, B5, B6, B7 and I2:

1. One declaration, Envelope with `SOAP-ENV` and `env` declared, no Header, one
   element without prefix or namespace in Body, nothing between the elements.
2. Both `ProcessID` and `processID`, with the same value, then `ProcessTime`, as the
   first children of an outbound or inbound answer: which of the two a client reads
   depends on client and notifier (B6).
3. Times are those of Bangkok, to the second, without a zone (C5).
4. `AcceptID` stands only in the two kinds that carry a number: anywhere else the C#
   client reads an acceptance out of it (I2.4).
5. An ErrorDetail has the code first and the description second, neither of them
   empty, without the characters that split or break old readers.
6. In a list each name stands as often as any other, rows without a value included, and
   no element elsewhere bears one of them: C# pairs them by index over the whole answer
   (Q-C22).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from envelopes.dialects import ListShape
from envelopes.letter import LetterId
from envelopes.markup import Markup, element, text
from envelopes.notifier import NotifierCopy
from schemas import codes as code_lists
from schemas import names
from schemas.catalog import Operation
from schemas.codes import Code, CodeList

_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_BANGKOK: Final = timezone(timedelta(hours=7))

_NO_NUMBER: Final = "0"
"""What a deletion that named nothing is answered with: BOI commits its own
transaction only if some ProcessID comes back (B-ENG:87)."""

_SPLITTING: Final = str.maketrans(
    {"|": "/", "=": ":", "&": "+", "<": "(", ">": ")"},
)
"""Java splits errors at `|` and `=` (Q-J12); C# shows raw markup (I2.1)."""

_STANDARD_SECRECY: Final = ("001", "002", "003", "004")
"""What N lists; 005 comes from one client alone and is only read (D1, Q-J21)."""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """How far one letter is that the caller sent."""

    process_id: str
    """As the answer to the sending named it."""
    letter_number: str
    status: str
    """A word of the hub's own closed list: the protocol names none (G2)."""


@dataclass(frozen=True, slots=True)
class MinistryRow:
    """A ministry as clients list it."""

    code: str
    """Two digits."""
    thai_name: str


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """An organization as clients list it."""

    code: str
    """Ten digits, of which the first two must be a listed ministry's (Q-J13)."""
    thai_name: str
    english_name: str
    url: str
    """Where its own client posts: what others put into wsa:To (A1)."""


def letter_taken(process_id: str, at: datetime) -> bytes:
    """Answer operation 1: the hub has the letter. It is not echoed, nobody reads it."""
    return _answer(names.OUTBOUND_RESPONSE, _process(process_id, at))


def notifier_taken(process_id: str, at: datetime, copy: NotifierCopy) -> bytes:
    """Answer operations 2 to 6 with the notifier, completed by the hub."""
    return _answer(names.OUTBOUND_RESPONSE, _process(process_id, at), _notifier(copy))


def inbox_empty() -> bytes:
    """Answer operation 7 where nothing waits: always the same bytes."""
    return _EMPTY


def inbox_letter(process_id: str, at: datetime, document: bytes) -> bytes:
    """Answer operation 7 with a letter: its document goes in byte for byte.

    `document` is a whole GovernmentDocument in UTF-8 that declares its namespaces
    itself (`envelopes.encoder`); it is not looked at.
    """
    return _answer(names.INBOUND_RESPONSE, _process(process_id, at), [document])


def inbox_notifier(process_id: str, at: datetime, copy: NotifierCopy) -> bytes:
    """Answer operation 7 with a notifier."""
    return _answer(names.INBOUND_RESPONSE, _process(process_id, at), _notifier(copy))


def entry_deleted(process_id: str, at: datetime) -> bytes:
    """Answer operation 8, whatever number was named, also none."""
    return _answer(
        names.DELETE_RESPONSE,
        element("ProcessID", text(process_id or _NO_NUMBER)),
        element("ProcessTime", text(_bangkok(at))),
    )


def letter_deleted(letter_id: LetterId, at: datetime) -> bytes:
    """Answer operation 9: the number is free. BOI reads these two fields alone."""
    return _answer(
        names.DELETE_DOCUMENT_RESPONSE,
        element("LetterID", text(letter_id.number)),
        element("ProcessTime", text(_bangkok(at))),
    )


def statuses(rows: Sequence[StatusRow]) -> bytes:
    """Answer operation 11; without rows the client shows its node as active (Q-J15)."""
    return _answer(
        names.STATUS_RESPONSE,
        *(
            element(
                "Outbound",
                element("ProcessID", text(row.process_id)),
                element("LetterID", text(row.letter_number)),
                element("ProcessStatus", text(row.status)),
            )
            for row in rows
        ),
    )


def time(at: datetime) -> bytes:
    """Answer operation 12 with the hub's time; only ECMSTime is evidenced (G6)."""
    return _answer(names.TIME_RESPONSE, element("ECMSTime", text(_bangkok(at))))


def ministries(rows: Iterable[MinistryRow], shape: ListShape) -> bytes:
    """Answer operation 13 in the shape that the caller's dialect names."""
    return _list(
        names.MINISTRIES_RESPONSE,
        "MinistryOrganization",
        [
            [
                *element("Th-Name", text(row.thai_name)),
                *element("MinistryID", text(row.code)),
            ]
            for row in rows
        ],
        shape,
    )


def organizations(rows: Iterable[OrganizationRow], shape: ListShape) -> bytes:
    """Answer operation 14; rows whose ministry the list of ministries lacks stop Java.

    In the flat shape `name` comes first, and next to it what BOI takes for the Thai
    name (Q-B20).
    """
    return _list(
        names.ORGANIZATIONS_RESPONSE,
        "OrganizationInfo",
        [_organization(row, shape) for row in rows],
        shape,
    )


def codes(which: CodeList) -> bytes:
    """Answer operations 15 to 17: the codes to write into letters, always the same."""
    return _CODES[which]


def refused(operation: Operation | None, details: Sequence[tuple[str, str]]) -> bytes:
    """Answer what the hub does not take: each detail is a code and a description.

    The details stand in the operation's response element, or directly in Body where
    no operation was understood. Raises `ValueError` where there is no detail: the
    clients would take such an answer for a success.
    """
    if not details:
        raise ValueError("an error answer needs a detail")
    errors: Markup = []
    for code, description in details:
        errors.extend(_error(code, description))
    if operation is None:
        return _envelope(errors)
    return _answer(operation.response_element, errors)


def _error(code: str, description: str) -> Markup:
    written = _unsplit(code) or "refused"
    return element(
        "ErrorDetail",
        element("ErrorCode", text(written)),
        element("ErrorDescription", text(_unsplit(description) or written)),
    )


def _unsplit(words: str) -> str:
    return " ".join(words.translate(_SPLITTING).split())


def _notifier(copy: NotifierCopy) -> Markup:
    number: Markup = []
    if copy.kind.carries_number:
        number = element("AcceptID", text(copy.accept_id or ""))
    return element(
        copy.kind.value,
        element("LetterID", text(copy.letter_id.number)),
        number,
        element("CorrespondenceDate", text(copy.letter_id.date)),
        element("Subject", text(copy.subject)),
        element("AcceptDate", text(copy.accept_date)),
        element(
            "AcceptDepartment",
            element("Code", text(copy.accept_organization.text)),
        ),
    )


def _process(process_id: str, at: datetime) -> Markup:
    return [
        *element("ProcessID", text(process_id)),
        *element("processID", text(process_id)),
        *element("ProcessTime", text(_bangkok(at))),
    ]


def _bangkok(at: datetime) -> str:
    """Write an aware time as the clients read it; a naive one is a mistake of ours."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(_BANGKOK).strftime("%Y-%m-%dT%H:%M:%S")


def _organization(row: OrganizationRow, shape: ListShape) -> Markup:
    thai = element("Th-Name", text(row.thai_name))
    english = element("En-Name", text(row.english_name))
    where = [
        *element("ECMS-URL", text(row.url)),
        *element("OrganizationID", text(row.code)),
    ]
    if shape is ListShape.NESTED:
        return [*english, *thai, *where]
    return [*element("name", text(row.english_name)), *thai, *english, *where]


def _list(name: str, inner: str, rows: Sequence[Markup], shape: ListShape) -> bytes:
    """Write rows as elements of Body (I2.9), or inside one list element."""
    if shape is ListShape.NESTED:
        return _answer(name, *(element(inner, row) for row in rows))
    return _envelope([piece for row in rows for piece in element(name, row)])


def _levels(levels: Iterable[Code]) -> Markup:
    return [
        piece
        for level in levels
        for piece in element(
            "Code",
            element("Value", text(level.value)),
            element("Description", text(level.thai)),
        )
    ]


def _answer(name: str, *content: Markup) -> bytes:
    return _envelope(element(name, *content))


def _envelope(payload: Markup) -> bytes:
    envelope = element(
        "SOAP-ENV:Envelope",
        element("SOAP-ENV:Body", payload),
        **{"xmlns:SOAP-ENV": names.SOAP, "xmlns:env": names.SOAP},
    )
    return b"".join([_DECLARATION, *envelope])


_EMPTY: Final = _answer(names.INBOUND_RESPONSE)
_CODES: Final = {
    CodeList.SECRECY: _answer(
        names.SECRECY_RESPONSE,
        _levels(code_lists.secrecy_codes()[code] for code in _STANDARD_SECRECY),
    ),
    CodeList.SPEED: _answer(
        names.SPEED_RESPONSE, _levels(code_lists.speed_codes().values())
    ),
    CodeList.MIME: _answer(
        names.MIME_RESPONSE,
        *(
            element(
                "Code",
                element("File-Extension", text(f".{extension}")),
                element("Content-type", text(code)),
            )
            for extension, code in code_lists.mime_codes().items()
        ),
    ),
}
