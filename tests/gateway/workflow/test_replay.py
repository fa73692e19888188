"""Dead letters are planned, started, and sent back to the stage that failed."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from envelopes.notifier import NotifierKind
from gateway.domain import errors
from gateway.domain.act import Act, Order, Who
from gateway.domain.deadletter import Settled
from gateway.domain.endpoint import Way
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import Happening, State
from gateway.domain.promise import Stage
from gateway.domain.replay import GOOD_FOR, Outcome, Progress, Replay, Verdict
from gateway.domain.replay_plan import Choice
from gateway.runners.replayer import BY_ITSELF, Replayer
from gateway.store.errors import VaultDamaged
from gateway.workflow.give_up import give_up
from gateway.workflow.replay import cancel, plan, set_rate, start
from gateway.workflow.resume import Turn, take_turn
from tests.gateway.workflow.failing import (
    dead_letters,
    due,
    fail,
    not_delivered,
    not_routed,
    numbered,
    push,
)
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NAN, Hub, to

BY = Who("operator", "สมชาย ใจดี")
PLAN = Order("dead replay", BY)
START = Order("dead replay start", BY, "ซ่อมเครือข่ายแล้ว")
ALL = Choice(everything=True)
[ONE] = numbered(1)


def a_replayer(hub: Hub) -> Replayer:
    return Replayer(hub.work, stop=asyncio.Event())


async def planned(hub: Hub, choice: Choice = ALL, rate: float = 1.0) -> Replay:
    found = await plan(hub.work, choice, PLAN, rate=rate)
    assert found is not None
    return found


async def started(hub: Hub, choice: Choice = ALL, rate: float = 1.0) -> Replay:
    return await start(hub.work, (await planned(hub, choice, rate)).id, START)


async def look(hub: Hub, replayer: Replayer | None = None, times: int = 1) -> None:
    """Have the replayer look a second later, so many times."""
    for _ in range(times):
        hub.clock.advance(seconds=1)
        await (replayer or a_replayer(hub)).look()


async def outcomes(hub: Hub, replay: Replay) -> list[str]:
    letters = await hub.store.replays.letters(replay.id)
    return [letter.item.outcome.value for letter in letters]


async def verdicts(hub: Hub, replay: Replay) -> Counter[Verdict]:
    letters = await hub.store.replays.letters(replay.id)
    return Counter(letter.item.verdict for letter in letters)


async def progress(hub: Hub, replay: Replay) -> Progress:
    [found] = await hub.store.replays.find(str(replay.id))
    return found.progress


async def acts(hub: Hub) -> list[Act]:
    return list(await hub.store.views.acts(None, limit=100))


async def test_a_plan_sends_nothing_and_is_an_act(hub: Hub) -> None:
    """It only keeps what is there, with a verdict on each, and who asked for it."""
    await not_routed(hub, CHIANG_MAI, LOEI)

    made = await planned(hub)

    assert made.progress is Progress.PLANNED
    assert await verdicts(hub, made) == {Verdict.ELIGIBLE: 2}
    assert await due(hub, Stage.ROUTE) == []
    (act,) = await acts(hub)
    assert (act.what, act.who) == ("dead replay", BY)
    assert act.after["replay"] == str(made.id)
    assert act.after["eligible"] == "2"


async def test_a_plan_of_what_is_not_there_is_none(hub: Hub) -> None:
    """Then nothing is kept, and nobody is written down."""
    await not_routed(hub, CHIANG_MAI)

    assert await plan(hub.work, Choice(cause="no-such-cause"), PLAN) is None
    assert await acts(hub) == []


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        (Choice(cause="vault-damaged"), 2),
        (Choice(endpoint=LOEI), 1),
        (Choice(stage=Stage.NOTIFY, cause="vault-damaged"), 0),
        (Choice(incident=uuid4()), 0),
    ],
)
async def test_all_that_is_said_must_hold(hub: Hub, choice: Choice, count: int) -> None:
    """A filter is never wider than its words."""
    await not_routed(hub, CHIANG_MAI, LOEI)

    assert len(await hub.store.replays.chosen(choice)) == count


async def test_a_choice_may_be_of_an_incident_or_of_a_time(hub: Hub) -> None:
    """An incident is all failures of one cause."""
    await not_routed(hub, CHIANG_MAI, LOEI)
    [dead] = await dead_letters(hub, ONE)
    now, hour = hub.clock.now(), timedelta(hours=1)

    views = hub.store.replays
    assert len(await views.chosen(Choice(incident=dead.incident))) == 2
    assert len(await views.chosen(Choice(since=now - hour, until=now + hour))) == 2
    assert await views.chosen(Choice(since=now + hour)) == []
    assert await views.chosen(Choice(until=now - hour)) == []


async def test_a_letter_that_was_not_routed_is_routed_again(hub: Hub) -> None:
    """It is ACCEPTED again, and arrives as if nothing had been."""
    await not_routed(hub, CHIANG_MAI)
    replay = await started(hub)

    await look(hub)
    assert (await hub.path(CHIANG_MAI, ONE)).consignment.state is State.ACCEPTED
    assert await hub.keep() == 1
    await look(hub)

    [dead] = await dead_letters(hub, ONE)
    assert (dead.settled, dead.replay) == (Settled.REPLAYED, replay.id)
    path = await hub.path(CHIANG_MAI, ONE)
    assert path.consignment.state is State.WAITING
    [entry] = [e for e in path.journal if e.happening is Happening.OPERATOR_REPLAYED]
    assert entry.actor == BY.name
    assert entry.facts["replay"] == str(replay.id)
    assert entry.facts["dead_letter"] == str(dead.id)
    assert await outcomes(hub, replay) == ["done"]
    assert await progress(hub, replay) is Progress.DONE
    async with hub.store.unit() as unit:
        incident = await unit.incidents.get(dead.incident)
    assert incident is not None
    assert incident.closed_why == "replayed"


async def test_a_notifier_that_was_not_queued_is_queued_again(hub: Hub) -> None:
    """Its letter stays what it is."""
    await hub.deliver(to(CHIANG_MAI, ONE))
    await hub.take(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "7", about=ONE)
    await fail(hub, Stage.NOTIFY, VaultDamaged())
    replay = await started(hub, Choice(stage=Stage.NOTIFY))

    await look(hub)
    assert await hub.keep() == 1
    await look(hub)

    assert len(await hub.inbox(MINISTRY)) == 1
    path = await hub.path(CHIANG_MAI, ONE)
    assert path.consignment.state is State.REGISTERED
    resumed = [e for e in path.journal if e.happening is Happening.NOTIFIER_RESUMED]
    assert [entry.facts["for"] for entry in resumed] == [MINISTRY.text]
    assert await outcomes(hub, replay) == ["done"]


async def test_what_was_not_handed_over_is_promised_to_its_endpoint_again(
    hub: Hub,
) -> None:
    """Its entry comes back into the inbox, and the new promise is its first attempt."""
    await not_delivered(hub, CHIANG_MAI)
    replay = await started(hub)

    await look(hub)

    path = await hub.path(CHIANG_MAI, ONE)
    assert path.consignment.state is State.WAITING
    assert path.entry is not None
    assert path.entry.standing is Standing.WAITING
    [promise] = await due(hub, Stage.DELIVER)
    assert (promise.endpoint, promise.entry) == (CHIANG_MAI, path.entry.id)
    assert promise.attempt == 1
    [entry] = [e for e in path.journal if e.happening is Happening.DELIVERY_RESUMED]
    assert entry.facts["deliver"] == str(promise.id)
    assert await outcomes(hub, replay) == ["sent"]


async def test_an_endpoint_that_pulls_by_now_fetches_it(hub: Hub) -> None:
    """Nothing is promised; its client finds the letter in the inbox."""
    await not_delivered(hub, CHIANG_MAI)
    await push(hub, CHIANG_MAI, way=Way.PULL, url="")
    replay = await started(hub)

    await look(hub)
    assert await due(hub, Stage.DELIVER) == []
    await hub.take(CHIANG_MAI)
    await look(hub)

    assert await outcomes(hub, replay) == ["done"]
    assert await progress(hub, replay) is Progress.DONE


async def test_a_notifier_that_was_not_handed_over_is_promised_again(
    hub: Hub,
) -> None:
    """The entry of the notifier comes back, not that of its letter."""
    await hub.deliver(to(CHIANG_MAI, ONE))
    await hub.take(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED, about=ONE)
    await hub.keep((Stage.NOTIFY,))
    await push(hub, MINISTRY)
    await fail(hub, Stage.DELIVER, VaultDamaged())
    await started(hub)

    await look(hub)

    [promise] = await due(hub, Stage.DELIVER)
    assert promise.receipt is not None
    assert [e.receipt for e in await hub.inbox(MINISTRY)] == [promise.receipt]


async def test_one_letter_of_each_endpoint_goes_ahead(hub: Hub) -> None:
    """The others wait until it has arrived; the oldest is the one that goes."""
    await not_routed(hub, CHIANG_MAI, CHIANG_MAI, LOEI)
    replay = await started(hub)

    await look(hub, times=3)
    assert await outcomes(hub, replay) == ["sent", "waiting", "sent"]

    await hub.keep()
    await look(hub)
    assert await outcomes(hub, replay) == ["done", "sent", "done"]


async def test_the_rest_follows_at_the_rate(hub: Hub) -> None:
    """One letter in a second for each endpoint, and more where that is said."""
    await not_routed(hub, *[CHIANG_MAI] * 8)
    replay = await started(hub)
    await look(hub)
    await hub.keep()

    await look(hub)
    assert (await outcomes(hub, replay)).count("sent") == 1
    faster = await set_rate(hub.work, replay.id, 3, Order("dead replay rate", BY))
    await look(hub)

    assert faster.rate == 3
    assert (await outcomes(hub, replay)).count("sent") == 4
    assert (await acts(hub))[0].before["rate"] == "1"


async def test_an_endpoint_whose_first_letter_fails_again_gets_no_others(
    hub: Hub,
) -> None:
    """The replay goes on for the others, and stops when they are done."""
    await not_routed(hub, CHIANG_MAI, CHIANG_MAI, LOEI)
    replay = await started(hub)
    await look(hub)
    chiang_mai = (await hub.path(CHIANG_MAI, ONE)).consignment.id
    [first] = [p for p in await due(hub, Stage.ROUTE) if p.consignment == chiang_mai]
    await give_up_one(hub, first.id)
    await look(hub)
    await hub.keep()
    await look(hub)

    assert await outcomes(hub, replay) == ["failed-again", "not-attempted", "done"]
    assert await progress(hub, replay) is Progress.STOPPED
    assert (await acts(hub))[0].what == "dead replay end"


async def give_up_one(hub: Hub, promise: UUID) -> None:
    await give_up(hub.work, promise, VaultDamaged())


async def test_it_stops_where_the_same_cause_returns_four_times(hub: Hub) -> None:
    """What waits is not attempted, and stays a dead letter."""
    await not_routed(hub, *[CHIANG_MAI] * 7)
    replay = await started(hub, rate=10)
    await look(hub)
    await hub.keep()
    await look(hub)
    assert (await outcomes(hub, replay)).count("sent") == 6
    for promise in (await due(hub, Stage.ROUTE))[:4]:
        await give_up_one(hub, promise.id)
    await look(hub)

    assert await progress(hub, replay) is Progress.STOPPED
    [found] = await hub.store.replays.find(str(replay.id))
    assert found.ended_why == "vault-damaged"
    assert len(await hub.store.replays.chosen(ALL)) == 4


async def test_what_was_sent_stays_sent_when_it_is_called_off(hub: Hub) -> None:
    """The rest is not attempted; calling it off again changes nothing."""
    await not_routed(hub, CHIANG_MAI, CHIANG_MAI)
    replay = await started(hub)
    await look(hub)
    off = Order("dead replay cancel", BY, "ผิดแผน")

    for _ in range(2):
        ended = await cancel(hub.work, replay.id, off)
        assert ended.progress is Progress.CANCELLED
    await hub.keep()
    await look(hub, times=2)
    late = await take_turn(hub.work, replay.id, 2, ahead=False)

    assert late is Turn.GONE
    assert await outcomes(hub, replay) == ["sent", "not-attempted"]
    assert [act.what for act in await acts(hub)].count("dead replay cancel") == 1
    [letter, _] = await hub.store.replays.letters(replay.id)
    assert letter.item.outcome is Outcome.SENT


async def test_what_was_answered_meanwhile_is_overtaken(hub: Hub) -> None:
    """It is not sent, its dead letter is settled, and the journal says why."""
    await not_delivered(hub, CHIANG_MAI)
    replay = await started(hub)
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED, about=ONE)

    await look(hub)

    [dead] = await dead_letters(hub, ONE)
    assert dead.settled is Settled.OVERTAKEN
    path = await hub.path(CHIANG_MAI, ONE)
    assert path.consignment.state is State.RECEIVED
    assert path.journal[-1].happening is Happening.DEAD_LETTER_OVERTAKEN
    assert await due(hub, Stage.DELIVER) == []
    assert await outcomes(hub, replay) == ["held-back"]


async def test_a_stamped_letter_goes_only_where_their_number_is_said(
    hub: Hub,
) -> None:
    """Sent again, it keeps its state; another number than the plan's is refused."""
    await not_delivered(hub, CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "7", about=ONE)
    made = await planned(hub, Choice(stage=Stage.DELIVER))
    assert await verdicts(hub, made) == {Verdict.STAMPED: 1}

    with pytest.raises(errors.NothingEligible):
        await start(hub.work, made.id, START)
    with pytest.raises(errors.StampedNotAgreed):
        await start(hub.work, made.id, START, even_if_stamped=2)
    await start(hub.work, made.id, START, even_if_stamped=1)
    await look(hub)

    assert await outcomes(hub, made) == ["sent"]
    path = await hub.path(CHIANG_MAI, ONE)
    assert path.consignment.state is State.REGISTERED
    assert len(await due(hub, Stage.DELIVER)) == 1


