"""What may be sent again, how fast, and when a replay stops by itself."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from envelopes.letter import OrganizationCode
from gateway.domain.act import Who
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.domain.replay import (
    GOOD_FOR,
    Item,
    Lane,
    Outcome,
    Progress,
    Replay,
    Verdict,
    duration,
    returning,
)
from gateway.domain.replay_plan import (
    OLDER,
    PASSING,
    Candidate,
    Choice,
    Trace,
    age,
    items_of,
    may_go_by_itself,
    outcome_of,
    verdict_on,
)
from tests.doubles.clock import START

CODE = OrganizationCode("1500200050")
OTHER = OrganizationCode("1500200042")
RECEIPT = UUID(int=5)
LATER = START + timedelta(hours=1)
UNREACHABLE = "endpoint-unreachable"


def a_dead_letter(number: int = 1, **changes: object) -> DeadLetter:
    facts: dict[str, object] = {
        "id": UUID(int=number),
        "stage": Stage.DELIVER,
        "promise": UUID(int=2),
        "consignment": UUID(int=number),
        "receipt": None,
        "entry": UUID(int=4),
        "endpoint": CODE,
        "cause": UNREACHABLE,
        "detail": "",
        "attempts": 5,
        "incident": UUID(int=6),
        "at": START,
    }
    return DeadLetter(**(facts | changes))  # type: ignore[arg-type]


def an_endpoint(**changes: object) -> Endpoint:
    facts: dict[str, object] = {
        "organization": CODE,
        "way": Way.WEBHOOK,
        "replays": True,
        "last_success_at": LATER,
        "changed_at": START,
    }
    return Endpoint(**(facts | changes))  # type: ignore[arg-type]


def a_candidate(dead_letter: DeadLetter | None = None, **changes: object) -> Candidate:
    facts: dict[str, object] = {
        "dead_letter": dead_letter or a_dead_letter(),
        "sender": OrganizationCode("1500200000"),
        "accepted_at": START,
        "state": State.FAILED,
        "fetched": False,
        "stamped_anew": False,
        "held_anew": False,
        "endpoint": an_endpoint(),
        "replayed": False,
    }
    return Candidate(**(facts | changes))  # type: ignore[arg-type]


def an_item(position: int, outcome: Outcome, cause: str = "") -> Item:
    return Item(
        position=position,
        dead_letter=UUID(int=position),
        consignment=UUID(int=position),
        endpoint=CODE,
        verdict=Verdict.ELIGIBLE,
        outcome=outcome,
        cause=cause,
    )


def a_lane(canary: Outcome | None, *, waiting: int = 50, sent: int = 0) -> Lane:
    return Lane(
        endpoint=CODE,
        counts={Outcome.WAITING: waiting, Outcome.SENT: sent},
        canary=canary,
        last_sent_at=START,
    )


def test_a_choice_of_nothing_is_none() -> None:
    """Nothing never means all: that must be said."""
    with pytest.raises(ValueError, match="nothing"):
        Choice()

    assert Choice(everything=True).text == "--all"


def test_a_choice_is_written_as_it_was_said() -> None:
    """The plan keeps the choice in the words of the command line."""
    choice = Choice(
        incident=UUID(int=1),
        cause=UNREACHABLE,
        endpoint=CODE,
        stage=Stage.DELIVER,
        since=START,
        until=LATER,
    )

    assert choice.text == (
        f"--incident {UUID(int=1)} --cause {UNREACHABLE} --endpoint {CODE} "
        f"--stage deliver --since {START.isoformat()} --until {LATER.isoformat()}"
    )


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.ELIGIBLE),
        ({"fetched": True}, Verdict.ALREADY_HELD),
        ({"state": State.REGISTERED}, Verdict.STAMPED),
        ({"state": State.DISPUTED}, Verdict.STAMPED),
        ({"state": State.DELIVERED}, Verdict.ALREADY_HELD),
        ({"state": State.RECEIVED}, Verdict.ALREADY_HELD),
        ({"state": State.RETURNED}, Verdict.ANSWERED),
        ({"state": State.RECALLED}, Verdict.ANSWERED),
        ({"state": State.WAITING}, Verdict.ANSWERED),
        ({"stamped_anew": True, "held_anew": True}, Verdict.STAMPED),
        ({"held_anew": True}, Verdict.ALREADY_HELD),
        ({"endpoint": None}, Verdict.ELIGIBLE),
        ({"endpoint": an_endpoint(paused_at=START)}, Verdict.ENDPOINT_RESTS),
        ({"endpoint": an_endpoint(closed_until=LATER)}, Verdict.ENDPOINT_RESTS),
        (
            {"endpoint": an_endpoint(way=Way.PULL, paused_at=START)},
            Verdict.ELIGIBLE,
        ),
    ],
)
def test_the_first_rule_that_applies_gives_the_verdict(
    changes: dict[str, object], verdict: Verdict
) -> None:
    """Only what failed, was not sent anew and can be handed over is eligible."""
    assert verdict_on(a_candidate(**changes), START) is verdict


def test_what_is_settled_is_judged_by_nothing_else() -> None:
    """A dead letter is settled once."""
    settled = a_dead_letter(settled_at=START, settled=Settled.DISCARDED)

    assert verdict_on(a_candidate(settled), START) is Verdict.SETTLED


def test_a_stamped_letter_that_never_lay_in_an_inbox_is_answered() -> None:
    """There is nothing to hand over again: it would be routed a second time."""
    routed = a_dead_letter(stage=Stage.ROUTE, entry=None)
    candidate = a_candidate(routed, state=State.REGISTERED)

    assert verdict_on(candidate, START) is Verdict.ANSWERED
    assert candidate.is_overtaken


def test_a_letter_is_routed_again_though_its_endpoint_rests() -> None:
    """It waits in the inbox then, as all others do."""
    routed = a_dead_letter(stage=Stage.ROUTE, entry=None)
    candidate = a_candidate(routed, endpoint=an_endpoint(paused_at=START))

    assert verdict_on(candidate, START) is Verdict.ELIGIBLE


@pytest.mark.parametrize("state", list(State))
def test_a_notifier_is_sent_whatever_became_of_its_letter(state: State) -> None:
    """What it tells stays true; only that it was fetched makes it needless."""
    notifier = a_dead_letter(receipt=RECEIPT)
    candidate = a_candidate(notifier, state=state)

    assert verdict_on(candidate, START) is Verdict.ELIGIBLE
    assert not candidate.is_overtaken
    assert replace(candidate, fetched=True).is_overtaken


def test_a_plan_is_in_the_order_in_which_letters_came() -> None:
    """Oldest first, so that each sender and receiver keep their order."""
    young = a_candidate(a_dead_letter(1), accepted_at=LATER)
    old = a_candidate(a_dead_letter(2, at=LATER), accepted_at=START)
    held = a_candidate(a_dead_letter(3), accepted_at=LATER, held_anew=True)

    items = items_of([young, held, old], START)

    assert [(i.position, i.dead_letter.int, i.outcome) for i in items] == [
        (1, 2, Outcome.WAITING),
        (2, 1, Outcome.WAITING),
        (3, 3, Outcome.HELD_BACK),
    ]


def test_one_letter_is_sent_ahead_and_waited_for() -> None:
    """The others of its endpoint wait for what comes of it."""
    assert a_lane(None).may_send(5, LATER) == 1
    assert a_lane(None, waiting=0).may_send(5, LATER) == 0
    assert a_lane(Outcome.SENT, sent=1).may_send(5, LATER) == 0
    assert a_lane(Outcome.FAILED_AGAIN).may_send(5, LATER) == 0
    assert a_lane(Outcome.DONE).may_send(5, LATER) == 5


@pytest.mark.parametrize(
    ("rate", "seconds", "due"),
    [(1, 0.5, 0), (1, 1, 1), (1, 90, 1), (0.1, 9, 0), (0.1, 10, 1), (20, 0.5, 10)],
)
def test_it_is_never_faster_than_its_rate(
    rate: float, seconds: float, due: int
) -> None:
    """What was not sent in time is made up for by a second's worth at most."""
    now = START + timedelta(seconds=seconds)

    assert a_lane(Outcome.DONE).may_send(rate, now) == due


