"""The only file that knows which class implements which interface.

`open_hub` is what a command needs: store, clock, identities, signer. `run_hub` adds
what a server needs: broker, runners and the door. Both open things in order and
close them in reverse.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from envelopes.dialects import UNKNOWN
from envelopes.letter import OrganizationCode
from envelopes.trust import read_certificate
from gateway import steps, vault_mark
from gateway.arrivals import InProcessArrivals, SharedArrivals
from gateway.broker_access import access_of
from gateway.config import Address, Settings, SettingsError
from gateway.domain.act import Act, Order, Who
from gateway.domain.consignment import Signed
from gateway.domain.organization import (
    Organization,
    Purpose,
    RegisteredCertificate,
)
from gateway.domain.promise import Stage, queue_of
from gateway.domain.secrecy import OPEN
from gateway.headfile import HeadFile
from gateway.identity import Identities, SystemClock
from gateway.keys.change import (
    Keys,
    first_key,
    next_first_key,
    note_key_in_use,
    one_at_a_time,
)
from gateway.keys.holder import KeyHolder, in_use
from gateway.keys.secret_file import (
    DEMO_FILE,
    SETTING,
    KeyFile,
    keyring_of,
    lies_within,
)
from gateway.keys.signing import CurrentSigner, holder_of, new_key_pair
from gateway.leftovers import note_leftovers
from gateway.ports import Arrivals, Clock
from gateway.presence import among_servers, announced, only_server
from gateway.reading.pool import ReadingPool
from gateway.runners.deliverer import Deliverers
from gateway.runners.denials import Denials
from gateway.runners.fetcher import Fetcher
from gateway.runners.key_keeper import KeyKeeper, access_certificates
from gateway.runners.leader import Leader, Led
from gateway.runners.notary import Notary
from gateway.runners.notifier import notifier
from gateway.runners.rechecker import Rechecker
from gateway.runners.relay import Relay
from gateway.runners.replayer import Replayer
from gateway.runners.router import router
from gateway.runners.sealer import Sealer
from gateway.runners.sweeper import LastSeen, Sweeper
from gateway.runners.undertaker import Undertaker
from gateway.store.errors import SecretsClosed
from gateway.store.keyring import Keyring
from gateway.store.schema import (
    connected,
    is_current,
    revision_of,
    upgrade,
    url_of,
)
from gateway.store.store import SqlStore, open_store
from gateway.telemetry import emit
from gateway.tls import Tls, TlsFiles
from gateway.transport.handover import HttpHandover, opened
from gateway.transport.node_queue import HttpNodeQueues
from gateway.vouching.vouching import folders_of
from gateway.web.access import Gate
from gateway.web.addresses import Addresses
from gateway.web.app import make_app, server_log
from gateway.web.caller import Proxies
from gateway.web.door import Door
from gateway.web.health import Check, Health
from gateway.web.limits import Limits, Room
from gateway.web.runner import Runner
from gateway.web.throttle import Throttle
from gateway.web.vendors import Vendors
from gateway.workbench import ThreadBench
from gateway.workflow.work import Work
from queues.broker import Broker
from queues.embedded import EmbeddedBroker
from registry_sync.snapshot import packaged

MADE_AT: Final = "made_at"
DEMO: Final = "demo"
"""Facts about a hub, noted last by `init`: a hub without them is not complete."""

DEMO_KEYS: Final = "demo-keys"
"""`CODE.key` and `CODE.crt` of each office of a demo hub, so that demo clients can
sign. Throw-away: they prove nothing to anybody."""

KEYS: Final = "keys"

_YES: Final = "yes"

_BRING_BACK: Final = "Bring back the key file that these letters were kept under"

_SHUTDOWN: Final = 1.0
"""Seconds for answers that are being sent, after `drain_seconds` for making them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """An open hub, as commands use it."""

    settings: Settings
    store: SqlStore
    work: Work
    demo: bool
    """Whether it was made by `init --demo`."""
    keys: KeyHolder
    """What holds its own private keys."""
    secrets_problem: SettingsError | None = None
    """Why secret letters stay closed here, where that is to be mended."""