async def freed(hub: Hub, *said: NotifierKind) -> None:
    """Have a letter taken, and then freed; its receiver says what is `said` of it."""
    await hub.deliver(to(CHIANG_MAI, ONE))
    await hub.take(CHIANG_MAI)
    for kind in said:
        await hub.tell(CHIANG_MAI, kind, about=ONE)
    await hub.free(CHIANG_MAI, ONE)


async def sent_anew(hub: Hub) -> Replay:
    """Send the same letter once more, give it up, and plan it."""
    await hub.send(to(CHIANG_MAI, ONE))
    await fail(hub, Stage.ROUTE, VaultDamaged())
    return await planned(hub, Choice(stage=Stage.ROUTE))


async def test_what_the_receiver_has_kept_by_its_digest_is_held_back(
    hub: Hub,
) -> None:
    """It was freed and sent anew; the receiver has the same bytes already."""
    await freed(hub)
    made = await sent_anew(hub)

    assert await verdicts(hub, made) == {Verdict.ALREADY_HELD: 1}
    with pytest.raises(errors.NothingEligible):
        await start(hub.work, made.id, START)


async def test_what_the_receiver_sent_back_it_does_not_hold(hub: Hub) -> None:
    """The letter that its sender sends anew then is one to be sent."""
    await freed(hub, NotifierKind.RETURNED)
    made = await sent_anew(hub)

    assert await verdicts(hub, made) == {Verdict.ELIGIBLE: 1}


