"""Answers of another node, read where the hub is its client.

Read as the C# client reads them (docs/protocol/ecms.md, B6 and B7), but by a parser and
within limits: an ErrorDetail anywhere means failure, its first child is the code and
its second the description; a process number is spelled `ProcessID` or `processID`.
"""

from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from envelopes.asking import as_sent, send_notifier
from envelopes.errors import MalformedEnvelope
from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from envelopes.parsing import parse
from schemas import names
from schemas.lexical import text_of
from schemas.limits import Limits

_ENVELOPE: Final = f"{{{names.SOAP}}}Envelope"
_BODY: Final = f"{{{names.SOAP}}}Body"
_NUMBERS: Final = ("{*}ProcessID", "{*}processID")
_KINDS: Final = {kind.value: kind for kind in NotifierKind}
_BEGINS: Final = b"<rsm:GovernmentDocument"
_ENDS: Final = b"</rsm:GovernmentDocument>"
_LONGEST: Final = 800
_ERROR_PARTS: Final = 2
_NOBODY: Final = OrganizationCode.parse("0000000000")


@dataclass(frozen=True, slots=True)
class NodeError:
    """An ErrorDetail."""

    code: str
    description: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a node answered."""

    errors: tuple[NodeError, ...]
    """Where there is one, nothing else counts."""
    process_id: str
    """Trimmed; empty where there is none."""
    time: str
    """ECMSTime, as written; empty where there is none."""
    envelope: bytes | None = field(repr=False)
    """What the head of its queue holds, as an envelope of who put it there: the
    document byte for byte, or the notifier. None for an empty queue."""
    letter_id: LetterId | None = None
    """Number and date of the letter in it, which nobody has vouched for."""
    subject: str = field(default="", repr=False)


def read_answer(body: bytes, response: str, limits: Limits) -> Answered:
    """Read an answer in which this response element, or an error, must stand.

    Raises `EnvelopeError` where it is none.
    """
    root = parse(body, limits)
    found = root.find(_BODY) if root.tag == _ENVELOPE else None
    if found is None:
        raise MalformedEnvelope("SOAP Envelope")
    errors = tuple(_error(one) for one in root.iter("{*}ErrorDetail"))
    element = found.find(f"{{*}}{response}")
    if errors or element is None:
        if not errors:
            raise MalformedEnvelope(response)
        return Answered(errors, "", "", None)
    letter_id, subject = _named(element)
    return Answered(
        errors=(),
        process_id=_number(element),
        time=_time(element),
        envelope=_content(element, body),
        letter_id=letter_id,
        subject=subject,
    )


def _error(element: etree._Element) -> NodeError:
    """Read an error by position, as the clients do (B7)."""
    words = [
        text_of(child).strip()[:_LONGEST]
        for child in element
        if isinstance(child.tag, str)
    ]
    code, description, *_ = [*words, *[""] * _ERROR_PARTS]
    return NodeError(code, description)


def _number(element: etree._Element) -> str:
    found = (element.find(name) for name in _NUMBERS)
    return next((text_of(one).strip() for one in found if one is not None), "")


def _time(element: etree._Element) -> str:
    found = element.find("{*}ECMSTime")
    return "" if found is None else text_of(found).strip()


def _named(element: etree._Element) -> tuple[LetterId | None, str]:
    """Say which letter stands in it, by its own words."""
    path = f"{names.GOVERNMENT_DOCUMENT}/{names.CORRESPONDENCE_LETTER}/{{{names.RAM}}}"
    number, date, subject = (
        "" if (found := element.find(path + name)) is None else text_of(found).strip()
        for name in ("ID", "CorrespondenceDate", "Subject")
    )
    return (LetterId(number, date) if number and date else None), subject


def _content(element: etree._Element, body: bytes) -> bytes | None:
    """Write what an entry holds as its sender's request, so that it is read as one."""
    document = element.find(names.GOVERNMENT_DOCUMENT)
    if document is not None:
        return as_sent(_bytes_of(document, body), _declared_outside(document))
    for child in element:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if kind := _KINDS.get(name):
            return send_notifier(_notifier(child, kind), message_id="", to="")
    return None


def _bytes_of(document: etree._Element, body: bytes) -> bytes:
    """Return the document's own bytes; where they cannot be told, written anew."""
    start, stop = body.find(_BEGINS), body.rfind(_ENDS) + len(_ENDS)
    single = start >= 0 and body.find(_BEGINS, start + 1) < 0
    if (
        single
        and stop > start
        and document.getroottree().docinfo.encoding
        in {
            None,
            "UTF-8",
            "utf-8",
        }
    ):
        return body[start:stop]
    written: str = etree.tostring(document, encoding="unicode", with_tail=False)
    return written.encode()


def _declared_outside(document: etree._Element) -> dict[str, str]:
    """Return the namespaces that are in scope by what stands around the document."""
    outer = document.getparent()
    spaces = {} if outer is None else outer.nsmap
    return {
        prefix: uri
        for prefix, uri in spaces.items()
        if prefix is not None and prefix != "SOAP-ENV"
    }


def _notifier(element: etree._Element, kind: NotifierKind) -> NotifierCopy:
    def field_of(name: str) -> str:
        found = element.find(f"{{*}}{name}")
        return "" if found is None else text_of(found).strip()

    return NotifierCopy(
        kind=kind,
        letter_id=LetterId(field_of("LetterID"), field_of("CorrespondenceDate")),
        subject=field_of("Subject"),
        accept_id=field_of("AcceptID") if kind.carries_number else None,
        # The node's own; a request has neither.
        accept_date="",
        accept_organization=_NOBODY,
    )