async def init(
    settings: Settings,
    *,
    demo: bool,
    clock: Clock | None = None,
    who: Who | None = None,
) -> None:
    """Make a hub in an empty or missing folder; the facts that complete it come last.

    A demo hub knows the ministry and the 75 provinces, each with a throw-away key
    of its own under `demo-keys/`. Raises `SettingsError` where the folder is used.
    """
    _is_unused(settings.data)
    now = (clock or SystemClock()).now()
    _make_folders(settings.data, demo=demo)
    upgrade(url_of(settings.database))
    await _is_no_hub_yet(settings)
    holder = holder_of(settings)
    first_key(holder, now)
    async with open_store(settings.data, database=settings.database) as store:
        certificate, _ = in_use(holder)
        await note_key_in_use(store, certificate, now)
        if demo:
            KeyFile.new().create(settings.data / DEMO_FILE)
            await _enter_demo_offices(store, settings.data / DEMO_KEYS, now)
        await _note_made(store, clock or SystemClock(), who or Who(""), demo=demo)
        facts = {MADE_AT: now.isoformat(), DEMO: _YES if demo else "no"}
        await store.note_facts({**facts, **vault_mark.facts_of(settings)})


async def _is_no_hub_yet(settings: Settings) -> None:
    """Refuse a server's database in which a hub was made before."""
    async with open_store(settings.data, database=settings.database) as store:
        if MADE_AT in await store.facts():
            raise SettingsError(
                "database_url",
                "there is a hub in this database already",
                "Name an empty database, or serve that hub from a folder with its keys",
            )


async def _note_made(store: SqlStore, clock: Clock, who: Who, *, demo: bool) -> None:
    async with store.unit() as unit:
        await unit.acts.add(
            Act(
                id=Identities(clock).new(),
                at=clock.now(),
                what="init",
                who=who,
                after={DEMO: _YES if demo else "no"},
            )
        )
        await unit.commit()


async def _enter_demo_offices(store: SqlStore, keys: Path, now: datetime) -> None:
    async with store.unit() as unit:
        for office in packaged().offices:
            pair = new_key_pair(office.en_name, office.code.text, now)
            pair.write(keys / f"{office.code}.key", keys / f"{office.code}.crt")
            await unit.directory.add(
                Organization(
                    code=office.code,
                    th_name=office.th_name,
                    en_name=office.en_name,
                    signing=Signed.HOSTED,
                    iso_code=office.iso_code,
                    abbreviation=office.abbreviation,
                ),
                [registered(office.code, pair.certificate)],
                now,
            )
        await unit.commit()


def registered(
    organization: OrganizationCode,
    certificate: bytes,
    purposes: frozenset[Purpose] = frozenset({Purpose.SIGNATURE}),
) -> RegisteredCertificate:
    """Read a certificate, PEM or DER, as one of an organization.

    Raises `ValueError`, its text fit for the person who gave it.
    """
    found = read_certificate(certificate)
    return RegisteredCertificate(
        organization=organization,
        der=found.der,
        fingerprint=found.fingerprint,
        not_before=found.not_before,
        not_after=found.not_after,
        purposes=purposes,
    )


def _make_folders(data: Path, *, demo: bool) -> None:
    folders = [data, data / KEYS, *([data / DEMO_KEYS] if demo else [])]
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _is_unused(data: Path) -> None:
    try:
        used = data.exists() and any(data.iterdir())
    except OSError as error:
        raise SettingsError(
            "data", f"{data} cannot be used: {error.strerror}", "Name a folder"
        ) from error
    if used:
        raise SettingsError(
            "data", f"{data} is not empty", "Name a folder that is empty or missing"
        )


@asynccontextmanager
async def open_hub(
    settings: Settings, *, clock: Clock | None = None
) -> AsyncIterator[Hub]:
    """Open the hub of a data directory, beside one that serves it or alone.

    Raises `SettingsError` where there is none.
    """
    _is_there(settings)
    _has_the_tables(settings)
    holder = holder_of(settings)
    signer = CurrentSigner(holder)
    clock = clock or SystemClock()
    # A token may take its time: nothing that may sign is done in place then.
    threshold = 0 if holder.may_block else settings.thread_threshold
    with ThreadBench(threshold, settings.threads) as bench:
        keyring, problem = _keyring(settings)
        async with open_store(
            settings.data, database=settings.database, keyring=keyring
        ) as store:
            facts = await store.facts()
            if MADE_AT not in facts:
                raise SettingsError(
                    "data",
                    f"the hub in {settings.data} was not made to the end",
                    "Remove the folder and make it again: gateway init",
                )
            vault_mark.is_as_made(settings, facts.get(vault_mark.FACT))
            await note_key_in_use(store, signer.certificate, clock.now())
            demo = facts.get(DEMO) == _YES
            problem = problem or await _secrets_problem(store, settings, demo=demo)
            has_keys = keyring is not None and problem is None
            work = Work(
                store=store,
                clock=clock,
                ids=Identities(clock, after=await store.newest_id()),
                signer=signer,
                arrivals=_arrivals(settings, store),
                bench=bench,
                carries=settings.secrecy if has_keys else OPEN,
            )
            yield Hub(
                settings=settings,
                store=store,
                work=work,
                demo=demo,
                keys=holder,
                secrets_problem=problem,
            )


