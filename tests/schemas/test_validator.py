"""What the schemas let through, and what they say of what they do not."""

import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain.admission import day_of
from schemas import names
from schemas.catalog import Operation
from schemas.explanation import explain
from schemas.limits import Limits
from schemas.validator import FOLDER, schema_file, violations
from schemas.violation import plain
from tests.wire import ACCEPT, DELETE, LETTER, REQUESTS, request_in, sample, spoiled

REQUEST_PATH = "CorrespondenceLetterOutboundRequest"
LETTER_PATH = f"{REQUEST_PATH}/rsm:GovernmentDocument/ram:CorrespondenceLetter"
DATE = "<ram:CorrespondenceDate>2020-02-18<"


def found_in(body: bytes, operation: Operation = Operation.SEND_LETTER) -> list[str]:
    return [str(found) for found in violations(request_in(body), operation)]


def with_date(text: str) -> bytes:
    return spoiled(DATE, f"<ram:CorrespondenceDate>{text}<")


@pytest.mark.parametrize("name", REQUESTS)
def test_every_sample_follows_its_schema(name: str) -> None:
    request = request_in(sample(name))
    operation = next(
        operation for operation in Operation if operation.request_element == request.tag
    )

    assert violations(request, operation) == []
    assert explain(request, schema_file(operation), most=1) == []


def test_every_rule_in_the_schemas_compiles_and_is_documented() -> None:
    files = {schema_file(operation).name for operation in Operation}
    assert files == {
        "outbound.xsd",
        "inbound.xsd",
        "delete.xsd",
        "delete-document.xsd",
        "special.xsd",
        "look-ups.xsd",
    }
    for rule in etree.parse(FOLDER / "values.xsd").iterfind("{*}simpleType"):
        words = rule.findtext("{*}annotation/{*}documentation")
        assert words.startswith("must ")
        assert plain(words.split(". ")[0]) == words.split(". ")[0]


TOLERATED = {
    "a Buddhist year": (DATE, "<ram:CorrespondenceDate>2563-02-29<"),
    "a time behind the date": (DATE, "<ram:CorrespondenceDate>2020-02-18T00:00:00<"),
    "a blank and a time": (DATE, "<ram:CorrespondenceDate>2020-02-18 00:00:00.000<"),
    "a zone": (DATE, "<ram:CorrespondenceDate>2020-02-18+07:00<"),
    "padding": (DATE, "<ram:CorrespondenceDate>\n\t 2020-02-18 <"),
    "a send date without time": ("2020-02-18T10:11:12", "2020-02-18"),
    "a send date with a zone": ("10:11:12<", "10:11:12.123+07:00<"),
    "a code of one digit": (">001</ram:Secret", "> 5 </ram:Secret"),
    "a v1 organization": (">2199900002<", "> 21999 <"),
    "any ministry": (">19<", ">กระทรวง<"),
    "no Attachment": ("<ram:Attachment>-</ram:Attachment>", ""),
    "no Description": ("<ram:Description>เพื่อโปรดทราบ</ram:Description>", ""),
    "a language": ("<ram:Subject>", '<ram:Subject languageCode="tha">'),
    "no mimeCode": (' mimeCode="image/png"', ""),
    "a broken line": ("iVBORw0K", "\r\n iVBO\tRw0K\n"),
    "no name": (">ธนา<", "><"),
    "no ID attribute": (' ID="Letter"', ""),
    "a comment": ("<ram:Subject>", "<!-- x --><ram:Subject><!-- y -->"),
    "a type": (
        "<ram:Subject>",
        (
            '<ram:Subject xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
            'i:type="x:string" i:schemaLocation="a http://example.invalid/b.xsd">'
        ),
    ),
    "a signer without office": (
        "</rsm:G",
        (
            "<ram:GovernmentSignature><ram:SignerParty><ram:Title/></ram:SignerParty>"
            "</ram:GovernmentSignature></rsm:G"
        ),
    ),
}


@pytest.mark.parametrize("change", TOLERATED.values(), ids=TOLERATED.keys())
def test_what_can_be_handled_is_let_through(change: Any) -> None:
    assert found_in(spoiled(*change)) == []


def test_elements_outside_the_document_are_known_by_their_local_names() -> None:
    """F4.1: a toolkit that puts them into a namespace is understood."""
    body = spoiled(
        "<CorrespondenceLetterDeleteRequest>",
        '<CorrespondenceLetterDeleteRequest xmlns="urn:some:toolkit">',
        DELETE,
    )

    assert found_in(body, Operation.DELETE_ENTRY) == []


