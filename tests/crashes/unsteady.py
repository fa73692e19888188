"""A demo hub that is killed and comes back, while its clients go on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.bootstrap import DEMO_KEYS, open_hub
from gateway.cli.demo_hub import HubDied, HubProcess
from gateway.cli.demo_registers import HubRegisters
from gateway.config import load
from gateway.domain.books import Books
from gateway.domain.register import BANGKOK
from gateway.simulation import circular
from gateway.simulation.net import Net, RegisterAtHub, Returned, play
from gateway.simulation.provinces import Province
from gateway.simulation.signing import Signer
from gateway.steps import VARIABLE
from tests.eventually import eventually


@dataclass
class Unsteady:
    """A hub that dies at each of some steps in turn, and is started again each time.

    The last start is without a step, so that the play comes to its end.
    """

    data: Path
    stops: list[str] = field(default_factory=list)
    """`step#n`, those not reached yet; the first is armed at the next start."""
    secrecy: str = "001"
    """The level of the circular."""
    deaths: list[str] = field(default_factory=list)
    """The steps at which it died, or `kill` where it was killed from outside."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What each start is given besides."""

    def __post_init__(self) -> None:
        self.process = HubProcess(self.data)
        self._armed = ""
        self._starting = False

    def strike(self) -> None:
        """Kill it from outside, unless it is just being started again."""
        if not self._starting:
            self.process.kill()

    def start(self) -> None:
        self._starting = True
        try:
            self._start()
        finally:
            self._starting = False

    def _start(self) -> None:
        self._armed = self.stops.pop(0) if self.stops else ""
        try:
            step = {VARIABLE: self._armed} if self._armed else {}
            self.process.start({**self.environment, **step})
        except HubDied:
            # What it left undone brings it to its next step before it listens.
            if not self._armed:
                raise

    async def watch(self) -> None:
        """Start it again, on the same port and data, whenever it died."""
        while True:
            if self.process.ended:
                self.deaths.append(self._armed or "kill")
                self._starting = True
                await asyncio.to_thread(self.start)
            await asyncio.sleep(0.01)

    async def play(
        self,
        provinces: Sequence[Province],
        tell: Callable[[str], None],
        register_at_hub: RegisterAtHub | None = None,
    ) -> tuple[Returned, ...]:
        """Play the net beside the dying hub; it is stopped at the end."""
        self.start()
        keys = self.data / DEMO_KEYS / circular.MINISTRY
        net = Net(
            base=self.process.base,
            provinces=provinces,
            signer=Signer.of_pem(
                keys.with_suffix(".key").read_bytes(),
                keys.with_suffix(".crt").read_bytes(),
            ),
            now=lambda: datetime.now(BANGKOK),
            register_at_hub=register_at_hub or HubRegisters(self.data, tell),
            tell=tell,
            patience=30,
            limit=60,
            secrecy=self.secrecy,
        )
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self.watch())
                returned = await play(net)
                watching.cancel()
        finally:
            # A start that was begun goes on in its thread, though nobody watches.
            await eventually(lambda: not self._starting, within=70, every=0.01)
            self.process.stop()
        return returned

    async def books(self) -> Books:
        async with open_hub(load(self.data)) as opened:
            return await opened.store.check_books()
