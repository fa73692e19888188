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
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Final

from envelopes.markup import Markup, element, text
from envelopes.notifier import NotifierCopy
from schemas import names
from schemas.catalog import Operation

_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_BANGKOK: Final = timezone(timedelta(hours=7))

_NO_NUMBER: Final = "0"
"""What a deletion that named nothing is answered with: BOI commits its own
transaction only if some ProcessID comes back (B-ENG:87)."""

_SPLITTING: Final = str.maketrans(
    {"|": "/", "=": ":", "&": "+", "<": "(", ">": ")"},
)
"""Java splits errors at `|` and `=` (Q-J12); C# shows raw markup (I2.1)."""


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
