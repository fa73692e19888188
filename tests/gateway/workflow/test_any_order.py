"""Whatever anybody does in whatever order, and at once: the books stay in balance."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envelopes import dialects
from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import Notifier, NotifierKind
from envelopes.requests import AskAgain, DeleteLetter
from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.delivery import EndpointRefused, EndpointUnreachable
from gateway.domain.endpoint import Way
from gateway.domain.errors import Refusal
from gateway.domain.lifecycle import TRANSITIONS, Happening, State
from gateway.domain.promise import Stage
from gateway.domain.register import NumberedBy
from gateway.ports import Path as LetterPath
from gateway.store.errors import StoreError
from gateway.store.store import open_store
from gateway.workflow import reach
from gateway.workflow.ask_again import ask_again
from gateway.workflow.collect import confirm
from gateway.workflow.endpoint import set_dialect
from gateway.workflow.free import free
from gateway.workflow.notice import take_notice
from gateway.workflow.notify import notify
from gateway.workflow.park import bring_back_after_a_day, unpark
from gateway.workflow.register import register
from gateway.workflow.route import route
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    LOEI,
    MINISTRY,
    Hub,
    a_hub,
    key_of,
    to,
)
from tests.tables import lay_tables

PARTIES = (MINISTRY, CHIANG_MAI, LOEI)
NUMBERS = ("มท 1/1", "มท ๑/๑", "มท 1/2")
REGISTERED_AS = ("7", "8", "1/2569", "2/2569")
VERBS = (
    *("send", "send", "keep", "keep", "keep", "poll", "poll", "delete", "delete"),
    *("tell", "tell", "tell", "tell", "register", "wait"),
    *("free", "free", "ask again", "ask again", "dialect", "read", "read", "unpark"),
    *("way", "way"),
)
IMPATIENT = replace(dialects.JAVA_KEEPING, name="impatient", patience=1)
"""Parks after two reads, and never deletes."""
SPOKEN = (dialects.BOI, dialects.CSHARP, *[IMPATIENT] * 3, dialects.UNKNOWN)

ENDS = (None, None, EndpointUnreachable(), EndpointRefused())
"""How a call to a push endpoint may end."""

Bunch = list[tuple[str, int]]
"""Verbs that are done at once; each draws its arguments from its own seed."""

bunches = st.lists(
    st.lists(
        st.tuples(st.sampled_from(VERBS), st.integers(0, 10_000)),
        min_size=1,
        max_size=5,
    ),
    min_size=12,
    max_size=25,
)


@settings(max_examples=8, deadline=None)
@given(bunches)
def test_the_books_stay_in_balance(play: list[Bunch]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialects, "DIALECTS", (*dialects.DIALECTS, IMPATIENT))
        lay_tables(Path(folder))
        asyncio.run(_play(Path(folder), play))


async def _play(folder: Path, play: list[Bunch]) -> None:
    async with open_store(folder, elapsed=lambda: 0.0) as store:
        hub = await a_hub(store, wait=0.0)
        before = await _histories(hub)
        for bunch in play:
            await asyncio.gather(*(_do(hub, verb, Random(x)) for verb, x in bunch))
            after = await _histories(hub)
            assert all(row in after for row in before), "history was rewritten"
            before = after
            await _holds(hub)
        await _ends(hub)


async def _do(hub: Hub, verb: str, draw: Random) -> None:
    """Do one thing; it may be refused, and nothing else may go wrong with it."""
    with suppress(Refusal):
        await _VERBS[verb](hub, draw.choice(PARTIES), draw)


async def _send(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    letter = to(
        draw.choice(PARTIES),
        LetterId(draw.choice(NUMBERS), "2026-06-05"),
        sender=party,
        subject=draw.choice(("หนึ่ง", "หนึ่ง", "สอง")),
    )
    signer = key_of(party) if draw.random() < 0.3 else None
    await hub.send(letter, signed_by=signer)


async def _keep(hub: Hub, _party: OrganizationCode, draw: Random) -> None:
    """Keep some of what was promised, in any order, or all of it."""
    due = list(await hub.store.outbox.due(hub.clock.now(), limit=100))
    draw.shuffle(due)
    for promise in due[: draw.choice((1, 3, 100))]:
        if promise.stage is Stage.DELIVER:
            hub.endpoints.fail(draw.choice(ENDS))
            hub.endpoints.lose_answers(draw.choice((0, 0, 1)))
            await hub.hand_over(promise)
            continue
        verb = route if promise.receipt is None else notify
        await _until_kept(partial(verb, hub.work, promise.id))


async def _way(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    """Let an operator say how an organization is reached."""
    match draw.choice(("push", "push", "pull", "pause", "resume")):
        case "push":
            way = draw.choice((Way.ECMS, Way.WEBHOOK))
            await hub.push_to(party, way, in_order=draw.random() < 0.5)
        case "pull":
            await _until_kept(lambda: reach.let_pull(hub.work, party))
        case "pause":
            await _until_kept(lambda: reach.pause(hub.work, party))
        case _:
            await _until_kept(lambda: reach.resume(hub.work, party))


async def _poll(hub: Hub, party: OrganizationCode, _draw: Random) -> None:
    await hub.look(party)


async def _read(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    for _ in range(draw.choice((2, 3, 5, 9))):
        await hub.look(party)


async def _delete(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    await confirm(hub.work, party, await _an_entry(hub, party, draw))


async def _register(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    entry = await _an_entry(hub, party, draw)
    await register(hub.work, party, entry, by="ก")


async def _wait(hub: Hub, _party: OrganizationCode, draw: Random) -> None:
    hub.clock.advance(days=draw.choice((0, 0, 1, 100)), seconds=1)


async def _speak(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    by_hand = draw.random() < 0.5
    await set_dialect(hub.work, party, draw.choice(SPOKEN), by_hand=by_hand)


async def _tell(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    kind = draw.choice(
        [*NotifierKind, NotifierKind.REGISTERED, NotifierKind.WRONG_NUMBER]
    )
    number = draw.choice(REGISTERED_AS) if kind.carries_number else None
    about = LetterId(draw.choice(NUMBERS), "2026-06-05")
    notifier = Notifier(kind, about, "", number)
    await take_notice(hub.work, party, notifier, to=draw.choice(PARTIES).text)


async def _free(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    number = LetterId(draw.choice(NUMBERS), "2026-06-05")
    request = DeleteLetter(number, party, draw.choice(PARTIES))
    await _until_kept(lambda: free(hub.work, party, request))


async def _ask_again(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    """Ask for a letter or a notifier of a letter between this party and another."""
    kind = draw.choice((None, None, *NotifierKind))
    number = LetterId(draw.choice(NUMBERS), "2026-06-05")
    ends = [party, draw.choice(PARTIES)]
    if kind is None or kind.told_by_sender:
        ends.reverse()
    await ask_again(hub.work, party, AskAgain(kind, number, *ends))


async def _unpark(hub: Hub, party: OrganizationCode, draw: Random) -> None:
    """Bring something back by hand, or what was parked a day ago."""
    if draw.random() < 0.5:
        hub.clock.advance(days=draw.choice((0, 2)))
        await bring_back_after_a_day(hub.work)
        return
    lines = await hub.store.views.aside(party)
    aside = [line.entry.process_id for line in lines]
    entry = draw.choice([await _an_entry(hub, party, draw), *aside])
    await unpark(hub.work, party, entry, by="ก")


async def _until_kept(verb: Callable[[], Awaitable[object]]) -> None:
    """Do it, and once more where another changed the same meanwhile, as they do."""
    try:
        await verb()
    except StoreError as error:
        if not error.temporary:
            raise
        await verb()


_VERBS: Final = {
    "send": _send,
    "keep": _keep,
    "poll": _poll,
    "read": _read,
    "delete": _delete,
    "tell": _tell,
    "register": _register,
    "free": _free,
    "ask again": _ask_again,
    "dialect": _speak,
    "unpark": _unpark,
    "wait": _wait,
    "way": _way,
}


async def _an_entry(hub: Hub, party: OrganizationCode, draw: Random) -> str:
    """Return the head of its inbox; else anybody's entry, taken or not, or none."""
    own = await hub.inbox(party)
    if own and draw.random() < 0.7:
        return own[0].process_id
    others = [path.entry.process_id for path in await _paths(hub) if path.entry]
    return draw.choice(["", *others, *(entry.process_id for entry in own)])


