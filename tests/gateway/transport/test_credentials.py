"""What the hub shows and whom it believes, also when files change while it runs."""

import os
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import SettingsError, load
from gateway.domain.delivery import (
    CredentialsMissing,
    EndpointMisbehaved,
    EndpointUntrusted,
)
from gateway.domain.endpoint import Way
from gateway.identity import SystemClock
from gateway.keys.signing import KeySigner
from gateway.transport.credentials import Credentials, PushFiles
from gateway.transport.handover import opened
from tests.doubles.endpoint import (
    NOW,
    VOUCHES,
    an_endpoint,
    answers_with,
    server_certificate,
    server_tls,
)
from tests.doubles.pki import Identity, authority
from tests.gateway.transport.parcels import (
    HUB,
    a_handover,
    a_parcel,
    an_endpoint_record,
)

CLIENTS = authority("Clients", not_before=NOW - timedelta(days=9))
HUB_AS_CLIENT = CLIENTS.issue("1500299998", not_before=NOW - timedelta(days=2))
STRANGER = authority("Strangers").issue("1500299997")


def _files(folder: Path, own: Identity | None = None) -> PushFiles:
    """Write the files that the settings would name."""
    authorities = folder / "authorities.pem"
    authorities.write_bytes(VOUCHES.pem)
    if own is None:
        return PushFiles(authorities=authorities)
    certificate, key = folder / "push.crt", folder / "push.key"
    certificate.write_bytes(own.pem)
    key.touch(0o600)
    key.write_bytes(own.key_pem)
    return PushFiles(certificate, key, authorities)


def _changed(file: Path, content: bytes) -> None:
    """Write a file anew, so that its time of change is another one too."""
    file.write_bytes(content)
    before = file.stat().st_mtime_ns
    os.utime(file, ns=(before, before + 1_000_000_000))


@pytest.fixture
def demanding(tmp_path: Path) -> ssl.SSLContext:
    """What an endpoint listens with that asks for a certificate of `CLIENTS`."""
    return server_tls(tmp_path, server_certificate(), clients=CLIENTS)


async def test_the_hub_shows_its_certificate(
    tmp_path: Path, demanding: ssl.SSLContext
) -> None:
    """Mutual TLS: the endpoint lets in who is known to it."""
    files = _files(tmp_path, HUB_AS_CLIENT)
    async with an_endpoint(tls=demanding) as node, a_handover(files=files) as handover:
        answer = await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert answer.process_id == "N1"


@pytest.mark.parametrize("own", [None, STRANGER], ids=["none", "a stranger's"])
async def test_without_the_right_certificate_nothing_is_handed_over(
    tmp_path: Path, demanding: ssl.SSLContext, own: Identity | None
) -> None:
    """The endpoint ends the handshake; that is told as a matter of certificates."""
    files = _files(tmp_path, own)
    async with an_endpoint(tls=demanding) as node, a_handover(files=files) as handover:
        with pytest.raises(EndpointUntrusted) as caught:
            await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert caught.value.temporary
    assert not node.arrived


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (server_certificate(until=NOW - timedelta(days=1)), "expired"),
        (server_certificate(address="127.0.0.9"), "127.0.0.1"),
        (server_certificate(issuer=authority("Other")), "issuer"),
    ],
    ids=["expired", "of another host", "of another authority"],
)
async def test_the_endpoints_certificate_must_hold(
    tmp_path: Path, own: Identity, why: str
) -> None:
    """The reason is told, for who has to mend it."""
    tls, files = server_tls(tmp_path, own), _files(tmp_path)
    async with an_endpoint(tls=tls) as node, a_handover(files=files) as handover:
        with pytest.raises(EndpointUntrusted) as caught:
            await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert why in caught.value.detail
    assert not node.arrived


async def test_changed_files_are_in_force_for_the_next_parcel(
    tmp_path: Path, demanding: ssl.SSLContext
) -> None:
    """A certificate is changed while the hub runs, and nobody restarts it."""
    files = _files(tmp_path, STRANGER)
    assert files.certificate is not None
    assert files.key is not None
    async with an_endpoint(tls=demanding) as node, a_handover(files=files) as handover:
        record = an_endpoint_record(node.url)
        with pytest.raises(EndpointUntrusted):
            await handover.hand_over(record, a_parcel())
        _changed(files.certificate, HUB_AS_CLIENT.pem)
        _changed(files.key, HUB_AS_CLIENT.key_pem)
        answer = await handover.hand_over(record, a_parcel())

    assert answer.process_id == "N1"


