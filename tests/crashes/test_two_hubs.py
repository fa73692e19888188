"""Two hubs and two workers under load, each killed and started again at random.

On PostgreSQL and RabbitMQ, over real HTTP. Nothing is lost, nothing comes twice, the
hub's own numbers have no gap, and in the end every queue is empty and the books
balance. `GATEWAY_SOAK=1` does it for ten minutes.
"""

import asyncio
import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from envelopes.letter import OrganizationCode
from gateway.bootstrap import Hub, open_broker, open_hub
from gateway.config import FILE, load
from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.inbox import Carries
from gateway.domain.promise import Stage, queue_of
from gateway.simulation.letter import Letter
from gateway.store.errors import ConcurrentChange
from gateway.workflow.reach import set_endpoint
from gateway.workflow.register import register
from tests import rabbit
from tests.crashes.load import (
    ANSWER,
    GLANCE,
    Client,
    Doors,
    Webhook,
    all_of,
    keep_reading,
    keep_sending,
)
from tests.doubles.endpoint import an_endpoint
from tests.eventually import eventually
from tests.journeys.callers import Net
from tests.journeys.conftest import on_postgresql
from tests.processes import Process

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgresql, pytest.mark.slow]

SOAK = os.environ.get("GATEWAY_SOAK") == "1"
SECONDS = 600.0 if SOAK else 10.0
"""How long letters are sent and processes killed, at least."""
LETTERS = 60
"""How many letters are sent at least, on however slow a machine."""
CALM = 120.0
"""Seconds for all that is on its way to arrive, once nobody is killed any more: what a
killed process had in its hands comes again after a minute at most."""
LIFE = 20.0 if SOAK else 8.0
"""Seconds that a process lives at most before it is killed."""
SENDERS = 4
CLERK = "นางสาวสมมุติ ทะเบียนดี"


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Sequence[Path]]:
    """The data directories of two machines that serve one demo hub."""
    with rabbit.fresh() as broker, on_postgresql(tmp_path) as first:
        with (first / FILE).open("a", encoding="utf-8") as file:
            file.write(f'broker_url = "{broker.url}"\n')
        second = tmp_path / "second"
        shutil.copytree(first, second)
        yield first, second


@dataclass
class Mortals:
    """Processes that are killed one by one, and come back."""

    processes: Sequence[Process]
    chance: random.Random
    deaths: Counter[str] = field(default_factory=Counter)

    async def kill(self, name: str, process: Process, over: asyncio.Event) -> None:
        """Kill one again and again, until it is over; then it is alive."""
        while not over.is_set():
            await asyncio.sleep(0.5 + self.chance.random() * LIFE)
            process.kill()
            self.deaths[name] += 1
            await asyncio.sleep(self.chance.random() * 0.5)
            await asyncio.to_thread(process.start)

    async def play(self, over: asyncio.Event) -> None:
        """Kill all of them, each at its own times, until it is over."""
        names = ["hub 1", "hub 2", "worker 1", "worker 2"]
        named = zip(names, self.processes, strict=True)
        await all_of(*(self.kill(name, process, over) for name, process in named))


async def clerk(hub: Hub, office: OrganizationCode, over: asyncio.Event) -> None:
    """Enter the letters of an office without a system in the hub's book."""
    while not over.is_set():
        for line in await hub.store.views.inbox(office):
            if line.entry.carries is Carries.LETTER:
                try:
                    await register(hub.work, office, line.entry.process_id, by=CLERK)
                except ConcurrentChange:
                    # Two clerks work on this book; the other was faster.
                    continue
        await asyncio.sleep(0.1)


