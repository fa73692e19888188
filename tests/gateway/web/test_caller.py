"""Who calls, asked of a server that says what stands behind its entry."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import _networks
from gateway.web.addresses import PATHS
from gateway.web.caller import CALLER, Proxies, entry
from tests.doubles.pki import identity

NOBODY = Proxies()
LOOPBACK = Proxies(_networks("127.0.0.1/32, 10.9.0.0/16, 2001:db8:9::/48"))
OWN_NAMES = Proxies(_networks("127.0.0.1/32"), "X-From", "X-Cert")
CLIENT = identity()
PEM = quote(CLIENT.pem.decode(), safe="")
SECRET = "2rw9ha09q51mdtg9mjvck9gh84"
PATH = "/ecms/1500200050/ecms-ws01/service2"

Told = dict[str, Any]


async def tell(request: web.Request) -> web.Response:
    """Say all that stands behind the entry."""
    caller = request[CALLER]
    shown = caller.shown
    return web.json_response(
        {
            "address": str(shown.address),
            "certificate": shown.certificate,
            "secret": shown.path_secret,
            "basic": [shown.user, shown.password],
            "passed_on": caller.passed_on,
            "scheme": request.scheme,
            "host": request.host,
            "behind": [
                [*request.headers.items()],
                str(request.raw_headers),
                str(request.rel_url),
                request.path_qs,
                dict(request.match_info),
            ],
        }
    )


@asynccontextmanager
async def asking(proxies: Proxies) -> AsyncIterator[str]:
    app = web.Application(middlewares=[entry(proxies)])
    for path in PATHS:
        app.router.add_route("*", path, tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield "http://{}:{}".format(*runner.addresses[0])
    finally:
        await runner.cleanup()


async def ask(proxies: Proxies, *headers: tuple[str, str], path: str = PATH) -> Told:
    async with asking(proxies) as base, aiohttp.ClientSession() as session:
        sent = [("X-Kept", "kept"), *headers]
        async with session.get(base + path, headers=sent) as got:
            assert got.status == 200
            return json.loads(await got.text())


def by_basic(text: str) -> tuple[str, str]:
    return "Authorization", f"Basic {base64.b64encode(text.encode()).decode()}"


STRANGE = [
    ("X-Forwarded-For", "10.0.0.1"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X_Forwarded_For", "10.0.0.1"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "other.example.go.th"),
    ("X-Forwarded-Port", "443"),
    ("X-Forwarded-Client-Cert", PEM),
    ("Forwarded", "for=10.0.0.1;proto=https"),
    ("Via", "1.1 proxy"),
    ("X-Real-IP", "10.0.0.1"),
    ("X-Client-IP", "10.0.0.1"),
    ("X-Cluster-Client-IP", "10.0.0.1"),
    ("True-Client-IP", "10.0.0.1"),
    ("CF-Connecting-IP", "10.0.0.1"),
    ("X-Original-URL", "/ecms/1500200000"),
    ("X-Client-Certificate", PEM),
    ("X_Client_Certificate", PEM),
    ("x-client-cert", PEM),
    ("X-SSL-Client-Cert", PEM),
    ("Ssl-Client-Cert", PEM),
    ("X-From", "10.0.0.1"),
    ("X-Cert", PEM),
]
ELSEWHERE = Proxies(_networks("203.0.113.0/24"), "X-From", "X-Cert")


@pytest.mark.parametrize(("name", "value"), STRANGE)
async def test_a_header_from_a_stranger_changes_nothing_and_is_gone(
    name: str, value: str
) -> None:
    """Where there is no proxy, and where there is one elsewhere."""
    plain = await ask(ELSEWHERE)
    told = await ask(ELSEWHERE, (name, value))

    kept = ("address", "certificate", "secret", "basic", "scheme")
    assert {key: told[key] for key in kept} == {key: plain[key] for key in kept}
    assert told["address"] == "127.0.0.1"
    assert "X-Kept" in str(told["behind"])
    assert value not in str(told["behind"]).replace(told["host"], "")
    assert name.lower() not in str(told["behind"]).lower()


async def test_no_header_from_a_stranger_changes_who_calls() -> None:
    """Any header whatever, in any number, alone or beside others."""
    names = st.one_of(
        st.sampled_from([name for name, _ in STRANGE]),
        st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True),
    ).filter(
        lambda name: (
            name.lower()
            not in {
                *("host", "connection", "content-length", "transfer-encoding"),
                *("expect", "upgrade", "authorization", "content-encoding"),
            }
        )
    )
    values = st.one_of(
        st.sampled_from([value for _, value in STRANGE]),
        st.from_regex(r"[!-~][ -~]{0,30}", fullmatch=True),
    )
    loop = asyncio.get_running_loop()
    async with asking(ELSEWHERE) as base:
        plain = await _raw(base, [])

        @settings(
            max_examples=100, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(st.lists(st.tuples(names, values), max_size=6))
        def send(headers: list[tuple[str, str]]) -> None:
            asked = asyncio.run_coroutine_threadsafe(_raw(base, headers), loop)
            told = asked.result(20)
            for key in ("address", "certificate", "secret", "basic", "scheme", "host"):
                assert told[key] == plain[key]

        await asyncio.to_thread(send)


async def _raw(base: str, headers: list[tuple[str, str]]) -> Told:
    host, _, port = base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"GET {PATH} HTTP/1.1", "Host: hub", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return json.loads(body)


@pytest.mark.parametrize(
    ("values", "address"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["203.0.113.1, 192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7, 10.9.0.1"], "192.0.2.7"),
        (["192.0.2.7 ,10.9.0.1, 10.9.0.2"], "192.0.2.7"),
        (["203.0.113.1", "192.0.2.7"], "192.0.2.7"),
        (["203.0.113.1, 192.0.2.7", "10.9.0.1"], "192.0.2.7"),
        (["192.0.2.7:5123"], "192.0.2.7"),
        (["[2001:db8::7]"], "2001:db8::7"),
        (["[2001:db8::7]:5123"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["::ffff:192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7, ::ffff:10.9.0.1"], "192.0.2.7"),
        (["192.0.2.7, [2001:db8:9::1]:80"], "192.0.2.7"),
        (["fe80::7%eth0"], "fe80::7"),
        # Who names nobody, or nothing that can be read, asks for nobody.
        ([], "None"),
        ([""], "None"),
        (["unknown"], "None"),
        (["unix:"], "None"),
        (["192.0.2.7, unknown"], "None"),
        (["192.0.2.7, _hidden, 10.9.0.1"], "None"),
        (["192.0.2.7,"], "None"),
        (["10.9.0.1, 127.0.0.1"], "None"),
        (["192.0.2.7/32"], "None"),
        (["%3A%3A1"], "None"),
        (["192.0.2.7 10.9.0.1"], "None"),
    ],
)
async def test_a_proxy_says_for_whom_it_asks(values: list[str], address: str) -> None:
    told = await ask(LOOPBACK, *(("X-Forwarded-For", one) for one in values))

    assert told["address"] == address


async def test_a_proxy_may_use_headers_of_its_own() -> None:
    told = await ask(
        OWN_NAMES,
        ("X-Forwarded-For", "203.0.113.1"),
        ("X-From", "192.0.2.7"),
        ("X-Client-Certificate", "nonsense"),
        ("X-Cert", PEM),
    )

    assert told["address"] == "192.0.2.7"
    assert told["certificate"] == CLIENT.fingerprint
    for gone in ("203.0.113.1", "192.0.2.7", "nonsense", PEM):
        assert gone not in str(told["behind"])


@pytest.mark.parametrize("safe", ["", "/+="])
async def test_a_proxy_passes_on_a_certificate(safe: str) -> None:
    value = quote(CLIENT.pem.decode(), safe=safe)
    told = await ask(LOOPBACK, ("X-Client-Certificate", value))

    assert told["certificate"] == CLIENT.fingerprint


@pytest.mark.parametrize(
    "values",
    [
        [""],
        ["nonsense"],
        ["%ff%fe"],
        ["%"],
        [CLIENT.der.hex()],
        [quote("-----BEGIN CERTIFICATE-----\n")],
        [quote("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n")],
        [quote("-----BEGIN CERTIFICATE-----\nก\n-----END CERTIFICATE-----\n")],
        [PEM[:-40]],
        [PEM, PEM],
    ],
)
async def test_a_certificate_that_cannot_be_read_is_none(values: list[str]) -> None:
    told = await ask(LOOPBACK, *(("X-Client-Certificate", one) for one in values))

    assert told["certificate"] == ""


async def test_what_is_no_certificate_is_nobodys() -> None:
    """Bytes in PEM are not read, only compared by their digest."""
    text = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n"
    told = await ask(LOOPBACK, ("X-Client-Certificate", quote(text)))

    assert told["certificate"] == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("values", "scheme"),
    [
        (["https"], "https"),
        (["HTTPS "], "https"),
        (["http"], "http"),
        (["https, http"], "http"),
        (["https", "https"], "http"),
        (["javascript"], "http"),
        ([""], "http"),
    ],
)
async def test_a_proxy_says_how_it_was_reached(values: list[str], scheme: str) -> None:
    told = await ask(LOOPBACK, *(("X-Forwarded-Proto", one) for one in values))

    assert told["scheme"] == scheme


@pytest.mark.parametrize(
    ("header", "basic"),
    [
        (by_basic("1500200050:abc"), ["1500200050", "abc"]),
        (by_basic("15002:a:b"), ["15002", "a:b"]),
        (by_basic(":"), ["", ""]),
        (("Authorization", "bAsIc MTox"), ["1", "1"]),
        (("Authorization", "Basic"), ["", ""]),
        (("Authorization", "Basic M*ox"), ["", ""]),
        (("Authorization", "Basic /w=="), ["", ""]),
        (("Authorization", "Bearer MTox"), ["", ""]),
        (("Proxy-Authorization", "Basic MTox"), ["", ""]),
    ],
)
async def test_basic_is_read_and_gone(
    header: tuple[str, str], basic: list[str]
) -> None:
    told = await ask(NOBODY, header)

    assert told["basic"] == basic
    assert "uthorization" not in str(told["behind"])


async def test_two_authorizations_are_none() -> None:
    told = await ask(NOBODY, by_basic("1:1"), by_basic("1:1"))

    assert told["basic"] == ["", ""]


@pytest.mark.parametrize(
    "path",
    [
        f"/ecms/1500200050/key-{SECRET}",
        f"/ecms/1500200050/key-{SECRET}/",
        f"/ecms/1500200050/key-{SECRET}/ecms-ws01/service2",
        f"/ecms/1500200050/key-{SECRET}/ecms-ws01/service2?wsdl",
        f"/ecms/1500200050/KEY-{SECRET}/thegif_2",
        f"/ecms/1500200050/%6bey-{SECRET}/thegif_2/",
        f"/ecms/1500200050/key%2D{SECRET}/thegif_2/ecms-ws01/service2",
        f"/key-{SECRET}/ecms-ws01/service2/",
        f"/key-{SECRET}",
        f"/key-{SECRET}/",
    ],
)
async def test_a_secret_in_the_path_is_read_and_gone(path: str) -> None:
    told = await ask(NOBODY, path=path)

    assert told["secret"] == SECRET
    assert SECRET not in str(told["behind"])
    assert ("?wsdl" in path) == ("wsdl" in str(told["behind"]))


async def test_bytes_that_are_no_text_are_no_mistake_of_ours() -> None:
    async with asking(LOOPBACK) as base:
        told = await _raw(base, [("X-Any", "\xff\xfe"), ("X-Forwarded-For", "\xe0")])

    assert told["address"] == "None"
