"""TLS over real sockets: what is offered, who is proven, and what changes meanwhile."""

import asyncio
import hashlib
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from envelopes.letter import OrganizationCode
from gateway.bootstrap import init, registered, serving
from gateway.config import Settings, SettingsError, load
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization, Purpose
from gateway.keys.papers import subject_of
from gateway.keys.signing import KeyPair, new_key_pair
from gateway.store.store import open_store
from gateway.tls import Tls, TlsFiles
from tests.eventually import eventually

LOEI = OrganizationCode("1500200042")
NOW = datetime.now(UTC)
OWN, RENEWED = (new_key_pair("ecms.example.go.th", str(n), NOW) for n in range(2))
CLIENT = new_key_pair("client", "1", NOW)
EXPIRED = new_key_pair("client", "2", NOW - timedelta(days=20 * 365))
STRANGER = new_key_pair("stranger", "3", NOW)


@dataclass(frozen=True)
class Authority:
    """An authority that issues certificates to clients."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, cls._issue(name, key.public_key(), name, key, is_one=True))

    @staticmethod
    def _issue(
        name: str,
        public_key: ec.EllipticCurvePublicKey,
        issuer: str,
        key: ec.EllipticCurvePrivateKey,
        *,
        is_one: bool,
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject_of(name, "1"))
            .issuer_name(subject_of(issuer, "1"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_one, None), critical=True)
            .sign(key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issues(self, name: str) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        own = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0]
        issued = self._issue(
            name, key.public_key(), str(own.value), self.key, is_one=False
        )
        return KeyPair(pem, issued.public_bytes(Encoding.PEM))


ASKS = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


SAMPLES = Path(__file__).parents[2] / "docs" / "protocol" / "samples"
AUTHORITY = Authority.new("ผู้ออกใบรับรอง")
ISSUED = AUTHORITY.issues("office")
REVOKED = new_key_pair("client", "4", NOW)
TIME = (SAMPLES / "cs-16-time-check-request.xml").read_bytes()


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in os.environ:
        if name.startswith("GATEWAY_"):
            monkeypatch.delenv(name)
    yield
    structlog.reset_defaults()


@dataclass
class Served:
    """A hub that speaks TLS, and what it wrote into its log."""

    port: int
    url: str
    settings: Settings
    log: list[dict[str, object]]

    async def open(
        self, client: ssl.SSLContext, name: str = "ecms.example.go.th"
    ) -> "Connection":
        return Connection(
            *await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=client, server_hostname=name
            )
        )


@dataclass
class Connection:
    """A connection of a client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def status(self) -> bytes:
        """Ask whether the hub lives; an end of the connection is an error."""
        self.writer.write(ASKS)
        line = await self.reader.readline()
        headers = await self.reader.readuntil(b"\r\n\r\n")
        length = int(headers.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await self.reader.readexactly(length)
        return line

    async def at_door(self) -> int:
        """Ask for the hub's time at the office's door; return the status."""
        self.writer.write(
            b"POST /ecms/%s/ecms-ws01/service2 HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s"
            % (LOEI.text.encode(), len(TIME), TIME)
        )
        return int((await self.reader.readline()).split()[1])

    @property
    def tls(self) -> ssl.SSLObject:
        found: ssl.SSLObject = self.writer.get_extra_info("ssl_object")
        return found

    def close(self) -> None:
        self.writer.close()


def client(
    folder: Path,
    shows: KeyPair | None = None,
    *,
    trusts: tuple[KeyPair, ...] = (OWN, RENEWED),
) -> ssl.SSLContext:
    """Return a client that knows the hub's certificates, and shows one of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(
        cadata=b"".join(one.certificate for one in trusts).decode()
    )
    context.set_alpn_protocols(["h2", "http/1.1"])
    if shows is not None:
        files = folder / "client.key", folder / "client.crt"
        for file in files:
            file.unlink(missing_ok=True)
        shows.write(*files)
        context.load_cert_chain(files[1], files[0])
    return context


def lay(folder: Path, pair: KeyPair) -> None:
    """Put certificate and key where the settings name them."""
    for name, content in (("tls.crt", pair.certificate), ("tls.key", pair.key)):
        fresh = folder / f"{name}.new"
        fresh.write_bytes(content)
        fresh.chmod(0o600)
        fresh.replace(folder / name)


async def know(data: Path, *pairs: KeyPair) -> None:
    """Enter an office with these certificates for access."""
    async with open_store(data) as store, store.unit() as unit:
        if await unit.directory.find(LOEI) is None:
            office = Organization(LOEI, "เลย", "Loei", Signed.HOSTED)
            await unit.directory.add(office, [], NOW)
        for pair in pairs:
            fresh = registered(LOEI, pair.certificate, frozenset({Purpose.ACCESS}))
            await unit.directory.add_certificate(fresh, NOW)
        await unit.commit()


@asynccontextmanager
async def hub(folder: Path, *known: KeyPair, **flags: object) -> AsyncIterator[Served]:
    data = folder / "data"
    if not data.exists():
        lay(folder, OWN)
        await init(load(data), demo=False)
    await know(data, *known)
    files = {"tls_certificate": folder / "tls.crt", "tls_key": folder / "tls.key"}
    settings = load(data, listen="127.0.0.1:0", **{**files, **flags})
    with capture_logs() as log:
        async with serving(settings) as url:
            port = urlsplit(url).port
            assert port is not None
            yield Served(port, url, settings, log)  # type: ignore[arg-type]


async def test_the_hub_speaks_tls_at_its_address(tmp_path: Path) -> None:
    async with hub(tmp_path) as served:
        connection = await served.open(client(tmp_path))

        assert served.url == f"https://127.0.0.1:{served.port}"
        assert served.url in (tmp_path / "data" / "serve.json").read_text()
        assert await connection.status() == b"HTTP/1.1 200 OK\r\n"
        assert connection.tls.version() == "TLSv1.3"
        assert connection.tls.selected_alpn_protocol() == "http/1.1"
        assert connection.tls.compression() is None
        connection.close()


async def test_tls_1_2_is_spoken_with_forward_secrecy(tmp_path: Path) -> None:
    async with hub(tmp_path) as served:
        old = client(tmp_path)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        connection = await served.open(old)
        cipher = connection.tls.cipher()

        assert await connection.status() == b"HTTP/1.1 200 OK\r\n"
        assert connection.tls.version() == "TLSv1.2"
        assert cipher is not None
        assert cipher[0].startswith("ECDHE-")
        assert "GCM" in cipher[0] or "CHACHA" in cipher[0]
        connection.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_1_1_is_refused_by_the_hub(tmp_path: Path) -> None:
    async with hub(tmp_path) as served:
        old = client(tmp_path)
        # Else this client's own OpenSSL would not even try.
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1

        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            await served.open(old)

    said = [e["detail"] for e in served.log if e["event"] == "tls refused"]
    assert said == ["UNSUPPORTED_PROTOCOL"]


async def test_a_weak_cipher_is_refused(tmp_path: Path) -> None:
    async with hub(tmp_path) as served:
        weak = client(tmp_path)
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0")

        with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
            await served.open(weak)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shows", [None, CLIENT, EXPIRED])
async def test_a_client_may_show_a_certificate_that_is_known(
    tmp_path: Path, shows: KeyPair | None, newest: ssl.TLSVersion
) -> None:
    """One that has expired is for the door to refuse, in words."""
    async with hub(tmp_path, CLIENT, EXPIRED) as served:
        caller = client(tmp_path, shows)
        caller.maximum_version = newest
        connection = await served.open(caller)

        assert await connection.status() == b"HTTP/1.1 200 OK\r\n"
        connection.close()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_certificate_nobody_knows_ends_the_handshake(
    tmp_path: Path, newest: ssl.TLSVersion
) -> None:
    async with hub(tmp_path, CLIENT) as served:
        caller = client(tmp_path, STRANGER)
        caller.maximum_version = newest

        with pytest.raises(ssl.SSLError, match="ALERT"):
            # In TLS 1.3 a client learns of it with the first answer only.
            await (await served.open(caller)).status()

    (said,) = [e["detail"] for e in served.log if e["event"] == "tls refused"]
    assert str(said).startswith("client certificate: ")


@pytest.mark.parametrize(
    ("shows", "status"),
    [(CLIENT, 200), (EXPIRED, 401), (REVOKED, 401), (ISSUED, 401), (None, 401)],
)
async def test_the_door_judges_what_was_proven(
    tmp_path: Path, shows: KeyPair | None, status: int
) -> None:
    """Entered and in force, expired, revoked, an authority's word alone, nothing."""
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "root.pem").write_bytes(AUTHORITY.pem)
    async with hub(tmp_path, CLIENT, EXPIRED, REVOKED, authorities=folder) as served:
        async with open_store(tmp_path / "data") as store, store.unit() as unit:
            gone = hashlib.sha256(der(REVOKED)).hexdigest()
            await unit.directory.revoke(LOEI, gone, NOW, why="stolen")
            await unit.commit()
        connection = await served.open(client(tmp_path, shows))

        assert await connection.at_door() == status
        connection.close()


