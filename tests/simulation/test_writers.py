"""What the clients write is, byte for byte, what the protocol's samples hold."""

from dataclasses import replace

import pytest

from gateway.simulation import boi, csharp
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
    File,
    Party,
)
from tests.simulation.samples import (
    BOI_LETTER,
    BOI_SIGNER,
    CS_LETTER,
    CS_SUBJECT,
    OWN_A,
    OWN_B,
    PNG,
    boi_notifier,
    cs_notifier,
    sample,
)

NUMBER = "2017"
BOI_ACCEPT_ID = "4417/2560"
CS_ACCEPT_ID = "รับ 903/2563"
CODE_FOR_MINISTRY = Party(ministry="2199900002", organization="2199900002")


def test_boi_sends_a_letter_without_any_file() -> None:
    letter = replace(
        BOI_LETTER,
        receiver=CODE_FOR_MINISTRY,
        references=(),
        attachment_text="",
        send_date="2017-03-14",
        description="",
        main=File("", ""),
        attachments=(),
    )

    written = boi.send_request(letter, own_url=OWN_A, signer=BOI_SIGNER)

    assert written == sample("boi-01-send-letter-request")


def test_boi_sends_every_part_where_its_builder_is_given_them() -> None:
    letter = replace(
        BOI_LETTER,
        receiver=replace(BOI_LETTER.receiver, ministry="2199900002"),
        attachments=(*BOI_LETTER.attachments, File("image/png", PNG)),
    )

    written = boi.send_request(
        letter, own_url=OWN_A, signer=BOI_SIGNER, type_code="DSIG"
    )

    assert written == sample("boi-01b-")


def test_boi_escapes_nothing() -> None:
    letter = replace(
        BOI_LETTER,
        receiver=CODE_FOR_MINISTRY,
        subject=BOI_LETTER.subject + " & <ด่วน>",
        attachments=(),
    )

    written = boi.send_request(letter, own_url=OWN_A, signer=BOI_SIGNER)

    assert " & <ด่วน></ram:Subject>" in written


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("boi-02-receive-notifier-request", RECEIVE),
        ("boi-03-accept-notifier-request", ACCEPT),
        ("boi-04-reject-notifier-request", REJECT),
        ("boi-05-invalid-letter-notifier-request", INVALID_LETTER),
        ("boi-06-invalid-acceptid-notifier-request", INVALID_ACCEPT_ID),
    ],
)
def test_boi_writes_its_notifiers(name: str, kind: str) -> None:
    notifier = boi_notifier(kind, accept_id=BOI_ACCEPT_ID)

    assert boi.notifier_request(notifier) == sample(name)


def test_boi_polls_and_deletes() -> None:
    assert boi.poll_request() == sample("boi-07-inbound-poll-request")
    assert boi.delete_request("20170314093015982") == sample(
        "boi-08-delete-queue-request"
    )


def test_csharp_sends_a_letter_with_its_parts_last_first() -> None:
    written = csharp.send_request(CS_LETTER, message_id="418", to=OWN_B)

    assert written == sample("cs-01-send-letter-request")


def test_csharp_puts_blank_parts_where_there_are_none() -> None:
    letter = replace(CS_LETTER, references=(), attachments=(), description="")

    written = csharp.send_request(letter, message_id="419", to=OWN_B)

    parts = sample("cs-01b-")
    assert "<ram:ReferenceCorrespondence><ram:ID></ram:ID>" in written
    assert written[-300:] == parts[-300:]


@pytest.mark.parametrize(
    ("name", "kind", "to", "message_id"),
    [
        ("cs-02-receive-notifier-request", RECEIVE, OWN_A, "77"),
        ("cs-03-accept-notifier-request", ACCEPT, OWN_A, "77"),
        ("cs-04-reject-notifier-request", REJECT, OWN_A, "77"),
        ("cs-05-invalid-letter-notifier-request", INVALID_LETTER, OWN_A, "77"),
        ("cs-06-invalid-acceptid-notifier-request", INVALID_ACCEPT_ID, OWN_B, "418"),
    ],
)
def test_csharp_writes_its_notifiers(
    name: str, kind: str, to: str, message_id: str
) -> None:
    notifier = cs_notifier(kind, accept_id=CS_ACCEPT_ID)

    written = csharp.notifier_request(notifier, message_id=message_id, to=to)

    assert written == sample(name)


def test_csharp_polls_and_deletes() -> None:
    assert csharp.poll_request(message_id="Test", own_url=OWN_B) == sample(
        "cs-07-inbound-poll-request"
    )
    assert csharp.delete_request(
        "6f9619ff-8b86-4d01-b42d-00c04fc964ff", message_id="77", own_url=OWN_B
    ) == sample("cs-08-delete-queue-request")


def test_csharp_escapes_values_and_loses_their_line_breaks() -> None:
    letter = replace(CS_LETTER, subject=f"{CS_SUBJECT}\r\n & <อื่น ๆ>")

    written = csharp.send_request(letter, message_id="1", to=OWN_B)

    assert f"{CS_SUBJECT} &amp; &lt;อื่น ๆ&gt;</ram:Subject>" in written
