"""Tree → values.

`decode` tells what an envelope asks for, before anybody asked who signed it; a letter
is read by `envelopes.reading` from what was signed. An error after the operation is
known carries it, so that the answer can stand in the operation's own element.
"""

from collections.abc import Mapping
from typing import Final

from lxml import etree

from envelopes.dialects import UNKNOWN, Dialect, dialect_of
from envelopes.envelope import Envelope, MessageId
from envelopes.errors import (
    EnvelopeError,
    LimitExceeded,
    MalformedEnvelope,
    OperationUnknown,
    SchemaViolated,
)
from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import Notifier, NotifierKind
from envelopes.parsing import parse
from envelopes.reading import letter_from
from envelopes.repair import declared, repaired
from envelopes.requests import (
    AskAgain,
    AskCodes,
    AskMinistries,
    AskOrganizations,
    AskStatus,
    AskTime,
    DeleteEntry,
    DeleteLetter,
    Document,
    Poll,
    Request,
    SendLetter,
    SendNotifier,
)
from schemas import names
from schemas.catalog import Operation
from schemas.codes import CodeList
from schemas.lexical import text_of
from schemas.limits import Limits
from schemas.validator import violations
from schemas.violation import usual_name

__all__ = ["decode", "letter_from"]

_ENVELOPE: Final = f"{{{names.SOAP}}}Envelope"
_HEADER: Final = f"{{{names.SOAP}}}Header"
_BODY: Final = f"{{{names.SOAP}}}Body"
_ADDRESSINGS: Final = (names.ADDRESSING, names.ADDRESSING_V1)
_DESTINATIONS: Final = tuple(
    f"{{{namespace}}}{name}" for namespace in _ADDRESSINGS for name in ("To", "to")
)
_MESSAGE_IDS: Final = tuple(f"{{{namespace}}}MessageID" for namespace in _ADDRESSINGS)

_BY_CONTENT: Final = {
    etree.QName(operation.content_element).localname: operation
    for operation in Operation
    if operation.content_element
}
_BY_REQUEST: Final = {
    operation.request_element: operation
    for operation in Operation
    if not operation.content_element
}
_NUMBERS: Final = (
    f"{names.CORRESPONDENCE_LETTER}/{{{names.RAM}}}ID",
    "{*}LetterID",
    "{*}AcceptID",
)
_WHERE_LENGTH: Final = 800
_WITHOUT_WORDS: Final[Mapping[Operation, Request]] = {
    Operation.POLL: Poll(),
    Operation.OUTBOUND_STATUS: AskStatus(),
    Operation.TIME_CHECK: AskTime(),
    Operation.MINISTRY_LIST: AskMinistries(),
    Operation.ORGANIZATION_LIST: AskOrganizations(),
    Operation.SECRECY_CODES: AskCodes(CodeList.SECRECY),
    Operation.SPEED_CODES: AskCodes(CodeList.SPEED),
    Operation.MIME_CODES: AskCodes(CodeList.MIME),
}
_LETTER_ASKED_FOR: Final = etree.QName(names.GOVERNMENT_DOCUMENT).localname


def decode(
    body: bytes,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    dialect: Dialect | None = None,
) -> Envelope:
    """Read an envelope: header, dialect, operation, and what it asks for.

    `dialect` is what the endpoint was known to speak before, UNKNOWN for None: what
    cannot be parsed is repaired where its row says so. What was taken once is read
    again with a row that repairs, as BOI's: nothing else is repaired by it. The
    dialect in the Envelope is that of this one.

    What asks without words, as polls do, is read without its schema, since polls are
    many (Q-B19). Whatever the bytes, nothing but an `EnvelopeError` is raised.
    """
    root, source = _root(body, limits, dialect or UNKNOWN)
    if root.tag != _ENVELOPE:
        raise MalformedEnvelope("SOAP Envelope")
    request = _request_element(root)
    operation = _operation_of(request)
    try:
        asked = _request(operation, request, (source, body), limits)
    except EnvelopeError as error:
        error.operation = operation
        raise
    header = root.find(_HEADER)
    destination = _first(header, _DESTINATIONS)
    message_id = _text(_first(header, _MESSAGE_IDS))
    return Envelope(
        message_id=MessageId(message_id),
        to=_text(destination),
        dialect=_dialect(destination, message_id),
        operation=operation,
        request=asked,
        repaired=source is not body,
    )


def _root(
    body: bytes, limits: Limits, dialect: Dialect
) -> tuple[etree._Element, bytes]:
    """Parse the body as it is, or else as it was meant; return what was parsed too."""
    try:
        return parse(body, limits), body
    except MalformedEnvelope:
        if dialect.undeclared_prefix and (meant := declared(body, limits)):
            return parse(meant, limits), body
        if dialect.repairs and (meant := repaired(body, limits)):
            return parse(meant, limits), meant
        raise


