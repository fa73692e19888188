"""Rows for faults around the hub: its broker, its database, its disks, its clock.

Each acts several times while letters pass, and ends before the last letter does.
Nothing is mocked: servers are killed, wires cut, disks filled to the last byte. Only
the clock is the hub's own, told by the harness to be an hour behind (`gateway/steps`):
no machine lets one process have another time than all others.
"""

import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from gateway.steps import SET_BACK, START
from queues.topology import dead_queue
from tests import postgresql
from tests.doubles.proxy import Wire
from tests.matrix import disks
from tests.matrix.engines import EMBEDDED, SERVERS, Site, vault_in_directory
from tests.matrix.play import Fault, Row, Scene
from tools.services_postgresql import own_folder
from tools.services_rabbitmq import Server as RabbitServer

AT: Final = (0.2, 0.45, 0.7)
"""When a fault strikes: so much of all letters was answered."""

AWAY: Final = 1.5
"""Seconds for which something is away, at least until clients felt it."""

LARGE: Final = 48 * 1024
"""Bytes of a file that lies in the vault's segments and not in its row."""

_SIZE: Final = 256
"""Megabytes of a disk: some 2,000 large letters, and not much more."""

_REPEATS: Final = 30
_KNOWN_WITHIN: Final = 30.0
_GLANCE: Final = 0.05
_BY_NAME: Final = {"broker_url": "broker", "database_url": "database"}


def fault_rows(at: Sequence[float] = AT) -> list[Row]:
    """Return a row for each fault."""
    return [
        *(_broker(name, how, away, at) for name, how, away in _BROKER),
        *(_database(name, how, away, at) for name, how, away in _DATABASE),
        *_cuts(at),
        _vault_full(at),
        _database_full(at),
        _killed(at),
        *_clocks(at),
    ]


Away = Callable[[Scene], Awaitable[None]]


async def _broker_killed(scene: Scene) -> None:
    broker = _broker_of(scene)
    await scene.aside(broker.kill)
    await scene.felt(_REPEATS, AWAY)
    await scene.aside(broker.start)


async def _broker_restarted(scene: Scene) -> None:
    broker = _broker_of(scene)
    await scene.aside(broker.stop)
    await scene.aside(broker.start)


async def _database_killed(scene: Scene) -> None:
    assert scene.site.database
    await scene.aside(scene.site.database.kill)
    await scene.felt(_REPEATS, AWAY)
    await scene.aside(scene.site.database.start)


async def _database_restarted(scene: Scene) -> None:
    assert scene.site.database
    await scene.aside(scene.site.database.stop)
    await scene.aside(scene.site.database.start)


_BROKER: Final[tuple[tuple[str, str, Away], ...]] = (
    ("broker killed", "RabbitMQ killed by SIGKILL, started again", _broker_killed),
    ("broker restarted", "RabbitMQ ended in order and started", _broker_restarted),
)
_DATABASE: Final[tuple[tuple[str, str, Away], ...]] = (
    (
        "database killed",
        "PostgreSQL and all its processes killed by SIGKILL, started again",
        _database_killed,
    ),
    (
        "database restarted",
        "PostgreSQL shut down (fast) and started",
        _database_restarted,
    ),
)


def _broker(name: str, how: str, away: Away, at: Sequence[float]) -> Row:
    async def strike(scene: Scene, _given: object) -> None:
        for share in at:
            await scene.reached(share)
            await scene.aside(lambda: _all_known(_broker_of(scene)))
            await away(scene)
            scene.strikes.append(name)

    fault = Fault(strike=strike)
    return Row(verb="broker", name=name, how=how, fault=fault, missing=_only_servers)


def _database(name: str, how: str, away: Away, at: Sequence[float]) -> Row:
    async def strike(scene: Scene, _given: object) -> None:
        for share in at:
            await scene.reached(share)
            await away(scene)
            scene.strikes.append(name)

    fault = Fault(strike=strike)
    return Row(verb="database", name=name, how=how, fault=fault, missing=_only_servers)


def _cuts(at: Sequence[float]) -> list[Row]:
    """Return rows in which the network to a server is cut, or passes nothing."""
    return [
        _cut(setting, name, how, hold=hold, at=at)
        for setting in _BY_NAME
        for name, how, hold in (
            (
                "cut off",
                "every connection through a TCP proxy reset, then let in",
                False,
            ),
            ("silent", "a TCP proxy passes nothing for seconds, then all", True),
        )
    ]


def _cut(setting: str, name: str, how: str, *, hold: bool, at: Sequence[float]) -> Row:
    what = _BY_NAME[setting]

    @asynccontextmanager
    async def around(site: Site) -> AsyncIterator[Wire]:
        port = urlsplit(site.settings[setting]).port or 0
        async with Wire.to("127.0.0.1", port) as wire:
            site.lead(setting, wire.port)
            yield wire

    async def strike(scene: Scene, wire: object) -> None:
        assert isinstance(wire, Wire)
        for share in at:
            await scene.reached(share)
            (wire.hold if hold else wire.cut)()
            await scene.felt(_REPEATS, AWAY)
            wire.mend()
            scene.strikes.append(name)

    fault = Fault(around=around, strike=strike)
    title = f"network to the {what} {name}"
    return Row(verb=what, name=title, how=how, fault=fault, missing=_only_servers)


