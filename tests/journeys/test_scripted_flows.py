"""The scripted flows of E4 over HTTP, between whole systems of two makes."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.ports import InboxLine
from gateway.simulation.boi_system import BoiSystem
from gateway.simulation.csharp_system import CSharpSystem
from gateway.simulation.letter import ACCEPT, INVALID_LETTER, RECEIVE, REJECT, File
from gateway.simulation.systems import Outcome, Told
from tests.journeys.callers import eventually
from tests.journeys.conftest import gateway
from tests.journeys.exchange import DOCX, PDF, Exchange, exchange

EMPTY, SAVED = Outcome.EMPTY, Outcome.SAVED

LETTERS: dict[str, dict[str, object]] = {
    "plain": {},
    "Thai digits": {"number": "ที่  มท ๐๒๑๐.๓/ว  ๑๗๙๕", "subject": "น้ำ กตัญญู"},
    "ampersand": {"subject": "รับ & ส่ง <ด่วน>"},
    "empty": {
        "main": File("", ""),
        "description": "",
        "attachment_text": "",
        "send_date": "2026-01-05",
    },
    "docx": {"main": DOCX},
}


@pytest.fixture
async def net(new_hub: Callable[[], Path]) -> AsyncIterator[Exchange]:
    async with exchange(new_hub()) as made:
        yield made


@dataclass
class Pair:
    """Two C# offices, and the one letter between them."""

    net: Exchange
    sender: CSharpSystem
    receiver: CSharpSystem

    @property
    def process_id(self) -> str:
        """The ProcessID under which the receiver got the letter last."""
        return [*self.receiver.received][-1]

    async def send(self, **letter: object) -> None:
        """Send, poll, delete."""
        sent = self.net.letter(self.sender.code, self.receiver.code, **letter)
        await self.sender.send(sent)
        assert await self.receiver.receive_letters() is SAVED
        assert await self.receiver.receive_letters() is EMPTY

    async def accept(self, number: str) -> None:
        """Receive, poll, delete, Accept, poll, delete."""
        await self.receiver.confirm(self.process_id)
        assert await self.sender.receive_notifiers() is SAVED
        await self.receiver.answer(self.process_id, ACCEPT, number)
        assert await self.sender.receive_notifiers() is SAVED


@pytest.fixture
async def pair(net: Exchange) -> Pair:
    return Pair(net, await net.csharp(), await net.csharp())


@pytest.mark.parametrize("kind", [name for name in LETTERS if name != "ampersand"])
async def test_send_doc(pair: Pair, kind: str) -> None:
    await pair.send(**LETTERS[kind])
    await pair.accept("รับ 903/2569")

    [kept] = pair.sender.sent
    assert [heard.kind for heard in kept.heard] == [RECEIVE, ACCEPT]
    assert kept.accept_id == "รับ 903/2569"
    assert await pair.sender.receive_notifiers() is EMPTY


async def test_send_doc_with_an_ampersand_ends_at_the_hub(pair: Pair) -> None:
    """Its sender would never delete such notifiers (I3): they lie beside its queue."""
    await pair.send(**LETTERS["ampersand"])
    await pair.receiver.confirm(pair.process_id)
    await pair.receiver.answer(pair.process_id, ACCEPT, "1/2569")

    async def both_lie_aside() -> bool | None:
        assert await pair.sender.receive_notifiers() is EMPTY
        return len(await pair.net.aside(pair.sender.code)) == 2 or None

    assert await eventually(both_lie_aside)
    kept = pair.receiver.received[pair.process_id]
    assert kept.letter.subject == LETTERS["ampersand"]["subject"]


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize(
    ("kind", "told"), [(REJECT, Told.REJECTED), (INVALID_LETTER, Told.WRONG)]
)
async def test_what_comes_back_is_freed_and_sent_anew(
    pair: Pair, kind: str, told: Told, letter: str
) -> None:
    """SendRejectDoc and SendInvalidDoc: op 9 comes by itself once it was pulled."""
    await pair.send(**LETTERS[letter])
    first, [kept] = pair.process_id, pair.sender.sent
    await pair.receiver.answer(first, kind)
    if letter == "ampersand":
        assert await pair.sender.receive_notifiers() is EMPTY
        return

    assert await pair.sender.receive_notifiers() is SAVED

    assert kept.told is told
    assert pair.sender.freed == [kept.letter.number]
    await pair.send(**{**LETTERS[letter], "number": kept.letter.number, "main": PDF})
    assert pair.process_id != first
    await pair.accept("1/2569")