def _request_element(root: etree._Element) -> etree._Element:
    """Return the one element in the one Body (B4)."""
    bodies = root.findall(_BODY)
    if len(bodies) != 1:
        raise MalformedEnvelope("SOAP Body")
    children = _elements(bodies[0])
    if not children:
        raise OperationUnknown("SOAP Body without content")
    if len(children) > 1:
        raise MalformedEnvelope("SOAP Body: several elements")
    return children[0]


def _operation_of(request: etree._Element) -> Operation:
    """Tell the operation by local names (B4, F4.1)."""
    name = etree.QName(request).localname
    if operation := _BY_REQUEST.get(name):
        return operation
    if name != names.OUTBOUND_REQUEST:
        raise OperationUnknown(usual_name(request.tag))
    content = next(iter(_elements(request)), None)
    if content is None:
        raise OperationUnknown(f"{name} without content")
    if operation := _BY_CONTENT.get(etree.QName(content).localname):
        return operation
    raise OperationUnknown(f"{name}/{usual_name(content.tag)}")


def _request(
    operation: Operation,
    element: etree._Element,
    read_and_came: tuple[bytes, bytes],
    limits: Limits,
) -> Request:
    if asked := _WITHOUT_WORDS.get(operation):
        return asked
    _check_schema(element, operation, limits)
    if operation is Operation.DELETE_ENTRY:
        return DeleteEntry(_field(element, "ProcessID"))
    if operation is Operation.DELETE_GOVERNMENT_DOCUMENT:
        return DeleteLetter(*_named_letter(element, limits))
    content = _elements(element)[0]
    if operation is Operation.SPECIAL_REQUEST:
        name = etree.QName(content).localname
        kind = None if name == _LETTER_ASKED_FOR else NotifierKind(name)
        return AskAgain(kind, *_named_letter(content, limits))
    _check_numbers(content, limits)
    if operation is not Operation.SEND_LETTER:
        return SendNotifier(_notifier(content))
    _check_counts(content, limits)
    return SendLetter(Document(content, *read_and_came))


def _check_schema(
    element: etree._Element, operation: Operation, limits: Limits
) -> None:
    if found := violations(element, operation, most=limits.violations):
        where = "; ".join(str(violation) for violation in found)
        raise SchemaViolated(where[:_WHERE_LENGTH])


def _check_numbers(content: etree._Element, limits: Limits) -> None:
    for path in _NUMBERS:
        number = content.find(path)
        if len(_text(number)) > limits.number:
            raise LimitExceeded(f"at most {limits.number} characters in a number")


def _check_counts(document: etree._Element, limits: Limits) -> None:
    for name, most in (
        (f"{{{names.RAM}}}ReferenceCorrespondence", limits.references),
        (names.ATTACHMENT_BINARY_OBJECT, limits.attachments),
    ):
        if len(document.findall(f"{names.CORRESPONDENCE_LETTER}/{name}")) > most:
            raise LimitExceeded(f"at most {most} {etree.QName(name).localname}")


def _named_letter(
    element: etree._Element, limits: Limits
) -> tuple[LetterId, OrganizationCode, OrganizationCode]:
    """Read number, date, sender and receiver; the schema has seen that they are."""
    _check_numbers(element, limits)
    return (
        _letter_id(element),
        OrganizationCode.parse(_text(element.find("{*}SenderDepartment/{*}Code"))),
        OrganizationCode.parse(_text(element.find("{*}AcceptDepartment/{*}Code"))),
    )


def _letter_id(element: etree._Element) -> LetterId:
    return LetterId(_field(element, "LetterID"), _field(element, "CorrespondenceDate"))


def _notifier(element: etree._Element) -> Notifier:
    kind = NotifierKind(etree.QName(element).localname)
    return Notifier(
        kind=kind,
        letter_id=_letter_id(element),
        subject=_field(element, "Subject"),
        accept_id=_field(element, "AcceptID") if kind.carries_number else None,
    )


def _dialect(destination: etree._Element | None, message_id: str) -> Dialect:
    if destination is None:
        return UNKNOWN
    name = etree.QName(destination)
    return dialect_of(name.namespace or "", name.localname, message_id)


def _first(
    header: etree._Element | None, tags: tuple[str, ...]
) -> etree._Element | None:
    """Return the first of these header fields, whichever dialect wrote it."""
    return None if header is None else next(header.iterchildren(*tags), None)


def _field(element: etree._Element, name: str) -> str:
    return _text(element.find(f"{{*}}{name}"))


def _text(element: etree._Element | None) -> str:
    return "" if element is None else text_of(element).strip()


def _elements(parent: etree._Element) -> list[etree._Element]:
    return [child for child in parent if isinstance(child.tag, str)]