async def test_files_that_cannot_be_used_change_nothing(tmp_path: Path) -> None:
    """What was in force goes on, and what is wrong is told once."""
    files = _files(tmp_path, HUB_AS_CLIENT)
    assert files.key is not None
    told: list[str] = []
    credentials = Credentials(files, tmp_path, told.append)
    before = credentials.context()

    _changed(files.key, b"no key")

    assert credentials.context() is before
    assert credentials.context() is before
    assert len(told) == 1
    files.key.unlink()
    assert credentials.context() is before
    assert len(told) == 2


def test_without_any_usable_file_nothing_is_opened(tmp_path: Path) -> None:
    """It is time's move: the file is mended in a moment, and no letter given up."""
    files = replace(_files(tmp_path), authorities=tmp_path / "missing.pem")

    with pytest.raises(CredentialsMissing) as caught:
        Credentials(files, tmp_path, print).context()

    assert caught.value.temporary


async def test_a_password_is_read_from_its_file(tmp_path: Path) -> None:
    """HTTP Basic, without the line feed that an editor leaves; changed at once."""
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text("ความลับ\n", "utf-8")
    async with (
        an_endpoint() as node,
        a_handover(data=tmp_path) as handover,
    ):
        record = an_endpoint_record(node.url, user="hub", password_file="password")
        await handover.hand_over(record, a_parcel())
        file.write_text("other", "utf-8")
        await handover.hand_over(record, a_parcel())

    first, second = (came.headers["Authorization"] for came in node.arrived)
    assert first.startswith("Basic ")
    assert first != second


@pytest.mark.parametrize("mode", [None, 0o644], ids=["missing", "read by others"])
async def test_without_its_password_nothing_is_sent(
    tmp_path: Path, mode: int | None
) -> None:
    """Nothing goes out that would be refused, or with a password everybody knows."""
    if mode is not None:
        file = tmp_path / "password"
        file.write_text("x", "utf-8")
        file.chmod(mode)
    async with an_endpoint() as node, a_handover(data=tmp_path) as handover:
        record = an_endpoint_record(node.url, user="hub", password_file="password")
        with pytest.raises(CredentialsMissing):
            await handover.hand_over(record, a_parcel())

    assert not node.arrived


async def test_no_cookie_goes_back() -> None:
    """An endpoint cannot mark the hub, and what it sets is not kept either."""
    behave = answers_with(503, headers={"Set-Cookie": "a=b"})
    async with an_endpoint(behave) as node, a_handover() as handover:
        for _ in range(2):
            with pytest.raises(Exception, match="503") as caught:
                await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert all("Cookie" not in came.headers for came in node.arrived)
    assert "Set-Cookie" not in caught.value.answer.headers  # type: ignore[attr-defined]


async def test_half_of_a_pair_is_a_wrong_setting(tmp_path: Path) -> None:
    """Certificate and key belong together; `open` says so before anything is sent."""
    settings = load(tmp_path, push_certificate=Path("push.crt"))
    signer = KeySigner(HUB.key, HUB.pem)

    with pytest.raises(SettingsError, match="push_key"):
        async with opened(settings, signer, SystemClock(), demo=False):
            pass


async def test_it_is_opened_from_the_settings(
    tmp_path: Path, demanding: ssl.SSLContext
) -> None:
    """Files relative to the data directory; closed with its context."""
    _files(tmp_path, HUB_AS_CLIENT)
    settings = load(
        tmp_path,
        push_certificate=Path("push.crt"),
        push_key=Path("push.key"),
        push_authorities=Path("authorities.pem"),
    )
    signer = KeySigner(HUB.key, HUB.pem)  # type: ignore[arg-type]
    async with (
        an_endpoint(tls=demanding) as node,
        opened(settings, signer, SystemClock(), demo=True) as handover,
    ):
        answer = await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert answer.process_id == "N1"


@pytest.mark.parametrize("name", ["push_authorities", "push_certificate"])
async def test_a_file_that_cannot_be_used_is_a_wrong_setting(
    tmp_path: Path, name: str
) -> None:
    """The setting is named, before the hub serves."""
    _files(tmp_path, HUB_AS_CLIENT)
    (tmp_path / "authorities.pem").write_text("none")
    (tmp_path / "push.crt").write_text("none")
    named = {"push_authorities": Path("authorities.pem")}
    if name == "push_certificate":
        named = {"push_certificate": Path("push.crt"), "push_key": Path("push.key")}
    signer = KeySigner(HUB.key, HUB.pem)  # type: ignore[arg-type]

    with pytest.raises(SettingsError) as caught:
        async with opened(load(tmp_path, **named), signer, SystemClock(), demo=False):
            pass

    assert caught.value.name == name


async def test_an_office_that_pulls_is_handed_nothing() -> None:
    """Its record may have changed since the promise was made."""
    async with an_endpoint() as node, a_handover() as handover:
        record = an_endpoint_record(node.url, Way.PULL)
        with pytest.raises(EndpointMisbehaved):
            await handover.hand_over(record, a_parcel())

    assert not node.arrived
