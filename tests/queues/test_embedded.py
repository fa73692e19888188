"""What only the embedded broker promises: its file, its process, its errors."""

import asyncio
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from queues.broker import Message
from queues.embedded import FRONT, EmbeddedBroker
from queues.errors import BrokerUnavailable, ClaimLost

SOON = 5.0

CLAIMS_AND_HANGS = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from queues.broker import Message
from queues.embedded import EmbeddedBroker

async def main():
    async with EmbeddedBroker.open(Path(sys.argv[1])) as broker:
        await broker.declare("route")
        await broker.publish("route", [Message(UUID(int=n), b"") for n in range(5)])
        async with broker.consume("route", prefetch=3) as claims:
            await (await anext(claims)).ack()
            await anext(claims)
            await anext(claims)
            print("ready", flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queues.db"


def message(number: int) -> Message:
    return Message(UUID(int=number), b"")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file as another process might, so that nobody else can write."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


async def impatient(broker: EmbeddedBroker) -> None:
    """Let the broker give up at once where the file is locked."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA busy_timeout=0")

    await broker._writer.run(change)


async def test_a_killed_process_leaves_nothing_claimed(path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CLAIMS_AND_HANGS,
        str(path),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    process.kill()
    assert await process.wait() == -signal.SIGKILL

    async with (
        EmbeddedBroker.open(path) as broker,
        broker.consume("route", prefetch=4) as claims,
        asyncio.timeout(SOON),
    ):
        found = [(await anext(claims)).message for _ in range(4)]

    assert found == [message(number) for number in range(1, 5)]


async def test_messages_are_synced_before_publishing_returns(path: Path) -> None:
    """FULL: a commit is synced; with WAL it is one sync."""

    def settings(connection: sqlite3.Connection) -> tuple[str, int]:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        return mode, synchronous

    async with EmbeddedBroker.open(path) as broker:
        assert await broker._writer.run(settings) == ("wal", 2)


async def test_those_who_wait_together_are_committed_together(path: Path) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        commits: list[str] = []

        def watch(connection: sqlite3.Connection) -> None:
            connection.set_trace_callback(
                lambda statement: (
                    commits.append(statement) if statement == "COMMIT" else None
                )
            )

        await broker._writer.run(watch)
        async with asyncio.TaskGroup() as group:
            for number in range(101):
                group.create_task(broker.publish("route", [message(number)]))

        assert await broker.waiting("route") == 101
        # Watching, the first publishing alone, the hundred behind it, and counting.
        assert len(commits) == 4


async def test_a_queue_that_is_longer_than_its_front_is_read_on(path: Path) -> None:
    count = 2 * FRONT + 1
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        await broker.publish("route", [message(number) for number in range(count)])

        async with broker.consume("route", prefetch=count) as claims:
            found = [(await anext(claims)).message.id.int for _ in range(count)]

    assert found == list(range(count))


async def test_a_new_message_is_seen_after_the_last_was_acknowledged(
    path: Path,
) -> None:
    """SQLite reuses the place of the last row unless it is told not to."""
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        async with broker.consume("route") as claims, asyncio.timeout(SOON):
            for number in range(3):
                await broker.publish("route", [message(number)])
                claim = await anext(claims)
                assert claim.message == message(number)
                await claim.ack()


async def test_a_claim_that_outlives_its_broker_is_lost(path: Path) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        await broker.publish("route", [message(1)])
        consumer = broker.consume("route")
        claim = await anext(await consumer.__aenter__())

    with pytest.raises(ClaimLost):
        await claim.ack()
    await consumer.__aexit__(None, None, None)


async def test_a_closed_broker_is_unavailable(path: Path) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")

    with pytest.raises(BrokerUnavailable):
        await broker.publish("route", [message(1)])


async def test_who_waits_when_the_broker_closes_is_told(path: Path) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        consumer = broker.consume("route")
        waiting = asyncio.ensure_future(anext(await consumer.__aenter__()))
        await broker.waiting("route")

    with pytest.raises(BrokerUnavailable):
        await waiting
    await consumer.__aexit__(None, None, None)


async def test_what_was_asked_for_before_closing_is_stored(path: Path) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        publishing = asyncio.ensure_future(broker.publish("route", [message(1)]))
        await asyncio.sleep(0)
    await publishing

    async with EmbeddedBroker.open(path) as broker:
        assert await broker.waiting("route") == 1


async def test_a_locked_file_is_time_s_move(path: Path) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        await impatient(broker)

        with locked(path), pytest.raises(BrokerUnavailable):
            await broker.publish("route", [message(1)])

        await broker.publish("route", [message(2)])
        assert await broker.waiting("route") == 1


async def test_a_group_that_fails_is_undone_whole(path: Path) -> None:
    def wrong(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO nowhere VALUES (1)")

    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        alone, in_group, culprit = await asyncio.gather(
            broker.publish("route", [message(1)]),
            broker.publish("route", [message(2)]),
            broker._writer.run(wrong),
            return_exceptions=True,
        )

        assert alone is None
        assert isinstance(in_group, BrokerUnavailable)
        assert isinstance(culprit, BrokerUnavailable)
        assert isinstance(culprit.__cause__, sqlite3.OperationalError)
        assert await broker.waiting("route") == 1


async def test_a_mistake_of_ours_is_not_called_unavailable(path: Path) -> None:
    def wrong(_: sqlite3.Connection) -> None:
        raise KeyError

    async with EmbeddedBroker.open(path) as broker:
        with pytest.raises(KeyError):
            await broker._writer.run(wrong)


async def test_an_acknowledgement_that_failed_brings_the_message_again(
    path: Path,
) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        await impatient(broker)
        await broker.publish("route", [message(1), message(2)])

        async with broker.consume("route") as claims, asyncio.timeout(SOON):
            claim = await anext(claims)
            with locked(path), pytest.raises(ClaimLost):
                await claim.ack()
            assert (await anext(claims)).message == message(1)


async def test_a_cancelled_wait_loses_no_message(path: Path) -> None:
    async with EmbeddedBroker.open(path) as broker:
        await broker.declare("route")
        async with broker.consume("route") as claims, asyncio.timeout(SOON):
            waiting = asyncio.ensure_future(anext(claims))
            await broker.waiting("route")
            waiting.cancel()
            await asyncio.wait([waiting])

            await broker.publish("route", [message(1)])

            assert (await anext(claims)).message == message(1)


@pytest.mark.parametrize("content", [None, b"no database, but a file of some length"])
async def test_a_file_that_cannot_be_opened_is_unavailable(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "queues.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    with pytest.raises(BrokerUnavailable):
        async with EmbeddedBroker.open(path):
            pass