async def test_a_number_of_the_same_letter_sent_before_is_a_stamp(hub: Hub) -> None:
    """It may be stamped a second time: it goes only where that is said in words."""
    await freed(hub)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "7", about=ONE)
    made = await sent_anew(hub)

    assert await verdicts(hub, made) == {Verdict.STAMPED: 1}
    await start(hub.work, made.id, START, even_if_stamped=1)
    await look(hub)
    assert await outcomes(hub, made) == ["sent"]


async def test_a_resting_endpoint_is_left_alone_until_it_may_be_troubled(
    hub: Hub,
) -> None:
    """The letter keeps its turn; in a plan it would be held back."""
    await not_delivered(hub, CHIANG_MAI)
    replay = await started(hub)
    await push(hub, CHIANG_MAI, paused_at=hub.clock.now())

    await look(hub, times=2)
    assert await outcomes(hub, replay) == ["waiting"]
    assert await verdicts(hub, await planned(hub)) == {Verdict.ENDPOINT_RESTS: 1}

    await push(hub, CHIANG_MAI)
    await look(hub)
    assert await outcomes(hub, replay) == ["sent"]


async def test_a_plan_is_started_once_and_while_it_is_good(hub: Hub) -> None:
    """Not after half an hour, not twice, and not where there is none."""
    await not_routed(hub, CHIANG_MAI)
    old = await planned(hub)
    hub.clock.advance(seconds=GOOD_FOR.total_seconds())

    with pytest.raises(errors.PlanExpired):
        await start(hub.work, old.id, START)
    with pytest.raises(errors.ReplayUnknown):
        await start(hub.work, uuid4(), START)
    replay = await started(hub)
    with pytest.raises(errors.PlanStarted):
        await start(hub.work, replay.id, START)
    with pytest.raises(errors.ReplayNotRunning):
        await set_rate(hub.work, old.id, 2, START)


