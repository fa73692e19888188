"""What BOI forgets to escape is escaped, and nothing else is ever changed."""

from dataclasses import replace

import pytest

from envelopes.decoder import decode, letter_from
from envelopes.dialects import BOI, CSHARP, DIALECTS, JAVA, UNKNOWN, Dialect
from envelopes.encoder import excerpt_of
from envelopes.errors import MalformedEnvelope, SchemaViolated, SignatureInvalid
from envelopes.letter import Letter
from envelopes.repair import declared, repaired
from envelopes.requests import AskStatus, Document, SendLetter, SendNotifier
from envelopes.signature import signatures_in, unsigned, verify
from schemas.limits import Limits
from tests.doubles.pki import AT, identity
from tests.letters import a_letter, as_wire
from tests.wire import ACCEPT, REQUESTS, UNDECLARED, UNESCAPED, sample

MEANT = "บันทึกข้อตกลงระหว่างบริษัท ก & ข ว่าด้วยมูลค่า < 5 ล้านบาท"
MINISTRY = identity()


def about(subject: str) -> bytes:
    """Return BOI's letter with this as its subject, byte for byte."""
    return sample(UNESCAPED).replace(MEANT.encode(), subject.encode())


def document_of(body: bytes) -> Document:
    request = decode(body, dialect=BOI).request
    assert isinstance(request, SendLetter)
    return request.document


def letter_of(body: bytes) -> Letter:
    return letter_from(unsigned(document_of(body)))


def test_q_b6_what_boi_did_not_escape_is_read_as_it_was_meant() -> None:
    envelope = decode(sample(UNESCAPED), dialect=BOI)

    assert envelope.repaired
    assert envelope.dialect is BOI
    assert letter_of(sample(UNESCAPED)).subject == MEANT


@pytest.mark.parametrize(
    "dialect",
    [None, UNKNOWN, CSHARP, replace(BOI, repairs=False), replace(JAVA, repairs=False)],
)
def test_q_b6_is_refused_where_the_dialect_does_not_need_it(
    dialect: Dialect | None,
) -> None:
    with pytest.raises(MalformedEnvelope):
        decode(sample(UNESCAPED), dialect=dialect)


def test_q_j6_java_is_repaired_too() -> None:
    assert decode(sample(UNESCAPED), dialect=JAVA).repaired


def test_q_b6_notifiers_are_repaired_too() -> None:
    body = sample(ACCEPT).replace("รับ 903/2563".encode(), "รับ 9 & 3 < 5".encode())
    request = decode(body, dialect=BOI).request

    assert isinstance(request, SendNotifier)
    assert request.notifier.accept_id == "รับ 9 & 3 < 5"


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_is_well_formed_is_never_touched(name: str, dialect: Dialect) -> None:
    envelope = decode(sample(name), dialect=dialect)

    assert not envelope.repaired
    assert repaired(sample(name)) is None
    if isinstance(envelope.request, SendLetter):
        document = envelope.request.document
        assert document.came is document.source
        assert not document.repaired


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ก & ข", "ก & ข"),
        ("ก &amp; ข & ค", "ก & ข & ค"),
        ("&lt; & &#3585; &#x0E01;", "< & ก ก"),
        ("&nbsp;", "&nbsp;"),
        ("&#xZ;", "&#xZ;"),
        ("&#12", "&#12"),
        ("&&&", "&&&"),
        ("a<b", "a<b"),
        ("ก<ข", "ก<ข"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<", "<"),
        ("<<", "<<"),
        ("<b>หนา</b> & บาง", "<b>หนา</b> & บาง"),
        ("<b>", "<b>"),
        ("</b>", "</b>"),
        ("</ b>", "</ b>"),
        ("< ram:ID>", "< ram:ID>"),
        ("<IDs>", "<IDs>"),
        ("<-ID>", "<-ID>"),
        ("<5:ID>", "<5:ID>"),
        ("<" + "x" * 99, "<" + "x" * 99),
    ],
)
def test_bare_characters_are_data(written: str, read: str) -> None:
    assert letter_of(about(written)).subject == read


@pytest.mark.parametrize(
    "written",
    [
        "& <!-- ก -->",
        "& <![CDATA[ก]]>",
        "& <?php ?>",
        "& <!DOCTYPE a>",
        "& <ram:ID",
        "& <ram:other>ก</ram:other>",
        "& <x:y>",
        "& <:y>",
        "& <Subject",
        "<" + "x" * 100,
        "<" + "x" * 100 + ":Header>",
        "& <subject>",
        "& <ID>",
        "& </ID>",
        '& <Subject x="<">',
        "& ]]>",
        "&#0;",
        "& &#x1;",
        "& \x01",
        "& <Signature/>",
        "& <ds:Signature>",
        "& &lt;DS:SIGNATURE",
        "& </Signature >",
        "& http://www.w3.org/2000/09/xmldsig#",
    ],
)
def test_what_cannot_be_told_is_refused(written: str) -> None:
    with pytest.raises(MalformedEnvelope):
        decode(about(written), dialect=BOI)


