import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from gateway.runners.runner import GiveUp, Patience, Runner, pause, until
from queues.broker import Message
from queues.embedded import EmbeddedBroker
from queues.errors import UnknownQueue
from tests.doubles.broker import Failure, UnsteadyBroker
from tests.eventually import SOON, eventually
from tests.gateway.runners.running import Pauses, running


class StoreBusyError(Exception):
    """Time's move."""

    code = "store-busy"
    temporary = True


class WrongError(Exception):
    """Ours."""

    code = "wrong"
    temporary = False


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[UnsteadyBroker]:
    async with EmbeddedBroker.open(tmp_path / "queues.db") as broker:
        await broker.declare("route")
        yield UnsteadyBroker(broker)


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


class Handler:
    """Remembers what it handled; fails as it is told, message by message."""

    def __init__(self) -> None:
        self.handled: list[int] = []
        self.errors: dict[int, list[Exception]] = {}
        self._awaited = 0
        self._enough = asyncio.Event()

    async def __call__(self, message: UUID) -> None:
        self.handled.append(message.int)
        if self._awaited and len(self.handled) >= self._awaited:
            self._enough.set()
        if errors := self.errors.get(message.int):
            raise errors.pop(0)

    async def called(self, times: int) -> None:
        """Wait until it was called so many times."""
        self._awaited = times
        if len(self.handled) < times:
            async with asyncio.timeout(SOON):
                await self._enough.wait()


@pytest.fixture
def handler() -> Handler:
    return Handler()


Make = Callable[..., Runner]


@pytest.fixture
def make(broker: UnsteadyBroker, stop: asyncio.Event, pauses: Pauses) -> Make:
    def made(
        handler: Callable[[UUID], Awaitable[None]],
        *,
        prefetch: int = 1,
        give_up: GiveUp | None = None,
    ) -> Runner:
        return Runner(
            "router",
            broker,
            "route",
            handler,
            stop=stop,
            give_up=give_up,
            prefetch=prefetch,
            pause=pauses,
        )

    return made


async def publish(broker: UnsteadyBroker, *numbers: int, body: bytes = b"") -> None:
    """Publish messages, each about something of its own unless `body` says what."""
    await broker.publish(
        "route",
        [Message(UUID(int=n), body or f"{n}".encode()) for n in numbers],
    )


async def test_what_was_handled_is_acknowledged(
    broker: UnsteadyBroker, make: Make, handler: Handler, stop: asyncio.Event
) -> None:
    await publish(broker, 1, 2)

    async with running(make(handler), stop):
        await handler.called(2)

    assert handler.handled == [1, 2]
    assert await broker.waiting("route") == 0


async def test_a_runner_makes_the_queue_it_needs(
    broker: UnsteadyBroker, stop: asyncio.Event, handler: Handler
) -> None:
    async with running(Runner("one", broker, "new", handler, stop=stop), stop):
        await eventually(lambda: declared(broker, "new"))
        await broker.publish("new", [Message(UUID(int=7), b"")])
        await handler.called(1)

    assert handler.handled == [7]


async def declared(broker: UnsteadyBroker, queue: str) -> bool:
    try:
        await broker.waiting(queue)
    except UnknownQueue:
        return False
    return True


async def emptied(broker: UnsteadyBroker) -> None:
    async def is_empty() -> bool:
        return await broker.waiting("route") == 0

    await eventually(is_empty)


@pytest.mark.parametrize("error", [WrongError("no"), KeyError("a mistake")])
async def test_what_no_repeat_will_help_is_set_aside(
    broker: UnsteadyBroker,
    make: Make,
    handler: Handler,
    stop: asyncio.Event,
    error: Exception,
) -> None:
    await publish(broker, 1, 2)
    handler.errors = {1: [error]}

    with capture_logs() as logs:
        async with running(make(handler), stop):
            await handler.called(2)

    assert handler.handled == [1, 2]
    assert await broker.dead("route") == 1
    assert await broker.waiting("route") == 0
    (line,) = [line for line in logs if line["event"] == "message set aside"]
    assert line["log_level"] == "error"
    assert line["message"] == UUID(int=1)
    assert line["code"] == getattr(error, "code", "internal-error")
    assert line["exc_info"] is error


