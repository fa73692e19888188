"""Carries replays on: what came of what was sent, brakes, and who is next.

1. It looks every second, and does what a look finds; all it goes by stands in the
   database, so another process, or the same after a crash, goes on where it was.
2. Who is next is read before how its lane is: where another process is at the same
   work, it has taken the first of them already, and this one finds that out before it
   sends anything (`gateway.workflow.resume`).
3. A replay that cannot be carried on is said, and holds up no other.
4. Now and then it starts what may be replayed without being told.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from gateway.domain.replay import RETURNS, Item, Lane, Replay, returning
from gateway.runners.runner import (
    Patience,
    Pause,
    code_of,
    error_of,
    is_temporary,
    pause,
)
from gateway.telemetry import emit
from gateway.workflow.replay_course import (
    end,
    note_failure,
    note_outcomes,
    replay_by_itself,
)
from gateway.workflow.resume import Turn, take_turn
from gateway.workflow.work import Work

INTERVAL: Final = 1.0
"""Seconds between two looks."""

BY_ITSELF: Final = timedelta(seconds=30)
"""Between two looks for what may be replayed without being told."""

_SOME: Final = 20
"""Letters that are looked at beyond those that may be sent: some may be overtaken."""

_OVERTAKEN: Final = "concurrent-change"


class Replayer:
    """Looks at each interval until told to stop."""

    name: Final = "replayer"

    def __init__(
        self, work: Work, *, stop: asyncio.Event, pause: Pause = pause
    ) -> None:
        self._work = work
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)
        self._looked_at: datetime | None = None

    async def run(self) -> None:
        """Run until `stop` is set; a letter that was begun is finished first."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        await self.look()
        await self._pause(self._stop, INTERVAL)

    async def look(self) -> None:
        """Carry on every replay that goes on, and start what goes by itself."""
        for replay in await self._work.store.replays.running():
            await self._try(replay)
        now = self._work.clock.now()
        if self._looked_at is None or abs(now - self._looked_at) >= BY_ITSELF:
            self._looked_at = now
            await replay_by_itself(self._work)

    async def _try(self, replay: Replay) -> None:
        error = await error_of(self._carry_on(replay))
        if error is None or code_of(error) == _OVERTAKEN:
            return
        if is_temporary(error):
            raise error
        emit("replay stuck", replay=replay.id, code=code_of(error), detail=str(error))

    async def _carry_on(self, replay: Replay) -> None:
        views, work = self._work.store.replays, self._work
        await note_outcomes(work, replay.id, await views.traces(replay.id))
        if cause := returning(await views.latest(replay.id, limit=RETURNS + 1)):
            await end(work, replay.id, cause)
            return
        if await self._send(replay):
            await end(work, replay.id)

    async def _send(self, replay: Replay) -> bool:
        """Send what may be sent now; say whether the replay was over before that."""
        views = self._work.store.replays
        limit = ceil(replay.rate) + _SOME
        queues = {
            lane.endpoint: await views.next(replay.id, lane.endpoint, limit=limit)
            for lane in await views.lanes(replay.id)
            if lane.waiting
        }
        lanes = await views.lanes(replay.id)
        for lane in lanes:
            await self._send_some(replay, lane, queues.get(lane.endpoint, ()))
        return all(lane.is_over for lane in lanes)

    async def _send_some(
        self, replay: Replay, lane: Lane, queue: Sequence[Item]
    ) -> None:
        left = lane.may_send(replay.rate, self._work.clock.now())
        for item in queue:
            if not left or self._stop.is_set():
                return
            match await self._turn(replay.id, item, ahead=lane.canary is None):
                case Turn.SENT:
                    left -= 1
                case Turn.RESTS | Turn.GONE:
                    return

    async def _turn(self, replay: UUID, item: Item, *, ahead: bool) -> Turn:
        try:
            return await take_turn(self._work, replay, item.position, ahead=ahead)
        except Exception as error:  # judged by `temporary`
            if is_temporary(error):
                raise
            await note_failure(self._work, replay, item.position, code_of(error))
            return Turn.HELD_BACK
