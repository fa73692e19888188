"""What the clients' databases and decoders cannot hold."""

from dataclasses import replace

import pytest

from gateway.simulation import boi, boi_reader, csharp_reader, java
from gateway.simulation.errors import ClientBroken, Refused
from gateway.simulation.letter import File, Letter, Reference
from tests.simulation.samples import BOI_LETTER, BOI_SIGNER, OWN_A, sample

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def pulled(letter: Letter) -> str:
    """Return the answer in which BOI would pull this letter."""
    sent = boi.send_request(letter, own_url=OWN_A, signer=BOI_SIGNER)
    number = "<ProcessID>1</ProcessID><ProcessTime>2017-03-14T09:30:15</ProcessTime>"
    inbound = sent.replace("OutboundRequest>", "InboundResponse>")
    return inbound.replace("<rsm:Gov", f"{number}<rsm:Gov").split("?>", 1)[1]


def test_boi_stores_a_letter_that_fits() -> None:
    found = boi_reader.read_poll(pulled(BOI_LETTER))

    assert found is not None
    assert found.content == BOI_LETTER


@pytest.mark.parametrize(
    "change",
    [
        {"number": "ท" * 51},
        {"number": ""},
        {"subject": "ท" * 256},
        {"subject": ""},
        {"secrecy": "00000000001"},
        {"date": "2017-03-14T09:30:00"},
        {"date": ""},
        {"sender": replace(BOI_LETTER.sender, given_name="ท" * 101)},
        {"sender": replace(BOI_LETTER.sender, job_title="ท" * 256)},
        {"receiver": replace(BOI_LETTER.receiver, organization="21999000021")},
        {"main": File(DOCX, "")},
        {"attachments": (File(DOCX, "AA=="),)},
        {"attachments": (File("", ""),)},
        {"references": (Reference("", "", ""),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_boi_cannot_store_what_does_not_fit(change: dict[str, object]) -> None:
    letter = replace(BOI_LETTER, **change)

    with pytest.raises(ClientBroken):
        boi_reader.read_poll(pulled(letter))


@pytest.mark.parametrize(
    ("number", "time"), [("", "2017"), ("9" * 51, "2017"), ("1", ""), ("1", "2" * 51)]
)
def test_boi_needs_both_values_of_a_deletion(number: str, time: str) -> None:
    answer = (
        "<E><Body><CorrespondenceLetterDeleteResponse>"
        f"<ProcessID>{number}</ProcessID><ProcessTime>{time}</ProcessTime>"
        "</CorrespondenceLetterDeleteResponse></Body></E>"
    )

    with pytest.raises(ClientBroken):
        boi_reader.read_deleted(answer)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ProcessID>6f", "<ProcessID> 6f"),
        ('mimeCode="image/png"', 'x="1" mimeCode="image/png"'),
        ("<ProcessTime>", "<!-- a comment --><ProcessTime>"),
    ],
)
def test_csharp_does_not_forgive(old: str, new: str) -> None:
    answer = sample("cs-07a-")
    assert old in answer

    with pytest.raises(ClientBroken):
        csharp_reader.read_poll(answer.replace(old, new))


def test_csharp_takes_a_rejection_with_an_accept_id_for_an_acceptance() -> None:
    answer = sample("cs-07e-").replace(
        "</LetterID>", "</LetterID><AcceptID></AcceptID>"
    )

    with pytest.raises(ClientBroken, match="acceptance"):
        csharp_reader.read_poll(answer)


def test_csharp_compares_raw_text() -> None:
    answer = sample("cs-07d-").replace("<Subject>", "<Subject>ก &amp; ข ")

    found = csharp_reader.read_poll(answer)

    assert found is not None
    assert found.content.subject.startswith("ก &amp; ข ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("T10:11:15", "T10:11:15Z"),
        ("T10:11:15", "T10:11:15+07:00"),
        ("<ram:ID>อย 0402.3/199", "<ram:ID>อย 0402.3,199"),
        ("เรื่องอ้างถึงลำดับที่สอง", ""),
        ("เรื่องอ้างถึงลำดับที่สอง", "ก|ข"),
        (">JVBERi0", ">JVBE Ri0"),
        (">2020-02-18<", ">18 ก.พ. 2563<"),
    ],
)
def test_java_does_not_forgive(old: str, new: str) -> None:
    answer = sample("cs-07a-")
    assert old in answer

    with pytest.raises(ClientBroken):
        java.read_poll(answer.replace(old, new))


def test_java_cuts_a_fraction_of_a_second() -> None:
    assert java.read_poll(sample("cs-07a-").replace("T10:11:15", "T10:11:15.123Z"))


@pytest.mark.parametrize("text", ["", "ก=ข", "ก|ข"])
def test_java_cannot_split_every_error(text: str) -> None:
    answer = sample("cs-23-").replace("เลขที่หนังสือนี้เคยส่งแล้ว", text)

    with pytest.raises(ClientBroken):
        java.read_taken(answer)
    with pytest.raises(Refused):
        csharp_reader.read_taken(answer)