async def test_a_plan_that_is_true_no_longer_is_refused(hub: Hub) -> None:
    """Something it would send was answered: what the operator agreed to has changed."""
    await not_delivered(hub, CHIANG_MAI)
    made = await planned(hub)
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED, about=ONE)

    with pytest.raises(errors.PlanChanged):
        await start(hub.work, made.id, START)


async def test_two_replays_of_one_letter_send_it_once(hub: Hub) -> None:
    """The second finds its dead letter settled."""
    await not_routed(hub, CHIANG_MAI)
    made = [await planned(hub), await planned(hub)]
    for each in made:
        await start(hub.work, each.id, START)

    await look(hub)

    assert [await outcomes(hub, each) for each in made] == [["sent"], ["held-back"]]
    assert len(await due(hub, Stage.ROUTE)) == 1


async def test_two_replayers_send_each_letter_once(hub: Hub) -> None:
    """Whoever is second finds the first letter taken, and leaves it at that."""
    await not_routed(hub, *[CHIANG_MAI] * 3, LOEI)
    replay = await started(hub, rate=10)
    both = [a_replayer(hub), a_replayer(hub)]

    for _ in range(6):
        hub.clock.advance(seconds=1)
        await asyncio.gather(*(each.look() for each in both))
        await hub.keep()

    assert await outcomes(hub, replay) == ["done"] * 4
    for number in numbered(4):
        [path] = await hub.store.views.paths(number.number)
        happened = Counter(entry.happening for entry in path.journal)
        assert happened[Happening.OPERATOR_REPLAYED] == 1