class GivingUp:
    """Remembers what was given up; fails as it is told, time by time."""

    def __init__(self, *errors: Exception) -> None:
        self.given_up: list[tuple[int, Exception]] = []
        self._errors = list(errors)

    async def __call__(self, message: UUID, error: Exception) -> None:
        self.given_up.append((message.int, error))
        if self._errors:
            raise self._errors.pop(0)


async def test_what_no_repeat_will_help_is_given_up_and_acknowledged(
    broker: UnsteadyBroker, make: Make, handler: Handler, stop: asyncio.Event
) -> None:
    """Given up, a message lies nowhere any more; the next one is handled."""
    await publish(broker, 1, 2)
    wrong = WrongError("no")
    handler.errors = {1: [wrong]}
    giving_up = GivingUp()

    async with running(make(handler, give_up=giving_up), stop):
        await handler.called(2)
        await emptied(broker)

    assert giving_up.given_up == [(1, wrong)]
    assert await broker.dead("route") == 0


async def test_what_cannot_even_be_given_up_is_set_aside(
    broker: UnsteadyBroker, make: Make, handler: Handler, stop: asyncio.Event
) -> None:
    """The line names the error of the handler: the other one only followed."""
    await publish(broker, 1, 2)
    handler.errors = {1: [WrongError("no")]}
    giving_up = GivingUp(KeyError("nor this"))

    with capture_logs() as logs:
        async with running(make(handler, give_up=giving_up), stop):
            await handler.called(2)
            await emptied(broker)

    assert await broker.dead("route") == 1
    [line] = [line for line in logs if line["event"] == "message set aside"]
    assert line["code"] == "wrong"


async def test_where_giving_up_must_wait_the_message_comes_again(
    broker: UnsteadyBroker,
    make: Make,
    handler: Handler,
    stop: asyncio.Event,
    pauses: Pauses,
) -> None:
    """A store that is away hinders giving up too; nothing is lost by waiting."""
    await publish(broker, 1)
    handler.errors = {1: [WrongError("no"), WrongError("no")]}
    giving_up = GivingUp(StoreBusyError())

    async with running(make(handler, give_up=giving_up), stop):
        await emptied(broker)

    assert handler.handled == [1, 1]
    assert len(giving_up.given_up) == 2
    assert len(pauses.seconds) == 1
    assert await broker.dead("route") == 0


async def test_what_time_will_help_comes_again_before_the_rest(
    broker: UnsteadyBroker,
    make: Make,
    handler: Handler,
    stop: asyncio.Event,
    pauses: Pauses,
) -> None:
    await publish(broker, 1, 2, 3)
    handler.errors = {2: [StoreBusyError(), StoreBusyError()]}

    with capture_logs() as logs:
        async with running(make(handler), stop):
            await handler.called(5)

    assert handler.handled == [1, 2, 2, 2, 3]
    assert len(pauses.seconds) == 2
    assert await broker.waiting("route") == 0
    waits = [line for line in logs if line["event"] == "runner waiting"]
    assert [line["code"] for line in waits] == ["store-busy", "store-busy"]


async def test_waits_grow_to_a_ceiling_and_begin_anew_after_success(
    broker: UnsteadyBroker,
    make: Make,
    handler: Handler,
    stop: asyncio.Event,
    pauses: Pauses,
) -> None:
    await publish(broker, 1, 2)
    handler.errors = {1: [StoreBusyError()] * 12, 2: [StoreBusyError()]}

    async with running(make(handler), stop):
        await handler.called(15)

    *growing, anew = pauses.seconds
    assert growing[:4] == [0.05, 0.1, 0.2, 0.4]
    assert growing[-2:] == [15.0, 15.0]
    assert anew == 0.05