def test_a_clock_that_was_set_back_does_not_halt_it() -> None:
    """One letter at a look is sent until the clock is where it was."""
    assert a_lane(Outcome.DONE).may_send(5, START - timedelta(hours=1)) == 1
    never = replace(a_lane(Outcome.DONE), last_sent_at=None)
    assert never.may_send(5, START) == 1


def test_only_some_letters_are_on_their_way_at_once() -> None:
    """What is learnt late has done little: ten, or ten seconds' worth."""
    assert a_lane(Outcome.DONE, sent=9).may_send(1, LATER) == 1
    assert a_lane(Outcome.DONE, sent=10).may_send(1, LATER) == 0
    assert a_lane(Outcome.DONE, sent=48).may_send(5, LATER) == 2


def test_a_lane_is_over_when_nothing_waits_or_is_on_its_way() -> None:
    """A closed one too, though letters wait: they are not attempted."""
    assert not a_lane(Outcome.DONE).is_over
    assert not a_lane(Outcome.DONE, waiting=0, sent=1).is_over
    assert a_lane(Outcome.DONE, waiting=0).is_over
    assert a_lane(Outcome.FAILED_AGAIN).is_over
    assert a_lane(Outcome.FAILED_AGAIN).is_closed


def test_the_same_cause_more_than_three_times_in_a_row_stops_it() -> None:
    """Three may be chance; another cause, or one that was taken, begins anew."""
    again = [an_item(n, Outcome.FAILED_AGAIN, UNREACHABLE) for n in range(4)]
    taken = an_item(9, Outcome.DONE)
    other = an_item(9, Outcome.FAILED_AGAIN, "endpoint-silent")

    assert returning(again) == UNREACHABLE
    assert returning([*again, taken]) == UNREACHABLE
    assert not returning(again[:3])
    assert not returning([*again[:3], taken])
    assert not returning([*again[:3], other])


