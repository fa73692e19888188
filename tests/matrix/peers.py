"""Receivers whose endpoints are pushed to, and do not behave.

Each is a webhook over a real socket (`tests/doubles/endpoint.py`). It takes a parcel
once, by its idempotency key, as docs/webhook.md asks, and its office answers with a
number at the hub's door. What it does wrong is a `Manner`, every so many requests.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from envelopes.letter import OrganizationCode
from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.endpoint import Endpoint, Way
from gateway.simulation import csharp, csharp_reader
from gateway.simulation.letter import ACCEPT, Letter, Notifier
from tests.doubles.endpoint import an_endpoint, answers_with, says
from tests.journeys.conftest import gateway
from tests.matrix.engines import Site
from tests.matrix.play import Fault, Row, Scene
from tests.matrix.traffic import RECEIVERS, Counts, Seen, line

EVERY: Final = 20
"""The second parcel of an office is treated badly, and each so many after it."""

LATE: Final = 3.0
"""Seconds after which a late answer comes."""

_LOOK: Final = 2.0
_BY: Final = "นายสมมุติ ดูแลดี"

URGENT: Final = "004"
"""The speed at which what failed is handed over again soonest."""

_TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
_CUT_SHORT: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{"

Manner = Callable[["Office", web.Request, str], Awaitable[web.StreamResponse]]
"""Treats a request badly; told the parcel's key, and takes it or not."""


@dataclass(slots=True)
class Office:
    """One receiver: what it holds, and what it still has to register."""

    code: str
    badly: int = 0
    """How often one of its requests was treated badly."""
    held: dict[str, str] = field(default_factory=dict)
    """Letter number by the parcel's key, in the order of taking."""
    fresh: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    """Keys of parcels without a number yet."""
    parcels: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Whatever came, by its key, in the order of first coming."""
    refused: dict[str, int] = field(default_factory=dict)
    """By a parcel's key: how many replays there had been when it was refused."""

    def take(self, key: str, parcel: dict[str, Any]) -> None:
        """Take a parcel, unless it is held already."""
        if key not in self.held:
            self.held[key] = parcel["letter"]["number"]
            self.fresh.put_nowait(key)

    def letter_of(self, key: str) -> str:
        """Return the number of a letter that was taken."""
        return self.held[key]


async def late(office: Office, _request: web.Request, key: str) -> web.StreamResponse:
    """Take it, and answer late."""
    office.take(key, office.parcels[key])
    await asyncio.sleep(LATE)
    return web.json_response({})


async def twice(office: Office, request: web.Request, key: str) -> web.StreamResponse:
    """Take it, and answer twice."""
    office.take(key, office.parcels[key])
    return await says(_TAKEN, _TAKEN)(request)


async def garbage(office: Office, request: web.Request, key: str) -> web.StreamResponse:
    """Take nothing and answer what is no HTTP, or take it and break off, in turn."""
    if office.badly % 2:
        office.take(key, office.parcels[key])
        return await says(_CUT_SHORT)(request)
    return await says(b"\x00\xff garbage \r\n\r\n")(request)


async def loses_answer(
    office: Office, request: web.Request, key: str
) -> web.StreamResponse:
    """Take it, and close the connection instead of answering."""
    office.take(key, office.parcels[key])
    return await says(b"")(request)


async def refuses(
    _office: Office, request: web.Request, _key: str
) -> web.StreamResponse:
    """Refuse for good; `Peers` takes it after a replay."""
    return await answers_with(410)(request)


@dataclass(slots=True)
class Peers:
    """All receivers of a row, on one port."""

    manner: Manner | None = None
    every: int = EVERY
    port: int = 0
    replays: int = 0
    """How many an operator has started."""
    offices: dict[str, Office] = field(
        default_factory=lambda: {p.code: Office(p.code) for p in RECEIVERS}
    )

    @property
    def badly(self) -> int:
        """How often a request was treated badly."""
        return sum(office.badly for office in self.offices.values())

    async def behave(self, request: web.Request) -> web.StreamResponse:
        """Take a parcel, well-behaved or not."""
        office = self.offices[request.path.strip("/")]
        parcel = json.loads(await request.read())
        key = request.headers["Idempotency-Key"]
        if self.manner and self._treats_badly(office, key):
            office.parcels[key] = parcel
            office.badly += 1
            return await self.manner(office, request, key)
        office.parcels[key] = parcel
        office.take(key, parcel)
        return web.json_response({})

    def _treats_badly(self, office: Office, key: str) -> bool:
        """Say whether it is a parcel's turn: once, or until a replay if refused."""
        if self.manner is refuses and key in office.refused:
            return self.replays <= office.refused[key]
        if key in office.parcels or len(office.parcels) % self.every != 1:
            return False
        office.refused[key] = self.replays
        return True


