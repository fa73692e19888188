"""Each reader fails when what it reads is renamed, moved or missing.

Every element of the samples is tried but those that a client does not look at; these
are listed with the reason.
"""

from functools import partial

import pytest

from gateway.simulation import boi_reader, csharp_reader, java
from gateway.simulation.letter import ACCEPT, INVALID_ACCEPT_ID, RECEIVE, REJECT
from tests.simulation.changes import CHANGES, Case, Change, expect_noticed
from tests.simulation.samples import sample

NOTHING: frozenset[str] = frozenset()
ECHO = frozenset({"rsm:GovernmentDocument/"})
"""No client reads the letter echoed to its sender (B5)."""
LETTER = "rsm:GovernmentDocument/ram:CorrespondenceLetter"
MINISTRIES = frozenset(
    {
        f"{LETTER}/ram:SenderParty/ram:MinistryOrganization/",
        f"{LETTER}/ram:ReceiverParty/ram:MinistryOrganization/",
    }
)
"""C# cuts the ministry off the organization's code (D4)."""
UNSIGNED = frozenset(
    {
        "rsm:GovernmentDocument/ram:GovernmentSignature",
        "rsm:GovernmentDocument/ram:GovernmentSignature/ds:Signature",
    }
)
"""BOI loses nothing but the signature, and takes a letter without one (Q-B10)."""
SIGNATURE = frozenset({"rsm:GovernmentDocument/ram:GovernmentSignature/"})
"""Java does not look at it at all."""

CASES: dict[str, Case] = {
    "boi letter sent": Case(sample("boi-01-*-response"), boi_reader.read_taken, ECHO),
    "boi receipt sent": Case(
        sample("boi-02-*-response"),
        partial(boi_reader.read_notified, kind=RECEIVE),
        NOTHING,
    ),
    "boi number sent": Case(
        sample("boi-03-*-response"),
        partial(boi_reader.read_notified, kind=ACCEPT),
        NOTHING,
    ),
    "boi dispute sent": Case(
        sample("boi-06-*-response"),
        partial(boi_reader.read_notified, kind=INVALID_ACCEPT_ID),
        NOTHING,
    ),
    "boi letter pulled": Case(sample("boi-07a-"), boi_reader.read_poll, UNSIGNED),
    "boi return pulled": Case(
        sample("boi-07e-"),
        partial(boi_reader.read_pulled_notifier, kind=REJECT),
        NOTHING,
    ),
    "boi deleted": Case(sample("boi-08-*-response"), boi_reader.read_deleted, NOTHING),
    "csharp letter sent": Case(
        sample("cs-01-*-response"), csharp_reader.read_taken, ECHO
    ),
    "csharp number sent": Case(
        sample("cs-03-*-response"), csharp_reader.read_taken, NOTHING
    ),
    "csharp letter pulled": Case(
        sample("cs-07a-"),
        csharp_reader.read_poll,
        MINISTRIES,
    ),
    "csharp number pulled": Case(sample("cs-07d-"), csharp_reader.read_poll, NOTHING),
    "csharp return pulled": Case(sample("cs-07e-"), csharp_reader.read_poll, NOTHING),
    "csharp deleted": Case(
        sample("cs-08-*-response"), csharp_reader.read_deleted, NOTHING
    ),
    "java letter sent": Case(sample("cs-01-*-response"), java.read_taken, ECHO),
    "java number sent": Case(sample("cs-03-*-response"), java.read_taken, NOTHING),
    "java letter pulled": Case(sample("boi-07a-"), java.read_poll, SIGNATURE),
    "java number pulled": Case(sample("cs-07d-"), java.read_poll, NOTHING),
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("case", CASES)
def test_a_change_is_noticed(case: str, change: Change) -> None:
    assert expect_noticed(CASES[case], change)