def _vault_full(at: Sequence[float]) -> Row:
    @asynccontextmanager
    async def around(site: Site) -> AsyncIterator[disks.Disk]:
        vault = site.data / "vault"
        with ExitStack() as stack:
            if site.engine == SERVERS:
                stack.enter_context(vault_in_directory(site))
            vault.mkdir(exist_ok=True)
            kept = site.data / "vault-before"
            shutil.copytree(vault, kept)
            disk = stack.enter_context(disks.disk(vault, _SIZE))
            shutil.copytree(kept, vault, dirs_exist_ok=True)
            yield disk

    return Row(
        verb="disk",
        name="disk full at the vault",
        how="vault/ on a tmpfs, filled to the last byte, then given room again; of "
        "PostgreSQL a hub whose vault is a directory",
        fault=Fault(around=around, strike=_filling(at), size=LARGE),
        missing=lambda _engine: disks.refused(),
    )


def _database_full(at: Sequence[float]) -> Row:
    @asynccontextmanager
    async def around(site: Site) -> AsyncIterator[disks.Disk]:
        prepare = _sqlite_disk if site.engine == EMBEDDED else _tablespace
        async with prepare(site) as disk:
            yield disk

    return Row(
        verb="disk",
        name="disk full at the database",
        how="the files of database (and embedded broker) on a tmpfs, filled likewise; "
        "of PostgreSQL a tablespace, its write-ahead log elsewhere",
        fault=Fault(around=around, strike=_filling(at)),
        missing=lambda _engine: disks.refused(),
    )


@asynccontextmanager
async def _sqlite_disk(site: Site) -> AsyncIterator[disks.Disk]:
    folder = site.data / "db"
    folder.mkdir()
    with disks.disk(folder, _SIZE) as disk:
        for file in site.data.glob("hub.db*"):
            shutil.move(file, folder / file.name)
        site.set(database_url="sqlite:db/hub.db", broker_url="embedded:db/queues.db")
        yield disk


@asynccontextmanager
async def _tablespace(site: Site) -> AsyncIterator[disks.Disk]:
    assert site.database
    url = site.database.tcp
    name = urlsplit(site.settings["database_url"]).path.strip("/")
    with own_folder() as folder, disks.disk(folder, _SIZE) as disk:
        place = folder / "space"
        site.database.give(place)
        postgresql.run(url, f"CREATE TABLESPACE {name} LOCATION '{place}'")
        postgresql.run(url, f'ALTER DATABASE "{name}" SET TABLESPACE {name}')
        try:
            yield disk
        finally:
            disk.empty()
            move = f'ALTER DATABASE "{name}" SET TABLESPACE pg_default'
            postgresql.run(url, move)
            postgresql.run(url, f"DROP TABLESPACE {name}")


def _filling(at: Sequence[float]) -> Callable[[Scene, object], Awaitable[None]]:
    async def strike(scene: Scene, disk: object) -> None:
        assert isinstance(disk, disks.Disk)
        for share in at:
            await scene.reached(share)
            await scene.aside(disk.fill)
            if await scene.felt(_REPEATS, AWAY * 2):
                scene.strikes.append("full")
            await scene.aside(disk.empty)

    return strike


def _killed(at: Sequence[float]) -> Row:
    async def strike(scene: Scene, _given: object) -> None:
        for share in at:
            await scene.reached(share)
            scene.hub.strike()

    return Row(
        verb="hub",
        name="hub killed at any moment",
        how="SIGKILL from outside, while requests are on their way; started again",
        fault=Fault(strike=strike),
    )


def _clocks(at: Sequence[float]) -> list[Row]:
    """Return rows in which the hub's clock goes back, running and between starts."""

    async def between(scene: Scene, _given: object) -> None:
        await scene.reached(at[0])
        scene.hub.environment = {SET_BACK: START}
        scene.hub.strike()

    async def running(scene: Scene, _given: object) -> None:
        await scene.reached(at[0])
        # From the next start on it passes the step again, an hour ahead as before.
        scene.hub.environment = {SET_BACK: "receive:after-commit#5"}
        scene.hub.strike()
        await scene.reached(at[-1])
        scene.strikes.append("set back")

    return [
        Row(
            verb="clock",
            name="clock set back an hour between two starts",
            how="the hub is killed, and its next start's clock is an hour behind",
            fault=Fault(strike=between),
        ),
        Row(
            verb="clock",
            name="clock set back an hour while the hub runs",
            how="the hub's clock goes back as it passes receive:after-commit",
            fault=Fault(strike=running),
        ),
    ]


def _only_servers(engine: str) -> str:
    if engine == SERVERS:
        return ""
    return "database and broker are files in the hub's own process, and die with it"


def _broker_of(scene: Scene) -> RabbitServer:
    assert scene.site.broker
    return scene.site.broker


def _all_known(broker: RabbitServer) -> None:
    """Return when a power cut would leave the queues: 3.10 writes names with delay."""
    stages = ("route", "notify")
    queues = [name for stage in stages for name in (stage, dead_queue(stage))]
    deadline = time.monotonic() + _KNOWN_WITHIN
    while not all(broker.knows(queue) for queue in queues):
        if time.monotonic() > deadline:
            raise TimeoutError("RabbitMQ writes no names of queues down")
        time.sleep(_GLANCE)
