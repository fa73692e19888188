"""Master keys are changed beside a hub at work, also where that is killed."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Executable, update

from gateway.bootstrap import Hub, init, open_hub, serving
from gateway.config import SettingsError, load
from gateway.domain.act import Order, Who
from gateway.keys.secrecy import MasterKey, master_keys, prune, rotate
from gateway.keys.secret_file import DEMO_FILE, KeyFile
from gateway.store.letter_keys import BATCH
from gateway.store.tables import Row

ORDER = Order("keys secrecy rotate", Who("root", "สมศรี"), "ประจำปี")
LETTERS = [UUID(int=n) for n in range(1, 2 * BATCH + 4)]

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.act import Order, Who
from gateway.keys.secret_file import DEMO_FILE
from gateway.keys.secrecy import rotate

async def rotation(data):
    async with open_hub(load(data)) as hub:
        def advance(done, total):
            if done >= int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
        order = Order("keys secrecy rotate", Who("root"))
        await rotate(hub, data / DEMO_FILE, order, advance)

asyncio.run(rotation(Path(sys.argv[1])))
"""


def opened(data: Path) -> AbstractAsyncContextManager[Hub]:
    return open_hub(load(data))


async def keep_keys(hub: Hub, letters: list[UUID]) -> None:
    async with hub.store.unit() as unit:
        for letter in letters:
            await unit.strongbox.new_key(letter)
        await unit.commit()


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A demo hub whose key file wraps the keys of many letters."""
    made = tmp_path / "hub"
    await init(load(made), demo=True)
    async with opened(made) as hub:
        await keep_keys(hub, LETTERS)
    return made


@pytest.fixture
async def hub(data: Path) -> AsyncIterator[Hub]:
    async with opened(data) as it:
        yield it


def quietly(done: int, total: int) -> None:
    assert done <= total


async def sealed(hub: Hub) -> dict[UUID, bytes]:
    box = hub.store.strongbox
    return {x: await box.seal(x, "here", x.bytes) for x in (LETTERS[0], LETTERS[-1])}


async def assert_opens(hub: Hub, kept: dict[UUID, bytes]) -> None:
    for letter, content in kept.items():
        assert await hub.store.strongbox.open(letter, "here", content) == letter.bytes


async def test_a_new_key_comes_into_use_for_all_letters(hub: Hub, data: Path) -> None:
    path = data / DEMO_FILE
    kept = await sealed(hub)
    [before] = await master_keys(hub, path)
    told: list[tuple[int, int]] = []

    done = await rotate(hub, path, ORDER, lambda *now: told.append(now))

    assert before == MasterKey(before.id, True, len(LETTERS), is_here=True)  # noqa: FBT003
    assert (done.letters, done.damaged) == (len(LETTERS), ())
    assert told[0] == (0, len(LETTERS))
    assert told[-1] == (len(LETTERS), len(LETTERS))
    assert await master_keys(hub, path) == [
        MasterKey(done.key, in_use=True, letters=len(LETTERS), is_here=True),
        MasterKey(before.id, in_use=False, letters=0, is_here=True),
    ]
    await assert_opens(hub, kept)
    [act, *_] = await hub.store.views.acts(None, limit=1)
    assert (act.what, act.who, act.why) == (ORDER.what, ORDER.who, ORDER.why)
    assert (act.before, act.after) == ({"key": before.id}, {"key": done.key})


@pytest.mark.parametrize("after", [0, BATCH, 2 * BATCH])
async def test_a_rotation_that_was_killed_goes_on(data: Path, after: int) -> None:
    path = data / DEMO_FILE
    async with opened(data) as hub:
        kept = await sealed(hub)
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED, str(data), str(after)],
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    async with opened(data) as hub:
        assert hub.secrets_problem is None
        await assert_opens(hub, kept)
        newest, oldest = await master_keys(hub, path)
        assert (newest.letters, oldest.letters) == (after, len(LETTERS) - after)
        assert await prune(hub, path, ORDER) == []

        done = await rotate(hub, path, ORDER, quietly)

        assert (done.key, done.letters) == (newest.id, len(LETTERS) - after)
        assert await prune(hub, path, ORDER) == [oldest.id]
        await assert_opens(hub, kept)


async def test_a_hub_at_work_follows_the_file(data: Path) -> None:
    path = data / DEMO_FILE
    async with opened(data) as serves, opened(data) as command_line:
        kept = await sealed(serves)
        done = await rotate(command_line, path, ORDER, quietly)
        await prune(command_line, path, ORDER)

        await assert_opens(serves, kept)
        await keep_keys(serves, [UUID(int=7_000)])

        assert await master_keys(command_line, path) == [
            MasterKey(done.key, in_use=True, letters=len(LETTERS) + 1, is_here=True)
        ]


async def test_a_damaged_key_stops_no_rotation_and_keeps_its_master_key(
    hub: Hub, data: Path
) -> None:
    path = data / DEMO_FILE
    [before] = await master_keys(hub, path)
    async with hub.store.unit() as unit:
        await unit.connection.execute(_damaged(LETTERS[3]))
        await unit.commit()

    done = await rotate(hub, path, ORDER, quietly)

    assert done.damaged == (LETTERS[3],)
    assert done.letters == len(LETTERS) - 1
    assert await prune(hub, path, ORDER) == []
    assert before.id in [key.id for key in await master_keys(hub, path)]


def _damaged(letter: UUID) -> Executable:
    keys = Row.metadata.tables["letter_key"]
    return update(keys).where(keys.c.letter_id == letter).values(wrapped=b"x" * 61)


async def test_a_hub_without_its_keys_does_not_serve(data: Path) -> None:
    (data / DEMO_FILE).unlink()

    with pytest.raises(SettingsError) as raised:
        async with serving(load(data, listen="127.0.0.1:0")):
            pass

    assert raised.value.name == "secret_key_file"
    assert str(len(LETTERS)) in raised.value.problem
    async with opened(data) as hub:
        assert hub.work.carries == "001"
        assert hub.secrets_problem is not None
        assert await hub.store.facts()
        with pytest.raises(SettingsError):
            await rotate(hub, data / DEMO_FILE, ORDER, quietly)


async def test_a_hub_with_other_keys_does_not_serve(data: Path) -> None:
    (data / DEMO_FILE).unlink()
    KeyFile.new().create(data / DEMO_FILE)

    with pytest.raises(SettingsError, match="secret_key_file"):
        async with serving(load(data, listen="127.0.0.1:0")):
            pass


async def test_a_named_file_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, keys = tmp_path / "hub", tmp_path / "keys"
    await init(load(data), demo=False)
    monkeypatch.setenv("GATEWAY_SECRET_KEY_FILE", str(keys))

    async with opened(data) as hub:
        assert hub.work.carries == "001"
        problem = hub.secrets_problem
    KeyFile.new().create(keys)
    async with opened(data) as hub:
        assert hub.work.carries == "003"
        assert hub.secrets_problem is None

    assert problem is not None
    assert str(keys) in str(problem)


async def test_a_production_hub_takes_no_keys_from_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "hub"
    await init(load(data), demo=False)
    KeyFile.new().create(data / DEMO_FILE)
    for setting in ("", str(data / "keys" / ".." / DEMO_FILE)):
        monkeypatch.setenv("GATEWAY_SECRET_KEY_FILE", setting)
        async with opened(data) as hub:
            assert hub.work.carries == "001"
            assert hub.secrets_problem is not None
            assert "data directory" in hub.secrets_problem.problem


async def test_a_demo_hub_has_keys_and_another_has_none(tmp_path: Path) -> None:
    for demo, carried in ((True, "003"), (False, "001")):
        data = tmp_path / carried
        await init(load(data), demo=demo)
        async with opened(data) as hub:
            assert hub.work.carries == carried
            assert hub.secrets_problem is None
        assert (data / DEMO_FILE).exists() == demo
