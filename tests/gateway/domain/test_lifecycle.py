from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import IllegalTransition
from gateway.domain.lifecycle import (
    ERDS_EVENTS,
    FIRST,
    MEANINGS,
    TRANSITIONS,
    Happening,
    State,
    Turn,
    after,
    allows,
)
from tests.gateway.domain.values import NOON, a_consignment


def test_every_state_has_a_row_and_a_meaning() -> None:
    assert set(TRANSITIONS) == set(State) == set(MEANINGS)


def test_every_state_can_be_reached() -> None:
    reached = {FIRST}
    while more := {s for r in reached for s in TRANSITIONS[r].values()} - reached:
        reached |= more
    assert reached == set(State)


def test_every_happening_has_its_erds_event() -> None:
    assert set(ERDS_EVENTS) == set(Happening)


def test_only_a_number_is_green() -> None:
    assert {s for s, m in MEANINGS.items() if m.green} == {State.REGISTERED}


def test_every_state_says_whose_turn_it_is_in_thai() -> None:
    assert all(meaning.turn.thai for meaning in MEANINGS.values())
    assert MEANINGS[State.REGISTERED].turn is Turn.NOBODY


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("happening", Happening)
def test_the_table_alone_decides(state: State, happening: Happening) -> None:
    if allows(state, happening):
        assert after(state, happening) is TRANSITIONS[state][happening]
    else:
        with pytest.raises(IllegalTransition, match=happening):
            after(state, happening)


def test_delivered_becomes_registered_without_a_confirmation() -> None:
    """BOI never sends ReceiveLetterNotifier (E1)."""
    assert after(State.DELIVERED, Happening.NUMBER_GIVEN) is State.REGISTERED


@pytest.mark.parametrize("state", State)
def test_a_letter_is_taken_back_until_it_is_answered_for_good(state: State) -> None:
    """Operation 9 is refused once the letter has its number."""
    before = {
        State.ACCEPTED,
        State.WAITING,
        State.DELIVERED,
        State.RECEIVED,
        State.FAILED,
    }

    assert allows(state, Happening.SENDER_RECALLED) is (state in before)


@pytest.mark.parametrize("state", State)
def test_a_number_is_freed_in_place_only_after_a_return(state: State) -> None:
    returned = {State.RETURNED, State.RETURNED_AS_WRONG}

    assert allows(state, Happening.NUMBER_FREED) is (state in returned)
    assert all(after(s, Happening.NUMBER_FREED) is s for s in returned)


@pytest.mark.parametrize(
    ("late", "state"),
    [
        (Happening.ENDPOINT_TOOK_IT, State.RECALLED),
        (Happening.RECEIVER_CONFIRMED, State.RECALLED),
        (Happening.NUMBER_GIVEN, State.REGISTERED),
        (Happening.RECEIVER_RETURNED, State.RETURNED),
        (Happening.RECEIVER_CALLED_IT_WRONG, State.RETURNED_AS_WRONG),
    ],
)
def test_what_a_receiver_says_after_a_recall_is_kept(
    late: Happening, state: State
) -> None:
    assert after(State.RECALLED, late) is state


def test_what_was_never_routed_is_not_routed_after_a_recall() -> None:
    assert not allows(State.RECALLED, Happening.ROUTE_CHOSEN)


@pytest.mark.parametrize(
    "happening", [Happening.NUMBER_DISPUTED, Happening.NUMBER_CORRECTED]
)
def test_without_a_number_there_is_none_to_doubt(happening: Happening) -> None:
    assert not allows(State.RECALLED, happening)


@given(st.lists(st.sampled_from(Happening)))
def test_random_happenings_never_leave_the_table(happenings: list[Happening]) -> None:
    consignment = a_consignment()
    consignment.accept()
    for step, happening in enumerate(happenings):
        before, entries = consignment.state, consignment.entries
        try:
            consignment.record(happening, NOON + timedelta(seconds=step), actor="x")
        except IllegalTransition:
            assert (consignment.state, consignment.entries) == (before, entries)
        else:
            assert consignment.state is TRANSITIONS[before][happening]
            assert consignment.entries == entries + 1
    numbers = [entry.number for entry in consignment.fresh]
    assert numbers == list(range(1, consignment.entries + 1))
    assert consignment.fresh[-1].state is consignment.state
