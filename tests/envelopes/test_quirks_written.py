"""Answers satisfy I2 and rows R of table F, for every dialect alike, by number."""

import datetime as dt
import re
from dataclasses import replace

import pytest

from envelopes import answers
from envelopes.dialects import (
    BOI,
    CSHARP,
    DIALECTS,
    JAVA,
    JAVA_KEEPING,
    UNKNOWN,
    V1_DOCUMENT,
    Dialect,
)
from envelopes.letter import Letter, LetterId, OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from schemas.catalog import Operation
from schemas.codes import CodeList
from tests.letters import a_document, a_letter

AT = dt.datetime(2026, 11, 21, 3, 0, 0, 999_999, tzinfo=dt.UTC)
TIME = "<ProcessTime>2026-11-21T10:00:00</ProcessTime>"
BOTH = f"<ProcessID>17</ProcessID><processID>17</processID>{TIME}"
CARRYING = {NotifierKind.REGISTERED, NotifierKind.WRONG_NUMBER}


def a_copy(
    kind: NotifierKind, number: str = "มท 1", subject: str = "เรื่อง"
) -> NotifierCopy:
    return NotifierCopy(
        kind=kind,
        letter_id=LetterId(number, "2026-11-20"),
        subject=subject,
        accept_id="รับ 7" if kind in CARRYING else None,
        accept_date="2026-11-21T10:00:00",
        accept_organization=OrganizationCode("1500200050"),
    )


def all_answers(letter: Letter | None = None) -> list[bytes]:
    return [
        answers.letter_taken("17", AT),
        answers.inbox_empty(),
        answers.inbox_letter("17", AT, a_document(letter or a_letter())),
        answers.entry_deleted("17", AT),
        answers.letter_deleted(LetterId("มท 1", "2026-11-20"), AT),
        answers.statuses([answers.StatusRow("17", "มท 1", "SENT")]),
        answers.time(AT),
        answers.ministries([answers.MinistryRow("15", "มหาดไทย")], BOI.list_shape),
        answers.organizations(
            [answers.OrganizationRow("1500200000", "ก", "a", "http://a")],
            UNKNOWN.list_shape,
        ),
        *(answers.codes(which) for which in CodeList),
        *(answers.notifier_taken("17", AT, a_copy(kind)) for kind in NotifierKind),
        *(answers.inbox_notifier("17", AT, a_copy(kind)) for kind in NotifierKind),
        answers.refused(Operation.POLL, [("code", "words")]),
        answers.refused(None, [("code", "words")]),
    ]


def test_q_c21_and_i2_1_an_error_has_its_code_first_and_then_words() -> None:
    written = answers.refused(Operation.POLL, [("a-code", "ไม่ใช่ & < > | = XML")])

    error = re.search("<ErrorDetail>(.*)</ErrorDetail>", written.decode())
    assert error
    assert error[1] == (
        "<ErrorCode>a-code</ErrorCode>"
        "<ErrorDescription>ไม่ใช่ + ( ) / : XML</ErrorDescription>"
    )


@pytest.mark.parametrize("words", ["", " ", "|", "="])
def test_q_j12_an_error_always_has_words_without_separators(words: str) -> None:
    written = answers.refused(None, [(words, words)]).decode()

    for name in ("ErrorCode", "ErrorDescription"):
        text = re.search(f"<{name}>(.*)</{name}>", written)
        assert text
        assert text[1]
        assert not set("|=") & set(text[1])


def test_i2_2_answers_have_no_prefix_and_nothing_that_is_no_text() -> None:
    for written in map(bytes.decode, all_answers()):
        assert "<!" not in written
        assert 'xmlns="' not in written
        assert written.count("<?") == 1
        assert not re.search(r">\s", written)
        assert not re.search(r"\s</", written)
        prefixes = set(re.findall(r"<(?!\?)/?(?:([\w-]+):)?[\w-]+", written))
        assert prefixes <= {"", "SOAP-ENV", "rsm", "ram", "ds"}


def test_i2_3_q_b8_and_q_c18_both_spellings_of_the_process_number() -> None:
    bodies = [
        answers.letter_taken("17", AT),
        answers.inbox_letter("17", AT, a_document(a_letter())),
        *(answers.notifier_taken("17", AT, a_copy(kind)) for kind in NotifierKind),
        *(answers.inbox_notifier("17", AT, a_copy(kind)) for kind in NotifierKind),
    ]

    for written in bodies:
        assert f"boundResponse>{BOTH}" in written.decode()


