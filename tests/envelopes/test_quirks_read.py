"""What old clients send is understood: actions T of table F, by their numbers."""

import re
from dataclasses import replace

import pytest

from envelopes.decoder import decode, letter_from
from envelopes.dialects import BOI, CSHARP, JAVA, V1_DOCUMENT, Dialect
from envelopes.errors import SchemaViolated
from envelopes.letter import Letter
from envelopes.requests import (
    AskCodes,
    AskMinistries,
    AskOrganizations,
    AskStatus,
    AskTime,
    DeleteEntry,
    Document,
    Poll,
    SendLetter,
    SendNotifier,
)
from envelopes.signature import unsigned
from schemas.codes import CodeList
from tests.letters import a_letter, as_wire
from tests.wire import ACCEPT, DELETE, LETTER, POLL, sample, spoiled

BOI_LETTER = "boi-01-send-letter-request.xml"
BOI_POLL = "boi-07-inbound-poll-request.xml"
BLANKS = "cs-01b-send-letter-empty-parts-request.xml"
JAVA_LETTER = "px-inferred-01-send-letter-request.xml"
DATE = "<ram:CorrespondenceDate>2020-02-18<"


def document_in(body: bytes) -> Document:
    request = decode(body).request
    assert isinstance(request, SendLetter)
    return request.document


def letter_in(body: bytes) -> Letter:
    return letter_from(unsigned(document_in(body)))


def notifier_number(body: bytes) -> str:
    request = decode(body).request
    assert isinstance(request, SendNotifier)
    return request.notifier.letter_id.number


@pytest.mark.parametrize("number", ["นร ๐๕๐๖/ว ๑๒.๓-ก  ข", "a/B c", "1;2,3|4"])
def test_q_a1_numbers_are_opaque(number: str) -> None:
    assert letter_in(spoiled("อย 0402.3/256", number)).id.number == number
    assert notifier_number(spoiled("อย 0402.3/256", f" {number}\n", ACCEPT)) == number


def test_q_a3_nothing_but_the_letter_names_an_organization() -> None:
    assert decode(sample(POLL)).request == Poll()
    assert decode(sample(DELETE)).request == DeleteEntry(
        "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
    )


def test_q_b1_the_header_of_version_1_is_read() -> None:
    envelope = decode(sample(BOI_LETTER))

    assert envelope.to == "http://org-a.ecms.example/ecms-ws01/service2"
    assert envelope.dialect is BOI
    assert 'xmlns:wsa="http://w3.org/' in sample(BOI_LETTER).decode()


def test_q_b2_an_empty_message_id_and_a_blank_are_nothing_special() -> None:
    assert b"</wsa:MessageID> <wsa:to" in sample(BOI_LETTER)
    assert decode(sample(BOI_LETTER)).message_id.text == ""


def test_q_b3_the_receiver_stands_in_the_letter_alone() -> None:
    envelope = decode(sample(BOI_LETTER))

    assert "org-a" in envelope.to
    assert letter_in(sample(BOI_LETTER)).receiver.organization.text == "2199900002"


@pytest.mark.parametrize("kind", ["03-accept", "04-reject", "05-invalid-letter"])
def test_q_b4_a_notifier_without_destination_is_read(kind: str) -> None:
    assert decode(sample(f"boi-{kind}-notifier-request.xml")).to == ""


def test_q_b5_any_ministry_is_taken_and_none_relied_on() -> None:
    receiver = letter_in(sample(BOI_LETTER)).receiver

    assert receiver.ministry == "2199900002"
    assert receiver.organization.ministry == "21"


def test_q_b7_a_letter_without_any_file_is_a_letter() -> None:
    letter = letter_in(sample(BOI_LETTER))

    assert letter.files == ()
    assert (letter.attachment_text, letter.description) == ("", "")
    assert letter.send_date == "2017-03-14"


def test_q_b17_the_placeholder_of_one_builder_does_no_harm() -> None:
    envelope = decode(sample("boi-08b-delete-queue-placeholder-request.xml"))

    assert envelope.request == DeleteEntry("XmlValue-03")
    assert envelope.dialect is BOI


def test_q_b18_and_q_c1_no_declaration_is_needed() -> None:
    name = "boi-05-invalid-letter-notifier-request.xml"

    for body in (sample(name), sample(LETTER)):
        assert not body.startswith(b"<?xml")
        assert decode(body)


