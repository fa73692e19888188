"""A year of mixed clients, in which nobody clears a queue by hand.

Each day letters are written, buttons are pressed in no good order, numbers are given,
doubted and corrected, letters go back and are sent anew; one client never deletes, one
cannot read notifiers, one knows not every sender, one is another every few weeks. At
the end no queue is blocked, and every letter is where its clients and the books say.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from gateway.domain.lifecycle import Happening
from gateway.ports import InboxLine
from gateway.simulation.boi_system import BoiSystem
from gateway.simulation.csharp_system import CSharpSystem
from gateway.simulation.errors import ClientBroken
from gateway.simulation.java_system import JavaSystem
from gateway.simulation.letter import ACCEPT, INVALID_LETTER, REJECT, Letter
from gateway.simulation.systems import Outcome, Told
from gateway.workflow.park import bring_back_after_a_day
from tests.journeys.exchange import DOCX, PDF, Exchange, exchange

SOAK: Final = os.environ.get("GATEWAY_SOAK") == "1"
DAYS: Final = 366 if SOAK else 25
QUIET: Final = 40
"""Days at the end on which nothing new is written, at most."""
PRESSES: Final = 12
"""How often a clerk presses a button on one day, at most."""
SUBJECTS: Final = (
    "ขอเชิญประชุมเตรียมความพร้อม",
    "แจ้งผลการพิจารณา & แนวทางปฏิบัติ",
    "งบประมาณ < 1 ล้านบาท",
    "ก" * 300,
)

System = CSharpSystem | BoiSystem | JavaSystem


@dataclass
class Office:
    """An organization, with the system that stands there today."""

    code: str
    system: System
    spare: System | None = None
    """The system it changes to overnight."""
    answered: set[str] = field(default_factory=set)
    """The ProcessIDs that its clerk has dealt with."""
    serial: int = 0

    @property
    def systems(self) -> list[System]:
        return [self.system, *([self.spare] if self.spare else [])]


@dataclass
class Play:
    """The year, from its first day."""

    net: Exchange
    offices: list[Office]
    chance: random.Random
    sent: dict[str, Letter] = field(default_factory=dict)
    """By the ProcessID that its sender was given."""
    unsent: list[tuple[Office, Letter]] = field(default_factory=list)

    async def day(self, number: int, *, writing: bool) -> bool:
        """Live through a day; say whether anybody got anything."""
        self.net.clock.advance(days=1)
        await bring_back_after_a_day(self.net.hub.work)
        if writing and number % 9 == 8:
            self._change_clients()
        if writing:
            for _ in range(3):
                await self._write()
        moved = False
        for office in self.chance.sample(self.offices, len(self.offices)):
            moved |= await self._work(office)
        unsent, self.unsent = self.unsent, []
        for sender, letter in unsent:
            await self.send(sender, letter)
        return moved or bool(unsent)

    def _change_clients(self) -> None:
        for office in self.offices:
            if office.spare is not None:
                office.system, office.spare = office.spare, office.system

    async def _write(self) -> None:
        sender, *receivers = self.chance.sample(self.offices, 3)
        if self.chance.random() < 0.7:
            receivers = receivers[:1]
        letter = self.net.letter(
            sender.code,
            receivers[0].code,
            subject=self.chance.choice(SUBJECTS),
            main=self.chance.choice((PDF, DOCX)),
        )
        for receiver in receivers:
            to = replace(letter.receiver, organization=receiver.code)
            await self.send(sender, replace(letter, receiver=to))

    async def send(self, sender: Office, letter: Letter) -> None:
        """Send a letter; what BOI does not get off, its user sends on another day.

        An office that changed to BOI overnight, and has asked for nothing yet, is not
        known to escape nothing: its first letter with a bare `&` is no XML.
        """
        try:
            process_id = await sender.system.send(letter)
        except ClientBroken:
            assert isinstance(sender.system, BoiSystem)
            self.unsent.append((sender, letter))
            return
        assert process_id not in self.sent
        self.sent[process_id] = letter

    async def _work(self, office: Office) -> bool:
        """Do what a clerk does on a day; say whether something was saved."""
        outcomes = await self._press(office.system)
        await self._answer(office)
        if isinstance(office.system, CSharpSystem):
            await self._look_after(office, office.system)
        return Outcome.SAVED in outcomes

    async def _press(self, system: System) -> list[Outcome]:
        if isinstance(system, BoiSystem):
            return await system.open_page()
        outcomes = []
        idle = 0
        for _ in range(PRESSES):
            outcomes.append(await self._press_once(system))
            idle = 0 if outcomes[-1] is Outcome.SAVED else idle + 1
            if idle > 3 and outcomes[-1] is Outcome.EMPTY:
                break
        return outcomes

    async def _press_once(self, system: CSharpSystem | JavaSystem) -> Outcome:
        if isinstance(system, JavaSystem):
            return await system.press()
        # The clerk does not know which button would do.
        button = self.chance.choice((system.receive_letters, system.receive_notifiers))
        return await button()

    async def _answer(self, office: Office) -> None:
        """Answer what is new: mostly by a number, sometimes not at all."""
        system = office.system
        for process_id in [p for p in system.received if p not in office.answered]:
            office.answered.add(process_id)
            office.serial += 1
            number = f"{office.serial}/2569"
            luck = self.chance.random()
            if isinstance(system, CSharpSystem):
                await self._answer_by_button(system, process_id, number, luck)
            elif luck < 0.9:
                await system.register(process_id, number)

    async def _answer_by_button(
        self, system: CSharpSystem, process_id: str, number: str, luck: float
    ) -> None:
        if luck < 0.9:
            await system.confirm(process_id)
        if luck < 0.7:
            await system.answer(process_id, ACCEPT, number)
        elif luck < 0.8:
            await system.answer(process_id, REJECT)
        elif luck < 0.85:
            await system.answer(process_id, INVALID_LETTER)

    async def _look_after(self, office: Office, system: CSharpSystem) -> None:
        """Doubt a number, give a doubted one anew, send again what came back."""
        for kept in system.sent:
            if kept.told is Told.NUMBERED and self.chance.random() < 0.02:
                await system.doubt(kept)
                kept.told = Told.DOUBTED
        for process_id, kept in system.received.items():
            if kept.told is Told.DOUBTED:
                office.serial += 1
                await system.answer(process_id, ACCEPT, f"{office.serial}/2569")
        for kept in list(system.sent):
            if kept.told in (Told.REJECTED, Told.WRONG) and system.freed:
                system.freed.remove(kept.letter.number)
                subject = f"{kept.letter.subject} (แก้ไข)"
                await self.send(office, replace(kept.letter, subject=subject))


async def the_offices(net: Exchange) -> list[Office]:
    """Return eight offices, each with habits of its own."""
    csharp = [await net.csharp() for _ in range(3)]
    boi = [await net.boi() for _ in range(2)]
    java, keeping = await net.java(), await net.java(deletes=False)
    changing = await net.csharp()
    offices = [Office(system.code, system) for system in (*csharp, *boi, java, keeping)]
    offices.append(Office(changing.code, changing, await net.boi(changing.code)))
    # The last C# office knows not every sender: such a letter it never deletes.
    unknown = boi[0].code

    def address(code: str) -> str:
        return "" if code == unknown else net.address(code)

    csharp[-1].address = address
    return offices


@pytest.fixture
def data(new_hub: Callable[[], Path]) -> Path:
    return new_hub()


@pytest.mark.timeout(3600 if SOAK else 300)
@pytest.mark.parametrize("seed", [1])
async def test_a_year_blocks_no_queue_and_loses_no_letter(
    data: Path, seed: int
) -> None:
    async with exchange(data) as net:
        play = Play(net, await the_offices(net), random.Random(seed))
        for number in range(DAYS):
            await play.day(number, writing=True)
        for number in range(QUIET):
            moved = await play.day(number, writing=False)
            if not moved and not await blocked(play):
                break
        assert not await blocked(play)
        await every_letter_is_somewhere(play)
        books = await net.books()
        assert books.taken == len(play.sent)


async def blocked(play: Play) -> list[InboxLine]:
    """Return what waits and was never parked: what nobody was told of.

    What was parked comes back once a day, and stands behind all others.
    """
    return [
        line
        for office in play.offices
        for line in await play.net.waiting(office.code)
        if not await was_parked(play, line)
    ]


async def was_parked(play: Play, line: InboxLine) -> bool:
    """Say whether the journal has a note for the operator of this entry."""
    return any(
        entry.happening is Happening.ENTRY_PARKED
        and entry.facts.get("entry") == line.entry.process_id
        for path in await play.net.hub.store.views.paths(line.letter.letter_id.number)
        for entry in path.journal
    )


async def every_letter_is_somewhere(play: Play) -> None:
    """Its receiver's client has it, or its operator was told that it was parked."""
    have = {
        (office.code, kept.letter.number)
        for office in play.offices
        for system in office.systems
        for kept in system.received.values()
    }
    for process_id, letter in play.sent.items():
        paths = await play.net.hub.store.views.paths(letter.number)
        [path] = [p for p in paths if p.consignment.process_id == process_id]
        parked = Happening.ENTRY_PARKED in {each.happening for each in path.journal}
        receiver = letter.receiver.organization
        assert (receiver, letter.number) in have or parked, letter
