"""Answers as the old clients read them, compared with the protocol's samples."""

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from envelopes import answers
from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from schemas import names
from schemas.catalog import Operation
from tests.letters import a_document, a_letter

SAMPLES = Path(__file__).parents[2] / "docs/protocol/samples"
AT = dt.datetime(2020, 2, 19, 1, 20, 0, 999_999, tzinfo=dt.UTC)
ENVELOPE = f"{{{names.SOAP}}}Envelope"
BODY = f"{{{names.SOAP}}}Body"


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.xml").read_text()


def a_copy(
    kind: NotifierKind = NotifierKind.REGISTERED,
    subject: str = "แจ้งเวียนแนวทางการเก็บรักษาหนังสืออิเล็กทรอนิกส์",
) -> NotifierCopy:
    return NotifierCopy(
        kind=kind,
        letter_id=LetterId("อย 0402.3/256", "2020-02-18"),
        subject=subject,
        accept_id="รับ 903/2563" if kind.carries_number else None,
        accept_date="2020-02-19T08:20:00",
        accept_organization=OrganizationCode("2199900002"),
    )


def payload(answer: bytes) -> etree._Element:
    """The one element in Body, after what holds for every answer."""
    declaration = b'<?xml version="1.0" encoding="UTF-8"?>'
    opening = b'<SOAP-ENV:Envelope xmlns:SOAP-ENV="%b" xmlns:env="%b"><SOAP-ENV:Body><'
    soap = names.SOAP.encode()
    assert answer.startswith(declaration + opening % (soap, soap))
    assert b"<!" not in answer
    root = etree.fromstring(answer)
    [body] = root
    assert (root.tag, body.tag) == (ENVELOPE, BODY)
    [content] = body
    assert not content.prefix
    return content


def fields(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(field.tag), field.text or "") for field in element]


def test_a_taken_letter_is_answered_with_both_spellings() -> None:
    content = payload(answers.letter_taken("17", AT))

    assert content.tag == "CorrespondenceLetterOutboundResponse"
    assert fields(content) == [
        ("ProcessID", "17"),
        ("processID", "17"),
        ("ProcessTime", "2020-02-19T08:20:00"),
    ]


def test_a_taken_notifier_is_the_suggested_sample() -> None:
    """The sample has the two spellings the other way round, which nobody minds."""
    written = answers.notifier_taken("20200219082000903", AT, a_copy()).decode()

    first, second = re.findall(r"<(?:p|P)rocessID>.*?</(?:p|P)rocessID>", written)
    assert written.replace(first + second, second + first) == sample(
        "gw-suggested-outbound-notifier-response"
    )


def test_a_notifier_in_the_inbox_is_the_suggested_sample() -> None:
    copy = a_copy(NotifierKind.RETURNED)
    at = AT + dt.timedelta(seconds=3)

    written = answers.inbox_notifier("20200219082003551", at, copy).decode()

    assert written == sample("gw-suggested-inbound-notifier-response")


@pytest.mark.parametrize("kind", NotifierKind)
def test_a_number_stands_only_where_it_belongs(kind: NotifierKind) -> None:
    names_of = {
        NotifierKind.REGISTERED: ["LetterID", "AcceptID"],
        NotifierKind.WRONG_NUMBER: ["LetterID", "AcceptID"],
    }.get(kind, ["LetterID"])

    for answer in (
        answers.notifier_taken("17", AT, a_copy(kind)),
        answers.inbox_notifier("17", AT, a_copy(kind)),
    ):
        notifier = payload(answer)[3]
        assert notifier.tag == kind.value
        assert [field.tag for field in notifier] == [
            *names_of,
            "CorrespondenceDate",
            "Subject",
            "AcceptDate",
            "AcceptDepartment",
        ]
        assert [str(code.tag) for code in notifier[-1]] == ["Code"]


def test_an_empty_inbox_is_always_the_same_bytes() -> None:
    assert answers.inbox_empty() is answers.inbox_empty()
    assert answers.inbox_empty().decode() == sample("boi-07b-inbound-empty-response")


def test_a_letter_is_delivered_byte_for_byte() -> None:
    document = a_document(a_letter())

    answer = answers.inbox_letter("17", AT, document)

    assert document in answer
    content = payload(answer)
    assert content.tag == "CorrespondenceLetterInboundResponse"
    assert [field.tag for field in content] == [
        "ProcessID",
        "processID",
        "ProcessTime",
        names.GOVERNMENT_DOCUMENT,
    ]