def test_tags_in_a_subject_stay_tags() -> None:
    with pytest.raises(SchemaViolated):
        decode(about("& </ram:Subject><ram:Subject>"), dialect=BOI)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<?xml", b"&<?xml"),
        (b"</SOAP-ENV:Envelope>", b"</SOAP-ENV:Envelope> & "),
        (b'mimeCode=""', b'mimeCode="a&b"'),
        (b'mimeCode=""', b'mimeCode="a<b"'),
        (b"</ram:Subject>", b""),
        (b"</ram:Subject>", b"</ram:Title>"),
        (b'encoding="UTF-8"', b'encoding="UTF-7"'),
        (b"<ram:SecretCode>", b'<ram:SecretCode a="1" a="2">'),
        (b"<ram:SecretCode>", b"<ram:SecretCode a=1>"),
        (b" xmlns:SOAP-ENV=", b" xmlns:SOAP-ENX="),
    ],
)
def test_other_mistakes_are_not_mended(old: bytes, new: bytes) -> None:
    body = sample(UNESCAPED).replace(old, new, 1)
    assert body != sample(UNESCAPED)

    assert repaired(body) is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_only_encodings_of_single_bytes_are_looked_at(encoding: str) -> None:
    assert repaired(sample(UNESCAPED).decode().encode(encoding)) is None


def test_old_thai_encodings_are_repaired_as_well() -> None:
    text = sample(UNESCAPED).decode().replace("UTF-8", "TIS-620", 1)

    assert letter_of(text.encode("tis-620")).subject == MEANT


def test_limits_hold_before_and_after() -> None:
    body = sample(UNESCAPED)

    assert repaired(body, Limits(body=len(body) - 1)) is None
    assert repaired(body, Limits(body=len(body))) is None
    assert repaired(body, Limits(body=len(body) + len("amp;lt;"))) is not None
    assert repaired(about("&" * 1_000)) is not None
    assert repaired(about("&" * 1_001)) is None
    assert repaired(about("<" * 1_001)) is None
    assert repaired(about("& " + "&amp;" * 20_000)) is None


def test_what_came_is_kept_beside_what_was_read() -> None:
    document = document_of(sample(UNESCAPED))

    assert document.repaired
    assert document.came == sample(UNESCAPED)
    assert document.source == document.came.replace(b" & ", b" &amp; ").replace(
        b" < ", b" &lt; "
    )


def test_no_bytes_of_a_repaired_envelope_go_on() -> None:
    assert excerpt_of(document_of(sample(UNESCAPED))) is None
    assert excerpt_of(document_of(about("ก"))) is not None


def test_a_repaired_letter_is_never_read_as_signed() -> None:
    document = document_of(sample(UNESCAPED))

    assert signatures_in(document) == 0
    with pytest.raises(SignatureInvalid):
        verify(document, [], AT)


def test_a_signed_letter_is_never_repaired() -> None:
    wire = as_wire(a_letter(subject="ก + ข"), BOI, signed_by=MINISTRY)
    spoiled = wire.replace("ก + ข".encode(), "ก & ข".encode())

    assert repaired(spoiled) is None
    with pytest.raises(MalformedEnvelope):
        decode(spoiled, dialect=BOI)


def test_a_document_marked_as_repaired_is_not_verified_whatever_it_holds() -> None:
    wire = as_wire(a_letter(), BOI, signed_by=MINISTRY)
    tree = document_of(wire).tree

    with pytest.raises(SignatureInvalid):
        verify(Document(tree, wire, came=wire + b" "), [MINISTRY], AT)


class TestUndeclaredPrefix:
    def test_q_b16_is_understood(self) -> None:
        envelope = decode(sample(UNDECLARED))

        assert envelope.request == AskStatus()
        assert envelope.dialect is BOI
        assert envelope.to == "http://org-a.ecms.example/ecms-ws01/service2"
        assert not envelope.repaired

    def test_q_b16_is_refused_where_the_row_says_so(self) -> None:
        assert decode(sample(UNDECLARED), dialect=BOI)
        with pytest.raises(MalformedEnvelope):
            decode(sample(UNDECLARED), dialect=replace(BOI, undeclared_prefix=False))

    @pytest.mark.parametrize(
        "asked",
        [
            b"<CorrespondenceLetterInboundRequest />",
            b"<TimeCheckRequest />",
            b"<OutboundStatusRequest /><OutboundStatusRequest />",
            b"<OutboundStatusRequest /><TimeCheckRequest />",
            b'<OutboundStatusRequest xmlns="urn:x" />',
            b"<SOAP-ENV:OutboundStatusRequest />",
            b"",
        ],
    )
    def test_q_b16_is_understood_for_the_status_request_alone(
        self, asked: bytes
    ) -> None:
        body = sample(UNDECLARED).replace(b"<OutboundStatusRequest />", asked)

        assert declared(body) is None
        with pytest.raises(MalformedEnvelope):
            decode(body, dialect=BOI)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"SOAP-ENV:", b"SOAP:"),
            (b"</env:Body>", b""),
            (b"<env:Envelope ", b"<env:Envelope xmlns:SOAP-ENV='urn:x' a=b "),
            (b"</env:Envelope>", b"</env:Envelope>" + b" " * 20_000),
        ],
    )
    def test_other_mistakes_stay(self, old: bytes, new: bytes) -> None:
        assert declared(sample(UNDECLARED).replace(old, new)) is None

    def test_what_is_well_formed_is_not_declared_anew(self) -> None:
        assert declared(sample("cs-10-outbound-status-request.xml")) is None
