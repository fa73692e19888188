"""Parcels are handed over: to a node as the C# client would, to a webhook signed."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from envelopes import answers
from envelopes.decoder import decode
from envelopes.dialects import CSHARP
from envelopes.letter import Attachment
from envelopes.notifier import NotifierKind
from envelopes.requests import SendLetter, SendNotifier
from gateway.domain.delivery import (
    DeliveryError,
    EndpointBusy,
    EndpointMisbehaved,
    EndpointRefused,
    EndpointSilent,
)
from gateway.domain.endpoint import Way
from gateway.transport import webhook
from schemas.catalog import Operation
from tests.doubles.clock import START, HandClock
from tests.doubles.endpoint import a_node, an_endpoint, answers_with, loses_its_answer
from tests.gateway.transport.parcels import (
    HUB,
    a_handover,
    a_notifier,
    a_parcel,
    an_endpoint_record,
)
from tests.letters import a_document, a_letter


async def test_a_letter_goes_as_the_csharp_client_writes_it() -> None:
    """The node reads a letter of that dialect, and finds the document unchanged."""
    parcel = a_parcel()
    async with an_endpoint() as node, a_handover() as handover:
        answer = await handover.hand_over(an_endpoint_record(node.url), parcel)

    (came,) = node.arrived
    asked = decode(came.body)
    assert (asked.operation, asked.dialect) == (Operation.SEND_LETTER, CSHARP)
    assert isinstance(asked.request, SendLetter)
    assert parcel.document in came.body
    assert not came.body.startswith(b"<?xml")
    assert b'<SOAP-ENV:Body ID="Body">' in came.body
    assert asked.to == node.url
    assert came.headers["Content-Type"] == "text/xml; encoding='utf-8'"
    assert (answer.status, answer.process_id) == (200, "N1")


@pytest.mark.parametrize("kind", list(NotifierKind))
async def test_a_notifier_goes_as_its_operation(kind: NotifierKind) -> None:
    """Operations 2 to 6: number, date and subject in the letter's own words."""
    parcel = a_notifier(kind, "๑๐๒๔/๒๕๖๙" if kind.carries_number else None)
    assert parcel.notifier is not None
    async with an_endpoint() as node, a_handover() as handover:
        await handover.hand_over(an_endpoint_record(node.url), parcel)

    request = decode(node.arrived[0].body).request
    assert isinstance(request, SendNotifier)
    assert request.notifier.kind is kind
    assert request.notifier.letter_id == parcel.notifier.letter_id
    assert request.notifier.subject == parcel.notifier.subject
    assert request.notifier.accept_id == parcel.notifier.accept_id
    body = etree.fromstring(node.arrived[0].body)[1]
    assert [e.tag for e in body[0][0]][-2:] == ["CorrespondenceDate", "Subject"]


async def test_what_lost_its_answer_is_taken_at_the_repeat() -> None:
    """A node that took the letter answers the repeat alike: one letter, one number."""
    async with an_endpoint() as node, a_handover() as handover:
        record = an_endpoint_record(node.url)
        node.behave = loses_its_answer(a_node(node))
        with pytest.raises(EndpointSilent):
            await handover.hand_over(record, a_parcel())
        node.behave = a_node(node)
        answer = await handover.hand_over(record, a_parcel())

    assert answer.process_id == "N1"
    assert len(node.taken) == 1


async def test_an_echo_of_the_whole_letter_is_read() -> None:
    """The protocol lets a node echo what came (B5): such an answer may be larger."""
    file = Attachment("application/pdf", b"%PDF-" + bytes(2 * 1024 * 1024))
    document = a_document(a_letter(main=file))
    parcel = a_parcel(document=document)
    echo = answers.inbox_letter("N7", START, document).replace(b"Inbound", b"Outbound")
    async with an_endpoint(answers_with(body=echo)) as node, a_handover() as handover:
        answer = await handover.hand_over(an_endpoint_record(node.url), parcel)

    assert answer.process_id == "N7"
    assert len(answer.body) == 16 * 1024


ERRORS = [
    ([("number-taken", "x")], EndpointRefused),
    ([("E-SAMPLE-01", "x")], EndpointRefused),
    ([("temporarily-unavailable", "x")], EndpointBusy),
    ([("internal-error", "x")], EndpointBusy),
    ([("temporarily-unavailable", "x"), ("number-taken", "x")], EndpointRefused),
]


@pytest.mark.parametrize(("details", "kind"), ERRORS)
async def test_an_error_answer_says_whose_move_it_is(
    details: list[tuple[str, str]], kind: type[DeliveryError]
) -> None:
    """An ErrorDetail refuses, but for the codes that time mends."""
    body = answers.refused(Operation.SEND_LETTER, details)
    async with an_endpoint(answers_with(body=body)) as node, a_handover() as handover:
        with pytest.raises(kind) as caught:
            await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert type(caught.value) is kind
    assert details[0][0] in caught.value.detail
    assert caught.value.answer.body == body


async def test_words_in_place_of_a_code_are_not_told() -> None:
    """A node may write a letter's subject there: the log is no place for it."""
    body = answers.refused(Operation.SEND_LETTER, [("เรื่อง ลับมาก", "x")])
    async with an_endpoint(answers_with(body=body)) as node, a_handover() as handover:
        with pytest.raises(EndpointRefused) as caught:
            await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert "ลับ" not in caught.value.detail
    assert "ลับ" not in str(caught.value)


