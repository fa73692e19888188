"""What an envelope asks for, and whose answer an error belongs into."""

import pytest

from envelopes.decoder import decode
from envelopes.dialects import CSHARP, UNKNOWN, V1_DOCUMENT
from envelopes.errors import (
    EnvelopeError,
    LimitExceeded,
    MalformedEnvelope,
    OperationUnknown,
    SchemaViolated,
)
from envelopes.notifier import NotifierKind
from envelopes.requests import DeleteEntry, Poll, SendLetter, SendNotifier
from schemas.catalog import Operation
from schemas.limits import Limits
from tests.wire import ACCEPT, DELETE, LETTER, POLL, REQUESTS, sample, spoiled

POLLED = "<CorrespondenceLetterInboundRequest />"
WSA = ' xmlns:wsa="http://www.w3.org/2005/08/addressing"'


def refused(body: bytes, limits: Limits | None = None) -> EnvelopeError:
    with pytest.raises(EnvelopeError) as caught:
        decode(body, limits or Limits())
    return caught.value


def test_a_header_may_be_missing() -> None:
    text = sample(POLL).decode()
    start, end = text.index("<SOAP-ENV:Header>"), text.index("<SOAP-ENV:Body>")

    envelope = decode((text[:start] + text[end:]).encode())

    assert (str(envelope.message_id), envelope.to) == ("", "")
    assert envelope.dialect is UNKNOWN
    assert envelope.operation is Operation.POLL


@pytest.mark.parametrize(
    ("old", "new", "dialect"),
    [
        ("wsa:To", "wsa:to", UNKNOWN),
        ("http://www.w3.org/2005", "http://w3.org/2005", UNKNOWN),
        ("http://www.w3.org/2005", "http://www.w3.org/2004", UNKNOWN),
        ("wsa:To", "wsa:To", CSHARP),
    ],
)
def test_a_dialect_is_that_of_the_destination(
    old: str, new: str, dialect: object
) -> None:
    body = sample(POLL).replace(old.encode(), new.encode())

    assert decode(body).dialect is dialect


def test_header_fields_of_both_addressings_are_read() -> None:
    body = sample(POLL).decode()
    body = body.replace(
        f"<wsa:To{WSA}>", '<a:to xmlns:a="http://w3.org/2005/08/addressing"> '
    )
    body = body.replace("</wsa:To>", "\n</a:to>")

    envelope = decode(body.encode())

    assert envelope.to == "http://org-b.ecms.example/ecms-ws01/service2"
    assert envelope.message_id.text == "Test"
    assert envelope.dialect is V1_DOCUMENT


def test_a_header_field_is_not_looked_for_in_the_body() -> None:
    body = spoiled(
        POLLED,
        f"<CorrespondenceLetterInboundRequest><wsa:To{WSA}>x</wsa:To>"
        "</CorrespondenceLetterInboundRequest>",
        POLL,
    )

    assert decode(body).to == "http://org-b.ecms.example/ecms-ws01/service2"


@pytest.mark.parametrize(
    "asked",
    [
        "<CorrespondenceLetterInboundRequest> </CorrespondenceLetterInboundRequest>",
        "<CorrespondenceLetterInboundRequest>any</CorrespondenceLetterInboundRequest>",
        '<x:CorrespondenceLetterInboundRequest xmlns:x="urn:x"/>',
        f"<!-- a comment -->{POLLED}\n",
    ],
)
def test_a_poll_is_known_by_its_name_alone(asked: str) -> None:
    assert decode(spoiled(POLLED, asked, POLL)).request == Poll()


OUTBOUND = "CorrespondenceLetterOutboundRequest"


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("", "SOAP Body without content"),
        ("text", "SOAP Body without content"),
        ("<!-- only -->", "SOAP Body without content"),
        ("<Anything/>", "Anything"),
        ("<GetOrganisationList/>", "GetOrganisationList"),
        (f"<{'a' * 99}/>", "a" * 40),
        (
            "<CorrespondenceLetterInboundResponse/>",
            "CorrespondenceLetterInboundResponse",
        ),
        (
            "<correspondenceletterinboundrequest/>",
            "correspondenceletterinboundrequest",
        ),
        (f"<{OUTBOUND}/>", f"{OUTBOUND} without content"),
        (f"<{OUTBOUND}><Foo/></{OUTBOUND}>", f"{OUTBOUND}/Foo"),
    ],
)
def test_an_unknown_operation_is_unknown(asked: str, where: str) -> None:
    error = refused(spoiled(POLLED, asked, POLL))

    assert isinstance(error, OperationUnknown)
    assert error.where == where
    assert error.operation is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (POLLED, POLLED + POLLED),
        (POLLED, f"{POLLED}<CorrespondenceLetterDeleteRequest/>"),
        ("</SOAP-ENV:Body>", "</SOAP-ENV:Body><SOAP-ENV:Body/>"),
        ("<SOAP-ENV:Header>", "<SOAP-ENV:Body/><SOAP-ENV:Header>"),
    ],
)
def test_a_body_has_one_element_and_there_is_one_body(old: str, new: str) -> None:
    assert isinstance(refused(spoiled(old, new, POLL)), MalformedEnvelope)