def test_a_replay_takes_as_long_as_its_longest_lane() -> None:
    """Endpoints are served side by side."""
    assert duration({CODE: 30, OTHER: 5}, 0.5) == timedelta(seconds=60)
    assert duration({}, 1) == timedelta()


def test_a_plan_is_good_for_half_an_hour() -> None:
    """Then it has expired, which is written down nowhere."""
    planned = Replay(
        id=UUID(int=1),
        choice="--all",
        incident=None,
        planned_at=START,
        planned_by=Who("operator"),
        progress=Progress.PLANNED,
        rate=1,
    )

    assert planned.stands(START) is Progress.PLANNED
    assert planned.stands(START + GOOD_FOR) is Progress.EXPIRED
    running = replace(planned, progress=Progress.RUNNING)
    assert running.stands(START + GOOD_FOR) is Progress.RUNNING


@pytest.mark.parametrize("cause", sorted(PASSING))
def test_what_died_of_time_may_go_by_itself_once_its_endpoint_takes_again(
    cause: str,
) -> None:
    """Its last success came after the dead letter, and nothing failed since."""
    assert may_go_by_itself(a_candidate(a_dead_letter(cause=cause)), LATER)


@pytest.mark.parametrize(
    "candidate",
    [
        a_candidate(endpoint=None),
        a_candidate(endpoint=an_endpoint(replays=False)),
        a_candidate(endpoint=an_endpoint(last_success_at=None)),
        a_candidate(endpoint=an_endpoint(last_success_at=START)),
        a_candidate(endpoint=an_endpoint(failures=1)),
        a_candidate(a_dead_letter(cause="endpoint-refused")),
        a_candidate(a_dead_letter(stage=Stage.ROUTE)),
        a_candidate(replayed=True),
        a_candidate(stamped_anew=True),
    ],
)
def test_nothing_else_goes_by_itself(candidate: Candidate) -> None:
    """Never a refusal, never a second time, never what may be stamped twice."""
    assert not may_go_by_itself(candidate, LATER)


def test_how_long_ago_something_was_given_up_is_one_of_four_words() -> None:
    """A plan counts by them."""
    hours = (0, 1, 24, 24 * 7)
    said = [age(START, START + timedelta(hours=h)) for h in hours]

    assert said == ["<1h", "<1d", "<7d", OLDER]


def a_trace(stage: Stage, **changes: object) -> Trace:
    facts: dict[str, object] = {
        "position": 1,
        "stage": stage,
        "is_letter": True,
        "state": State.WAITING,
        "queued": True,
        "fetched": False,
        "cause": "",
    }
    return Trace(**(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trace", "outcome"),
    [
        (a_trace(Stage.ROUTE), Outcome.DONE),
        (a_trace(Stage.ROUTE, state=State.ACCEPTED), Outcome.SENT),
        (a_trace(Stage.ROUTE, state=State.FAILED, cause="x"), Outcome.FAILED_AGAIN),
        (a_trace(Stage.NOTIFY), Outcome.DONE),
        (a_trace(Stage.NOTIFY, queued=False), Outcome.SENT),
        (a_trace(Stage.DELIVER), Outcome.SENT),
        (a_trace(Stage.DELIVER, fetched=True), Outcome.DONE),
        (a_trace(Stage.DELIVER, state=State.RETURNED), Outcome.DONE),
        (a_trace(Stage.DELIVER, state=State.REGISTERED), Outcome.SENT),
        (
            a_trace(Stage.DELIVER, is_letter=False, state=State.RETURNED),
            Outcome.SENT,
        ),
    ],
)
def test_what_came_of_a_letter_is_read_from_the_records(
    trace: Trace, outcome: Outcome
) -> None:
    """The stage it was sent back to was passed, or it was given up again."""
    assert outcome_of(trace) is outcome
