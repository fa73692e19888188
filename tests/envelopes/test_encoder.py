"""The document as every known client reads it, and the one that came, untouched."""

import re
from pathlib import Path

import pytest
from lxml import etree

from envelopes import answers
from envelopes.dialects import BOI, CSHARP, Dialect
from envelopes.encoder import encode_document, excerpt_of, stand_alone
from envelopes.letter import Attachment, LetterId, Reference
from envelopes.signature import verify
from schemas import names
from tests.doubles.pki import AT, identity
from tests.letters import a_document, a_letter, as_wire, document_in, in_envelope

SAMPLES = Path(__file__).parents[2] / "docs/protocol/samples"
MINISTRY = identity("ec")

LETTER_FIELDS = [
    "ID",
    "CorrespondenceDate",
    "Subject",
    "SecretCode",
    "SpeedCode",
    "SenderParty",
    "ReceiverParty",
    "ReferenceCorrespondence",
    "Attachment",
    "SendDate",
    "Description",
    "MainLetterBinaryObject",
    "AttachmentBinaryObject",
]


def shape(tree: etree._Element) -> list[str]:
    """The elements in document order, by prefix and name."""
    return [f"{node.prefix}:{etree.QName(node).localname}" for node in tree.iter()]


def test_the_fields_stand_in_the_order_of_c1() -> None:
    letter = a_letter(references=(Reference("มท 1", "2026-01-02", "เดิม"),))

    tree = etree.fromstring(encode_document(letter, signer=None))

    assert [etree.QName(field).localname for field in tree[0]] == LETTER_FIELDS


def test_it_has_the_shape_of_what_boi_receives() -> None:
    """The sample has one reference, one enclosure, and a signature as BOI reads it."""
    sample = (SAMPLES / "boi-07a-inbound-letter-response.xml").read_bytes()
    expected = shape(document_in(sample).tree)
    letter = a_letter(references=(Reference("มท 1", "2026-01-02", "เดิม"),))

    written = shape(etree.fromstring(a_document(letter, MINISTRY)))

    transforms = ["ds:Transforms", "ds:Transform"]
    assert [name for name in written if name not in transforms] == expected


def test_it_begins_as_old_readers_know_it() -> None:
    written = encode_document(a_letter(), signer=None).decode()

    assert written.startswith(
        f'<rsm:GovernmentDocument xmlns:ram="{names.RAM}" xmlns:rsm="{names.RSM}">'
        '<ram:CorrespondenceLetter ID="Letter"><ram:ID>มท 0210.3/ว 1795</ram:ID>'
    )
    assert written.count("xmlns") == 2
    assert not re.search(r">\s|\s<|<!|<\?", written)


def test_every_element_is_there_also_when_empty() -> None:
    letter = a_letter(main=None, attachments=(), description="", attachment_text="")

    written = encode_document(letter, signer=None)

    for empty in (
        b"<ram:Attachment></ram:Attachment>",
        b"<ram:Description></ram:Description>",
        b'<ram:MainLetterBinaryObject mimeCode=""></ram:MainLetterBinaryObject>',
    ):
        assert empty in written
    assert b"AttachmentBinaryObject" not in written


def test_files_are_base64_without_white_space() -> None:
    letter = a_letter(main=Attachment("application/pdf", bytes(1000)))

    written = encode_document(letter, signer=None)

    expected = b'<ram:MainLetterBinaryObject mimeCode="application/pdf">AAAA'
    assert expected in written
    assert b"\n" not in written


def test_texts_are_read_back_as_they_are() -> None:
    text = 'ก & ข < ค > "ง" \r\n\t ]]> ๐'
    letter = a_letter(
        id=LetterId(text, "2026-01-02"),
        subject=text,
        main=Attachment('a"&<>\n\t', b""),
    )

    tree = etree.fromstring(encode_document(letter, signer=None))

    assert tree.findtext(f".//{{{names.RAM}}}Subject") == text
    assert tree.findtext(f".//{{{names.RAM}}}ID") == text
    main = tree.find(f".//{names.MAIN_LETTER_BINARY_OBJECT}")
    assert main is not None
    assert main.get("mimeCode") == 'a"&<>\n\t'


