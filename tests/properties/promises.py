"""What is promised of any bytes: asked by Hypothesis and by tools/fuzz_decoder.py."""

import re

from lxml import etree

from envelopes.decoder import decode, letter_from
from envelopes.dialects import BOI, DIALECTS, Dialect
from envelopes.envelope import Envelope
from envelopes.errors import EnvelopeError
from envelopes.fitting import fitted, needs_fitting
from envelopes.repair import declared, repaired
from envelopes.requests import SendLetter
from envelopes.signature import unsigned
from gateway.domain.admission import day_of
from schemas.catalog import Operation
from schemas.vocabulary import element_names

_NAME = rb"(?:[A-Za-z_\x80-\xff][\w.\-\x80-\xff]*:)*[A-Za-z_\x80-\xff][\w.\-\x80-\xff]*"
_TAG = re.compile(
    rb"""</?%b(?:\s+%b\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*/?>""" % (_NAME, _NAME)
)
_DECLARATION = b' xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"'


def judged(body: bytes) -> None:
    """Decode and repair, and hold what came of it to all that is promised."""
    _judge_envelope(body, outcome(body))
    read = outcome(body, BOI)
    _judge_envelope(body, read)
    if isinstance(read, Envelope) and read.repaired:
        assert isinstance(outcome(body), EnvelopeError)
    _judge_repair(body)
    if (meant := declared(body)) is not None:
        assert meant.replace(_DECLARATION, b"", 1) == body


def outcome(body: bytes, dialect: Dialect | None = None) -> Envelope | EnvelopeError:
    """Return what decoding gives; anything else it raises is a broken promise."""
    try:
        return decode(body, dialect=dialect)
    except EnvelopeError as error:
        return error


def tags(body: bytes) -> list[bytes]:
    """Return what a reader of tags sees: whole tags of names that the schemas know."""
    return [tag for tag in _TAG.findall(body) if _local_name(tag) in element_names()]


def _judge_envelope(body: bytes, read: Envelope | EnvelopeError) -> None:
    if isinstance(read, EnvelopeError):
        assert read.operation is None or isinstance(read.operation, Operation)
        assert not set("|=&<>") & set(read.where)
        assert len(read.where) <= 800
    elif isinstance(read.request, SendLetter):
        document = read.request.document
        assert document.came == body
        assert document.repaired == read.repaired
        try:
            letter = letter_from(unsigned(document))
        except EnvelopeError:
            return
        day_of(letter.id.date)
        assert letter.id.number
        assert letter.secrecy in {"001", "002", "003", "004", "005"}
        assert len(letter.content_digest) == len(letter.copy_digest) == 64
        for dialect in DIALECTS:
            once = fitted(letter, dialect)
            assert not needs_fitting(once, dialect)
            assert isinstance(needs_fitting(letter, dialect, document=document), bool)


def _judge_repair(body: bytes) -> None:
    mended = repaired(body)
    if mended is None:
        return
    assert tags(mended) == tags(body)
    assert _unescaped(mended) == _unescaped(body)
    root = etree.fromstring(mended, etree.XMLParser(resolve_entities=False))
    found = [etree.QName(node).localname for node in root.iter("*")]
    assert len(found) == sum(not tag.startswith(b"</") for tag in tags(body))
    assert len(found) == sum(1 for _ in root.iter())
    assert "signature" not in {name.lower() for name in found}
    assert repaired(mended) is None


def _unescaped(body: bytes) -> bytes:
    return body.replace(b"&amp;", b"&").replace(b"&lt;", b"<")


def _local_name(tag: bytes) -> str:
    written = re.split(rb"[\s/>]", tag.lstrip(b"</"))[0]
    return written.rpartition(b":")[2].decode("latin-1")