async def test_send_invalid_accept_doc(pair: Pair) -> None:
    await pair.send()
    await pair.accept("1/2569")

    await pair.sender.doubt(pair.sender.sent[0])
    assert await pair.receiver.receive_letters() is SAVED
    assert pair.receiver.received[pair.process_id].told is Told.DOUBTED
    await pair.receiver.answer(pair.process_id, ACCEPT, "12/2569")

    assert await pair.sender.receive_notifiers() is SAVED
    assert pair.sender.sent[0].accept_id == "12/2569"


@pytest.mark.parametrize("kind", LETTERS)
async def test_boi_receives_and_accepts_without_a_receipt(
    net: Exchange, kind: str
) -> None:
    sender, receiver = await net.csharp(), await net.boi()
    await receiver.press()
    await sender.send(net.letter(sender.code, receiver.code, **LETTERS[kind]))

    outcomes = await receiver.open_page()
    [process_id] = receiver.received
    await receiver.register(process_id, "4417/2569")

    assert outcomes == [SAVED] + [EMPTY] * 19
    if kind == "ampersand":
        assert await sender.receive_notifiers() is EMPTY
        return
    assert await sender.receive_notifiers() is SAVED
    [kept] = sender.sent
    assert (kept.told, kept.accept_id) == (Told.NUMBERED, "4417/2569")


async def test_two_letters_and_an_empty_queue_within_one_page(net: Exchange) -> None:
    sender, receiver = await net.csharp(), await net.boi()
    await receiver.press()
    for main in (DOCX, PDF):
        await sender.send(net.letter(sender.code, receiver.code, main=main))

    assert await receiver.open_page() == [SAVED] * 2 + [EMPTY] * 18


@pytest.mark.parametrize("kind", LETTERS)
async def test_with_boi_as_sender_the_flow_ends_at_the_hub(
    net: Exchange, kind: str
) -> None:
    """Its polls stay empty; its receipts lie aside, and `letters track` shows them."""
    sender, receiver = await net.boi(), await net.csharp()
    await sender.press()
    letter = net.letter(sender.code, receiver.code, **LETTERS[kind])
    await sender.send(letter)
    assert await receiver.receive_letters() is SAVED
    [process_id] = receiver.received
    await receiver.confirm(process_id)
    await receiver.answer(process_id, ACCEPT, "รับ 903/2569")

    assert await sender.open_page() == [EMPTY] * 20

    async def both_lie_aside() -> Sequence[InboxLine] | None:
        assert await sender.press() is EMPTY
        lines = await net.aside(sender.code)
        return lines if len(lines) == 2 else None

    held = await eventually(both_lie_aside)
    assert [line.receipt.kind for line in held if line.receipt] == [
        "received",
        "registered",
    ]
    tracked = gateway(
        "letters",
        "track",
        letter.number,
        "--json",
        "--data",
        str(net.hub.settings.data),
    )
    assert tracked.returncode == 0, tracked.stderr
    assert "รับ 903/2569" in json.dumps(json.loads(tracked.stdout), ensure_ascii=False)


async def test_boi_to_boi(net: Exchange) -> None:
    sender, receiver = await net.boi(), await net.boi()
    await _greet(sender, receiver)
    await sender.send(net.letter(sender.code, receiver.code))

    assert (await receiver.open_page())[0] is SAVED
    [process_id] = receiver.received
    await receiver.register(process_id, "1/2569")

    assert await sender.open_page() == [EMPTY] * 20
    [held] = await net.aside(sender.code)
    assert held.receipt is not None
    assert held.receipt.number == "1/2569"


async def _greet(*systems: BoiSystem) -> None:
    for system in systems:
        await system.press()
