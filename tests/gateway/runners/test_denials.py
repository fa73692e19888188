import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from envelopes.letter import OrganizationCode
from gateway.domain.access import Denial
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization
from gateway.runners.denials import ACTS, GROUPS, LINES, Denials
from gateway.store.store import DATABASE, open_store
from gateway.telemetry import counts
from gateway.workflow.work import Work
from tests.doubles.clock import START, HandClock
from tests.doubles.ids import CountedIds
from tests.tables import lay_tables

KNOWN = OrganizationCode("1500200050")
UNKNOWN = OrganizationCode("1500299999")


@pytest.fixture
async def work(
    tmp_path: Path, clock: HandClock, ids: CountedIds
) -> AsyncIterator[Work]:
    """A store with one organization."""
    lay_tables(tmp_path)
    async with open_store(tmp_path) as store:
        async with store.unit() as unit:
            office = Organization(KNOWN, "เชียงใหม่", "Chiang Mai", Signed.HOSTED)
            await unit.directory.add(office, [], START)
            await unit.commit()
        yield cast("Work", SimpleNamespace(store=store, clock=clock, ids=ids))


@pytest.fixture
def denials() -> Denials:
    return Denials()


def a_denial(
    peer: str = "192.0.2.1",
    code: OrganizationCode | None = KNOWN,
    reason: str = "wrong",
    seconds: int = 0,
) -> Denial:
    return Denial(peer, code, reason, START + timedelta(seconds=seconds))


def acts(folder: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM act ORDER BY id").fetchall()
    return [{**dict(row), "after": json.loads(row["after"])} for row in rows]


async def test_calls_from_one_address_at_one_door_are_one_act(
    denials: Denials, work: Work, tmp_path: Path
) -> None:
    for seconds in (5, 0, 9):
        denials.note(a_denial(seconds=seconds))
    await denials.write(work)

    (act,) = acts(tmp_path)
    assert (act["what"], act["account"], act["name"]) == ("access denied", "", "")
    assert act["organization"] == KNOWN.text
    assert act["at"].startswith("2026-07-01 02:00:09")
    assert act["after"] == {
        "peer": "192.0.2.1",
        "reason": "wrong",
        "count": "3",
        "since": START.isoformat(),
    }


async def test_what_is_written_is_not_written_again(
    denials: Denials, work: Work, tmp_path: Path
) -> None:
    denials.note(a_denial())
    await denials.write(work)
    await denials.write(work)

    assert len(acts(tmp_path)) == 1


async def test_codes_that_are_not_in_the_directory_stand_nowhere(
    denials: Denials, work: Work, tmp_path: Path
) -> None:
    for code in (UNKNOWN, OrganizationCode("9900000000"), None):
        denials.note(a_denial(code=code))
    await denials.write(work)

    (act,) = acts(tmp_path)
    assert act["organization"] is None
    assert act["after"]["count"] == "3"
    assert UNKNOWN.text not in str(act)


async def test_strangers_cannot_fill_the_database(
    denials: Denials, work: Work, tmp_path: Path
) -> None:
    """However many addresses ask for however many doors."""
    many = 3 * GROUPS
    for number in range(many):
        code = OrganizationCode(f"15{number:08}")
        denials.note(a_denial(f"2001:db8:0:{number:x}::/64", code))
    denials.note(a_denial(code=KNOWN))
    await denials.write(work)

    written = acts(tmp_path)
    assert len(written) == ACTS + 1
    assert sum(int(act["after"]["count"]) for act in written) == many + 1
    assert [act["after"]["reason"] for act in written].count("others") == 1
    assert len(denials._groups) == 0


async def test_who_is_known_is_written_before_who_is_not(
    denials: Denials, work: Work, tmp_path: Path
) -> None:
    for number in range(4 * ACTS):
        for _ in range(2):
            denials.note(a_denial(f"192.0.2.{number}", UNKNOWN))
    denials.note(a_denial("198.51.100.1", KNOWN))
    await denials.write(work)

    assert acts(tmp_path)[0]["organization"] == KNOWN.text


async def test_the_log_tells_of_each_once_and_counts_all(
    denials: Denials, work: Work
) -> None:
    before = counts()["accesses_denied_total"]
    with capture_logs() as lines:
        for _ in range(3):
            denials.note(a_denial(reason="nothing-shown"))
        for number in range(2 * LINES):
            denials.note(a_denial(f"198.51.100.{number}"))

    assert len(lines) == LINES
    assert counts()["accesses_denied_total"] == before + 3 + 2 * LINES
    assert lines[0] == {
        "event": "access denied",
        "log_level": "warning",
        "code": "access-denied",
        "detail": "nothing-shown",
        "peer": "192.0.2.1",
    }

    await denials.write(work)
    with capture_logs() as lines:
        denials.note(a_denial())
    assert len(lines) == 1


class Unwilling:
    """A store that is there again after the first unit."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._fails = True

    def unit(self) -> Any:
        if self._fails:
            self._fails = False
            raise ConnectionError
        return self._store.unit()

    async def organization(self, code: OrganizationCode) -> Organization | None:
        return await self._store.organization(code)


async def test_nothing_is_lost_where_the_store_is_busy(
    denials: Denials, work: Work, tmp_path: Path
) -> None:
    busy = cast(
        "Work",
        SimpleNamespace(store=Unwilling(work.store), clock=work.clock, ids=work.ids),
    )
    denials.note(a_denial())
    with pytest.raises(ConnectionError):
        await denials.write(busy)
    denials.note(a_denial())
    await denials.write(busy)

    (act,) = acts(tmp_path)
    assert act["after"]["count"] == "2"
