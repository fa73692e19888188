"""A demo hub in this process, on a free port, and a caller that speaks HTTP to it."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import structlog
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from envelopes.letter import OrganizationCode
from envelopes.trust import read_certificate
from gateway.bootstrap import Hub, init, open_hub, serving
from gateway.config import load
from gateway.reading.pool import ReadingPool
from tests.doubles.clock import HandClock
from tests.doubles.pki import AT, Identity

SAMPLES = Path(__file__).parents[3] / "docs" / "protocol" / "samples"
MINISTRY = "1500200000"
CHIANG_MAI = "1500200050"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read by a parser of no ours."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> etree._Element:
        """The one element in Body."""
        root = etree.fromstring(self.body)
        (body,) = root
        (element,) = body
        return element

    @property
    def error(self) -> tuple[str, str, str]:
        """Where the ErrorDetail stands, its code and its description."""
        (detail,) = etree.fromstring(self.body).iter("ErrorDetail")
        parent = detail.getparent()
        assert parent is not None
        code, description = detail
        return etree.QName(parent).localname, code.text or "", description.text or ""

    def value(self, name: str) -> str:
        """The text of the first element of this name."""
        return next(etree.fromstring(self.body).iter(name)).text or ""


class Caller:
    """Posts to doors of one hub."""

    def __init__(self, base: str, session: aiohttp.ClientSession, data: Path) -> None:
        self.base = base
        self.session = session
        self.data = data

    async def post(self, organization: str, body: bytes, **headers: str) -> Answer:
        url = f"{self.base}/ecms/{organization}/ecms-ws01/service2"
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        return await self.ask("POST", url, data=body, headers=fields)

    async def ask(self, method: str, url: str, **more: object) -> Answer:
        async with self.session.request(method, url, **more) as got:  # type: ignore[arg-type]
            return Answer(got.status, dict(got.headers), await got.read())

    async def poll(self, organization: str) -> Answer:
        return await self.post(organization, sample("cs-07-inbound-poll-request"))

    def identity(self, organization: str) -> Identity:
        """The throw-away key of an office of the demo hub."""
        keys = self.data / "demo-keys"
        key = load_pem_private_key((keys / f"{organization}.key").read_bytes(), None)
        found = read_certificate((keys / f"{organization}.crt").read_bytes())
        return Identity(
            OrganizationCode(organization),
            key,  # type: ignore[arg-type]
            found.der,
            found.not_before,
            found.not_after,
        )


def sample(name: str) -> bytes:
    """Read a sample of the protocol."""
    return (SAMPLES / f"{name}.xml").read_bytes()


Calling = Callable[..., AbstractAsyncContextManager[Caller]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("GATEWAY_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders that are copied for each test, once they were made."""
    return {"folder": tmp_path_factory.mktemp("hubs")}


@pytest.fixture
def calling(templates: dict[str, Path], tmp_path: Path) -> Calling:
    """Return what starts a fresh hub with these settings, and a caller of it."""

    @asynccontextmanager
    async def call(
        *,
        demo: bool = True,
        before: Callable[[Hub], Awaitable[object]] | None = None,
        readers: ReadingPool | None = None,
        folder: str = "hub",
        **flags: object,
    ) -> AsyncIterator[Caller]:
        name = "demo" if demo else "plain"
        clock = HandClock(AT)
        if name not in templates:
            templates[name] = templates["folder"] / name
            await init(load(templates[name]), demo=demo, clock=clock)
        data = tmp_path / folder
        shutil.copytree(templates[name], data)
        settings = load(data, listen="127.0.0.1:0", **flags)
        if before is not None:
            async with open_hub(settings, clock=clock) as hub:
                await before(hub)
        async with (
            serving(settings, clock=clock, readers=readers) as base,
            aiohttp.ClientSession() as session,
        ):
            yield Caller(base, session, data)

    return call


@pytest.fixture
async def caller(calling: Calling) -> AsyncIterator[Caller]:
    """A caller of a fresh demo hub."""
    async with calling() as made:
        yield made