async def test_a_certificate_of_the_same_name_is_not_the_same(tmp_path: Path) -> None:
    twin = new_key_pair("client", "1", NOW)
    async with hub(tmp_path, CLIENT) as served:
        with pytest.raises(ssl.SSLError, match="ALERT"):
            await (await served.open(client(tmp_path, twin))).status()


async def test_where_none_is_known_none_is_asked_for(tmp_path: Path) -> None:
    """Else a client that shows a certificate to everybody would be shut out."""
    async with hub(tmp_path) as served:
        connection = await served.open(client(tmp_path, STRANGER))

        assert await connection.status() == b"HTTP/1.1 200 OK\r\n"
        connection.close()


async def test_what_changes_is_in_force_for_the_next_connection(
    tmp_path: Path,
) -> None:
    """A certificate of the hub's own, and a client's, while a connection is open."""
    async with hub(tmp_path) as served:
        before = await served.open(client(tmp_path, trusts=(OWN,)))
        lay(tmp_path, RENEWED)
        await know(tmp_path / "data", CLIENT)

        def renewals() -> list[object]:
            return [e["count"] for e in served.log if e["event"] == "tls renewed"]

        await eventually(lambda: 1 in renewals(), every=0.05, within=20)
        after = await served.open(client(tmp_path, CLIENT, trusts=(RENEWED,)))
        assert await after.status() == b"HTTP/1.1 200 OK\r\n"
        assert await before.status() == b"HTTP/1.1 200 OK\r\n"
        with pytest.raises(ssl.SSLCertVerificationError):
            await served.open(client(tmp_path, trusts=(OWN,)))
        before.close()
        after.close()