def _arrivals(settings: Settings, store: SqlStore) -> Arrivals:
    if not settings.for_several:
        return InProcessArrivals(settings.poll_wait)

    async def lies(code: OrganizationCode) -> bool:
        known = await store.organization(code)
        dialect = known.dialect if known else UNKNOWN.name
        return await store.views.head(code, dialect) is not None

    return SharedArrivals(settings.poll_wait, lies)


def upgrade_tables(settings: Settings, order: Order) -> tuple[str, str]:
    """Bring the tables of a hub that nobody serves to this version.

    Returns which they were, and are. Raises `SettingsError`, also while it is served;
    `StoreError`, and the tables are as they were.
    """
    _is_there(settings)
    url = url_of(settings.database)
    with only_server(settings.data):
        if (others := connected(url)) > 0:
            raise SettingsError(
                "database_url",
                f"other processes are at work on this database ({others} connections)",
                "Stop gateway serve and gateway work on every machine",
            )
        before = revision_of(url)
        upgrade(url)
        after = revision_of(url)
        if before != after:
            asyncio.run(_note_upgraded(settings, order, before, after))
    return before, after


async def _note_upgraded(
    settings: Settings, order: Order, before: str, after: str
) -> None:
    clock = SystemClock()
    async with (
        open_store(settings.data, database=settings.database) as store,
        store.unit() as unit,
    ):
        await unit.acts.add(
            Act(
                id=Identities(clock).new(),
                at=clock.now(),
                what=order.what,
                who=order.who,
                why=order.why,
                before={"tables": before},
                after={"tables": after},
            )
        )
        await unit.commit()


def key_file(settings: Settings) -> Path:
    """Return the file with the keys of secret letters, whether it is there or not."""
    return settings.secret_key_file or settings.data / DEMO_FILE


def _keyring(settings: Settings) -> tuple[Keyring | None, SettingsError | None]:
    """Read the keys of secret letters, or say why there are none to be read."""
    path = key_file(settings)
    if settings.secret_key_file is None and not path.exists():
        return None, None
    try:
        return keyring_of(path), None
    except SettingsError as error:
        return None, error


async def _secrets_problem(
    store: SqlStore, settings: Settings, *, demo: bool
) -> SettingsError | None:
    """Say why the keys must not be used, or are not those of the letters."""
    path = key_file(settings)
    if store.keyring and not demo and lies_within(path, settings.data):
        return SettingsError(
            SETTING,
            f"{path} lies in the data directory, and goes where the data goes",
            "Move it out, and name its new place in the setting secret_key_file",
        )
    try:
        await store.try_keys()
    except SecretsClosed as error:
        return SettingsError(
            SETTING, f"secret letters cannot be opened: {error.detail}", _BRING_BACK
        )
    return None


async def begin_key(settings: Settings, order: Order) -> None:
    """Give a hub a key again that has lost its own, or is to have it elsewhere.

    Raises `KeyInOrder`, `SettingsError`, or `SignerUnavailable`.
    """
    holder, clock = holder_of(settings), SystemClock()
    async with open_store(settings.data, database=settings.database) as store:
        with one_at_a_time(holder):
            await _begin_key(holder, store, clock, order)


async def _begin_key(
    holder: KeyHolder, store: SqlStore, clock: Clock, order: Order
) -> None:
    known = await store.hub_certificates()
    pem = next_first_key(holder, known, clock.now())
    fresh = read_certificate(pem)
    async with store.unit() as unit:
        await unit.acts.add(
            Act(
                id=Identities(clock).new(),
                at=clock.now(),
                what=order.what,
                who=order.who,
                why=order.why,
                after={"certificate": fresh.fingerprint, "key": holder.where},
            )
        )
        await unit.commit()
    Keys(holder, fresh, known).install(fresh)
    await note_key_in_use(store, fresh, clock.now())
    Keys(holder, fresh, known).settle()


