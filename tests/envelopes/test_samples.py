"""Every request sample that is well-formed, and what is read in it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import pytest

from envelopes.decoder import decode, letter_from
from envelopes.dialects import BOI, CSHARP, JAVA, V1_DOCUMENT, Dialect
from envelopes.letter import Letter, LetterId, OrganizationCode, Party, Reference
from envelopes.notifier import Notifier, NotifierKind
from envelopes.requests import (
    AskAgain,
    AskCodes,
    AskMinistries,
    AskOrganizations,
    AskStatus,
    AskTime,
    DeleteEntry,
    DeleteLetter,
    Poll,
    Request,
    SendLetter,
    SendNotifier,
)
from envelopes.signature import unsigned
from schemas.catalog import Operation
from schemas.codes import CodeList
from tests.wire import REQUESTS, sample

A: Final = "http://org-a.ecms.example/ecms-ws01/service2"
B: Final = "http://org-b.ecms.example/ecms-ws01/service2"
MEETING: Final = "ขอเชิญประชุมเตรียมความพร้อมการรับส่งหนังสือราชการทางอิเล็กทรอนิกส์"
KEEPING: Final = "แจ้งเวียนแนวทางการเก็บรักษาหนังสืออิเล็กทรอนิกส์"
MANUAL: Final = "ส่งสำเนาคู่มือการปฏิบัติงาน"
OF_2017: Final = LetterId("อย 0402/1187", "2017-03-14")
OF_2020: Final = LetterId("อย 0402.3/256", "2020-02-18")
OF_JAVA: Final = LetterId("อย 0402/88", "2020-02-18")
ORG_A: Final = OrganizationCode("1999900001")
ORG_B: Final = OrganizationCode("2199900002")
UUID: Final = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"

HEADERS: Final[Mapping[str, tuple[Dialect, str, str]]] = {
    "boi-01-send-letter-request.xml": (BOI, "", A),
    "boi-01b-send-letter-full-request.xml": (BOI, "", A),
    "boi-02-receive-notifier-request.xml": (BOI, "", ""),
    "boi-03-accept-notifier-request.xml": (BOI, "", ""),
    "boi-04-reject-notifier-request.xml": (BOI, "", ""),
    "boi-05-invalid-letter-notifier-request.xml": (BOI, "", ""),
    "boi-06-invalid-acceptid-notifier-request.xml": (BOI, "", ""),
    "boi-07-inbound-poll-request.xml": (BOI, "", ""),
    "boi-08-delete-queue-request.xml": (BOI, "", ""),
    "boi-08b-delete-queue-placeholder-request.xml": (BOI, "XmlValue-01", "XmlValue-02"),
    "boi-09-delete-government-document-request.xml": (BOI, "", ""),
    "boi-11-ministry-list-request.xml": (BOI, "", ""),
    "boi-12-organization-list-request.xml": (BOI, "", ""),
    "cs-01-send-letter-request.xml": (CSHARP, "418", B),
    "cs-01b-send-letter-empty-parts-request.xml": (CSHARP, "419", B),
    "cs-01c-send-letter-buddhist-senddate-request.xml": (CSHARP, "420", B),
    "cs-02-receive-notifier-request.xml": (CSHARP, "77", A),
    "cs-03-accept-notifier-request.xml": (CSHARP, "77", A),
    "cs-03b-accept-notifier-free-text-request.xml": (CSHARP, "ข้อความทดสอบ ระบบ", A),
    "cs-04-reject-notifier-request.xml": (CSHARP, "77", A),
    "cs-05-invalid-letter-notifier-request.xml": (CSHARP, "77", A),
    "cs-06-invalid-acceptid-notifier-request.xml": (CSHARP, "418", B),
    "cs-07-inbound-poll-request.xml": (CSHARP, "Test", B),
    "cs-08-delete-queue-request.xml": (CSHARP, "77", B),
    "cs-09-delete-government-document-request.xml": (CSHARP, "418", A),
    "cs-10-outbound-status-request.xml": (CSHARP, "Test", A),
    "cs-11-ministry-list-request.xml": (CSHARP, "Test", A),
    "cs-12-organization-list-request.xml": (CSHARP, "Test", A),
    "cs-13-secret-codes-request.xml": (CSHARP, "Test", A),
    "cs-14-speed-codes-request.xml": (CSHARP, "Test", A),
    "cs-15-mime-codes-request.xml": (CSHARP, "Test", A),
    "cs-16-time-check-request.xml": (CSHARP, "Test", A),
    "cs-17-special-letter-request.xml": (CSHARP, "418", B),
    "cs-18-special-receive-notifier-request.xml": (CSHARP, "418", A),
    "cs-19-special-accept-notifier-request.xml": (CSHARP, "418", A),
    "cs-20-special-reject-notifier-request.xml": (CSHARP, "418", A),
    "cs-21-special-invalid-letter-notifier-request.xml": (CSHARP, "418", A),
    "cs-22-special-invalid-acceptid-notifier-request.xml": (CSHARP, "418", B),
    "px-inferred-01-send-letter-request.xml": (JAVA, "1999900001", B),
    "px-inferred-01b-send-letter-no-file-request.xml": (JAVA, "1999900001", B),
    "px-inferred-02-receive-notifier-request.xml": (JAVA, "2199900002", A),
    "px-inferred-03-accept-notifier-request.xml": (JAVA, "2199900002", A),
    "px-inferred-07-inbound-poll-request.xml": (JAVA, "2199900002", B),
    "px-inferred-08-delete-queue-request.xml": (JAVA, "2199900002", B),
    "v1doc-00-draft-send-with-keyvalue-signature-request.xml": (
        CSHARP,
        "mid://20120907.093000123@noname",
        B,
    ),
    "v1doc-06-invalid-acceptid-notifier-request.xml": (
        V1_DOCUMENT,
        "mid://20160122.101112345@noname",
        B,
    ),
    "v1doc-13-getsecretcodes-request.xml": (BOI, "", A),
    "v1doc-14-getspeedcodes-request.xml": (BOI, "", A),
    "v1doc-15-getmimecodes-request.xml": (BOI, "", A),
}

RECEIVED, REGISTERED = NotifierKind.RECEIVED, NotifierKind.REGISTERED
RETURNED, WRONG_LETTER = NotifierKind.RETURNED, NotifierKind.WRONG_LETTER
WRONG_NUMBER = NotifierKind.WRONG_NUMBER

NOTIFIERS: Final[Mapping[str, Notifier]] = {
    "boi-02": Notifier(RECEIVED, OF_2017, MEETING),
    "boi-03": Notifier(REGISTERED, OF_2017, MEETING, "4417/2560"),
    "boi-04": Notifier(RETURNED, OF_2017, MEETING),
    "boi-05": Notifier(WRONG_LETTER, OF_2017, MEETING),
    "boi-06": Notifier(WRONG_NUMBER, OF_2017, MEETING, "4417/2560"),
    "cs-02": Notifier(RECEIVED, OF_2020, KEEPING),
    "cs-03-": Notifier(REGISTERED, OF_2020, KEEPING, "รับ 903/2563"),
    "cs-03b": Notifier(REGISTERED, OF_2020, "หัวเรื่องที่ไม่ตรงกับหนังสือ", "เลขรับตัวอย่าง"),
    "cs-04": Notifier(RETURNED, OF_2020, KEEPING),
    "cs-05": Notifier(WRONG_LETTER, OF_2020, KEEPING),
    "cs-06": Notifier(WRONG_NUMBER, OF_2020, KEEPING, "รับ 903/2563"),
    "px-inferred-02": Notifier(RECEIVED, OF_JAVA, MANUAL),
    "px-inferred-03": Notifier(REGISTERED, OF_JAVA, MANUAL, "ร 0051/2563"),
    "v1doc-06": Notifier(WRONG_NUMBER, OF_2017, MEETING, "4417/2560"),
}

PARTIES: Final = (ORG_A, ORG_B)
OTHERS: Final[Mapping[str, Request]] = {
    "boi-09": DeleteLetter(OF_2017, *PARTIES),
    "boi-11": AskMinistries(),
    "boi-12": AskOrganizations(),
    "cs-09": DeleteLetter(OF_2020, *PARTIES),
    "cs-10": AskStatus(),
    "cs-11": AskMinistries(),
    "cs-12": AskOrganizations(),
    "cs-13": AskCodes(CodeList.SECRECY),
    "cs-14": AskCodes(CodeList.SPEED),
    "cs-15": AskCodes(CodeList.MIME),
    "cs-16": AskTime(),
    "cs-17": AskAgain(None, OF_2020, *PARTIES),
    "cs-18": AskAgain(RECEIVED, OF_2020, *PARTIES),
    "cs-19": AskAgain(REGISTERED, OF_2020, *PARTIES),
    "cs-20": AskAgain(RETURNED, OF_2020, *PARTIES),
    "cs-21": AskAgain(WRONG_LETTER, OF_2020, *PARTIES),
    "cs-22": AskAgain(WRONG_NUMBER, OF_2020, *PARTIES),
    "v1doc-13": AskCodes(CodeList.SECRECY),
    "v1doc-14": AskCodes(CodeList.SPEED),
    "v1doc-15": AskCodes(CodeList.MIME),
}

TANA: Final = Party("ธนา", "พูนทรัพย์", "นายทหารธุรการ", "19", ORG_A)
AREE: Final = Party("อารี", "มีสุข", "หัวหน้าฝ่ายสารบรรณ", "21", ORG_B)
PREEDA: Final = Party("ปรีดา", "ใจเย็น", "นักวิเคราะห์นโยบายและแผนชำนาญการ", "19", ORG_A)
JAVA: Final = {
    "id": OF_JAVA,
    "subject": MANUAL,
    "sender": Party("", "", "กรมตัวอย่างงานสารบรรณ", "19", ORG_A),
    "receiver": Party("", "", "สำนักงานทดลองแลกเปลี่ยนหนังสือ", "21", ORG_B),
    "send_date": "2020-02-18T10:11:12",
}
CS: Final = {
    "id": OF_2020,
    "subject": KEEPING,
    "secrecy": "001",
    "speed": "001",
    "sender": TANA,
    "receiver": AREE,
    "attachment_text": "-",
}

LETTERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "boi-01-": {
        "id": OF_2017,
        "subject": MEETING,
        "speed": "002",
        "sender": PREEDA,
        "receiver": Party("", "", "", "2199900002", ORG_B),
        "references": (),
        "attachment_text": "",
        "send_date": "2017-03-14",
        "description": "",
        "files": (),
    },
    "boi-01b": {
        "id": OF_2017,
        "sender": PREEDA,
        "receiver": Party("สมหญิง", "รักงาน", "ผู้อำนวยการ", "2199900002", ORG_B),
        "references": (Reference("ทด 0207/55", "2017-02-20", "แจ้งกำหนดการทดสอบระบบ"),),
        "attachment_text": "กำหนดการประชุม จำนวน 1 ฉบับ",
        "send_date": "2017-03-14T09:30:00",
        "description": "ส่งผ่านระบบ",
        "files": ("application/pdf", "text/plain", "image/png"),
    },
    "cs-01-": {
        **CS,
        "references": (
            Reference("อย 0402.3/199", "2020-01-30", "เรื่องอ้างถึงลำดับที่สอง"),
            Reference("อย 0402.3/101", "2020-01-09", "เรื่องอ้างถึงลำดับที่หนึ่ง"),
        ),
        "send_date": "2020-02-18T10:11:12",
        "description": "เพื่อโปรดทราบ",
        "files": ("application/pdf", "image/png", "application/pdf"),
    },
    "cs-01b": {
        **CS,
        "references": (),
        "description": "",
        "files": ("application/pdf",),
    },
    "cs-01c": {
        **CS,
        "references": (),
        "send_date": "2563-02-18T10:11:12",
        "files": ("application/pdf",),
    },
    "px-inferred-01-": {
        **JAVA,
        "references": (Reference("อย 0402/12", "2020-01-06", "ขอรับการสนับสนุนคู่มือ"),),
        "attachment_text": "คู่มือ 1 ชุด",
        "description": "โปรดตรวจสอบ",
        "files": ("application/pdf", "image/png"),
    },
    "px-inferred-01b": {
        **JAVA,
        "references": (),
        "attachment_text": "",
        "description": "",
        "files": ("text/plain",),
    },
}


def named(beginning: str) -> bytes:
    (name,) = (name for name in REQUESTS if name.startswith(beginning))
    return sample(name)


def letter_in(body: bytes) -> Letter:
    request = decode(body).request
    assert isinstance(request, SendLetter)
    return letter_from(unsigned(request.document))


def test_the_tables_leave_no_sample_out() -> None:
    assert set(HEADERS) == set(REQUESTS)


@pytest.mark.parametrize("name", REQUESTS)
def test_headers_and_dialects_are_read(name: str) -> None:
    envelope = decode(sample(name))

    assert (envelope.dialect, envelope.message_id.text, envelope.to) == HEADERS[name]


@pytest.mark.parametrize("beginning", NOTIFIERS)
def test_notifiers_are_read(beginning: str) -> None:
    envelope = decode(named(beginning))

    assert envelope.request == SendNotifier(NOTIFIERS[beginning])
    assert envelope.operation.content_element == NOTIFIERS[beginning].kind.value


@pytest.mark.parametrize("beginning", LETTERS)
def test_letters_are_read(beginning: str) -> None:
    letter = letter_in(named(beginning))

    expected = dict(LETTERS[beginning])
    assert tuple(file.mime_code for file in letter.files) == expected.pop("files")
    for field, value in expected.items():
        assert getattr(letter, field) == value, field
    assert all(file.content and len(file.digest) == 64 for file in letter.files)


def test_a_code_of_one_digit_becomes_three() -> None:
    letter = letter_in(named("cs-01c"))

    assert (letter.secrecy, letter.speed) == ("001", "001")


def test_files_are_decoded() -> None:
    full = letter_in(named("boi-01b"))
    without = letter_in(named("px-inferred-01b"))

    assert full.main is not None
    assert full.main.content.startswith(b"%PDF-1.4\n")
    assert full.attachments[0].content.decode("tis-620").isprintable()
    assert full.attachments[1].content.startswith(b"\x89PNG")
    assert without.main is not None
    assert without.main.content == b" "


def test_the_draft_with_a_signature_is_a_letter_that_is_yet_to_be_verified() -> None:
    envelope = decode(named("v1doc-00"))

    assert envelope.operation is Operation.SEND_LETTER
    assert isinstance(envelope.request, SendLetter)


@pytest.mark.parametrize("name", [name for name in REQUESTS if "poll" in name])
def test_polls_are_read(name: str) -> None:
    assert decode(sample(name)).request == Poll()


@pytest.mark.parametrize(
    ("beginning", "process_id"),
    [
        ("boi-08-", "20170314093015982"),
        ("boi-08b", "XmlValue-03"),
        ("cs-08", UUID),
        ("px-inferred-08", UUID),
    ],
)
def test_deletions_are_read(beginning: str, process_id: str) -> None:
    assert asdict(decode(named(beginning)).request) == {"process_id": process_id}
    assert isinstance(decode(named(beginning)).request, DeleteEntry)


@pytest.mark.parametrize("beginning", OTHERS)
def test_all_else_is_read(beginning: str) -> None:
    assert decode(named(beginning)).request == OTHERS[beginning]


def test_no_well_formed_sample_goes_unread() -> None:
    read = (*NOTIFIERS, *LETTERS, *OTHERS, "boi-08", "cs-08", "px-inferred-08")
    other = ("v1doc-00", "boi-07", "cs-07", "px-inferred-07")

    assert all(name.startswith((*read, *other)) for name in REQUESTS)
