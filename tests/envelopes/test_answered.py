"""Answers of other nodes are read as the clients read them, but within limits."""

from pathlib import Path

import pytest
from lxml import etree

from envelopes import answers
from envelopes.answered import Answered, read_answer
from envelopes.decoder import decode
from envelopes.errors import EnvelopeError
from envelopes.letter import LetterId
from envelopes.notifier import NotifierKind
from envelopes.requests import SendLetter, SendNotifier
from envelopes.signature import signatures_in, verify
from schemas import names
from schemas.limits import Limits
from tests.doubles.pki import AT, identity
from tests.letters import a_document, a_letter

SAMPLES = Path(__file__).parents[2] / "docs" / "protocol" / "samples"
LETTER = f".//{names.CORRESPONDENCE_LETTER}"


def _read(body: bytes, response: str = names.INBOUND_RESPONSE) -> Answered:
    return read_answer(body, response, Limits())


def _sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.xml").read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        *("cs-01-send-letter-response", "boi-01-send-letter-response"),
        *("cs-02-receive-notifier-response", "boi-03-accept-notifier-response"),
        "gw-suggested-outbound-notifier-response",
        "v1doc-02-receive-notifier-response",
    ],
)
def test_the_process_number_is_found_in_either_spelling(name: str) -> None:
    """`ProcessID` or `processID`: custody is taken."""
    found = _read(_sample(name), names.OUTBOUND_RESPONSE)

    assert found.process_id
    assert found.process_id == found.process_id.strip()
    assert not found.errors


@pytest.mark.parametrize("client", ["cs", "boi"])
def test_an_empty_queue_has_neither_number_nor_entry(client: str) -> None:
    """The element is there, and nothing in it."""
    found = _read(_sample(f"{client}-07b-inbound-empty-response"))

    assert (found.process_id, found.envelope, found.letter_id) == ("", None, None)


@pytest.mark.parametrize("client", ["cs", "boi"])
def test_a_letter_is_its_senders_request(client: str) -> None:
    """The document byte for byte, in an envelope that the door would read."""
    body = _sample(f"{client}-07a-inbound-letter-response")
    found = _read(body)

    assert found.envelope is not None
    request = decode(found.envelope).request
    assert isinstance(request, SendLetter)
    start = body.index(b"<rsm:GovernmentDocument")
    stop = body.index(b"</rsm:GovernmentDocument>")
    assert body[start:stop] in found.envelope
    assert found.letter_id is not None
    assert found.letter_id.number


@pytest.mark.parametrize("client", ["cs", "boi"])
def test_an_inclusive_signature_would_hold_as_it_did(client: str) -> None:
    """What it is over, namespaces from further out included, is the same (C3)."""
    body = _sample(f"{client}-07a-inbound-letter-response")
    envelope = _read(body).envelope
    assert envelope is not None

    before, after = (etree.fromstring(one).find(LETTER) for one in (body, envelope))
    assert before is not None
    assert after is not None
    assert etree.tostring(before, method="c14n") == etree.tostring(after, method="c14n")


def test_a_signature_holds_after_the_way_here() -> None:
    """Signed by its sender, fetched from its node, and verified as at the door."""
    own = identity()
    body = answers.inbox_letter("q1", AT, a_document(a_letter(), own))
    envelope = _read(body).envelope
    assert envelope is not None
    request = decode(envelope).request
    assert isinstance(request, SendLetter)

    assert signatures_in(request.document) == 1
    assert verify(request.document, [own], AT, weak=False).travels


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cs-07c-inbound-receiveletternotifier-response", NotifierKind.RECEIVED),
        ("cs-07d-inbound-acceptletternotifier-response", NotifierKind.REGISTERED),
        ("cs-07e-inbound-rejectletternotifier-response", NotifierKind.RETURNED),
        ("cs-07f-inbound-invalidletternotifier-response", NotifierKind.WRONG_LETTER),
        ("cs-07g-inbound-invalidacceptidnotifier-response", NotifierKind.WRONG_NUMBER),
    ],
)
def test_a_notifier_is_its_tellers_request(name: str, kind: NotifierKind) -> None:
    """What the node added by itself is left out, as a request has it."""
    found = _read(_sample(name))

    assert found.envelope is not None
    assert found.letter_id is None
    request = decode(found.envelope).request
    assert isinstance(request, SendNotifier)
    assert request.notifier.kind is kind
    assert request.notifier.letter_id == LetterId("อย 0402.3/256", "2020-02-18")
    assert bool(request.notifier.accept_id) is kind.carries_number


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("cs-23-error-response", ["E-SAMPLE-01"]),
        ("cs-23b-error-multiple-response", ["E-SAMPLE-02", "E-SAMPLE-03"]),
    ],
)
def test_errors_come_first(name: str, codes: list[str]) -> None:
    """Wherever they stand, whatever was asked for."""
    found = _read(_sample(name))

    assert [error.code for error in found.errors] == codes
    assert all(error.description for error in found.errors)


def test_an_error_in_the_bare_body_is_one() -> None:
    """No operation was understood: the element of no operation stands there."""
    (error,) = _read(answers.refused(None, [("operation-unknown", "x")])).errors

    assert error.code == "operation-unknown"


def test_an_error_without_its_parts_is_one_still() -> None:
    """What is missing is empty; it is no success."""
    (error,) = _read(
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        b"<ErrorDetail/></e:Body></e:Envelope>"
    ).errors

    assert (error.code, error.description) == ("", "")


def test_the_time_is_found() -> None:
    """ECMSTime, as the node writes it."""
    found = _read(_sample("cs-16-time-check-response"), names.TIME_RESPONSE)

    assert found.time == "2020-02-18T10:20:30"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a/>",
        b"\x00\x01",
        b"<!DOCTYPE a><a/>",
        _sample("cs-07-inbound-poll-request"),
        answers.letter_taken("1", AT),
        (
            b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/>'
            b"</e:Envelope>"
        ),
    ],
)
def test_what_is_no_such_answer_is_an_error(body: bytes) -> None:
    """Never another exception, and never taken for an empty queue."""
    with pytest.raises(EnvelopeError):
        _read(body)


def test_a_document_in_other_bytes_is_written_anew() -> None:
    """In UTF-16, or under other prefixes, there are no bytes of UTF-8 to cut out."""
    own = identity()
    body = answers.inbox_letter("q1", AT, a_document(a_letter(), own))
    text = body.decode().replace("UTF-8", "UTF-16")
    renamed = body.replace(b"rsm:", b"x:").replace(b"xmlns:rsm", b"xmlns:x")

    for variant in (text.encode("utf-16"), renamed):
        envelope = _read(variant).envelope
        assert envelope is not None
        request = decode(envelope).request
        assert isinstance(request, SendLetter)