async def test_nothing_is_lost_and_nothing_comes_twice(
    machines: Sequence[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is killed, each letter comes once, in order, and gets one number."""
    chance = random.Random(7)
    with ExitStack() as stack:
        processes = [
            Process(data, *command)
            for command in (["serve"], ["work"])
            for data in machines
        ]
        for process in processes:
            stack.callback(process.kill)
        await all_of(*(asyncio.to_thread(process.start) for process in processes))
        mortals = Mortals(processes, chance)
        bases = [process.base for process in processes[:2]]
        clients = await _play(machines, mortals, bases, chance)
        ends = [process.stop() for process in processes]

    assert ends == [0, 0, 0, 0]
    await _expect_books(machines[0], _sent(clients))
    with capsys.disabled():
        sys.stdout.write(_counts(clients, mortals))


async def _play(
    machines: Sequence[Path],
    mortals: Mortals,
    bases: Sequence[str],
    chance: random.Random,
) -> Sequence[Client]:
    net, over, done = Net(bases[0]), asyncio.Event(), asyncio.Event()
    timeout = aiohttp.ClientTimeout(total=ANSWER)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        open_hub(load(machines[0])) as one,
        open_hub(load(machines[1])) as other,
        AsyncExitStack() as stack,
    ):
        doors = Doors(bases, chance, session)
        senders = [Client(doors, net.office()) for _ in range(SENDERS)]
        reader, without = Client(doors, net.office()), net.office()
        office = OrganizationCode.parse(without.code)
        webhook = Webhook(Client(doors, net.office()))
        pushed = webhook.client.office
        listening = await stack.enter_async_context(an_endpoint(webhook.take))
        await set_endpoint(one.work, _pushing(pushed.code, listening.url, one))
        receivers = [reader.office, without, pushed]

        async def direct() -> None:
            await all_of(mortals.play(over), _enough(mortals, senders, over))
            with suppress(TimeoutError):
                await eventually(lambda: not _untold(senders), within=CALM, every=0.2)
            assert _untold(senders) == []
            done.set()

        await all_of(
            direct(),
            clerk(one, office, done),
            clerk(other, office, done),
            keep_reading(reader, done.is_set),
            webhook.keep_answering(done.is_set),
            *(keep_reading(sender, done.is_set) for sender in senders),
            *(keep_sending(s, net, receivers, over) for s in senders),
        )
    _expect_each_once(senders, reader)
    for sender in senders:
        to_pushed = [s.number for s in _sent_to(sender, pushed.code)]
        assert webhook.got[sender.office.code] == to_pushed
    return senders


def _pushing(code: str, url: str, hub: Hub) -> Endpoint:
    return Endpoint(
        organization=OrganizationCode.parse(code),
        way=Way.WEBHOOK,
        url=url,
        changed_at=hub.work.clock.now(),
    )


def _sent_to(sender: Client, code: str) -> list[Letter]:
    return [one for one in sender.sent if one.receiver.organization == code]


async def _enough(
    mortals: Mortals, senders: Sequence[Client], over: asyncio.Event
) -> None:
    """Say that it is over once there was time, and all that is to happen happened."""
    await asyncio.sleep(SECONDS)
    all_died = len(mortals.processes)
    await eventually(
        lambda: len(mortals.deaths) == all_died and _sent(senders) >= LETTERS,
        within=CALM,
        every=GLANCE,
    )
    over.set()


def _sent(senders: Sequence[Client]) -> int:
    return sum(len(sender.sent) for sender in senders)


def _untold(senders: Sequence[Client]) -> list[str]:
    """The letters whose number did not come back yet."""
    letters = ((s, letter.number) for s in senders for letter in s.sent)
    return [number for sender, number in letters if number not in sender.told]


def _expect_each_once(senders: Sequence[Client], reader: Client) -> None:
    for sender in senders:
        code = sender.office.code
        assert all(len(ids) == 1 for ids in sender.process_ids.values())
        assert {len(numbers) for numbers in sender.told.values()} == {1}
        to_reader = _sent_to(sender, reader.office.code)
        came = [letter.number for letter in reader.got[code]]
        assert Counter(came) == Counter(letter.number for letter in to_reader)
        assert reader.got[code] == to_reader


async def _expect_books(data: Path, sent: int) -> None:
    async with open_hub(load(data)) as hub, open_broker(hub.settings) as broker:
        books = await hub.store.check_books()
        assert books.findings == ()
        assert books.in_balance
        assert books.places[Place.IN_REGISTER] == books.taken == sent
        assert books.receipts[ReceiptPlace.ON_ITS_WAY] == 0
        assert books.receipts[ReceiptPlace.WAITING] == 0
        (book,) = books.registers
        assert book.in_balance
        assert book.given > 0
        (pushed,) = await hub.store.endpoints()
        deliveries = queue_of(pushed.organization)
        for queue in (Stage.ROUTE, Stage.NOTIFY, deliveries):
            assert await broker.waiting(queue) == 0
            assert await broker.dead(queue) == 0


def _counts(senders: Sequence[Client], mortals: Mortals) -> str:
    sent = _sent(senders)
    told = sum(len(sender.told) for sender in senders)
    deaths = ", ".join(f"{name} {n}×" for name, n in sorted(mortals.deaths.items()))
    lost = sum(senders[0].doors.lost.values())
    return (
        f"\n  {SECONDS:.0f} s: {sent} letters sent, {told} numbers told; "
        f"killed: {deaths}; {lost} calls without an answer\n"
    )
