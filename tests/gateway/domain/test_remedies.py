"""Each cause has one action that mends it, in both languages, with a whole command."""

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from envelopes.errors import EnvelopeError
from gateway.domain.deadletter import INTERNAL
from gateway.domain.delivery import DeliveryError
from gateway.domain.errors import IllegalTransition, Refusal
from gateway.domain.incident import LETTER_PARKED, POISON, Incident
from gateway.domain.promise import Stage
from gateway.domain.remedies import MENDINGS, command_for, mending_of
from gateway.keys.holder import SignerUnavailable
from gateway.store.errors import StoreError
from schemas.errors import SchemaError
from tests.gateway.domain.values import CHIANG_MAI, NOON

FAMILIES = (
    DeliveryError,
    EnvelopeError,
    IllegalTransition,
    SchemaError,
    SignerUnavailable,
    StoreError,
)
"""What a handler may end with; refusals are said of what somebody asks for."""
THAI = re.compile(r"[\u0e00-\u0e7f]")
ID = UUID(int=17)


def family(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for below in kind.__subclasses__():
        yield from family(below)


CODES = sorted(
    {
        str(kind.code)  # type: ignore[attr-defined]
        for first in FAMILIES
        for kind in family(first)
        if kind.__module__.split(".")[0] != "tests"
    }
    | {INTERNAL, POISON, LETTER_PARKED}
)


def an_incident(cause: str) -> Incident:
    return Incident(
        id=ID,
        cause=cause,
        stage=Stage.DELIVER,
        endpoint=CHIANG_MAI,
        first_at=NOON,
        last_at=NOON,
        count=1,
    )


@pytest.mark.parametrize("cause", CODES)
def test_a_cause_has_an_action_that_mends_it(cause: str) -> None:
    """A new error class fails here until somebody has thought of what mends it."""
    mending = MENDINGS[cause]

    assert THAI.search(mending.thai)
    assert not THAI.search(mending.english)
    assert command_for(an_incident(cause)).startswith("gateway ")
    assert "{" not in command_for(an_incident(cause))


def test_nothing_is_mended_that_cannot_happen() -> None:
    """The table has no code of an error that is there no more."""
    assert set(MENDINGS) <= set(CODES)


@pytest.mark.parametrize(
    ("cause", "command"),
    [
        ("endpoint-unreachable", f"gateway check endpoint {CHIANG_MAI}"),
        ("endpoint-refused", f"gateway dead list --each --incident {ID}"),
        ("vault-damaged", "gateway check books"),
        (LETTER_PARKED, f"gateway inbox parked {CHIANG_MAI}"),
    ],
)
def test_the_command_is_whole(cause: str, command: str) -> None:
    """It can be typed as it stands there."""
    assert command_for(an_incident(cause)) == command


@pytest.mark.parametrize("kind", list(family(Refusal)), ids=lambda kind: kind.__name__)
def test_a_refusal_that_becomes_a_cause_is_looked_at(kind: type[Refusal]) -> None:
    """Nobody asked: what is recorded contradicts itself, in each in its own way."""
    incident = replace(an_incident(kind.code), endpoint=None)

    assert mending_of(kind.code).english
    assert command_for(incident) == f"gateway dead list --each --incident {ID}"