QUEUES: Final = tuple(Stage)
"""What the broker has a queue for in every hub."""


async def queues_of(hub: Hub) -> tuple[str, ...]:
    """Return all queues of a hub: those of the stages, and one of each endpoint."""
    endpoints = await hub.store.endpoints()
    return (*QUEUES, *(queue_of(endpoint.organization) for endpoint in endpoints))


@asynccontextmanager
async def open_broker(settings: Settings) -> AsyncIterator[Broker]:
    """Open the broker; raises `SettingsError`, or `BrokerUnavailable`.

    The embedded one has the queue of every stage. RabbitMQ may be away, and gets its
    queues from who uses them: letters are taken all the same.
    """
    if urlsplit(settings.broker_url).scheme == "embedded":
        async with EmbeddedBroker.open(settings.broker_file) as embedded:
            for queue in QUEUES:
                await embedded.declare(queue)
            yield embedded
        return
    # It takes as long to load as everything else, and few commands need it.
    from queues.rabbitmq import RabbitBroker  # noqa: PLC0415

    async with RabbitBroker.open(access_of(settings)) as rabbit:
        yield rabbit


def broker_place(settings: Settings) -> str | None:
    """Say where the broker is, without a password; None where it is not made yet."""
    if urlsplit(settings.broker_url).scheme != "embedded":
        return settings.broker_url
    return str(settings.broker_file) if settings.broker_file.is_file() else None