@pytest.mark.parametrize(
    ("asked", "request_"),
    [
        ("CorrespondenceLetterInboundRequest", Poll()),
        ("OutboundStatusRequest", AskStatus()),
        ("TimeCheckRequest", AskTime()),
        ("GetMinistryOrganizationList", AskMinistries()),
        ("GetOrganizationList", AskOrganizations()),
        ("GetSecretCodes", AskCodes(CodeList.SECRECY)),
        ("GetSpeedCodes", AskCodes(CodeList.SPEED)),
        ("GetMimeCodes", AskCodes(CodeList.MIME)),
    ],
)
def test_q_b19_what_asks_without_words_is_read_without_a_schema(
    asked: str, request_: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envelopes.decoder.violations", None)
    empty = "<CorrespondenceLetterInboundRequest/>"
    body = sample(BOI_POLL).decode().replace(" />", "/>")
    assert empty in body

    for written in (f"<{asked}/>", f"<{asked} />", f"<{asked}></{asked}>"):
        envelope = decode(body.replace(empty, written).encode())
        assert envelope.request == request_


@pytest.mark.parametrize("dialect", [BOI, CSHARP], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("attribute", [' ID="Body"', ""])
def test_q_c2_an_id_on_the_body_says_nothing(dialect: Dialect, attribute: str) -> None:
    wire = as_wire(a_letter(), dialect).decode()
    wire = re.sub("<SOAP-ENV:Body[^>]*>", f"<SOAP-ENV:Body{attribute}>", wire)

    assert letter_in(wire.encode()) == a_letter()


def test_q_c3_blank_parts_were_never_entered() -> None:
    letter = letter_in(sample(BLANKS))

    assert b"<ram:ReferenceCorrespondence><ram:ID></ram:ID>" in sample(BLANKS)
    assert letter.references == ()
    assert letter.attachments == ()


def test_q_c4_parts_stay_in_the_order_they_came_in() -> None:
    letter = letter_in(sample(LETTER))

    assert [reference.number for reference in letter.references] == re.findall(
        "<ram:ReferenceCorrespondence><ram:ID>(.*?)</ram:ID>", sample(LETTER).decode()
    )


def test_q_c5_no_signature_block_is_needed() -> None:
    assert b"GovernmentSignature" not in sample(LETTER)
    assert letter_in(sample(LETTER)).subject


def test_q_c7_a_buddhist_year_is_read() -> None:
    body = sample("cs-01c-send-letter-buddhist-senddate-request.xml")

    assert letter_in(body).send_date.startswith("2563-")


def test_q_c19_free_text_stands_in_message_id_and_number() -> None:
    envelope = decode(sample("cs-03b-accept-notifier-free-text-request.xml"))

    assert envelope.message_id.text == "ข้อความทดสอบ ระบบ"
    assert envelope.dialect is CSHARP
    assert isinstance(envelope.request, SendNotifier)
    assert envelope.request.notifier.accept_id == "เลขรับตัวอย่าง"


def test_q_c23_codes_of_one_digit_are_padded() -> None:
    letter = letter_in(spoiled("<ram:SpeedCode>001", "<ram:SpeedCode>2"))

    assert letter.speed == "002"


def test_q_c24_an_empty_mime_code_is_taken() -> None:
    letter = letter_in(spoiled('mimeCode="image/png"', 'mimeCode=""'))

    assert [file.mime_code for file in letter.attachments] == ["", "application/pdf"]


def test_q_j2_the_sender_is_the_message_id_of_java() -> None:
    envelope = decode(sample(JAVA_LETTER))

    assert envelope.dialect is JAVA
    assert (
        envelope.message_id.text
        == letter_in(sample(JAVA_LETTER)).sender.organization.text
    )


def test_q_j3_empty_names_are_taken() -> None:
    sender = letter_in(sample(JAVA_LETTER)).sender

    assert (sender.given_name, sender.family_name) == ("", "")
    assert sender.job_title == "กรมตัวอย่างงานสารบรรณ"


def test_q_j4_a_file_that_says_nothing_is_a_file() -> None:
    letter = letter_in(sample("px-inferred-01b-send-letter-no-file-request.xml"))

    assert [file.mime_code for file in letter.files] == ["text/plain"]


@pytest.mark.parametrize("name", ["Attachment", "Description"])
def test_q_j18_texts_may_be_missing(name: str) -> None:
    body = re.sub(f"<ram:{name}>[^<]*</ram:{name}>", "", sample().decode())

    assert f"ram:{name}>" not in body
    assert letter_in(body.encode()).subject


def test_q_j20_a_time_behind_a_date_does_not_count() -> None:
    letter = letter_in(spoiled(DATE, f"{DATE.rstrip('<')}T10:00:00<"))

    assert letter.id.key == letter_in(sample()).id.key


def test_q_j21_a_personal_letter_is_taken() -> None:
    assert letter_in(spoiled("SecretCode>001", "SecretCode>005")).secrecy == "005"
    with pytest.raises(SchemaViolated):
        decode(spoiled("SecretCode>001", "SecretCode>006"))


@pytest.mark.parametrize(
    ("dialect", "field"),
    [
        (BOI, "message_id"),
        (JAVA, "message_id"),
        (V1_DOCUMENT, "message_id"),
        (CSHARP, "destination"),
        (BOI, "addressing"),
    ],
)
def test_b1_a_dialect_is_told_by_its_row_alone(
    dialect: Dialect, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = {BOI: "", JAVA: "1999900001"}.get(dialect, "mid://1")
    wire = as_wire(a_letter(), dialect, message_id=message_id)
    assert decode(wire).dialect is dialect

    rows = [
        replace(row, **{field: "nobody's"}) if row is dialect else row
        for row in (BOI, V1_DOCUMENT, JAVA, CSHARP)
    ]
    monkeypatch.setattr("envelopes.dialects._TOLD_APART", rows)

    assert decode(wire).dialect is not dialect