@pytest.mark.parametrize(
    "body",
    [
        b"<a/>",
        b"<Envelope/>",
        b"<Envelope><Body/></Envelope>",
        sample(POLL).replace(
            b"http://schemas.xmlsoap.org/soap/envelope/", b"urn:something:else"
        ),
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>',
    ],
)
def test_what_is_no_soap_envelope_is_malformed(body: bytes) -> None:
    assert isinstance(refused(body), MalformedEnvelope)


@pytest.mark.parametrize(
    ("name", "old", "new", "operation"),
    [
        (LETTER, "2020-02-18<", "2020-02-30<", Operation.SEND_LETTER),
        (LETTER, "rsm:GovernmentDocument", "rsm:Foo", None),
        (ACCEPT, ">รับ 903/2563<", "><", Operation.SEND_ACCEPT_NOTIFIER),
        (DELETE, "ProcessID", "processID", Operation.DELETE_ENTRY),
    ],
)
def test_an_error_carries_the_operation_once_it_is_known(
    name: str, old: str, new: str, operation: Operation | None
) -> None:
    body = sample(name).replace(old.encode(), new.encode())

    error = refused(body)

    assert error.operation is operation
    assert isinstance(error, SchemaViolated if operation else OperationUnknown)


def test_a_document_in_another_namespace_is_a_letter_that_violates_the_schema() -> None:
    error = refused(spoiled("GovernmentDocument:1.0", "GovernmentDocument:1"))

    assert isinstance(error, SchemaViolated)
    assert error.operation is Operation.SEND_LETTER


def test_all_violations_are_named_in_short() -> None:
    body = sample().replace(b">001<", b">9<")

    error = refused(body)

    assert "ram:SecretCode: must be a secrecy code, 001 to 005; " in error.where
    assert "ram:SpeedCode: must be a speed code, 001 to 004" in error.where


def test_violations_are_named_in_bounds() -> None:
    wrong = (
        "<ram:ReferenceCorrespondence><ram:ID/><ram:CorrespondenceDate>x"
        "</ram:CorrespondenceDate><ram:Subject/></ram:ReferenceCorrespondence>"
    )

    error = refused(spoiled("<ram:Attachment>", wrong * 100 + "<ram:Attachment>"))

    assert isinstance(error, SchemaViolated)
    assert len(error.where) <= 800
    assert not set("|=&<>\n") & set(error.where)


def test_files_and_references_are_counted() -> None:
    file = '<ram:AttachmentBinaryObject mimeCode=""/>'
    reference = (
        "<ram:ReferenceCorrespondence><ram:ID/><ram:CorrespondenceDate/>"
        "<ram:Subject/></ram:ReferenceCorrespondence>"
    )
    limits = Limits(attachments=4, references=4)

    for old, more in (
        ("</ram:CorrespondenceLetter>", file),
        ("<ram:Attachment>", reference),
    ):
        decode(spoiled(old, more * 2 + old), limits)
        error = refused(spoiled(old, more * 3 + old), limits)
        assert isinstance(error, LimitExceeded)
        assert error.operation is Operation.SEND_LETTER


@pytest.mark.parametrize(
    ("name", "number"),
    [(LETTER, "อย 0402.3/256"), (ACCEPT, "อย 0402.3/256"), (ACCEPT, "รับ 903/2563")],
)
def test_a_number_is_bounded(name: str, number: str) -> None:
    decode(spoiled(f">{number}<", f"> {'๑' * 250} <", name))

    error = refused(spoiled(f">{number}<", f">{'๑' * 251}<", name))

    assert isinstance(error, LimitExceeded)
    assert error.where == "at most 250 characters in a number"


def test_a_letter_stays_a_document_in_its_envelope() -> None:
    body = sample()

    envelope = decode(body)

    assert isinstance(envelope.request, SendLetter)
    document = envelope.request.document
    assert document.source is body
    assert document.tree.getroottree().getroot().tag.endswith("}Envelope")


def test_a_notifier_is_trimmed_and_read_whatever_its_order() -> None:
    body = (
        spoiled("<LetterID>อย 0402.3/256</LetterID>", "", ACCEPT)
        .decode()
        .replace("</Subject>", "</Subject><LetterID>\n อย <!-- x -->1 </LetterID>")
    )

    request = decode(body.encode()).request

    assert isinstance(request, SendNotifier)
    assert request.notifier.kind is NotifierKind.REGISTERED
    assert request.notifier.letter_id.number == "อย 1"
    assert request.notifier.accept_id == "รับ 903/2563"


@pytest.mark.parametrize("written", ["", " ", "<!-- -->"])
def test_an_empty_process_id_is_no_error(written: str) -> None:
    """I2.8: it must not break anything."""
    body = spoiled("6f9619ff-8b86-4d01-b42d-00c04fc964ff", written, DELETE)

    assert decode(body).request == DeleteEntry("")


def test_a_process_id_is_trimmed() -> None:
    body = spoiled("<ProcessID>", "<ProcessID>\t ", DELETE)

    assert decode(body).request == DeleteEntry("6f9619ff-8b86-4d01-b42d-00c04fc964ff")


@pytest.mark.parametrize("name", REQUESTS)
def test_white_space_between_elements_does_no_harm(name: str) -> None:
    body = sample(name).replace(b"><", b">\r\n\t <").replace(b"?>\r\n\t ", b"?>")

    assert decode(body).operation is decode(sample(name)).operation