async def run_hub(
    settings: Settings, *, listening: Callable[[str], None], door_only: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; then drain, and close all.

    `listening` is called with the URL once requests are answered. Raises
    `SettingsError` where it must not, or cannot, listen.
    """
    ended = _end()
    readers = ReadingPool(settings.readers)
    async with serving(settings, door_only=door_only, readers=readers) as address:
        listening(address)
        await ended.wait()


async def run_worker(settings: Settings, *, started: Callable[[], None]) -> None:
    """Do a hub's work beside its doors until SIGTERM or SIGINT; then end what is begun.

    `started` is called once all runs. Raises `SettingsError`.
    """
    ended = _end()
    async with working(settings):
        started()
        await ended.wait()


def _end() -> asyncio.Event:
    """Return what is set when somebody tells this process to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    note_leftovers(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    return ended


@asynccontextmanager
async def serving(
    settings: Settings,
    *,
    clock: Clock | None = None,
    door_only: bool = False,
    readers: ReadingPool | None = None,
) -> AsyncIterator[str]:
    """Serve while the context is open; gives the URL it listens on.

    With `door_only` letters are taken and handed out, and other processes move them.
    `readers`, not open yet, read letters for this process, which else does so itself.
    Leaving drains: no new requests, running ones end, runners end, all is closed.
    """
    if door_only:
        _is_for_several(settings)
    async with _process(settings, clock) as (hub, broker, handover):
        # Before anything runs: a folder that must not listen is left as it is.
        _may_listen(settings.listen, demo=hub.demo)
        readers = readers or ReadingPool(0)
        moves = handover if not door_only else None
        async with readers, _running(hub, broker, moves, readers) as url:
            yield url


@asynccontextmanager
async def working(
    settings: Settings, *, clock: Clock | None = None
) -> AsyncIterator[None]:
    """Run all runners and no door while the context is open.

    Leaving ends them; what they began is finished first. Raises `SettingsError`
    where a hub is one process.
    """
    _is_for_several(settings)
    async with _process(settings, clock) as (hub, broker, handover):
        started, stop = time.monotonic(), asyncio.Event()
        sweeper = Sweeper(LastSeen(), hub.work, denials=Denials(), stop=stop)
        own = _own_runners(hub, broker, sweeper, None, stop)
        shared = _shared_runners(hub, broker, handover, stop)
        async with _run((*own, *shared), stop):
            emit(
                "worker started",
                data=settings.data,
                demo=hub.demo,
                process=os.getpid(),
            )
            with announced(settings.data, "work"):
                yield
        emit("worker stopped", seconds=round(time.monotonic() - started, 1))


@asynccontextmanager
async def _process(
    settings: Settings, clock: Clock | None
) -> AsyncIterator[tuple[Hub, Broker, HttpHandover]]:
    """Open what a process of a hub needs that is there until it is told to end."""
    # A folder without a hub is left as it is found.
    async with open_hub(settings, clock=clock) as hub:
        with among_servers(settings):
            _arm(demo=hub.demo)
            if hub.secrets_problem is not None:
                raise hub.secrets_problem
            async with (
                _alone(),
                opened(settings, hub.work.signer, hub.work.clock, demo=hub.demo) as way,
                open_broker(settings) as broker,
            ):
                yield hub, broker, way


def _is_for_several(settings: Settings) -> None:
    if settings.for_several:
        return
    name = "broker_url" if settings.database_file is None else "database_url"
    raise SettingsError(
        name,
        f"{getattr(settings, name)} is a file, and a hub with one is one process",
        "Run gateway serve alone, which does all; or move the hub to PostgreSQL and "
        "RabbitMQ: deploy/postgresql/README.md",
    )


@asynccontextmanager
async def _alone() -> AsyncIterator[None]:
    """Raise a lone error as itself, out of the group a TaskGroup puts it into."""
    try:
        yield
    except ExceptionGroup as errors:
        if len(errors.exceptions) > 1:
            raise
        raise errors.exceptions[0] from errors.exceptions[0].__cause__


class Runs(Protocol):
    """A runner."""

    @property
    def name(self) -> str:
        """What it is called, in the log."""

    async def run(self) -> None:
        """Run until told to stop; what was begun is finished first."""


@asynccontextmanager
async def _running(
    hub: Hub,
    broker: Broker,
    handover: HttpHandover | None,
    readers: ReadingPool,
) -> AsyncIterator[str]:
    """Run a door, and all other runners unless other processes do (no `handover`)."""
    started = time.monotonic()
    stop = asyncio.Event()
    last_seen, denials = LastSeen(), Denials()
    tls = await _tls(hub)
    sweeper = Sweeper(last_seen, hub.work, denials=denials, stop=stop)
    runners = _own_runners(hub, broker, sweeper, tls, stop)
    if handover is not None:
        runners = (*runners, *_shared_runners(hub, broker, handover, stop))
    addresses = Addresses(hub.settings.public_url, hub.settings.host_suffix)
    door = _door(hub, last_seen, denials, addresses, readers)
    proxies = _proxies(hub.settings)
    app = make_app(door, Vendors(addresses), _health(hub, broker), proxies)
    async with (
        _run(runners, stop),
        _listening(app, door, hub.settings, tls) as address,
    ):
        _note_started(hub, address)
        url = f"{'https' if tls else 'http'}://{address}"
        with announced(hub.settings.data, "serve", address, url):
            yield url
    emit("hub stopped", seconds=round(time.monotonic() - started, 1))


def _own_runners(
    hub: Hub, broker: Broker, sweeper: Sweeper, tls: Tls | None, stop: asyncio.Event
) -> tuple[Runs, ...]:
    """Return what every process of a hub does for itself."""
    work = hub.work
    relay = Relay(work.store.outbox, broker, work.clock, stop=stop)
    return relay, sweeper, KeyKeeper(work, tls, stop=stop)


def _shared_runners(
    hub: Hub, broker: Broker, handover: HttpHandover, stop: asyncio.Event
) -> tuple[Runs, ...]:
    """Return what the processes of a hub share among them, and then what one does.

    Queues share out what lies in them; of the others one leads (`Leader`).
    """
    work, store = hub.work, hub.store

    def led(name: str, make: Callable[[asyncio.Event], Led]) -> Leader:
        return Leader(name, make, store, stop=stop)

    head = head_file(hub.settings)
    return (
        router(work, broker, stop=stop),
        notifier(work, broker, stop=stop),
        Deliverers(work, broker, handover, stop=stop),
        led(Undertaker.name, lambda over: Undertaker(work, broker, stop=over)),
        led(Sealer.name, lambda over: Sealer(store, head, work.clock, stop=over)),
        led(Rechecker.name, partial(_rechecker, hub)),
        led(Notary.name, lambda over: Notary(work, stop=over)),
        led(Replayer.name, lambda over: Replayer(work, stop=over)),
        led(Fetcher.name, partial(_fetcher, hub, handover)),
    )


@asynccontextmanager
async def _run(runners: Sequence[Runs], stop: asyncio.Event) -> AsyncIterator[None]:
    """Run them while the context is open; leaving tells them to stop, and waits."""
    async with asyncio.TaskGroup() as group:
        for runner in runners:
            group.create_task(runner.run(), name=runner.name)
        try:
            yield
        finally:
            stop.set()


async def _tls(hub: Hub) -> Tls | None:
    files = TlsFiles.of(hub.settings)
    return Tls(files, await access_certificates(hub.store)) if files else None


def head_file(settings: Settings) -> HeadFile:
    """Return the file in which the head of the journal stands."""
    return HeadFile(settings.data / settings.journal_head)


def _proxies(settings: Settings) -> Proxies:
    return Proxies(
        settings.proxies,
        settings.proxy_address_header,
        settings.proxy_certificate_header,
    )


def _door(
    hub: Hub,
    last_seen: LastSeen,
    denials: Denials,
    addresses: Addresses,
    readers: ReadingPool,
) -> Door:
    settings = hub.settings
    gate = Gate(
        hub.store,
        hub.work.clock,
        demo=hub.demo,
        throttle=Throttle(asyncio.get_running_loop().time),
        denied=denials.note,
    )
    return Door(
        hub.work,
        gate=gate,
        limits=Limits(settings.body_limit, settings.read_seconds),
        room=Room(settings.bodies_limit),
        seen=last_seen.note,
        addresses=addresses,
        readers=readers,
    )


def _fetcher(hub: Hub, handover: HttpHandover, stop: asyncio.Event) -> Fetcher:
    settings = hub.settings
    queues = HttpNodeQueues(handover, settings.body_limit)
    return Fetcher(hub.work, queues, stop=stop, interval=settings.fetch_seconds)


def _rechecker(hub: Hub, stop: asyncio.Event) -> Rechecker:
    return Rechecker(hub.work, *folders_of(hub.settings), stop=stop)


def _health(hub: Hub, broker: Broker) -> Health:
    needed: dict[str, Check] = {"store": hub.store.facts}
    queues = {f"queue {name}": partial(broker.waiting, name) for name in QUEUES}
    return Health(needed, beside=queues)


@asynccontextmanager
async def _listening(
    app: web.Application, door: Door, settings: Settings, tls: Tls | None
) -> AsyncIterator[Address]:
    """Accept connections; leaving accepts no more and lets running requests end."""
    runner = Runner(
        app,
        access_log=None,
        logger=server_log(),
        shutdown_timeout=_SHUTDOWN,
        keepalive_timeout=settings.idle_seconds,
    )
    await runner.setup()
    try:
        site = web.TCPSite(
            runner,
            settings.listen.host,
            settings.listen.port,
            ssl_context=tls.context if tls else None,
        )
        try:
            await site.start()
        except OSError as error:
            raise _cannot_listen(settings.listen, error) from error
        yield Address(*runner.addresses[0][:2])
        await site.stop()
        await door.close(settings.drain_seconds)
    finally:
        await runner.cleanup()


def _cannot_listen(address: Address, error: OSError) -> SettingsError:
    return SettingsError(
        "listen",
        f"cannot listen on {address}: {os.strerror(error.errno or 0)}",
        "Choose another address with --listen",
    )


def _note_started(hub: Hub, address: Address) -> None:
    emit(
        "hub started",
        address=address,
        data=hub.settings.data,
        demo=hub.demo,
        process=os.getpid(),
    )


def _is_there(settings: Settings) -> None:
    if not settings.may_have_a_hub:
        raise SettingsError(
            "data",
            f"there is no hub in {settings.data}",
            f"Make one: gateway init --data {settings.data}",
        )


def _has_the_tables(settings: Settings) -> None:
    if not is_current(url_of(settings.database)):
        raise SettingsError(
            "data",
            f"the tables in {settings.data} are those of another version",
            f"Stop it, make a backup, then: gateway database upgrade --data "
            f"{settings.data}",
        )


def _may_listen(address: Address, *, demo: bool) -> None:
    if demo and not address.is_loopback:
        raise SettingsError(
            "listen",
            f"a demo hub lets in this machine only, and {address} is open to others",
            "Listen on 127.0.0.1, or make a hub without --demo",
        )


def _arm(*, demo: bool) -> None:
    try:
        steps.arm(demo=demo)
    except ValueError as error:
        raise SettingsError(
            steps.VARIABLE, str(error), "Unset it, or name a step of gateway/steps.py"
        ) from error