def test_the_sampled_letter_is_delivered_as_in_the_sample() -> None:
    expected = sample("cs-07a-inbound-letter-response")
    document = expected[expected.index("<rsm:") :].split("</Corr", 1)[0].encode()
    process_id = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
    at = dt.datetime(2020, 2, 18, 3, 11, 15, tzinfo=dt.UTC)

    written = answers.inbox_letter(process_id, at, document).decode()

    both = f"<processID>{process_id}</processID>"
    assert written.replace(both, "") == expected


def test_a_deletion_is_the_sample() -> None:
    at = dt.datetime(2017, 3, 14, 2, 30, 19, tzinfo=dt.UTC)

    written = answers.entry_deleted("20170314093015982", at).decode()

    assert written == sample("boi-08-delete-queue-response")


def test_a_deletion_of_nothing_still_has_a_number() -> None:
    """BOI rolls back its own transaction where none comes back."""
    content = payload(answers.entry_deleted("", AT))

    assert fields(content) == [
        ("ProcessID", "0"),
        ("ProcessTime", "2020-02-19T08:20:00"),
    ]


def test_times_are_those_of_bangkok_whatever_zone_they_come_in() -> None:
    tokyo = dt.timezone(dt.timedelta(hours=9))

    answer = answers.letter_taken("17", AT.astimezone(tokyo))

    assert b"<ProcessTime>2020-02-19T08:20:00</ProcessTime>" in answer


def test_a_time_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        answers.letter_taken("17", AT.replace(tzinfo=None))


class TestRefused:
    def test_several_details_are_the_sample(self) -> None:
        details = [
            ("E-SAMPLE-02", "ไม่พบรหัสหน่วยงานผู้รับ"),
            ("E-SAMPLE-03", "รูปแบบวันที่ไม่ถูกต้อง"),
        ]

        written = answers.refused(Operation.SEND_LETTER, details).decode()

        assert written == sample("cs-23b-error-multiple-response")

    @pytest.mark.parametrize("operation", Operation)
    def test_it_stands_in_the_operations_own_answer(self, operation: Operation) -> None:
        content = payload(answers.refused(operation, [("code", "text")]))

        assert content.tag == operation.response_element
        assert [detail.tag for detail in content] == ["ErrorDetail"]

    def test_it_stands_in_body_where_no_operation_is_known(self) -> None:
        content = payload(answers.refused(None, [("code", "text")]))

        assert content.tag == "ErrorDetail"
        assert fields(content) == [("ErrorCode", "code"), ("ErrorDescription", "text")]

    def test_nothing_that_splits_or_breaks_old_readers_is_written(self) -> None:
        answer = answers.refused(None, [("a|b=c", "a|b=c & d < e > f")])

        assert fields(payload(answer)) == [
            ("ErrorCode", "a/b:c"),
            ("ErrorDescription", "a/b:c + d ( e ) f"),
        ]
        assert b"&" not in answer

    @pytest.mark.parametrize("empty", ["", " ", "\n\t", "\u3000"])
    def test_a_description_is_never_empty(self, empty: str) -> None:
        assert fields(payload(answers.refused(None, [("code", empty)])))[1] == (
            "ErrorDescription",
            "code",
        )
        assert fields(payload(answers.refused(None, [(empty, empty)]))) == [
            ("ErrorCode", "refused"),
            ("ErrorDescription", "refused"),
        ]

    def test_an_answer_without_detail_would_be_a_success(self) -> None:
        with pytest.raises(ValueError, match="detail"):
            answers.refused(Operation.POLL, [])


@settings(deadline=None)
@given(st.text(st.characters()), st.sampled_from(NotifierKind))
def test_any_text_makes_a_well_formed_answer(words: str, kind: NotifierKind) -> None:
    copy = NotifierCopy(
        kind=kind,
        letter_id=LetterId(words, words),
        subject=words,
        accept_id=words,
        accept_date=words,
        accept_organization=OrganizationCode("2199900002"),
    )

    for answer in (
        answers.notifier_taken(words, AT, copy),
        answers.inbox_notifier(words, AT, copy),
        answers.entry_deleted(words, AT),
        answers.refused(None, [(words, words)]),
    ):
        content = payload(answer)
        assert content.tag

    legal = re.sub(
        "[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", words
    )
    assert payload(answers.letter_taken(words, AT)).findtext("ProcessID") == legal
