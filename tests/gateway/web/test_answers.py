from itertools import count

import pytest
from structlog.testing import capture_logs

from envelopes.errors import SchemaViolated, SignatureInvalid
from gateway.domain.errors import IllegalTransition, ReceiverUnknown
from gateway.store.errors import ConcurrentChange, VaultDamaged
from gateway.web.answers import ErrorAnswer, answer_to
from gateway.web.errors import AccessDenied
from schemas.catalog import Operation


def answer(error: Exception, operation: Operation | None = None) -> ErrorAnswer:
    return answer_to(error, operation, count(7).__next__)


def test_a_refusal_is_told_in_thai_and_english_with_its_place() -> None:
    body = answer(ReceiverUnknown("1500200099"), Operation.SEND_LETTER).body.decode()

    assert (
        "<CorrespondenceLetterOutboundResponse><ErrorDetail>"
        "<ErrorCode>receiver-unknown</ErrorCode><ErrorDescription>"
        "ไม่พบหน่วยงานผู้รับในทะเบียนหน่วยงาน "
        "(The receiver's organization is not in the directory): 1500200099"
        "</ErrorDescription></ErrorDetail></CorrespondenceLetterOutboundResponse>"
    ) in body


def test_without_an_operation_it_stands_in_the_body() -> None:
    assert b"<SOAP-ENV:Body><ErrorDetail>" in answer(SchemaViolated()).body


def test_an_error_that_knows_its_operation_stands_in_its_element() -> None:
    error = SchemaViolated("ram:ID")
    error.operation = Operation.DELETE_ENTRY

    body = answer(error).body

    assert b"<CorrespondenceLetterDeleteResponse><ErrorDetail>" in body


@pytest.mark.parametrize("error", [RuntimeError("/etc/x"), IllegalTransition("/etc/x")])
def test_a_mistake_of_ours_is_told_by_an_id_only(error: Exception) -> None:
    with capture_logs() as lines:
        told = answer(error, Operation.POLL)

    assert told.status == 200
    assert b"<ErrorCode>internal-error</ErrorCode>" in told.body
    assert b": 7</ErrorDescription>" in told.body
    assert b"/etc/x" not in told.body
    assert [(line["event"], line["id"]) for line in lines] == [("request failed", "7")]
    assert lines[0]["exc_info"] is error


def test_detail_is_for_the_log_alone() -> None:
    with capture_logs() as lines:
        told = answer(SignatureInvalid("ds:Signature", detail="InvalidDigest"))

    assert b"InvalidDigest" not in told.body
    assert lines[0]["event"] == "request refused"
    assert lines[0]["detail"] == "InvalidDigest"


def test_what_time_mends_may_be_sent_again() -> None:
    told = answer(ConcurrentChange("row 7"), Operation.SEND_LETTER)

    assert b"<ErrorCode>temporarily-unavailable</ErrorCode>" in told.body
    assert b"row 7" not in told.body


def test_damage_is_ours() -> None:
    assert b"internal-error" in answer(VaultDamaged("abc")).body


def test_who_may_not_be_here_gets_403() -> None:
    told = answer(AccessDenied(detail="not from this machine"))

    assert told.status == 403
    assert told.closes
    assert b"<ErrorCode>access-denied</ErrorCode>" in told.body
    assert b"machine" not in told.body


@pytest.mark.parametrize("where", ["a|b=c", "<x>&", "\0\x1b\u200b\ud800", "ก" * 5000])
def test_a_place_cannot_break_the_answer(where: str) -> None:
    body = answer(ReceiverUnknown(where)).body.decode()
    description = body.split("<ErrorDescription>")[1].split("</ErrorDescription>")[0]

    assert not set("|=&<>\0\x1b\u200b") & set(description)
    assert len(description) < 1000
