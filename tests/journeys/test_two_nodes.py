"""Two hubs, each the other's node: a letter goes over, its number comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envelopes.letter import OrganizationCode
from gateway.bootstrap import DEMO_KEYS, init, open_hub, registered, serving
from gateway.config import Settings, load
from gateway.domain.endpoint import Endpoint, Way
from gateway.simulation import csharp, csharp_reader
from gateway.simulation.http import PATH
from gateway.simulation.letter import ACCEPT, Letter, Notifier
from gateway.simulation.signing import Signer
from tests.journeys.callers import Net, Office

MINISTRY = "1500200000"
"""At home at the near hub."""
CHIANG_MAI = "1500200050"
"""At home at the far one."""


@dataclass(frozen=True)
class Nodes:
    """Two hubs that serve."""

    near: Net
    far: Net
    ministry: Signer
    chiang_mai: Signer


async def _trusts(settings: Settings, code: str, home: Settings) -> None:
    """Register by which certificate an office of the other hub signs."""
    certificate = (home.data / DEMO_KEYS / f"{code}.crt").read_bytes()
    async with open_hub(settings) as hub, hub.store.unit() as unit:
        found = registered(OrganizationCode(code), certificate)
        await unit.directory.add_certificate(found, datetime.now(UTC))
        await unit.commit()


async def _hands_over(settings: Settings, url: str) -> None:
    """Set the endpoint of Chiang Mai: the ministry's own door at the far hub."""
    endpoint = Endpoint(
        organization=OrganizationCode(CHIANG_MAI),
        way=Way.ECMS,
        url=url + PATH.format(organization=MINISTRY),
        polled=True,
        changed_at=datetime.now(UTC),
    )
    async with open_hub(settings) as hub, hub.store.unit() as unit:
        await unit.endpoints.set(endpoint)
        await unit.commit()


def _signer(settings: Settings, code: str) -> Signer:
    keys = settings.data / DEMO_KEYS / code
    return Signer.of_pem(
        keys.with_suffix(".key").read_bytes(), keys.with_suffix(".crt").read_bytes()
    )


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[Nodes]:
    near, far = (
        load(folder / name, listen="127.0.0.1:0", fetch_seconds=1)
        for name in ("near", "far")
    )
    for settings in (near, far):
        await init(settings, demo=True)
    await _trusts(far, MINISTRY, near)
    await _trusts(near, CHIANG_MAI, far)
    async with serving(far) as far_url:
        await _hands_over(near, far_url)
        async with serving(near) as near_url:
            yield Nodes(
                Net(near_url),
                Net(far_url),
                _signer(near, MINISTRY),
                _signer(far, CHIANG_MAI),
            )
    for settings in (near, far):
        async with open_hub(settings) as hub:
            books = await hub.store.check_books(lambda _done, _of: None)
            assert books.in_balance, books.findings


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    """Two hubs whose books balance in the end."""
    async with _serving(tmp_path) as nodes:
        yield nodes


async def _send(office: Office, letter: Letter, signer: Signer) -> None:
    message = csharp.signed_send_request(
        letter, message_id="1", to="", signer=signer, signed_by=letter.sender
    )
    csharp_reader.read_taken(await office.post(message, csharp.CONTENT_TYPE))


async def test_a_letter_goes_over_and_its_number_comes_back(nodes: Nodes) -> None:
    """Pushed as a client of the far node; the notifier is fetched from its queue."""
    ministry = nodes.near.office(MINISTRY)
    letter = nodes.near.letter(ministry, nodes.far.office(CHIANG_MAI))
    await _send(ministry, letter, nodes.ministry)

    chiang_mai = nodes.far.office(CHIANG_MAI)
    pulled = await chiang_mai.take()
    await chiang_mai.notify(ACCEPT, letter, "1024/2569")
    told = await ministry.take()

    assert isinstance(pulled.content, Letter)
    assert pulled.content.number == letter.number
    assert pulled.content.main == letter.main
    assert isinstance(told.content, Notifier)
    assert (told.content.kind, told.content.accept_id) == (ACCEPT, "1024/2569")


async def test_a_letter_of_the_far_office_is_fetched(nodes: Nodes) -> None:
    """It lies in the ministry's queue at the far hub, until the near one has it."""
    chiang_mai = nodes.far.office(CHIANG_MAI)
    letter = nodes.far.letter(chiang_mai, nodes.far.office(MINISTRY))
    await _send(chiang_mai, letter, nodes.chiang_mai)

    pulled = await nodes.near.office(MINISTRY).take()

    assert isinstance(pulled.content, Letter)
    assert pulled.content.number == letter.number
    assert await nodes.far.office(MINISTRY).poll() is None
