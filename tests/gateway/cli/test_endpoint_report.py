"""A person sees at a glance that a letter does not get through, why, and what to do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.cli.endpoint_report import fares, show_failures, way
from gateway.domain.consignment import Entry
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.lifecycle import Happening, State
from gateway.domain.organization import Organization
from gateway.ports import Path
from tests.gateway.domain.values import CHIANG_MAI, NOON, a_consignment

FINE = Endpoint(
    organization=CHIANG_MAI, way=Way.WEBHOOK, url="https://a.go.th/", changed_at=NOON
)
LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (None, "-"),
        (replace(FINE, way=Way.PULL), "-"),
        (FINE, "fine"),
        (replace(FINE, paused_at=NOON), "paused"),
        (replace(FINE, failures=2, last_failure="endpoint-busy"), "failing"),
        (
            replace(FINE, failures=4, last_failure="endpoint-busy", closed_until=LATER),
            "endpoint-busy",
        ),
        (replace(FINE, last_failure="endpoint-refused"), "endpoint-refused"),
    ],
)
def test_how_an_endpoint_fares_is_said_in_a_few_words(
    endpoint: Endpoint | None, said: str
) -> None:
    """Each state in which letters wait has words of its own, in both languages."""
    words = fares(endpoint, NOON)

    assert said in words
    assert way(endpoint).count("/") == 1


def a_path(state: State, *failed: Happening) -> Path:
    consignment = a_consignment()
    consignment.state = state
    journal = [
        Entry(number, NOON, happening, state, "hub", {"cause": "endpoint-silent"})
        for number, happening in enumerate(failed, start=1)
    ]
    receiver = Organization(CHIANG_MAI, "เชียงใหม่", "Chiang Mai", consignment.signed)
    return Path(consignment, receiver, journal, (), (), None)


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (
            a_path(State.WAITING, *[Happening.DELIVERY_FAILED] * 2),
            f"gateway check endpoint {CHIANG_MAI}",
        ),
        (
            a_path(State.FAILED, Happening.WORK_GIVEN_UP),
            f"gateway dead list --endpoint {CHIANG_MAI}",
        ),
        (a_path(State.DELIVERED, Happening.DELIVERY_FAILED), ""),
        (a_path(State.WAITING), ""),
    ],
)
def test_what_does_not_get_through_names_its_cause_and_the_next_command(
    path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once it got through, its failures are history."""
    show_failures([path])

    said = capsys.readouterr().out
    assert command in said
    assert ("endpoint-silent" in said) is bool(command)
