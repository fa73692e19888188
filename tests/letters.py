"""Builders: a letter, and the envelopes in which known clients send it."""

from dataclasses import replace
from typing import Any, Final

from lxml import etree

from envelopes.dialects import BOI, CSHARP, Dialect
from envelopes.encoder import encode_document
from envelopes.letter import Attachment, Letter, LetterId, OrganizationCode, Party
from envelopes.markup import element, text
from envelopes.requests import Document
from envelopes.signing import sign
from envelopes.signing_key import SoftwareKey
from schemas import names
from tests.doubles.pki import Identity

SENDER: Final = OrganizationCode("1500200000")
RECEIVER: Final = OrganizationCode("1500200050")
PDF: Final = b"%PDF-1.4\n" + bytes(range(256)) + b"\n%%EOF\n"
JPEG: Final = b"\xff\xd8\xff\xe0" + bytes(range(255, -1, -1)) + b"\xff\xd9"

_LETTER: Final = Letter(
    id=LetterId("มท 0210.3/ว 1795", "2026-11-20"),
    subject="แต่งตั้งผู้รับผิดชอบและเข้ารับการฝึกอบรม",
    secrecy="001",
    speed="001",
    sender=Party("ธนา", "พูนทรัพย์", "ปลัดกระทรวงมหาดไทย", "15", SENDER),
    receiver=Party("", "", "ผู้ว่าราชการจังหวัดเชียงใหม่", "15", RECEIVER),
    references=(),
    attachment_text="กำหนดการ 1 ฉบับ",
    send_date="2026-11-21T10:00:00",
    description="",
    main=Attachment("application/pdf", PDF),
    attachments=(Attachment("image/jpeg", JPEG),),
)


def a_letter(**changes: Any) -> Letter:
    """Return a letter of the ministry to Chiang Mai, with these fields otherwise."""
    return replace(_LETTER, **changes)


def a_document(letter: Letter, signed_by: Identity | None = None) -> bytes:
    """Write a GovernmentDocument, signed where somebody signs."""
    if signed_by is None:
        return encode_document(letter, signer=None)
    document = encode_document(letter, signer=letter.sender)
    return sign(document, SoftwareKey(signed_by.key), signed_by.der)


def as_wire(
    letter: Letter,
    dialect: Dialect = CSHARP,
    *,
    signed_by: Identity | None = None,
    message_id: str = "",
    to: str = "",
) -> bytes:
    """Write the whole request that sends a letter, as a client of this dialect does."""
    document = a_document(letter, signed_by)
    if dialect == BOI and signed_by is None:
        document = encode_document(letter, signer=letter.sender)
    return in_envelope(document, dialect, message_id=message_id, to=to)


def in_envelope(
    document: bytes, dialect: Dialect = CSHARP, *, message_id: str = "", to: str = ""
) -> bytes:
    """Put any bytes where a client of this dialect puts the document it sends."""
    declared = {"xmlns:wsa": dialect.addressing}
    blank = [b" "] if dialect == BOI else []
    request = element(
        "SOAP-ENV:Envelope",
        element(
            "SOAP-ENV:Header",
            element("wsa:MessageID", text(message_id), **declared),
            blank,
            element(f"wsa:{dialect.destination}", text(to), **declared),
        ),
        element(
            "SOAP-ENV:Body",
            element(names.OUTBOUND_REQUEST, [document]),
            **({} if dialect == BOI else {"ID": "Body"}),
        ),
        **{"xmlns:SOAP-ENV": names.SOAP},
    )
    prologue = b'<?xml version="1.0" encoding="UTF-8"?>' if dialect == BOI else b""
    return prologue + b"".join(request)


def document_in(wire: bytes) -> Document:
    """Find the document in an envelope, by a parser that checks nothing."""
    root = etree.fromstring(wire, etree.XMLParser(huge_tree=True))
    return Document(next(root.iter(names.GOVERNMENT_DOCUMENT)), wire)
