"""Each reader understands the answers of the protocol's samples, and only those."""

from dataclasses import replace

import pytest

from gateway.simulation import boi_reader, csharp_reader, java
from gateway.simulation.errors import ClientBroken, Refused
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
    Notifier,
    Pulled,
    Taken,
)
from tests.simulation.samples import (
    BOI_LETTER,
    CS_FIRST,
    CS_LETTER,
    CS_SECOND,
    boi_notifier,
    cs_notifier,
    sample,
)

# The C# client cuts the ministry off the code, and finds what it sent last first.
CS_AS_READ = replace(
    CS_LETTER,
    references=(CS_SECOND, CS_FIRST),
    attachments=CS_LETTER.attachments[::-1],
)


def boi_answered(kind: str, accept_date: str) -> Notifier:
    accept_id = "4417/2560" if kind in (ACCEPT, INVALID_ACCEPT_ID) else ""
    return boi_notifier(
        kind, accept_id=accept_id, accept_date=accept_date, department="2199900002"
    )


def cs_answered(kind: str) -> Notifier:
    accept_id = "รับ 903/2563" if kind in (ACCEPT, INVALID_ACCEPT_ID) else ""
    return cs_notifier(
        kind,
        accept_id=accept_id,
        accept_date="2020-02-19T08:20:00",
        department="2199900002",
    )


def test_boi_reads_the_answer_to_a_letter() -> None:
    taken = boi_reader.read_taken(sample("boi-01-send-letter-response"))

    assert taken.process_id
    assert taken.process_time


@pytest.mark.parametrize(
    ("name", "kind", "process_id", "accept_date"),
    [
        ("boi-02-", RECEIVE, "20170314101502003", "2017-03-14T10:15:02"),
        ("boi-03-", ACCEPT, "2017031510024103", "2017-03-15T10:02:41"),
        ("boi-04-", REJECT, "2017031510024104", "2017-03-15T10:02:41"),
        ("boi-05-", INVALID_LETTER, "2017031510024105", "2017-03-15T10:02:41"),
        ("boi-06-", INVALID_ACCEPT_ID, "2017031510024106", "2017-03-15T10:02:41"),
    ],
)
def test_boi_reads_the_answers_to_its_notifiers(
    name: str, kind: str, process_id: str, accept_date: str
) -> None:
    taken = boi_reader.read_notified(sample(f"{name}*-response"), kind)

    answered = boi_answered(kind, accept_date)
    assert taken == Taken(process_id, accept_date, answered)


def test_boi_takes_a_number_in_the_wrong_case_for_a_failure() -> None:
    with pytest.raises(ClientBroken, match="ProcessID is missing"):
        boi_reader.read_notified(sample("v1doc-02-"), RECEIVE)


def test_boi_reads_a_letter_to_the_last_signature_field() -> None:
    pulled = boi_reader.read_poll(sample("boi-07a-"))

    assert pulled == Pulled("20170314093015982", "2017-03-14T09:30:15", BOI_LETTER)


def test_boi_finds_an_empty_queue() -> None:
    assert boi_reader.read_poll(sample("boi-07b-")) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("boi-07c-", RECEIVE),
        ("boi-07d-", ACCEPT),
        ("boi-07e-", REJECT),
        ("boi-07f-", INVALID_LETTER),
        ("boi-07g-", INVALID_ACCEPT_ID),
    ],
)
def test_boi_reads_pulled_notifiers_with_functions_of_its_own(
    name: str, kind: str
) -> None:
    pulled = boi_reader.read_pulled_notifier(sample(name), kind)

    assert isinstance(pulled.content, Notifier)
    assert pulled.content == boi_answered(kind, pulled.content.accept_date)


def test_boi_is_blocked_by_a_notifier_at_the_head() -> None:
    with pytest.raises(ClientBroken, match="rsm:GovernmentDocument is missing"):
        boi_reader.read_poll(sample("boi-07d-"))