REFUSED = {
    "no ID": (
        "<ram:ID>อย 0402.3/256</ram:ID>",
        "",
        "",
        "has ram:CorrespondenceDate at position 1, where ram:ID belongs",
    ),
    "a blank ID": (">อย 0402.3/256<", "> <", "/ram:ID", "must not be empty"),
    "an invisible ID": (
        ">อย 0402.3/256<",
        ">\u00a0\u200b<",
        "/ram:ID",
        "must not be empty",
    ),
    "a date that is none": (
        DATE,
        "<ram:CorrespondenceDate>18/02/2563<",
        "/ram:CorrespondenceDate",
        "must be a date, yyyy-MM-dd",
    ),
    "a date in Thai digits": (
        DATE,
        "<ram:CorrespondenceDate>๒๕๖๓-๐๒-๑๘<",
        "/ram:CorrespondenceDate",
        "must be a date, yyyy-MM-dd",
    ),
    "no day of the calendar": (
        DATE,
        "<ram:CorrespondenceDate>2552-02-31<",
        "/ram:CorrespondenceDate",
        "must be a day of the calendar",
    ),
    "a send date that is no day": (
        "2020-02-18T10",
        "2563-02-30T10",
        "/ram:SendDate",
        "must be a day of the calendar",
    ),
    "a reference's date": (
        "2020-01-30",
        "2020-01-32",
        "/ram:ReferenceCorrespondence/ram:CorrespondenceDate",
        "must be a day of the calendar",
    ),
    "the second reference's date": (
        "2020-01-09",
        "soon",
        "/ram:ReferenceCorrespondence[2]/ram:CorrespondenceDate",
        "must be a date, yyyy-MM-dd, or empty",
    ),
    "a secrecy": (
        ">001</ram:Secret",
        ">006</ram:Secret",
        "/ram:SecretCode",
        "must be a secrecy code, 001 to 005",
    ),
    "a speed": (
        ">001</ram:Speed",
        "></ram:Speed",
        "/ram:SpeedCode",
        "must be a speed code, 001 to 004",
    ),
    "an organization": (
        ">1999900001<",
        ">199990001<",
        "/ram:SenderParty/ram:DepartmentOrganization/ram:ID",
        "must be an organization code of ten digits, or five",
    ),
    "base64": (
        "iVBORw0K",
        "iVBORw0=",
        "/ram:AttachmentBinaryObject",
        "must be base64",
    ),
    "an unknown element": (
        "<ram:Subject>",
        "<ram:Foo/><ram:Subject>",
        "",
        "has ram:Foo at position 3, where ram:Subject belongs",
    ),
    "an element too many": (
        "</ram:CorrespondenceLetter>",
        "<ram:Foo/></ram:CorrespondenceLetter>",
        "",
        "has ram:Foo at position 16, where nothing more belongs",
    ),
    "an element in a text": (
        "<ram:Description>",
        "<ram:Description><b/>",
        "/ram:Description",
        "a simple content element can't have child elements",
    ),
    "a text between elements": (
        "<ram:SenderParty>",
        "<ram:SenderParty><!-- -->junk",
        "/ram:SenderParty",
        "character data between child elements not allowed",
    ),
    "a space that XML does not know": (
        ">001</ram:Secret",
        ">\u00a0001</ram:Secret",
        None,
        "does not follow its schema",
    ),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_handled_is_named_with_path_and_reason(change: Any) -> None:
    old, new, path, reason = change
    expected = (
        f"{LETTER_PATH.replace('rsm:', '').replace('ram:', '')}/SecretCode: {reason}"
        if path is None
        else f"{LETTER_PATH}{path}: {reason}"
    )

    assert found_in(spoiled(old, new)) == [expected]


def test_a_missing_last_element_is_named() -> None:
    body = sample().decode()
    start = body.index("<ram:MainLetterBinaryObject")
    end = body.index("</ram:CorrespondenceLetter>")

    assert found_in((body[:start] + body[end:]).encode()) == [
        f"{LETTER_PATH}: lacks ram:MainLetterBinaryObject"
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (">รับ 903/2563<", "> <", "/AcceptID: must not be empty"),
        (
            "2020-02-18",
            "2020-02-30",
            "/CorrespondenceDate: must be a day of the calendar",
        ),
        ("<LetterID>อย 0402.3/256</LetterID>", "", ": lacks LetterID"),
    ],
)
def test_a_notifier_must_name_letter_date_and_number(
    old: str, new: str, reason: str
) -> None:
    assert found_in(spoiled(old, new, ACCEPT), Operation.SEND_ACCEPT_NOTIFIER) == [
        f"CorrespondenceLetterOutboundRequest/AcceptLetterNotifier{reason}"
    ]


