import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from envelopes.dialects import BOI, CSHARP, Dialect
from envelopes.letter import LetterId, OrganizationCode, Party
from gateway.bootstrap import open_hub
from gateway.config import load
from tests.gateway.web.conftest import (
    CHIANG_MAI,
    MINISTRY,
    Answer,
    Caller,
    Calling,
    sample,
)
from tests.letters import a_letter, as_wire

OUTBOUND = "CorrespondenceLetterOutboundResponse"
INBOUND = "CorrespondenceLetterInboundResponse"
DELETE = "CorrespondenceLetterDeleteResponse"


def notice(kind: str, number: str = "มท 0210.3/ว 1795", accept_id: str = "") -> bytes:
    given = f"<AcceptID>{accept_id}</AcceptID>" if accept_id else ""
    return (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
        "<SOAP-ENV:Header/><SOAP-ENV:Body><CorrespondenceLetterOutboundRequest>"
        f"<{kind}><LetterID>{number}</LetterID>{given}"
        "<CorrespondenceDate>2026-11-20</CorrespondenceDate><Subject>x</Subject>"
        f"</{kind}></CorrespondenceLetterOutboundRequest></SOAP-ENV:Body>"
        "</SOAP-ENV:Envelope>"
    ).encode()


def deletion(process_id: str) -> bytes:
    return (
        sample("cs-08-delete-queue-request")
        .replace(b"<ProcessID>", f"<ProcessID>{process_id}<!--".encode())
        .replace(b"</ProcessID>", b"--></ProcessID>")
    )


async def arrived(caller: Caller, organization: str) -> Answer:
    """Poll until something is there; on a slow machine a poll waits in vain."""
    while not len((answer := await caller.poll(organization)).payload):
        pass
    return answer


@pytest.mark.parametrize("dialect", [BOI, CSHARP])
@pytest.mark.parametrize("signs", [True, False])
async def test_a_letter_goes_from_door_to_number(
    caller: Caller, dialect: Dialect, *, signs: bool
) -> None:
    """Send, poll, delete, register, and the number comes back."""
    identity = caller.identity(MINISTRY) if signs else None
    sent = await caller.post(MINISTRY, as_wire(a_letter(), dialect, signed_by=identity))
    assert sent.payload.tag == OUTBOUND
    assert sent.headers["Content-Type"] == "text/xml;charset=UTF-8"
    assert int(sent.headers["Content-Length"]) == len(sent.body)

    letter = await arrived(caller, CHIANG_MAI)
    assert letter.payload.tag == INBOUND
    assert "แต่งตั้งผู้รับผิดชอบ".encode() in letter.body
    assert letter.value("ProcessID") != sent.value("ProcessID")

    deleted = await caller.post(CHIANG_MAI, deletion(letter.value("ProcessID")))
    assert deleted.payload.tag == DELETE
    assert len((await caller.poll(CHIANG_MAI)).payload) == 0

    told = await caller.post(
        CHIANG_MAI, notice("AcceptLetterNotifier", accept_id="๑๒๐/๒๕๖๙")
    )
    assert told.value("AcceptID") == "๑๒๐/๒๕๖๙"
    notifier = await arrived(caller, MINISTRY)
    assert notifier.payload[-1].tag == "AcceptLetterNotifier"
    assert notifier.value("AcceptID") == "๑๒๐/๒๕๖๙"
    assert notifier.value("Code") == CHIANG_MAI


async def test_the_same_send_gets_the_same_number(caller: Caller) -> None:
    wire = as_wire(a_letter())
    first = await caller.post(MINISTRY, wire)
    again = await caller.post(
        MINISTRY, as_wire(a_letter(send_date="2026-11-22T08:00:00"))
    )

    assert first.body == again.body
    assert (await caller.post("15002", wire)).body == first.body


def other_content() -> bytes:
    return as_wire(a_letter(subject="เรื่องอื่น"))


def to_nobody() -> bytes:
    nobody = replace(a_letter().receiver, organization=OrganizationCode("1500299999"))
    return as_wire(a_letter(receiver=nobody))


def from_another() -> bytes:
    return as_wire(a_letter(sender=Party("", "", "", "", OrganizationCode(CHIANG_MAI))))


def from_nobody() -> bytes:
    return as_wire(
        a_letter(sender=Party("", "", "", "", OrganizationCode("9900000000")))
    )