async def test_a_slow_handshake_holds_up_nobody(tmp_path: Path) -> None:
    async with hub(tmp_path) as served:
        _, slow = await asyncio.open_connection("127.0.0.1", served.port)
        slow.write(b"\x16\x03\x01")

        connection = await served.open(client(tmp_path))
        assert await connection.status() == b"HTTP/1.1 200 OK\r\n"
        connection.close()
        slow.close()


async def test_plain_http_is_closed(tmp_path: Path) -> None:
    async with hub(tmp_path) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(ASKS)

        with suppress(ConnectionResetError):
            assert b"HTTP" not in await reader.read()
        writer.close()

    said = [e["detail"] for e in served.log if e["event"] == "tls refused"]
    assert said == ["HTTP_REQUEST"]


async def test_the_log_holds_no_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with hub(tmp_path, CLIENT) as served:
        with pytest.raises(ssl.SSLError):
            await (await served.open(client(tmp_path, STRANGER))).status()
        (tmp_path / "tls.key").write_bytes(STRANGER.key)
        failed = "tls not renewed"
        await eventually(
            lambda: failed in [e["event"] for e in served.log], every=0.05, within=20
        )
        connection = await served.open(client(tmp_path))
        assert await connection.status() == b"HTTP/1.1 200 OK\r\n"
        connection.close()

    written = repr(served.log) + "".join(capfd.readouterr())
    keys = [*OWN.key.decode().splitlines(), *STRANGER.key.decode().splitlines()]
    assert not [line for line in keys if line in written]