async def heal(hub: Hub, *, replays: bool = True) -> None:
    """Have an endpoint take something a minute later."""
    hub.clock.advance(minutes=1)
    now = hub.clock.now()
    await push(hub, CHIANG_MAI, replays=replays, last_success_at=now)


async def test_the_hub_replays_by_itself_where_that_was_set(hub: Hub) -> None:
    """Once its endpoint takes again, by the hub's own name, once for each letter."""
    await not_delivered(hub, CHIANG_MAI, 2)
    replayer = a_replayer(hub)
    await look(hub, replayer)
    assert await hub.store.replays.running() == []

    await heal(hub)
    hub.clock.advance(seconds=BY_ITSELF.total_seconds())
    await look(hub, replayer, times=2)

    [replay] = await hub.store.replays.running()
    assert replay.started_by == Who("hub")
    assert await outcomes(hub, replay) == ["sent", "waiting"]
    [act] = await acts(hub)
    assert (act.what, act.organization) == ("dead replay start", CHIANG_MAI)


async def test_the_hub_does_not_replay_again_what_failed_again(hub: Hub) -> None:
    """It stops, and the rest waits for the endpoint to take something once more."""
    await not_delivered(hub, CHIANG_MAI, 2)
    await heal(hub)
    replayer = a_replayer(hub)
    await look(hub, replayer, times=2)
    await fail(hub, Stage.DELIVER, VaultDamaged())
    await look(hub, replayer)
    assert await hub.store.replays.running() == []

    hub.clock.advance(seconds=BY_ITSELF.total_seconds())
    await look(hub, replayer)
    assert await hub.store.replays.running() == []

    await heal(hub)
    hub.clock.advance(seconds=BY_ITSELF.total_seconds())
    await look(hub, replayer)
    [replay] = await hub.store.replays.running()
    assert len(await hub.store.replays.letters(replay.id)) == 1


async def test_nothing_goes_by_itself_where_it_was_not_set(hub: Hub) -> None:
    """That is an operator's decision, endpoint by endpoint."""
    await not_delivered(hub, CHIANG_MAI)
    await heal(hub, replays=False)

    await look(hub)

    assert await hub.store.replays.running() == []


async def test_a_replay_is_found_by_the_beginning_of_its_id(hub: Hub) -> None:
    """And by nothing that is no beginning of an id."""
    await not_routed(hub, NAN)
    made = await planned(hub)

    assert [r.id for r in await hub.store.replays.find(str(made.id)[:13])] == [made.id]
    for said in ("", "zz", "0" * 40):
        assert await hub.store.replays.find(said) == []
    [line] = await hub.store.replays.newest(limit=5)
    assert line.counts == {Outcome.WAITING: 1}