@pytest.mark.parametrize("character", ["\0", "\x1b", "\ufffe", "\ud800", "\x0b"])
def test_what_xml_cannot_hold_is_replaced(character: str) -> None:
    tree = etree.fromstring(encode_document(a_letter(subject=character), signer=None))

    assert tree.findtext(f".//{{{names.RAM}}}Subject") == "\ufffd"


def test_the_signer_is_written_in_the_code_form() -> None:
    letter = a_letter()

    tree = etree.fromstring(encode_document(letter, signer=letter.sender))

    signer = {
        etree.QName(field).localname: field.text
        for field in tree[1].iterfind(f"{{{names.RAM}}}SignerParty/*")
    }
    assert tree[1].findtext(f"{{{names.RAM}}}TypeCode") == "DSIG"
    assert list(signer.items()) == [
        ("GivenName", "ธนา"),
        ("FamilyName", "พูนทรัพย์"),
        ("Title", "ปลัดกระทรวงมหาดไทย"),
        ("MinistryCode", "15"),
        ("DepartmentCode", "1500200000"),
    ]


def declared_outside(wire: str, declaration: str) -> bytes:
    start = "<SOAP-ENV:Envelope"
    return wire.replace(start, start + declaration, 1).encode()


class TestExcerpt:
    @pytest.mark.parametrize("dialect", [BOI, CSHARP], ids=lambda d: d.name)
    def test_what_a_client_sends_stands_alone(self, dialect: Dialect) -> None:
        document = a_document(a_letter(), MINISTRY)
        wire = in_envelope(document, dialect)

        place = excerpt_of(document_in(wire))

        assert place is not None
        assert wire[slice(*place)] == document

    @pytest.mark.parametrize(
        "name",
        [
            "cs-01-send-letter-request",
            "cs-01b-send-letter-empty-parts-request",
            "boi-01-send-letter-request",
            "boi-01b-send-letter-full-request",
            "px-inferred-01-send-letter-request",
            "boi-07a-inbound-letter-response",
        ],
    )
    def test_the_samples_stand_alone(self, name: str) -> None:
        wire = (SAMPLES / f"{name}.xml").read_bytes()

        place = excerpt_of(document_in(wire))

        assert place is not None
        assert wire[slice(*place)].startswith(b"<rsm:GovernmentDocument ")
        assert wire[slice(*place)].endswith(b"</rsm:GovernmentDocument>")

    def test_another_encoding_does_not(self) -> None:
        wire = as_wire(a_letter(), BOI, signed_by=MINISTRY).decode()
        thai = wire.replace("UTF-8", "windows-874", 1).encode("cp874")
        wide = wire.replace("UTF-8", "UTF-16", 1).encode("utf-16")

        assert excerpt_of(document_in(thai)) is None
        assert excerpt_of(document_in(wide)) is None

    def test_a_namespace_declared_further_out_does_not(self) -> None:
        declared = f' xmlns:ram="{names.RAM}"'
        wire = as_wire(a_letter(), signed_by=MINISTRY).decode().replace(declared, "")

        assert excerpt_of(document_in(declared_outside(wire, declared))) is None

    def test_an_element_in_the_envelopes_own_namespace_does_not(self) -> None:
        """It would be read elsewhere, as an element in no namespace."""
        field = "<ram:Description></ram:Description>"
        wire = as_wire(a_letter()).decode().replace(field, "<Description/>")

        outside = declared_outside(wire, f' xmlns="{names.RAM}"')

        assert excerpt_of(document_in(outside)) is None

    @pytest.mark.parametrize(
        "tag", ["<rsm:GovernmentDocument>", "</rsm:GovernmentDocument>"]
    )
    def test_a_second_document_if_only_in_a_comment_does_not(self, tag: str) -> None:
        comment = f"<!--{tag}--></SOAP-ENV:Header>".encode()
        wire = as_wire(a_letter()).replace(b"</SOAP-ENV:Header>", comment)

        assert excerpt_of(document_in(wire)) is None

    @pytest.mark.parametrize(
        ("prefix", "other"), [("ram", "r"), ("rsm", "g"), ("ds", "dsig")]
    )
    def test_prefixes_that_old_readers_do_not_know_do_not(
        self, prefix: str, other: str
    ) -> None:
        wire = as_wire(a_letter(), signed_by=MINISTRY).decode()
        wire = re.sub(rf"(</?|xmlns:){prefix}(?=[:=])", rf"\g<1>{other}", wire)

        assert excerpt_of(document_in(wire.encode())) is None

    def test_an_end_tag_with_white_space_does_not(self) -> None:
        wire = as_wire(a_letter()).replace(
            b"GovernmentDocument></C", b"GovernmentDocument ></C"
        )

        assert excerpt_of(document_in(wire)) is None

    def test_a_document_in_a_comment_does_not(self) -> None:
        wire = as_wire(a_letter()).replace(
            b"rsm:GovernmentDocument", b"g:GovernmentDocument"
        )
        wire = wire.replace(b"xmlns:rsm", b"xmlns:g")
        lure = b"<!--" + a_document(a_letter(subject="อื่น")) + b"-->"
        wire = wire.replace(b"</SOAP-ENV:Header>", lure + b"</SOAP-ENV:Header>")

        assert excerpt_of(document_in(wire)) is None

    def test_large_files_are_found_too(self) -> None:
        letter = a_letter(main=Attachment("application/pdf", bytes(9_000_000)))
        wire = as_wire(letter)

        place = excerpt_of(document_in(wire))

        assert place is not None
        assert place[1] - place[0] > 12_000_000