def test_boi_reads_a_deletion() -> None:
    deleted = boi_reader.read_deleted(sample("boi-08-delete-queue-response"))

    assert deleted == ("20170314093015982", "2017-03-14T09:30:19")


def test_csharp_reads_the_answer_to_a_letter() -> None:
    taken = csharp_reader.read_taken(sample("cs-01-send-letter-response"))

    assert taken == Taken("b2b6c1c0-52b9-4d0b-9a36-0c5f6d1c7e10", "2020-02-18T10:11:13")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cs-02-", RECEIVE),
        ("cs-03-accept-notifier", ACCEPT),
        ("cs-04-", REJECT),
        ("cs-05-", INVALID_LETTER),
        ("cs-06-", INVALID_ACCEPT_ID),
    ],
)
def test_csharp_reads_the_answers_to_its_notifiers(name: str, kind: str) -> None:
    taken = csharp_reader.read_taken(sample(f"{name}*-response"))

    assert taken.notifier == cs_answered(kind)
    assert taken.process_time == "2020-02-19T08:20:00"


def test_csharp_reads_a_letter() -> None:
    pulled = csharp_reader.read_poll(sample("cs-07a-"))

    assert pulled == Pulled(
        "6f9619ff-8b86-4d01-b42d-00c04fc964ff", "2020-02-18T10:11:15", CS_AS_READ
    )


def test_csharp_finds_an_empty_queue() -> None:
    assert csharp_reader.read_poll(sample("cs-07b-")) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cs-07c-", RECEIVE),
        ("cs-07d-", ACCEPT),
        ("cs-07e-", REJECT),
        ("cs-07f-", INVALID_LETTER),
        ("cs-07g-", INVALID_ACCEPT_ID),
    ],
)
def test_csharp_and_java_read_pulled_notifiers(name: str, kind: str) -> None:
    pulled = csharp_reader.read_poll(sample(name))

    assert pulled is not None
    assert pulled.content == cs_answered(kind)
    assert java.read_poll(sample(name)) == pulled


def test_csharp_reads_a_deletion() -> None:
    deleted = csharp_reader.read_deleted(sample("cs-08-delete-queue-response"))

    assert deleted == ("6f9619ff-8b86-4d01-b42d-00c04fc964ff", "2020-02-18T10:11:19")


@pytest.mark.parametrize(
    ("name", "code"), [("cs-23-", "E-SAMPLE-01"), ("cs-23b-", "E-SAMPLE-02")]
)
def test_an_error_suppresses_all_other_reading(name: str, code: str) -> None:
    with pytest.raises(Refused) as by_position:
        csharp_reader.read_taken(sample(name))
    with pytest.raises(Refused) as by_name:
        java.read_taken(sample(name))

    assert by_position.value.code == by_name.value.code == code
    assert by_position.value.text == by_name.value.text


@pytest.mark.parametrize("name", ["boi-07a-", "cs-07a-"])
def test_java_reads_the_letters_of_both_dialects(name: str) -> None:
    pulled = java.read_poll(sample(name))

    assert pulled is not None
    assert pulled.content == (BOI_LETTER if name == "boi-07a-" else CS_AS_READ)


@pytest.mark.parametrize("name", ["boi-07b-", "cs-07b-"])
def test_java_finds_an_empty_queue(name: str) -> None:
    assert java.read_poll(sample(name)) is None


def test_java_reads_the_answers_to_what_it_sent() -> None:
    assert java.read_taken(sample("cs-01-send-letter-response")).process_id
    assert java.read_taken(sample("cs-03-accept-notifier-response")).notifier == (
        cs_answered(ACCEPT)
    )


@pytest.mark.parametrize("name", ["gw-suggested-inbound-notifier-response"])
def test_one_form_serves_all_three(name: str) -> None:
    answer = sample(name)

    pulled = csharp_reader.read_poll(answer)

    assert pulled is not None
    assert java.read_poll(answer) == pulled
    assert boi_reader.read_pulled_notifier(answer, REJECT) == pulled