def files(folder: Path, pair: KeyPair = OWN, authorities: Path | None = None) -> Tls:
    lay(folder, pair)
    return Tls(TlsFiles(folder / "tls.crt", folder / "tls.key", authorities), ())


async def shown_by(tls: Tls, folder: Path, **options: str | None) -> bytes:
    """Return the certificate that a client is shown."""
    done = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        done.set()

    async with await asyncio.start_server(
        serve, "127.0.0.1", 0, ssl=tls.context
    ) as server:
        _, port = server.sockets[0].getsockname()
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client(folder), **options
        )
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await done.wait()
    assert isinstance(found, bytes)
    return found


def der(pair: KeyPair) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair.certificate.decode())


@pytest.mark.parametrize("name", ["ecms.example.go.th", "127.0.0.1", ""])
async def test_a_renewal_reaches_clients_that_name_no_host(
    tmp_path: Path, name: str
) -> None:
    """Old clients send no SNI; neither does one that has only an address."""
    tls = files(tmp_path)
    lay(tmp_path, RENEWED)
    tls.renew(())

    assert await shown_by(tls, tmp_path, server_hostname=name) == der(RENEWED)


async def test_half_a_change_is_waited_for(tmp_path: Path) -> None:
    tls = files(tmp_path)
    with capture_logs() as log:
        (tmp_path / "tls.crt").write_bytes(RENEWED.certificate)
        tls.renew(())
        assert await shown_by(tls, tmp_path) == der(OWN)
        lay(tmp_path, RENEWED)
        tls.renew(())

    assert await shown_by(tls, tmp_path) == der(RENEWED)
    assert [event["event"] for event in log] == ["tls renewed"]


async def test_what_stays_wrong_is_said_once_and_again_after_it_was_right(
    tmp_path: Path,
) -> None:
    tls = files(tmp_path)
    with capture_logs() as log:
        for _ in range(2):
            (tmp_path / "tls.key").write_bytes(RENEWED.key)
            for _ in range(4):
                tls.renew(())
            lay(tmp_path, OWN)
            tls.renew(())

    assert [event["event"] for event in log] == ["tls not renewed", "tls renewed"] * 2
    assert "is not the key of" in log[0]["detail"]


async def test_what_an_authority_has_issued_is_proven(tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "root.pem").write_bytes(AUTHORITY.pem)
    async with hub(tmp_path, authorities=folder) as served:
        connection = await served.open(client(tmp_path, ISSUED))
        assert await connection.status() == b"HTTP/1.1 200 OK\r\n"
        connection.close()

        with pytest.raises(ssl.SSLError, match="ALERT"):
            await (await served.open(client(tmp_path, STRANGER))).status()


ENCRYPTED = load_pem_private_key(OWN.key, None).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("tls.crt", None, "tls.crt: No such file"),
        ("tls.key", None, "tls.key: No such file"),
        ("tls.crt", b"", "tls.crt cannot be used"),
        ("tls.key", b"none", "tls.key cannot be used"),
        ("tls.key", STRANGER.key, "is not the key of"),
        ("tls.key", ENCRYPTED, "tls.key cannot be used"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    lay(tmp_path, OWN)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)

    with pytest.raises(SettingsError, match=why):
        Tls(TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key", None), ())


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    lay(tmp_path, OWN)
    (tmp_path / "tls.key").chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        Tls(TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key", None), ())


@pytest.mark.parametrize("missing", ["tls_certificate", "tls_key"])
def test_half_a_setting_is_none(tmp_path: Path, missing: str) -> None:
    given = {"tls_certificate": tmp_path / "a", "tls_key": tmp_path / "b"}
    del given[missing]

    with pytest.raises(SettingsError, match=missing):
        TlsFiles.of(Settings(data=tmp_path, **given))
    assert TlsFiles.of(Settings(data=tmp_path)) is None