def around(
    manner: Manner | None = None, every: int = EVERY
) -> Callable[[Site], AbstractAsyncContextManager[Peers]]:
    """Have all receivers pushed to; they behave badly in this manner now and then."""

    @asynccontextmanager
    async def running(site: Site) -> AsyncIterator[Peers]:
        peers = Peers(manner, every)
        async with an_endpoint(peers.behave) as endpoint:
            peers.port = endpoint.port
            await _set(site, peers)
            yield peers

    return running


async def _set(site: Site, peers: Peers) -> None:
    async with open_hub(load(site.data)) as hub, hub.store.unit() as unit:
        for code in peers.offices:
            await unit.endpoints.set(
                Endpoint(
                    organization=OrganizationCode.parse(code),
                    way=Way.WEBHOOK,
                    url=f"http://127.0.0.1:{peers.port}/{code}",
                    networks=("127.0.0.0/8",),
                    changed_at=datetime.now(UTC),
                )
            )
        await unit.commit()


@dataclass(frozen=True, slots=True)
class Registering:
    """The clerks of the offices that are pushed to: each parcel gets a number."""

    peers: Peers
    base: Callable[[], str]

    async def __call__(self, seen: Seen, counts: Counts) -> None:
        """Give numbers until cancelled."""
        letters = {x.number: x for lane in seen.lanes for x in lane.letters}
        async with asyncio.TaskGroup() as group:
            for code in sorted({lane.receiver for lane in seen.lanes}):
                got = seen.received.setdefault(code, [])
                office = self.peers.offices[code]
                group.create_task(self._office(office, letters, got, counts))

    async def _office(
        self,
        office: Office,
        letters: dict[str, Letter],
        got: list[tuple[str, Letter]],
        counts: Counts,
    ) -> None:
        async with line(self.base(), office.code, counts) as to_hub:
            for serial in range(1, len(letters) + 2):
                key = await office.fresh.get()
                letter = letters[office.letter_of(key)]
                got.append((key, letter))
                counts.received += 1
                number = Notifier(
                    kind=ACCEPT,
                    number=letter.number,
                    accept_id=f"{serial}/2569",
                    date=letter.date,
                    subject=letter.subject,
                )
                message = csharp.notifier_request(number, message_id=key, to=to_hub.url)
                csharp_reader.read_taken(await to_hub.post(message))


def _registering(scene: Scene, given: object) -> Registering:
    assert isinstance(given, Peers)
    return Registering(given, scene.traffic.base)


def pushed(manner: Manner | None = None, *, every: int = EVERY) -> Fault:
    """Return the fault of peers that behave in a manner now and then.

    What they refuse comes later, by an operator's replay: no order is judged there.
    """

    async def strike(scene: Scene, given: object) -> None:
        assert isinstance(given, Peers)
        while not scene.traffic.over:
            await asyncio.sleep(_LOOK)
            if manner is refuses:
                await asyncio.to_thread(_replay, scene.site, given)
        if manner:
            scene.strikes += ["treated badly"] * given.badly

    return Fault(
        around=around(manner, every),
        strike=strike,
        receivers=_registering,
        speed=URGENT,
        in_order=manner is not refuses,
    )


def _replay(site: Site, peers: Peers) -> None:
    """Plan and start a replay of all dead letters, as an operator would."""
    data = ("--data", str(site.data), "--json")
    planned = gateway("dead", "replay", "--all", "--rate", "100", "--by", _BY, *data)
    plan = json.loads(planned.stdout) if planned.returncode == 0 else None
    if plan and plan["eligible"]:
        # What was refused before is taken from now on.
        peers.replays += 1
        said = ("--by", _BY, "--reason", "its endpoint takes letters again", "--yes")
        gateway("dead", "replay", "start", plan["id"], *said, *data)


def peer_rows() -> list[Row]:
    """Return a row for each manner in which a peer may treat what it is handed."""
    return [
        Row(
            verb="peer",
            name=f"a peer {name}",
            how=f"webhooks; an office's 2nd parcel, and each {EVERY}th after it, {how}",
            fault=pushed(manner),
        )
        for name, how, manner in _MANNERS
    ]


_MANNERS: Final = (
    ("answers late", f"is taken and answered after {LATE:.0f} seconds", late),
    ("answers twice", "is taken and answered twice on the same connection", twice),
    (
        "answers with garbage",
        "is not taken and answered with what is no HTTP, or taken and broken off",
        garbage,
    ),
    (
        "takes the letter and loses its answer",
        "is taken, and the connection closed instead of an answer",
        loses_answer,
    ),
    (
        "refuses, and takes what is replayed",
        "is refused (410), given up, and replayed by `gateway dead replay`",
        refuses,
    ),
)
