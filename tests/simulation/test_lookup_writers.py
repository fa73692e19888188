"""What the clients ask is, byte for byte, what the protocol's samples hold."""

import pytest

from gateway.simulation import boi_lookups, csharp_lookups
from tests.simulation.samples import BOI_NUMBER, CS_NUMBER, OWN_A, OWN_B, sample

A, B = "1999900001", "2199900002"


def test_boi_frees_a_number() -> None:
    written = boi_lookups.delete_letter_request(
        BOI_NUMBER, "2017-03-14", sender=A, receiver=B
    )

    assert written == sample("boi-09-delete-government-document-request")


def test_boi_asks_for_statuses_with_a_prefix_that_nothing_declares() -> None:
    assert boi_lookups.status_request(own_url=OWN_A) == sample(
        "boi-10-outbound-status-request"
    )


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("boi-11-ministry-list-request", boi_lookups.MINISTRIES),
        ("boi-12-organization-list-request", boi_lookups.ORGANIZATIONS),
    ],
)
def test_boi_asks_for_lists(name: str, asked: str) -> None:
    assert boi_lookups.list_request(asked) == sample(name)


def test_csharp_frees_a_number() -> None:
    written = csharp_lookups.delete_letter_request(
        CS_NUMBER, "2020-02-18", sender=A, receiver=B, message_id="418", own_url=OWN_A
    )

    assert written == sample("cs-09-delete-government-document-request")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("cs-10-outbound-status-request", csharp_lookups.STATUS),
        ("cs-11-ministry-list-request", csharp_lookups.MINISTRIES),
        ("cs-12-organization-list-request", csharp_lookups.ORGANIZATIONS),
        ("cs-13-", csharp_lookups.SECRECY),
        ("cs-14-", csharp_lookups.SPEED),
        ("cs-15-", csharp_lookups.MIME),
        ("cs-16-time-check-request", csharp_lookups.TIME),
    ],
)
def test_csharp_asks_in_one_word(name: str, asked: str) -> None:
    written = csharp_lookups.question(asked, message_id="Test", own_url=OWN_A)

    assert written == sample(name)


@pytest.mark.parametrize(
    ("place", "what"), list(enumerate(csharp_lookups.ASKED_AGAIN, start=17))
)
def test_csharp_asks_again(place: int, what: str) -> None:
    own = OWN_B if place in (17, 22) else OWN_A

    written = csharp_lookups.ask_again_request(
        what,
        CS_NUMBER,
        "2020-02-18",
        sender=A,
        receiver=B,
        message_id="418",
        own_url=own,
    )

    assert written == sample(f"cs-{place}-")
