"""What the hub writes as a client is, byte for byte, what the C# client writes."""

import re
from pathlib import Path

import pytest

from envelopes import asking
from envelopes.decoder import decode
from envelopes.dialects import CSHARP
from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from envelopes.requests import SendNotifier

SAMPLES = Path(__file__).parents[2] / "docs" / "protocol" / "samples"
DOCUMENT = re.compile(rb"<rsm:GovernmentDocument.*</rsm:GovernmentDocument>", re.DOTALL)


def _sample(name: str) -> tuple[bytes, str, str]:
    """Return a sample with its MessageID and destination."""
    body = (SAMPLES / f"{name}.xml").read_bytes().strip()
    asked = decode(body)
    return body, asked.message_id.text, asked.to


def test_a_letter() -> None:
    """Operation 1, around the client's own document."""
    body, message_id, to = _sample("cs-01-send-letter-request")
    found = DOCUMENT.search(body)
    assert found is not None

    assert asking.send_letter(found[0], message_id=message_id, to=to) == body


@pytest.mark.parametrize(
    "name",
    [
        "cs-02-receive-notifier-request",
        "cs-03-accept-notifier-request",
        "cs-04-reject-notifier-request",
        "cs-05-invalid-letter-notifier-request",
        "cs-06-invalid-acceptid-notifier-request",
    ],
)
def test_a_notifier(name: str) -> None:
    """Operations 2 to 6."""
    body, message_id, to = _sample(name)
    request = decode(body).request
    assert isinstance(request, SendNotifier)
    told = request.notifier
    copy = NotifierCopy(
        kind=told.kind,
        letter_id=told.letter_id,
        subject=told.subject,
        accept_id=told.accept_id,
        accept_date="2020-02-18T10:00:00",
        accept_organization=OrganizationCode("2199900002"),
    )

    assert asking.send_notifier(copy, message_id=message_id, to=to) == body


def test_a_poll_a_deletion_and_the_time() -> None:
    """Operations 7, 8 and 12, the empty elements with .NET's blank."""
    body, message_id, to = _sample("cs-07-inbound-poll-request")
    assert asking.poll(message_id=message_id, to=to) == body

    body, message_id, to = _sample("cs-08-delete-queue-request")
    number = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
    assert asking.delete(number, message_id=message_id, to=to) == body

    body, message_id, to = _sample("cs-16-time-check-request")
    assert asking.time_check(message_id=message_id, to=to) == body


def test_what_a_text_holds_is_escaped() -> None:
    """No subject ends an element, or begins one."""
    subject = "ก & ข </Subject><AcceptID>1</AcceptID>"
    told = NotifierCopy(
        NotifierKind.RETURNED,
        decode(_sample("cs-04-reject-notifier-request")[0]).request.notifier.letter_id,  # type: ignore[union-attr]
        subject,
        None,
        "",
        OrganizationCode("2199900002"),
    )

    asked = decode(asking.send_notifier(told, message_id="1", to="https://a/?b&c"))

    assert isinstance(asked.request, SendNotifier)
    assert asked.request.notifier.subject == subject
    assert asked.dialect == CSHARP
    assert asked.to == "https://a/?b&c"