def test_a_rejection_with_a_number_is_refused() -> None:
    """I2.4: one old reader would take it for an acceptance."""
    body = spoiled("AcceptLetterNotifier>", "RejectLetterNotifier>", ACCEPT)
    body = body.replace(b"/AcceptLetterNotifier>", b"/RejectLetterNotifier>")

    assert "AcceptID" in found_in(body, Operation.SEND_REJECT_NOTIFIER)[0]


def test_a_notifier_may_have_its_fields_in_any_order() -> None:
    body = sample(ACCEPT).decode()
    number = "<AcceptID>รับ 903/2563</AcceptID>"
    body = body.replace(number, "").replace("</Subject>", f"</Subject>{number}")

    assert found_in(body.encode(), Operation.SEND_ACCEPT_NOTIFIER) == []


def test_at_most_so_many_violations_are_named() -> None:
    body = re.sub(rb"<ram:ID>\d+", b"<ram:ID>x", sample())

    assert len(violations(request_in(body), Operation.SEND_LETTER, most=1)) == 1
    assert len(violations(request_in(body), Operation.SEND_LETTER)) == 2


def test_bad_files_are_at_most_so_many_too() -> None:
    body = re.sub(rb"(BinaryObject mimeCode=\"[^\"]*\">)", rb"\1?", sample())
    request = request_in(body)

    assert len(violations(request, Operation.SEND_LETTER, most=2)) == 2


@given(st.text(max_size=60))
@example("a|b=c&d<e>f")
def test_no_word_for_the_peer_holds_what_old_clients_break_on(text: str) -> None:
    assert not set("|=&<>\n") & set(plain(text))


def test_no_value_of_the_letter_is_repeated() -> None:
    found = found_in(spoiled(">1999900001<", ">ลับมาก|=&amp;<"))

    assert found
    assert "ลับมาก" not in found[0]


def test_the_callers_tree_is_not_touched() -> None:
    request = request_in(sample())
    before = etree.tostring(request.getroottree())

    violations(request, Operation.SEND_LETTER)

    assert etree.tostring(request.getroottree()) == before


def test_a_large_file_is_seen_by_no_schema() -> None:
    """A refused letter with 12 MB of file is explained with little more than it."""
    size = 12_000_000
    body = spoiled("iVBORw0K", "QUFB" * (size // 4) + "iVBORw0K")
    request = request_in(body.replace(b">001</ram:Secret", b">9</ram:Secret"))
    violations(request_in(sample()), Operation.SEND_LETTER)

    tracemalloc.start()
    try:
        found = violations(request, Operation.SEND_LETTER)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert [str(violation) for violation in found] == [
        f"{LETTER_PATH}/ram:SecretCode: must be a secrecy code, 001 to 005"
    ]
    assert peak < 3 * size


def test_what_a_signature_holds_is_left_to_its_verification() -> None:
    body = sample("v1doc-00-draft-send-with-keyvalue-signature-request.xml")
    body = body.replace(
        b"<ds:SignedInfo>", b"<ds:Anything><x/></ds:Anything><ds:SignedInfo>"
    )

    assert found_in(body) == []


DATES = st.one_of(
    st.from_regex(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2})?", fullmatch=True
    ),
    st.dates().map(str),
    st.dates().map(lambda day: f" {day}Z"),
    st.text("0123456789-T: Z", max_size=22),
)


@settings(max_examples=300, deadline=None)
@given(DATES)
@example("2552-02-31")
@example("0000-01-01")
def test_every_date_that_is_let_through_can_be_read_by_admission(text: str) -> None:
    request = request_in(with_date(text))

    if not violations(request, Operation.SEND_LETTER):
        day_of(request.findtext(f".//{{{names.RAM}}}CorrespondenceDate") or "")


def test_limits_have_room_for_the_largest_letter_that_is_meant_to_pass() -> None:
    limits = Limits()

    assert limits.markup > 2 * 4 * limits.references + 2 * limits.attachments + 300
    assert limits.attributes > limits.attachments * 3 + 100
    assert LETTER in REQUESTS