async def _paths(hub: Hub) -> list[LetterPath]:
    return [
        path
        for number in (NUMBERS[0], NUMBERS[2])
        for path in await hub.store.views.paths(number)
    ]


async def _histories(hub: Hub) -> Sequence[str]:
    """Return the rows that are written once and never changed."""
    rows = await hub.rows()
    written_once = ("journal", "registration", "receipt", "letter", "envelope", "file")
    return [f"{table} {row}" for table in written_once for row in rows[table]]


async def _holds(hub: Hub) -> None:
    """What must be true at any moment."""
    books = await hub.books()
    assert books.in_balance, books.findings
    paths = await _paths(hub)
    for path in paths:
        _follows_the_table(path)
    wire_numbers = [path.consignment.process_id for path in paths]
    wire_numbers += [r.process_id for path in paths for r in path.receipts]
    wire_numbers += [path.entry.process_id for path in paths if path.entry]
    wire_numbers += [e.process_id for path in paths for e in path.notifier_entries]
    assert len(wire_numbers) == len(set(wire_numbers)), "a ProcessID given twice"
    _has_no_gap(paths)


def _follows_the_table(path: LetterPath) -> None:
    first, *others = path.journal
    assert first.happening is Happening.LETTER_ACCEPTED
    state = State.ACCEPTED
    for entry in others:
        state = TRANSITIONS[state][entry.happening]
        assert entry.state is state
    assert path.consignment.state is state


def _has_no_gap(paths: Sequence[LetterPath]) -> None:
    given = Counter(
        (registration.organization, registration.year, registration.number.serial)
        for path in paths
        for registration in path.registrations
        if registration.numbered_by is NumberedBy.HUB
    )
    assert set(given.values()) <= {1}, "a number given twice"
    for organization, year, serial in given:
        assert serial is not None
        assert serial == 1 or (organization, year, serial - 1) in given


async def _ends(hub: Hub) -> None:
    """Let all come to rest: every letter and every notifier is taken."""
    await hub.keep()
    for party in PARTIES:
        with suppress(Refusal):
            await reach.let_pull(hub.work, party)
    # What was promised to endpoints that pull now is void.
    await hub.keep()
    for party in PARTIES:
        # A dialect that reads everything brings back what was held.
        await hub.speaks(party, dialects.UNKNOWN)
    hub.clock.advance(days=2)
    await bring_back_after_a_day(hub.work)
    for party in PARTIES:
        # The last that waits may be taken at a look: its client never deletes.
        while shown := await hub.look(party):
            await confirm(hub.work, party, shown.process_id)
    books = await hub.books()
    assert books.in_balance, books.findings
    left = (Place.ON_ITS_WAY, Place.IN_INBOX, Place.PARKED)
    assert [books.places[place] for place in left] == [0] * len(left)
    # What was given up stays so until somebody replays it.
    over = {ReceiptPlace.TAKEN, ReceiptPlace.TOLD_NOBODY, ReceiptPlace.DEAD}
    untold = {*ReceiptPlace} - over
    assert {books.receipts[place] for place in untold} == {0}