async def test_a_message_whose_acknowledgement_was_lost_comes_again(
    broker: UnsteadyBroker, make: Make, handler: Handler, stop: asyncio.Event
) -> None:
    await publish(broker, 1)
    broker.fail(Failure.BEFORE_ACK)

    async with running(make(handler), stop):
        await handler.called(2)

    assert handler.handled == [1, 1]
    assert await broker.waiting("route") == 0


async def test_messages_are_handled_side_by_side(
    broker: UnsteadyBroker, make: Make, stop: asyncio.Event
) -> None:
    everyone = asyncio.Barrier(8)

    async def meet(_: UUID) -> None:
        await everyone.wait()

    await publish(broker, *range(8))
    async with running(make(meet, prefetch=8), stop):
        await emptied(broker)


async def test_messages_about_the_same_are_handled_in_order(
    broker: UnsteadyBroker, make: Make, stop: asyncio.Event
) -> None:
    handled: list[int] = []
    others = asyncio.Event()

    async def slow_first(message: UUID) -> None:
        if message.int == 1:
            await others.wait()
        handled.append(message.int)
        if message.int == 4:
            others.set()

    await publish(broker, 1, 2, 3, body=b"the same")
    await publish(broker, 4)
    async with running(make(slow_first, prefetch=4), stop):
        await emptied(broker)

    assert handled == [4, 1, 2, 3]


async def test_what_follows_a_dropped_message_about_the_same_waits_for_it(
    broker: UnsteadyBroker, make: Make, handler: Handler, stop: asyncio.Event
) -> None:
    await publish(broker, 1, 2, body=b"the same")
    handler.errors = {1: [StoreBusyError()]}

    async with running(make(handler, prefetch=2), stop):
        await handler.called(3)

    assert handler.handled == [1, 1, 2]


async def test_stopping_finishes_what_is_handled_and_leaves_the_rest(
    broker: UnsteadyBroker, make: Make, stop: asyncio.Event
) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()
    handled: list[int] = []

    async def slow(message: UUID) -> None:
        begun.set()
        await finish.wait()
        handled.append(message.int)

    await publish(broker, 1, 2, body=b"the same")
    async with running(make(slow, prefetch=2), stop):
        async with asyncio.timeout(SOON):
            await begun.wait()
        stop.set()
        assert await broker.waiting("route") == 2
        finish.set()

    assert handled == [1]
    assert await broker.waiting("route") == 1


async def test_a_broker_that_closes_makes_the_runner_wait(
    tmp_path: Path, stop: asyncio.Event, handler: Handler
) -> None:
    waited = asyncio.Event()

    async def stop_then(stop: asyncio.Event, _: float) -> None:
        waited.set()
        stop.set()

    async with EmbeddedBroker.open(tmp_path / "other.db") as broker:
        runner = Runner("r", broker, "route", handler, stop=stop, pause=stop_then)
        running_on = asyncio.ensure_future(runner.run())
        await eventually(lambda: declared(UnsteadyBroker(broker), "route"))

    await running_on
    assert waited.is_set()


async def test_patience_ends_with_an_error_that_is_not_temporary(
    stop: asyncio.Event,
) -> None:
    async def wrong() -> None:
        raise WrongError

    with pytest.raises(WrongError):
        await Patience("relay", stop).keep(wrong)


async def test_a_pause_ends_when_told_to_stop(stop: asyncio.Event) -> None:
    stop.set()
    async with asyncio.timeout(SOON):
        await pause(stop, 3600)


async def test_a_pause_ends_after_its_time(stop: asyncio.Event) -> None:
    async with asyncio.timeout(SOON):
        await pause(stop, 0)


async def test_waiting_passes_on_what_went_wrong(stop: asyncio.Event) -> None:
    async def wrong() -> None:
        raise WrongError

    with pytest.raises(WrongError):
        await until(stop, wrong())
