"""The loop: claim → handle → commit → ack, and what each kind of error means.

An error says whose move it is by `temporary`. Time's: the claim is dropped, so that
the message returns to its place, and the runner waits, longer each time. Anyone
else's: no repeat will help, so the work is given up (`gateway/workflow/give_up.py`),
and the message is done with. Where even that cannot be written down, the message is
set aside in the dead queue.
A message may come more than once; that its handler recognises a repeat is what makes
acknowledging after the commit right.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from gateway.steps import passed
from gateway.telemetry import context, emit
from queues.broker import Broker, Claim

Handler = Callable[[UUID], Awaitable[None]]
"""Does what the message with this id asks for, and returns once it is committed."""

GiveUp = Callable[[UUID, Exception], Awaitable[None]]
"""Gives up what the message with this id asks for, and returns once that is
committed."""

Pause = Callable[[asyncio.Event, float], Awaitable[None]]
"""Returns after so many seconds, or when the event is set."""


async def until(stop: asyncio.Event, waiting: Awaitable[object]) -> None:
    """Wait for something that may be given up without harm when `stop` is set."""
    tasks = [asyncio.ensure_future(waiting), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        first, _ = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(first, Exception):
        raise first


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Let time pass, unless told to stop."""
    await until(stop, asyncio.sleep(seconds))


async def error_of(work: Awaitable[None]) -> Exception | None:
    """Do something, and return the error it ended with."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - the one place: judged by `temporary`
        return error
    return None


def is_temporary(error: Exception) -> bool:
    """Say whether it is time's move; an error that does not say so is ours."""
    return getattr(error, "temporary", False) is True


def code_of(error: Exception) -> str:
    """Return the stable code of an error."""
    return getattr(error, "code", "internal-error")


@dataclass(slots=True)
class Patience:
    """Does something again and again until told to stop, and waits after errors."""

    name: str
    """Whose patience, in the log."""
    stop: asyncio.Event
    first: float = 0.05
    """Seconds to wait after the first of several errors in a row."""
    ceiling: float = 15.0
    """Seconds to wait at most."""
    pause: Pause = pause
    failures: int = field(default=0, init=False)

    async def keep(self, once: Callable[[], Awaitable[None]]) -> None:
        """Do it until told to stop; raises an error that is not temporary."""
        while not self.stop.is_set():
            error = await error_of(once())
            if error is None:
                self.restore()
            elif is_temporary(error):
                await self._wait(error)
            else:
                raise error

    def restore(self) -> None:
        """Forget the errors so far: something went well."""
        self.failures = 0

    async def _wait(self, error: Exception) -> None:
        seconds = min(self.first * 2**self.failures, self.ceiling)
        # Not beyond what the ceiling needs: the power would grow without end.
        self.failures = min(self.failures + 1, 30)
        emit(
            "runner waiting",
            runner=self.name,
            code=code_of(error),
            detail=str(error),
            attempt=self.failures,
            seconds=seconds,
        )
        await self.pause(self.stop, seconds)


CONCURRENT: Final = 32
"""Messages that a runner handles at once, so that their units commit as one group."""


OVERTAKEN: Final = 5
"""How often a message is handled in a row where what it read was changed meanwhile:
nothing is in the way then, and others need not wait for it."""

_OVERTAKEN: Final = "concurrent-change"


class Runner:
    """Takes up the messages of one queue.

    Messages with the same body (the relay writes what they are about into it) are
    handled one after another in the order of the queue; others side by side, and
    may overtake each other.
    """

    def __init__(
        self,
        name: str,
        broker: Broker,
        queue: str,
        handler: Handler,
        *,
        stop: asyncio.Event,
        give_up: GiveUp | None = None,
        prefetch: int = CONCURRENT,
        pause: Pause = pause,
    ) -> None:
        self.name = name
        self._broker = broker
        self._queue = queue
        self._handler = handler
        self._give_up = give_up
        self._stop = stop
        self._prefetch = prefetch
        self._patience = Patience(name, stop, pause=pause)
        self._lanes: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def run(self) -> None:
        """Run until `stop` is set; what is being handled then is finished first."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        """Handle messages until told to stop; raises what ended it otherwise."""
        await self._broker.declare(self._queue)
        over = _Over()
        async with (
            self._broker.consume(self._queue, prefetch=self._prefetch) as claims,
            asyncio.TaskGroup() as group,
        ):
            feeding = group.create_task(self._feed(claims, group, over))
            await until(self._stop, over.wait())
            over.note(None)
            feeding.cancel()
        if over.error is not None:
            raise over.error

    async def _feed(
        self, claims: AsyncIterator[Claim], group: asyncio.TaskGroup, over: "_Over"
    ) -> None:
        async def claim_all() -> None:
            async for claim in claims:
                group.create_task(self._take_up(claim, over))

        over.note(await error_of(claim_all()))

    async def _take_up(self, claim: Claim, over: "_Over") -> None:
        """Handle a message in its lane, unless the round ended before its turn."""
        async with self._lane(claim.message.body):
            if not over.is_set():
                error = await error_of(self._handle(claim))
                if error is not None:
                    over.note(error)

    async def _handle(self, claim: Claim) -> None:
        """Handle and settle one message; raises what calls for waiting."""
        passed("runner:claimed")
        message = claim.message.id
        with context(runner=self.name):
            error = await self._error(lambda: self._handler(message))
            if error is not None and not is_temporary(error):
                error = await self._given_up(message, error)
        if error is None:
            passed("runner:handled")
            await claim.ack()
            self._patience.restore()
        elif is_temporary(error):
            raise error
        else:
            await claim.reject()
            self._note_set_aside(claim, error)

    async def _error(self, work: Callable[[], Awaitable[None]]) -> Exception | None:
        """Return how work ended; it is done at once again where another was faster."""
        for _ in range(OVERTAKEN):
            error = await error_of(work())
            if error is None or code_of(error) != _OVERTAKEN:
                break
        return error

    async def _given_up(self, message: UUID, error: Exception) -> Exception | None:
        """Give up what no repeat will help; return why that was not possible."""
        give_up = self._give_up
        if give_up is None:
            return error
        hindrance = await self._error(lambda: give_up(message, error))
        if hindrance is None or is_temporary(hindrance):
            return hindrance
        # The first error says what is to be mended, the second only followed.
        return error

    def _note_set_aside(self, claim: Claim, error: Exception) -> None:
        emit(
            "message set aside",
            error=error,
            runner=self.name,
            queue=self._queue,
            message=claim.message.id,
            code=code_of(error),
        )

    def _lane(self, body: bytes) -> asyncio.Lock:
        """Return the lock of a lane; it lives as long as someone waits in it."""
        return self._lanes.setdefault(body, asyncio.Lock())


class _Over:
    """The end of a round, and the first error that brought it about."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._ended = asyncio.Event()

    def note(self, error: Exception | None) -> None:
        """End the round; an error counts also when it comes while others finish."""
        self.error = self.error or error
        self._ended.set()

    def is_set(self) -> bool:
        return self._ended.is_set()

    async def wait(self) -> None:
        await self._ended.wait()