UNREADABLE = [
    b"",
    b"OK",
    b"<html><body>OK</body></html>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    answers.inbox_empty(),
    answers.letter_taken("", START),
    answers.letter_taken("  ", START),
    answers.letter_taken("N1", START)[:-20],
    (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        b"<e:Fault><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>"
    ),
]


@pytest.mark.parametrize("body", UNREADABLE)
async def test_an_answer_that_cannot_be_read_is_no_custody(body: bytes) -> None:
    """Only a process number says that the letter is in somebody's hands."""
    async with an_endpoint(answers_with(body=body)) as node, a_handover() as handover:
        with pytest.raises(EndpointMisbehaved) as caught:
            await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert caught.value.temporary


async def test_a_webhook_gets_signed_json() -> None:
    """Whoever has the hub's certificate finds the signature over key and digest."""
    parcel = a_parcel()
    async with (
        an_endpoint(answers_with(202)) as hook,
        a_handover(clock=HandClock()) as handover,
    ):
        answer = await handover.hand_over(
            an_endpoint_record(hook.url, Way.WEBHOOK), parcel
        )

    (came,) = hook.arrived
    told = json.loads(came.body)
    assert answer.status == 202
    assert (told["version"], told["event"], told["id"]) == (1, "letter", str(parcel.id))
    assert base64.b64decode(told["document"]) == parcel.document
    assert told["letter"]["number"] == parcel.letter.letter_id.number
    assert came.headers["Idempotency-Key"] == str(parcel.id)
    digest = base64.b64encode(hashlib.sha256(came.body).digest()).decode()
    assert came.headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert came.headers["Gateway-Timestamp"] == "2026-07-01T02:00:00Z"
    assert came.headers["Content-Length"] == str(len(came.body))
    assert not {"Transfer-Encoding", "Expect", "User-Agent"} & set(came.headers)
    _holds(came.headers, hook.url)


def _holds(headers: object, url: str) -> None:
    """Verify as docs/webhook.md tells a receiver to; raises where it does not hold."""
    assert hasattr(headers, "__getitem__")
    protected, empty, signature = headers["Gateway-Signature"].split(".")
    names = ("Gateway-Timestamp", "Gateway-Event", "Idempotency-Key", "Content-Digest")
    lines = ["webhook 1", url, *(headers[name] for name in names)]
    payload = base64.urlsafe_b64encode("".join(f"{x}\n" for x in lines).encode())
    signed = f"{protected}.{payload.rstrip(b'=').decode()}".encode()
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
    assert isinstance(HUB.key, ec.EllipticCurvePrivateKey)
    HUB.key.public_key().verify(
        encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256())
    )
    header = json.loads(base64.urlsafe_b64decode(protected + "=="))
    assert not empty
    assert header["typ"] == webhook.TYPE
    assert header["kid"] == HUB.fingerprint


async def test_a_repeat_has_the_same_body_and_key() -> None:
    """A webhook knows a repeat by its key; only time and signature are new."""
    clock, parcel = HandClock(), a_parcel()
    async with (
        an_endpoint(answers_with(200)) as hook,
        a_handover(clock=clock) as handover,
    ):
        record = an_endpoint_record(hook.url, Way.WEBHOOK)
        await handover.hand_over(record, parcel)
        clock.advance(minutes=5)
        await handover.hand_over(record, parcel)

    first, second = hook.arrived
    assert first.body == second.body
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.headers["Gateway-Signature"] != second.headers["Gateway-Signature"]


async def test_a_webhook_is_told_what_a_notifier_says() -> None:
    """The five kinds by their names on the wire, with who says it."""
    async with an_endpoint(answers_with(204)) as hook, a_handover() as handover:
        await handover.hand_over(
            an_endpoint_record(hook.url, Way.WEBHOOK),
            a_notifier(NotifierKind.REGISTERED, "1024"),
        )

    told = json.loads(hook.arrived[0].body)
    assert told["event"] == "notifier"
    assert told["notifier"]["kind"] == "AcceptLetterNotifier"
    assert told["notifier"]["accept_id"] == "1024"
    assert told["notifier"]["told_by"] == "1500200050"
    assert "document" not in told


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, EndpointBusy) for status in (408, 425, 429, 500, 502, 503, 504)),
        *((status, EndpointRefused) for status in (400, 401, 403, 404, 410, 413, 422)),
        *((status, EndpointMisbehaved) for status in (301, 302, 304, 307, 308)),
    ],
)
async def test_a_status_says_whose_move_it_is(
    status: int, kind: type[DeliveryError]
) -> None:
    """2xx takes custody, and nothing else does."""
    async with an_endpoint(answers_with(status)) as hook, a_handover() as handover:
        with pytest.raises(kind) as caught:
            await handover.hand_over(
                an_endpoint_record(hook.url, Way.WEBHOOK), a_parcel()
            )

    assert type(caught.value) is kind
    assert caught.value.answer.status == status


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("120", 120.0),
        ("Wed, 01 Jul 2026 02:01:30 GMT", 90.0),
        ("Wed, 01 Jul 2026 01:00:00 GMT", 0.0),
        ("999999999999", 86400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
async def test_retry_after_is_told(asked: str, wait: float | None) -> None:
    """Seconds or a date, a day at most; what is neither is not heard."""
    behave = answers_with(503, headers={"Retry-After": asked})
    async with (
        an_endpoint(behave) as hook,
        a_handover(clock=HandClock()) as handover,
    ):
        with pytest.raises(EndpointBusy) as caught:
            await handover.hand_over(
                an_endpoint_record(hook.url, Way.WEBHOOK), a_parcel()
            )

    assert caught.value.wait == wait