@pytest.mark.parametrize("kind", NotifierKind)
def test_i2_4_and_q_j17_a_notifier_is_complete(kind: NotifierKind) -> None:
    for written in (
        answers.notifier_taken("17", AT, a_copy(kind)).decode(),
        answers.inbox_notifier("17", AT, a_copy(kind)).decode(),
    ):
        number = "<AcceptID>รับ 7</AcceptID>" if kind in CARRYING else ""
        assert (
            f"<{kind.value}><LetterID>มท 1</LetterID>{number}"
            "<CorrespondenceDate>2026-11-20</CorrespondenceDate>"
            "<Subject>เรื่อง</Subject><AcceptDate>2026-11-21T10:00:00</AcceptDate>"
            "<AcceptDepartment><Code>1500200050</Code></AcceptDepartment>"
            f"</{kind.value}>"
        ) in written
        assert written.count("<Code>") == 1


def test_i2_5_and_q_b10_a_letter_has_every_field_in_order() -> None:
    bare = a_letter(attachment_text="", description="", main=None, attachments=())
    written = answers.inbox_letter("17", AT, a_document(bare)).decode()

    fields = re.findall("<ram:(\\w+)", written)
    party = ["GivenName", "FamilyName", "JobTitle"]
    party += ["MinistryOrganization", "ID", "DepartmentOrganization", "ID"]
    assert fields == [
        *("CorrespondenceLetter", "ID", "CorrespondenceDate", "Subject"),
        *("SecretCode", "SpeedCode", "SenderParty", *party, "ReceiverParty", *party),
        *("Attachment", "SendDate", "Description", "MainLetterBinaryObject"),
    ]
    assert '<ram:MainLetterBinaryObject mimeCode="">' in written


def test_i2_6_and_q_c10_a_notifier_repeats_the_senders_words() -> None:
    number, subject = "มท  0210.3/ว ๑๗๙๕", "เรื่อง \u200b  \u0e4d\u0e32"
    copy = a_copy(NotifierKind.RECEIVED, number, subject)

    written = answers.inbox_notifier("17", AT, copy).decode()

    assert f"<LetterID>{number}</LetterID>" in written
    assert f"<Subject>{subject}</Subject>" in written


def test_i2_7_an_empty_inbox_is_an_element_without_content() -> None:
    name = "CorrespondenceLetterInboundResponse"

    assert f"Body><{name}></{name}></" in answers.inbox_empty().decode()


@pytest.mark.parametrize("process_id", ["17", "", "of another's"])
def test_i2_8_q_b15_and_q_c14_a_deletion_always_has_number_and_time(
    process_id: str,
) -> None:
    written = answers.entry_deleted(process_id, AT).decode()

    assert re.search(
        f"<CorrespondenceLetterDeleteResponse><ProcessID>[^<]+</ProcessID>{TIME}</",
        written,
    )


def test_q_j9_a_message_is_told_by_the_name_behind_its_numbers() -> None:
    for kind in NotifierKind:
        assert (
            f"{TIME}<{kind.value}>"
            in answers.inbox_notifier("17", AT, a_copy(kind)).decode()
        )
    letter = answers.inbox_letter("17", AT, a_document(a_letter())).decode()
    assert f"{TIME}<rsm:GovernmentDocument" in letter


def test_q_j8_no_time_has_a_zone() -> None:
    for written in all_answers():
        assert not re.search(rb"\d\d:\d\d:\d\d[^<]", written)


class TestInboxes:
    """What may lie in an inbox, and how long at its head, is the row's to say."""

    @pytest.mark.parametrize("kind", NotifierKind)
    def test_q_b9_boi_is_given_no_notifier(self, kind: NotifierKind) -> None:
        assert not BOI.takes(a_copy(kind))
        off = replace(BOI, reads=frozenset(NotifierKind))
        assert off.takes(a_copy(kind))

    @pytest.mark.parametrize("dialect", [CSHARP, JAVA, V1_DOCUMENT, UNKNOWN])
    @pytest.mark.parametrize("kind", NotifierKind)
    def test_all_others_are(self, dialect: Dialect, kind: NotifierKind) -> None:
        assert dialect.takes(a_copy(kind))

    @pytest.mark.parametrize("character", "&<>")
    def test_i3_and_q_c10_c_sharp_never_deletes_what_was_escaped(
        self, character: str
    ) -> None:
        in_number = a_copy(NotifierKind.RECEIVED, number=f"มท 1{character}2")
        in_subject = a_copy(NotifierKind.RECEIVED, subject=f"ก {character} ข")
        off = replace(CSHARP, unmatched_characters="")

        for copy in (in_number, in_subject):
            assert not CSHARP.takes(copy)
            assert off.takes(copy)
            assert JAVA.takes(copy)

    def test_f4_6_and_q_c11_patience_is_bounded(self) -> None:
        assert BOI.patience == 60
        for dialect in DIALECTS:
            assert 1 < dialect.patience <= 60

    def test_q_j10_a_client_that_never_deletes_is_known_as_such(self) -> None:
        assert not JAVA_KEEPING.deletes
        assert replace(JAVA_KEEPING, name="java", deletes=True) == JAVA
        assert all(dialect.deletes for dialect in DIALECTS if dialect != JAVA_KEEPING)