def without_subject() -> bytes:
    return as_wire(a_letter()).replace(b"ram:Subject", b"ram:Sujet")


def tampered(wire: bytes) -> bytes:
    return wire.replace("กำหนดการ 1 ฉบับ".encode(), "กำหนดการ 2 ฉบับ".encode())


BAD: dict[str, tuple[Callable[[], bytes], str, str, str]] = {
    "no XML": (lambda: b"hello", "malformed-envelope", "Body", ""),
    "nothing": (lambda: b"", "malformed-envelope", "Body", ""),
    "broken XML": (lambda: as_wire(a_letter())[:-9], "malformed-envelope", "Body", ""),
    "a document type": (
        lambda: b'<!DOCTYPE x [<!ENTITY e "x">]>' + as_wire(a_letter()),
        "malformed-envelope",
        "Body",
        "",
    ),
    "an unknown operation": (
        lambda: as_wire(a_letter()).replace(b"LetterOutboundRequest", b"LetterFax"),
        "operation-unknown",
        "Body",
        "",
    ),
    "a schema violation": (without_subject, "schema-violated", OUTBOUND, "Subject"),
    "an unknown receiver": (to_nobody, "receiver-unknown", OUTBOUND, "1500299999"),
    "an unknown sender": (from_nobody, "sender-unknown", OUTBOUND, "9900000000"),
    "another's letter": (
        from_another,
        "sender-not-of-this-door",
        OUTBOUND,
        CHIANG_MAI,
    ),
    "a letter nobody sent": (
        lambda: notice("ReceiveLetterNotifier", "มท 1/1"),
        "letter-unknown",
        OUTBOUND,
        "มท 1/1",
    ),
    "a date in the future": (
        lambda: as_wire(a_letter(id=LetterId("มท 1", "2026-11-23"))),
        "date-in-future",
        OUTBOUND,
        "2026-11-23",
    ),
}


@pytest.mark.parametrize("what", BAD)
async def test_bad_input_is_answered_by_code_and_place(
    caller: Caller, what: str
) -> None:
    make, code, place, named = BAD[what]

    answer = await caller.post(MINISTRY, make())

    assert answer.status == 200
    stands_in, told, description = answer.error
    assert (stands_in, told) == (place, code)
    assert named in description
    assert "(" in description
    await nothing_is_kept(caller)


async def nothing_is_kept(caller: Caller) -> None:
    ready = await caller.ask("GET", f"{caller.base}/health/ready")
    assert b'"ready": true' in ready.body
    assert len((await caller.poll(CHIANG_MAI)).payload) == 0


async def test_an_unknown_door_is_an_unknown_sender(caller: Caller) -> None:
    for door in ("1500299999", "99", "abc", "%00%F0", "1500200050x"):
        answer = await caller.post(door, as_wire(a_letter()))
        assert answer.status == 200
        assert answer.error[:2] == (OUTBOUND, "sender-unknown")
        polled = await caller.poll(door)
        assert polled.error[:2] == (INBOUND, "sender-unknown")


async def test_the_same_number_with_other_content_is_refused(caller: Caller) -> None:
    await caller.post(MINISTRY, as_wire(a_letter()))

    answer = await caller.post(MINISTRY, other_content())

    assert answer.error[:2] == (OUTBOUND, "number-taken")


async def test_a_signature_that_fails_is_refused(caller: Caller) -> None:
    wire = as_wire(a_letter(), signed_by=caller.identity(MINISTRY))
    foreign = as_wire(a_letter(), signed_by=caller.identity(CHIANG_MAI))

    assert (await caller.post(MINISTRY, tampered(wire))).error[:2] == (
        OUTBOUND,
        "signature-invalid",
    )
    assert (await caller.post(MINISTRY, foreign)).error[:2] == (
        OUTBOUND,
        "certificate-untrusted",
    )
    await nothing_is_kept(caller)


async def test_old_dates_are_no_error(caller: Caller) -> None:
    for number, date in (("1", "1999-01-01"), ("2", "2552-06-05"), ("3", "2009-06-05")):
        letter = a_letter(id=LetterId(number, date))
        answer = await caller.post(MINISTRY, as_wire(letter))
        assert answer.payload[0].tag == "ProcessID"


async def test_a_letter_in_anothers_hands_is_unknown(caller: Caller) -> None:
    await caller.post(MINISTRY, as_wire(a_letter()))

    answer = await caller.post("1500200063", notice("ReceiveLetterNotifier"))

    assert answer.error[:2] == (OUTBOUND, "letter-unknown")


