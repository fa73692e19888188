"""The proxies of `deploy/proxy`, as they are delivered, in front of a served hub."""

import asyncio
import re
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Final
from urllib.parse import urlsplit

import pytest

from envelopes.letter import OrganizationCode
from gateway.bootstrap import init, registered, serving
from gateway.config import load
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization, Purpose
from gateway.keys.signing import KeyPair, new_key_pair
from gateway.store.store import open_store
from tests.eventually import eventually

DELIVERED: Final = Path(__file__).parents[2] / "deploy" / "proxy"
LOEI: Final = OrganizationCode("1500200042")
DOOR: Final = f"/ecms/{LOEI}/ecms-ws01/service2"
NOW: Final = datetime.now(UTC)
PROXY, CLIENT, STRANGER = (new_key_pair(str(n), str(n), NOW) for n in range(3))

_NGINX: Final = """daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass
class Front:
    """A proxy that listens, and what it writes."""

    port: int
    folder: Path

    async def asks(
        self, client: ssl.SSLContext, body: bytes = b"<a/>", **headers: str
    ) -> tuple[int, str | None]:
        """Post at the office's door; return the status and the version of TLS."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=client
        )
        lines = [f"POST {DOOR} HTTP/1.1", "Host: hub", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += ["Content-Type: text/xml", f"Content-Length: {len(body)}", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        answer = await reader.read()
        version = writer.get_extra_info("ssl_object").version()
        writer.close()
        return int(answer.split(b" ", 2)[1]), version


def client(
    folder: Path, shows: KeyPair | None = None, *, tls: str = "TLSv1"
) -> ssl.SSLContext:
    """Return a client of one version of TLS, by default the oldest."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=PROXY.certificate.decode())
    # Else its own OpenSSL would not even try.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[tls]
    if shows is not None:
        files = folder / "client.key", folder / "client.crt"
        shows.write(*files)
        context.load_cert_chain(files[1], files[0])
    return context


def port() -> int:
    with socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def arranged(kind: str, hub: int, here: int, folder: Path, networks: str) -> list[str]:
    """Write the delivered file with this test's places, and return the command."""
    name = {"nginx": "nginx.conf", "haproxy": "haproxy.cfg"}[kind]
    text = (DELIVERED / name).read_text("utf-8")
    for old, new in (
        ("127.0.0.1:8470", f"127.0.0.1:{hub}"),
        ("listen 8471", f"listen 127.0.0.1:{here}"),
        ("bind :8471", f"bind 127.0.0.1:{here}"),
        ("/etc/nginx/hub", str(folder)),
        ("/etc/haproxy", str(folder)),
        ("/var/log/nginx", str(folder)),
        ("allow 127.0.0.1/32", f"allow {networks}"),
        ("src 127.0.0.1/32", f"src {networks}"),
    ):
        text = text.replace(old, new)
    PROXY.write(folder / "tls.key", folder / "tls.crt")
    (folder / "hub.pem").write_bytes(PROXY.certificate + PROXY.key)
    (folder / "site.conf").write_text(text, "utf-8")
    if kind == "haproxy":
        return ["haproxy", "-q", "-db", "-f", str(folder / "site.conf")]
    (folder / "main.conf").write_text(_NGINX.format(folder=folder), "utf-8")
    return ["nginx", "-c", str(folder / "main.conf"), "-e", "stderr"]


@asynccontextmanager
async def front(
    kind: str, folder: Path, networks: str = "127.0.0.1/32"
) -> AsyncIterator[Front]:
    """Serve a hub in which one office has a certificate, behind a proxy."""
    if shutil.which(kind) is None:
        pytest.fail(f"{kind} is not installed, and CI=true demands it")
    data = folder / "data"
    await init(load(data), demo=False)
    async with open_store(data) as store, store.unit() as unit:
        await unit.directory.add(
            Organization(LOEI, "เลย", "Loei", Signed.HOSTED),
            [registered(LOEI, CLIENT.certificate, frozenset({Purpose.ACCESS}))],
            NOW,
        )
        await unit.commit()
    settings = load(data, listen="127.0.0.1:0", proxies="127.0.0.1/32")
    async with serving(settings) as url:
        hub, here = urlsplit(url).port, port()
        assert hub is not None
        command = arranged(kind, hub, here, folder, networks)
        process = await asyncio.create_subprocess_exec(
            *command, stderr=asyncio.subprocess.PIPE
        )
        try:
            await eventually(lambda: _listens(here, process), every=0.02)
            yield Front(here, folder)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.communicate()


async def _listens(here: int, process: asyncio.subprocess.Process) -> bool:
    if process.returncode is not None and process.stderr is not None:
        pytest.fail((await process.stderr.read()).decode())
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", here)
    except ConnectionRefusedError:
        return False
    except ConnectionError:
        return True
    writer.close()
    return True


REFUSED: Final = 401
"""Let in nowhere; whoever is let in is told what is wrong with `<a/>`."""

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
KINDS = pytest.mark.parametrize(
    "kind",
    [
        pytest.param("nginx", marks=pytest.mark.nginx),
        pytest.param("haproxy", marks=pytest.mark.haproxy),
    ],
)


@KINDS
@pytest.mark.parametrize("tls", ["TLSv1", "TLSv1_1", "TLSv1_2"])
async def test_an_old_client_is_known_by_its_certificate(
    kind: str, tls: str, tmp_path: Path
) -> None:
    async with front(kind, tmp_path) as proxy:
        status, version = await proxy.asks(client(tmp_path, CLIENT, tls=tls))

    assert version == tls.replace("_", ".")
    assert status not in {REFUSED, 502, 503}


@KINDS
@pytest.mark.parametrize("shows", [None, STRANGER])
async def test_who_shows_another_or_none_is_refused(
    kind: str, shows: KeyPair | None, tmp_path: Path
) -> None:
    async with front(kind, tmp_path) as proxy:
        status, _ = await proxy.asks(client(tmp_path, shows))

    assert status == REFUSED


@KINDS
@pytest.mark.parametrize("shows", [None, STRANGER])
@pytest.mark.parametrize(
    "name", ["X-Client-Certificate", "x-client-certificate", "X_Client_Certificate"]
)
async def test_what_a_client_writes_into_the_header_counts_for_nothing(
    kind: str, shows: KeyPair | None, name: str, tmp_path: Path
) -> None:
    forged = CLIENT.certificate.decode().replace(" ", "%20").replace("\n", "%0A")
    async with front(kind, tmp_path) as proxy:
        status, _ = await proxy.asks(client(tmp_path, shows), **{name: forged})

    assert status == REFUSED


@KINDS
async def test_other_networks_stay_outside(kind: str, tmp_path: Path) -> None:
    async with front(kind, tmp_path, networks="10.38.0.0/16") as proxy:
        try:
            status, _ = await proxy.asks(client(tmp_path, CLIENT))
        except (ConnectionError, ssl.SSLError, IndexError):
            return

    assert status == 403


def written_outside(data: Path, folder: Path) -> list[bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return [file.read_bytes() for file in files if data not in file.parents]


@KINDS
async def test_its_files_hold_neither_path_nor_letter(
    kind: str, tmp_path: Path
) -> None:
    words = b"<a>" + "หนังสือลับ".encode() * 100_000 + b"</a>"
    async with front(kind, tmp_path) as proxy:
        status, _ = await proxy.asks(client(tmp_path, CLIENT), words)
        assert status not in {REFUSED, 413, 502, 503}
        written = written_outside(tmp_path / "data", tmp_path)

    assert written
    assert not [text for text in written if DOOR.encode() in text]
    assert not [text for text in written if "หนังสือลับ".encode() in text]


@pytest.mark.parametrize("name", ["nginx.conf", "haproxy.cfg"])
def test_its_limits_are_those_of_the_hub(name: str, tmp_path: Path) -> None:
    text = (DELIVERED / name).read_text("utf-8")
    settings = load(tmp_path)
    mib = settings.body_limit // 1024**2

    assert re.search(rf"client_max_body_size +{mib}m|gt {mib * 1024**2}\b", text)
    assert f"{settings.read_seconds:.0f}s" in text
    assert f"{settings.idle_seconds:.0f}s" in text
    assert settings.proxy_address_header in text
    assert settings.proxy_certificate_header in text
    assert str(settings.listen) in text
