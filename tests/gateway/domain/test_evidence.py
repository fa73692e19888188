"""What a signed receipt says of each fact."""

import json
from pathlib import Path

import pytest

from gateway.domain.evidence import (
    EvidenceKind,
    Payload,
    event_of,
    kind_of,
    payload,
    written,
)
from gateway.domain.evidence_fields import FIELDS, Form, faults
from gateway.domain.lifecycle import ERDS_EVENTS
from gateway.domain.receipts import ReceiptKind
from tests.gateway.domain.exhibits import (
    CONSIGNMENT,
    HUB,
    MADE_AT,
    a_receipt,
    all_kinds,
    an_exhibit,
    an_id,
)

GOLDEN = Path(__file__).parent / "payload.json"
EVERYTHING = all_kinds()
ABOUT = [CONSIGNMENT, *(receipt.id for receipt in EVERYTHING.receipts)]


def said(place: int) -> Payload:
    return payload(EVERYTHING, ABOUT[place], HUB, MADE_AT)


def names(content: Payload, before: str = "") -> set[str]:
    """Return the names of all fields, objects taken apart."""
    found = set()
    for name, value in content.items():
        if isinstance(value, dict):
            found |= names(value, f"{before}{name}.")
        else:
            found.add(before + name)
    return found


def test_a_receipt_says_this_and_nothing_else() -> None:
    assert said(3) == json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.parametrize("place", range(8))
def test_every_receipt_has_exactly_the_fields_of_the_table(place: int) -> None:
    assert names(said(place)) == set(FIELDS)
    assert list(faults(said(place))) == []


def test_every_kind_is_made_and_has_an_event_of_the_standard() -> None:
    kinds = {kind_of(receipt) for receipt in (None, *EVERYTHING.receipts)}
    events = {event_of(receipt, None) for receipt in (None, *EVERYTHING.receipts)}

    assert kinds == set(EvidenceKind)
    assert events <= set(ERDS_EVENTS.values())


def test_what_is_not_known_yet_is_empty() -> None:
    empty = {Form.TEXT: "", Form.NUMBER: None}
    unknown = [
        "sender.register",
        "sender.time",
        "sender.person",
        "receiver.register",
        "receiver.number",
        "receiver.date",
        "receiver.time",
        "receiver.person",
        "receiver.stamp",
        "letter.delivered.sha256",
        "letter.delivered.size",
        "process.inbox",
        "process.receipt",
        "registration.id",
        "registration.year",
    ]
    custody = said(0)

    for name in unknown:
        group, _, field = name.rpartition(".")
        value = custody
        for part in group.split("."):
            value = value[part]
        assert value[field] == empty[FIELDS[name].form], name


def test_the_corrected_number_names_the_entry_it_replaces() -> None:
    assert said(5)["registration"]["replaces"] == said(3)["registration"]["id"] != ""
    assert said(5)["receiver"]["number"] == "๑๒๑"


def test_a_disputed_number_is_named_without_an_entry() -> None:
    assert said(4)["receiver"]["number"] == "120/2569"
    assert said(4)["registration"]["id"] == ""
    assert said(4)["said_by"] == "1500200000"


def test_each_receipt_names_those_before_it() -> None:
    assert [said(place)["order"] for place in range(8)] == list(range(1, 9))
    assert said(7)["earlier"] == [str(one) for one in ABOUT[:7]]


def test_neither_subject_nor_addressee_stand_in_it() -> None:
    everything = "".join(written(said(place)).decode() for place in range(8))

    assert "แต่งตั้งคณะกรรมการ" not in everything
    assert "สมชาย" not in everything


@pytest.mark.parametrize(
    ("words", "is_test"),
    [
        ({"subject": "(ทดสอบระบบ) ขอเชิญประชุม"}, True),
        ({"subject": "การทดสอบระบบ"}, False),
        ({"subject": "ขอเชิญประชุม"}, False),
    ],
)
def test_a_test_letter_is_marked(words: dict[str, object], *, is_test: bool) -> None:
    content = payload(an_exhibit(**words), CONSIGNMENT, HUB, MADE_AT)

    assert content["test"] is is_test


def test_it_is_written_in_one_way_only() -> None:
    text = written({"ข": 1, "a": {"z": None, "b": ["ก"]}})

    assert text.decode() == '{"a":{"b":["ก"],"z":null},"ข":1}'


def test_there_is_no_receipt_about_what_never_happened() -> None:
    with pytest.raises(ValueError, match="has no receipt"):
        payload(EVERYTHING, an_id(99), HUB, MADE_AT)


def test_a_receipt_of_tomorrow_is_no_earlier_one() -> None:
    late, soon = (a_receipt(n, ReceiptKind.RECEIVED) for n in (9, 8))
    content = payload(an_exhibit([soon, late]), soon.id, HUB, MADE_AT)

    assert content["earlier"] == [str(CONSIGNMENT)]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"version": "1"}, "version"),
        ({"test": 1}, "test"),
        ({"earlier": "x"}, "earlier"),
        ({"earlier": [1]}, "earlier"),
        ({"letter": None}, "letter.id"),
        ({"made_at": "yesterday"}, "made_at"),
        ({"letter": {"files": {}}}, "letter.files"),
        ({"letter": {"files": [{"size": True}]}}, "letter.files"),
    ],
)
def test_a_field_of_another_form_is_named(changed: Payload, fault: str) -> None:
    assert next(faults(said(3) | changed)) == fault
