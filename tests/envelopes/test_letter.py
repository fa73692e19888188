"""Letters: how they are read from a part, and what makes two of them one."""

from dataclasses import dataclass
from typing import Any

import pytest
from lxml import etree

from envelopes.decoder import decode, letter_from
from envelopes.errors import SchemaViolated
from envelopes.letter import (
    Letter,
    LetterId,
    OrganizationCode,
    normalised_number,
)
from envelopes.requests import SendLetter
from envelopes.signature import unsigned
from schemas import names
from tests.letters import a_letter
from tests.wire import sample, spoiled


@dataclass(frozen=True)
class BarePart:
    """A part that nobody vouches for: only for what a verified one cannot be."""

    tree: etree._Element


def letter_in(body: bytes) -> Letter:
    request = decode(body).request
    assert isinstance(request, SendLetter)
    return letter_from(unsigned(request.document))


def bare(body: bytes) -> BarePart:
    root = etree.fromstring(body)
    return BarePart(next(root.iter(names.CORRESPONDENCE_LETTER)))


def test_texts_are_trimmed_and_otherwise_as_written() -> None:
    letter = letter_in(
        spoiled(">อย 0402.3/256<", ">\n\u00a0อย  ๐๔๐๒.๓/๒๕๖ <").replace(
            ">ธนา<".encode(), ">\t<!-- x --> ธนา &amp; ก <".encode()
        )
    )

    assert letter.id == LetterId("อย  ๐๔๐๒.๓/๒๕๖", "2020-02-18")
    assert letter.sender.given_name == "ธนา & ก"


def test_blank_texts_everywhere_are_read_as_empty() -> None:
    body = sample("cs-01b-send-letter-empty-parts-request.xml").decode()
    for text in ("ธนา", "พูนทรัพย์", "นายทหารธุรการ", "อารี", "มีสุข"):
        body = body.replace(f">{text}<", "> \n <")
    for code in ("19", "21"):
        body = body.replace(f">{code}<", ">\t<")
    body = body.replace("<ram:Attachment>-<", "<ram:Attachment> <")

    letter = letter_in(body.encode())

    assert (letter.sender.given_name, letter.sender.job_title) == ("", "")
    assert (letter.sender.ministry, letter.receiver.ministry) == ("", "")
    assert (letter.attachment_text, letter.description) == ("", "")
    assert (letter.references, letter.attachments) == ((), ())


@pytest.mark.parametrize("blank", ["", " ", "\n<!-- nothing -->\t"])
def test_an_empty_main_letter_is_none(blank: str) -> None:
    body = sample("boi-01-send-letter-request.xml").decode()
    old = '<ram:MainLetterBinaryObject mimeCode="">'

    letter = letter_in(body.replace(old, f"{old}{blank}").encode())

    assert letter.main is None
    assert letter.files == ()


def test_a_reference_with_one_field_is_kept() -> None:
    letter = letter_in(
        spoiled("2020-01-30", "").replace("เรื่องอ้างถึงลำดับที่สอง".encode(), b" ")
    )

    assert [reference.number for reference in letter.references] == [
        "อย 0402.3/199",
        "อย 0402.3/101",
    ]
    assert letter.references[0].date == ""


def test_files_keep_their_order_and_their_broken_lines_are_joined() -> None:
    letter = letter_in(spoiled("iVBORw0K", " iVBO\r\nRw\t0K"))

    assert [file.mime_code for file in letter.files] == [
        "application/pdf",
        "image/png",
        "application/pdf",
    ]
    assert letter.attachments[0].content.startswith(b"\x89PNG\r\n")


def test_what_stands_elsewhere_is_not_read() -> None:
    """Only the path from the letter counts, also when a party names another ID."""
    letter = letter_in(
        sample().replace(
            b"</ram:CorrespondenceLetter>",
            b"</ram:CorrespondenceLetter><ram:GovernmentSignature><ram:SignerParty>"
            b"<ram:Title/><ram:MinistryCode/><ram:DepartmentCode>9999999999"
            b"</ram:DepartmentCode></ram:SignerParty></ram:GovernmentSignature>",
        )
    )

    assert letter.sender.organization.text == "1999900001"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("<ram:ID>อย 0402.3/256</ram:ID>", "", "/ram:ID"),
        (">อย 0402.3/256<", "> <", "/ram:ID"),
        (">001</ram:Secret", ">9</ram:Secret", "/ram:SecretCode"),
        (">001</ram:Speed", "></ram:Speed", "/ram:SpeedCode"),
        ("iVBORw0K", "?", "/ram:AttachmentBinaryObject"),
        (
            ">1999900001<",
            ">19<",
            "/ram:SenderParty/ram:DepartmentOrganization/ram:ID",
        ),
        (
            ">2199900002<",
            "><",
            "/ram:ReceiverParty/ram:DepartmentOrganization/ram:ID",
        ),
    ],
)
def test_a_part_that_was_never_decoded_is_no_letter(
    old: str, new: str, where: str
) -> None:
    with pytest.raises(SchemaViolated) as caught:
        letter_from(bare(spoiled(old, new)))

    assert caught.value.where == (
        f"ram:CorrespondenceLetter{where}: is missing or cannot be read"
    )


@pytest.mark.parametrize(
    ("written", "code"),
    [("1500200050", "1500200050"), (" 11008\n", "1100800000"), ("00000", "0000000000")],
)
def test_an_organization_code_is_ten_digits_or_five(written: str, code: str) -> None:
    parsed = OrganizationCode.parse(written)

    assert str(parsed) == code
    assert OrganizationCode.parse(str(parsed)) == parsed
    assert parsed.ministry == code[:2]


@pytest.mark.parametrize("written", ["", "15", "150020005", "๑๕๐๐๒", "1500x", "-1500"])
def test_anything_else_is_no_organization_code(written: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        OrganizationCode.parse(written)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("มท 0210.3/ว 1795", "มท ๐๒๑๐.๓/ว ๑๗๙๕"),
        ("มท 0210.3/ว 1795", " มท0210.3/ว1795 "),
        ("มท\u200b 1", "มท\u00a01"),
        ("กำ", "กํา"),
        ("น้ำ", "นํ้า"),
        ("แก", "เเก"),
        ("ABC/1", "abc/1"),
    ],
)
def test_numbers_that_look_alike_are_alike(one: str, other: str) -> None:
    assert normalised_number(one) == normalised_number(other)


def test_a_letters_key_is_its_number_and_its_day() -> None:
    one = LetterId("มท 1", "2020-02-18T00:00:00")

    assert one.key == LetterId("มท ๑", " 2020-02-18").key
    assert str(one) == "มท 1 (2020-02-18T00:00:00)"


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "เรื่องอื่น"},
        {"secrecy": "002"},
        {"attachments": ()},
        {"main": None},
        {"description": "x"},
    ],
)
def test_other_content_is_another_letter(changed: dict[str, Any]) -> None:
    assert a_letter(**changed).content_digest != a_letter().content_digest


def test_the_second_of_sending_and_the_receiver_do_not_make_another_letter() -> None:
    letter = a_letter()
    again = a_letter(send_date="2030-01-01T00:00:00")
    copy = a_letter(receiver=letter.sender)

    assert again.copy_digest == letter.copy_digest
    assert copy.content_digest == letter.content_digest
    assert copy.copy_digest != letter.copy_digest


def test_a_letter_shows_no_files_when_printed() -> None:
    assert "%PDF" not in repr(a_letter())