@pytest.mark.parametrize(
    "process_id", ["", "1", "x" * 60, "20990101000000999999999999"]
)
async def test_a_deletion_always_succeeds(caller: Caller, process_id: str) -> None:
    answer = await caller.post(MINISTRY, deletion(process_id))

    assert answer.payload.tag == DELETE
    assert answer.value("ProcessID")
    assert answer.value("ProcessTime")


async def test_a_deletion_touches_only_what_its_caller_has_read(
    caller: Caller,
) -> None:
    await caller.post(MINISTRY, as_wire(a_letter()))
    shown = (await caller.poll(CHIANG_MAI)).value("ProcessID")

    await caller.post("1500200063", deletion(shown))

    assert (await caller.poll(CHIANG_MAI)).value("ProcessID") == shown


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"]
)
async def test_a_forwarded_request_is_not_let_in(caller: Caller, header: str) -> None:
    answers = [
        await caller.post(door, as_wire(a_letter()), **{header: "127.0.0.1"})
        for door in (MINISTRY, "1500299999", "abc")
    ]

    assert [answer.status for answer in answers] == [403, 403, 403]
    assert {answer.error[:2] for answer in answers} == {("Body", "access-denied")}
    assert len({answer.body for answer in answers}) == 1


async def test_a_hub_that_is_no_demo_lets_nobody_in(calling: Calling) -> None:
    async with calling(demo=False) as caller:
        with capture_logs() as lines:
            answer = await caller.poll(MINISTRY)

    assert answer.status == 401
    assert answer.error[:2] == ("Body", "access-denied")
    assert "access denied" in {line["event"] for line in lines}


def is_too_large(answer: Answer) -> bool:
    return answer.status == 200 and answer.error[:2] == ("Body", "limit-exceeded")


async def test_a_body_over_the_limit_is_told_so(calling: Calling) -> None:
    limit = 65_536
    async with calling(body_limit=limit) as caller:
        for size in (limit + 1, 3 * limit):
            answer = await caller.post(MINISTRY, b" " * size)
            assert is_too_large(answer)
            assert "65536 bytes" in answer.error[2]
        just = as_wire(a_letter())
        just += b" " * (limit - len(just))
        assert (await caller.post(MINISTRY, just)).payload[0].tag == "ProcessID"


async def test_a_large_letter_is_worked_on_in_a_thread(calling: Calling) -> None:
    async with calling(thread_threshold=0) as caller:
        letter = as_wire(a_letter(), signed_by=caller.identity(MINISTRY))
        await caller.post(MINISTRY, letter)

        assert (await caller.poll(CHIANG_MAI)).value("ProcessID")


async def test_events_name_door_and_message_and_nothing_of_the_letter(
    caller: Caller,
) -> None:
    with capture_logs() as lines:
        await caller.post(MINISTRY, as_wire(a_letter(), message_id="mid://7"))
        await caller.poll(CHIANG_MAI)

    assert {"letter accepted", "letter routed"} <= {line["event"] for line in lines}
    assert "แต่งตั้ง" not in str(lines)
    assert "ธนา" not in str(lines)


async def test_a_mistake_of_ours_is_answered_too(caller: Caller) -> None:
    """What was kept is gone; the caller learns an id, the operator the rest."""
    await caller.post(MINISTRY, as_wire(a_letter()))
    await caller.poll(CHIANG_MAI)
    with closing(sqlite3.connect(caller.data / "hub.db")) as database, database:
        database.execute("DELETE FROM envelope")

    with capture_logs() as lines:
        answer = await caller.poll(CHIANG_MAI)

    assert answer.status == 200
    assert answer.error[:2] == (INBOUND, "internal-error")
    (failed,) = lines
    assert failed["event"] == "request failed"
    assert failed["id"] in answer.error[2]
    assert failed["exc_info"] is not None


async def test_an_endpoint_that_polls_is_seen(calling: Calling) -> None:
    async with calling() as caller:
        await caller.poll(CHIANG_MAI)
        data = caller.data
    async with open_hub(load(data)) as hub:
        seen = {
            line.organization.code.text
            for line in await hub.store.views.endpoints()
            if line.last_seen_at is not None
        }

    assert seen == {CHIANG_MAI}