class TestStandAlone:
    def test_a_signature_holds_after_it_was_written_out(self) -> None:
        """Namespaces declared on Envelope, and an encoding nobody else reads."""
        document = a_document(a_letter(), MINISTRY).decode()
        declared = f' xmlns:ram="{names.RAM}"'
        wire = in_envelope(document.replace(declared, "").encode(), BOI).decode()
        wire = wire.replace("<SOAP-ENV:Envelope", f"<SOAP-ENV:Envelope{declared}", 1)
        wire = wire.replace("UTF-8", "windows-874", 1)
        came = document_in(wire.encode("cp874"))
        assert excerpt_of(came) is None
        assert verify(came, [MINISTRY], AT)

        answer = answers.inbox_letter("17", AT, stand_alone(came))

        part = verify(document_in(answer), [MINISTRY], AT)
        assert part.tree.findtext(f"{{{names.RAM}}}Subject") == a_letter().subject

    def test_nothing_that_follows_the_document_comes_along(self) -> None:
        wire = as_wire(a_letter()).replace(
            b"</rsm:GovernmentDocument>", b"</rsm:GovernmentDocument> x"
        )

        assert stand_alone(document_in(wire)).endswith(b"</rsm:GovernmentDocument>")


@pytest.mark.parametrize(
    ("dialect", "name"),
    [(BOI, "boi-01-send-letter-request"), (CSHARP, "cs-01-send-letter-request")],
    ids=["boi", "csharp"],
)
def test_the_builder_of_the_tests_writes_what_the_client_writes(
    dialect: Dialect, name: str
) -> None:
    sample = (SAMPLES / f"{name}.xml").read_text()
    found = re.search(r"<wsa:MessageID.*?>(.*?)<.*<wsa:[tT]o.*?>(.*?)<", sample)
    assert found is not None

    wire = as_wire(a_letter(), dialect, message_id=found[1], to=found[2]).decode()

    document = "<rsm:GovernmentDocument"
    assert wire.split(document)[0] == sample.split(document)[0]
    end = "</rsm:GovernmentDocument>"
    assert wire.split(end)[1] == sample.split(end)[1].strip()
