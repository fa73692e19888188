"""Who is let in, over real HTTP: a production hub, and a demo hub."""

import asyncio
import base64
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from envelopes.letter import OrganizationCode, Party
from gateway.bootstrap import Hub
from gateway.domain.access import (
    Access,
    AccessKind,
    Denial,
    Shown,
    address_of,
    digest_of,
    secret_of,
)
from gateway.domain.consignment import Signed
from gateway.domain.organization import (
    Organization,
    Purpose,
    RegisteredCertificate,
)
from gateway.ports import Store
from gateway.web.access import Gate
from gateway.web.addresses import WAYS
from gateway.web.caller import Caller as CallerOf
from gateway.web.errors import AccessDenied
from gateway.web.throttle import FAILURES, Throttle
from tests.doubles.clock import HandClock
from tests.doubles.pki import Identity, identity
from tests.gateway.web.conftest import (
    CHIANG_MAI,
    MINISTRY,
    SAMPLES,
    Answer,
    Caller,
    Calling,
    sample,
)
from tests.letters import a_letter, as_wire

POLL = sample("cs-07-inbound-poll-request")
INBOUND = "CorrespondenceLetterInboundResponse"
UNKNOWN = "1500299999"
SUFFIX = "ecms.example.go.th"
SECRET = secret_of(7**45)
OTHER = secret_of(3**80)
CLIENT = identity("ec", CHIANG_MAI)
REQUESTS = sorted(path.stem for path in SAMPLES.glob("cs-*-request.xml"))


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


RIGHT = basic(CHIANG_MAI, SECRET)


async def entered(hub: Hub, *codes: str, active: bool = True) -> None:
    async with hub.store.unit() as unit:
        for code in codes:
            office = Organization(
                OrganizationCode(code), "หน่วยงาน", "Office", Signed.HOSTED, active
            )
            await unit.directory.add(office, [], hub.work.clock.now())
        await unit.commit()


async def give(
    hub: Hub, kind: AccessKind, value: str, code: str = CHIANG_MAI, ends: int = 9
) -> None:
    now = hub.work.clock.now()
    value = value if kind is AccessKind.NETWORK else digest_of(value)
    async with hub.store.unit() as unit:
        await unit.accesses.add(
            Access(
                id=hub.work.ids.new(),
                organization=OrganizationCode(code),
                kind=kind,
                value=value,
                added_at=now,
                ends_at=now + timedelta(days=ends),
            )
        )
        await unit.commit()


async def give_certificate(hub: Hub, purpose: Purpose, whose: Identity) -> None:
    async with hub.store.unit() as unit:
        await unit.directory.add_certificate(
            RegisteredCertificate(
                whose.organization,
                whose.der,
                whose.fingerprint,
                whose.not_before,
                whose.not_after,
                frozenset({purpose}),
            ),
            hub.work.clock.now(),
        )
        await unit.commit()


Giving = tuple[AccessKind, str]


def with_access(*given: Giving) -> Callable[[Hub], Awaitable[None]]:
    """Enter two offices; the first gets these, the other's secret is another."""

    async def before(hub: Hub) -> None:
        await entered(hub, CHIANG_MAI, MINISTRY)
        for kind, value in given:
            await give(hub, kind, value)
        await give(hub, AccessKind.PATH, OTHER, MINISTRY)
        await give(hub, AccessKind.BASIC, OTHER, MINISTRY)

    return before


PATH = (AccessKind.PATH, SECRET)
BASIC = (AccessKind.BASIC, SECRET)
HERE = (AccessKind.NETWORK, "127.0.0.0/8")
ELSEWHERE = (AccessKind.NETWORK, "10.1.0.0/16")


def url(caller: Caller, code: str, secret: str = "", way: str = WAYS[0]) -> str:
    key = f"/key-{secret}" if secret else ""
    return f"{caller.base}/ecms/{code}{key}{way}"


async def poll(caller: Caller, at: str, **headers: str) -> Answer:
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return await caller.ask("POST", at, data=POLL, headers=fields)


def refused(answer: Answer) -> bool:
    """Whether it is the one refusal there is."""
    if answer.status == 200:
        return False
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="ecms"'
    assert answer.headers["Connection"] == "close"
    assert answer.error[:2] == ("Body", "access-denied")
    return True


@pytest.mark.parametrize("request_name", REQUESTS)
async def test_a_new_hub_takes_nothing_from_anybody(
    calling: Calling, request_name: str
) -> None:
    """Every default untouched: a hub of `gateway init`, of which nothing is known."""
    letter = as_wire(a_letter())
    async with calling(demo=False) as caller:
        for body in (sample(request_name), letter):
            for door in (MINISTRY, UNKNOWN):
                answer = await caller.post(door, body)
                assert refused(answer)
    assert _rows(caller.data, "letter") == _rows(caller.data, "envelope") == []


async def test_a_new_organization_is_closed(calling: Calling) -> None:
    async def before(hub: Hub) -> None:
        await entered(hub, CHIANG_MAI)

    async with calling(demo=False, before=before) as caller:
        assert refused(await caller.poll(CHIANG_MAI))
        assert refused(await poll(caller, url(caller, CHIANG_MAI, SECRET)))
        assert refused(await caller.post(CHIANG_MAI, POLL, Authorization=RIGHT))


@pytest.mark.parametrize("way", WAYS)
async def test_a_secret_in_the_path_opens_every_way(calling: Calling, way: str) -> None:
    async with calling(demo=False, before=with_access(PATH)) as caller:
        for secret in (SECRET, SECRET.upper()):
            answer = await poll(caller, url(caller, CHIANG_MAI, secret, way))
            assert answer.payload.tag == INBOUND
        assert refused(await poll(caller, url(caller, CHIANG_MAI, "", way)))
        assert refused(await poll(caller, url(caller, CHIANG_MAI, OTHER, way)))
        assert refused(await poll(caller, url(caller, MINISTRY, SECRET, way)))


@pytest.mark.parametrize("way", WAYS)
async def test_it_opens_every_way_below_a_host_too(calling: Calling, way: str) -> None:
    hub = calling(demo=False, before=with_access(PATH), host_suffix=SUFFIX)
    own, other = f"{CHIANG_MAI}.{SUFFIX}", f"{MINISTRY}.{SUFFIX}"
    async with hub as caller:
        at = f"{caller.base}/key-{SECRET}{way}"
        assert (await poll(caller, at, Host=own)).payload.tag == INBOUND
        assert refused(await poll(caller, at, Host=other))
        assert refused(await poll(caller, at))
        if way:
            assert refused(await poll(caller, f"{caller.base}{way}", Host=own))
        # What names two is nobody's, whoever shows what.
        both = url(caller, CHIANG_MAI, SECRET, way)
        assert refused(await poll(caller, both, Host=other))
        assert not refused(await poll(caller, both, Host=own))


@pytest.mark.parametrize(
    "path",
    [
        "/ecms/{code}/{key}/ecms-ws01/service2",
        "/ecms/15002%30%30050/{key}/ecms-ws01/service2",
        "/ecms/%20{code}/{key}/ecms-ws01/service2",
        "/ecms/{code}/%6B%65y-{secret}/ecms-ws01/service2",
        "/ecms/{code}/{key}/%65cms-ws01/service2",
    ],
)
async def test_however_it_is_escaped(calling: Calling, path: str) -> None:
    await _asked(calling, path, status=200)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ecms/{code};x=1/{key}/ecms-ws01/service2", 401),
        ("/ecms/{code}/{key};x=1/ecms-ws01/service2", 401),
        ("/ecms/{code}/{key}/ecms-ws01/service2;x=1", 404),
        ("//ecms/{code}/{key}/ecms-ws01/service2", 404),
        ("/ecms//{code}/{key}/ecms-ws01/service2", 404),
        ("/ecms/{code}/{key}/{key}", 404),
        ("/ecms/{code}/key-", 404),
        ("/ecms/{code}/{secret}/ecms-ws01/service2", 404),
        ("/ecms/{key}/ecms-ws01/service2", 401),
        ("/{key}/ecms/{code}/ecms-ws01/service2", 404),
        ("/ecms/{code}/x/../{key}/ecms-ws01/service2", 404),
        ("/ecms/{code}%2F{key}/ecms-ws01/service2", 401),
    ],
)
async def test_other_forms_lead_nowhere(
    calling: Calling, path: str, status: int
) -> None:
    await _asked(calling, path, status=status)


async def _asked(calling: Calling, path: str, *, status: int) -> None:
    """Ask by bytes on the wire: a client would put such a path in order."""
    async with calling(demo=False, before=with_access(PATH)) as caller:
        names = {"code": CHIANG_MAI, "secret": SECRET, "key": f"key-{SECRET}"}
        head, body = await _wire(caller, path.format(**names))
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert SECRET.encode() not in head + body


async def _wire(caller: Caller, path: str) -> tuple[bytes, bytes]:
    host, _, port = caller.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"POST {path} HTTP/1.1", "Host: hub", f"Content-Length: {len(POLL)}"]
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + POLL)
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


async def test_basic_opens_the_door_of_its_user(calling: Calling) -> None:
    async with calling(demo=False, before=with_access(BASIC)) as caller:
        assert refused(await caller.poll(CHIANG_MAI))
        for user in (CHIANG_MAI, f" {CHIANG_MAI}"):
            shown = basic(user, SECRET)
            answer = await caller.post(CHIANG_MAI, POLL, Authorization=shown)
            assert answer.payload.tag == INBOUND
        for wrong in (
            basic(CHIANG_MAI, OTHER),
            basic(MINISTRY, SECRET),
            basic("", SECRET),
            basic(CHIANG_MAI, ""),
            "Basic nonsense",
            f"Bearer {SECRET}",
        ):
            assert refused(await caller.post(CHIANG_MAI, POLL, Authorization=wrong))
        # Right at one's own door, and so nothing at another.
        assert refused(await caller.post(MINISTRY, POLL, Authorization=RIGHT))


async def test_the_old_code_is_a_user_too(calling: Calling) -> None:
    async def before(hub: Hub) -> None:
        await entered(hub, MINISTRY)
        await give(hub, AccessKind.BASIC, SECRET, MINISTRY)

    async with calling(demo=False, before=before) as caller:
        shown = basic("15002", SECRET)
        answer = await caller.post("15002", POLL, Authorization=shown)

    assert answer.payload.tag == INBOUND


async def test_an_old_client_is_asked_and_then_shows_its_password(
    calling: Calling,
) -> None:
    """.NET: the first call shows nothing; that it did is no denial later on."""
    async with calling(demo=False, before=with_access(BASIC)) as caller:
        for _ in range(3 * FAILURES):
            assert refused(await caller.poll(CHIANG_MAI))
            answer = await caller.post(CHIANG_MAI, POLL, Authorization=RIGHT)
            assert answer.payload.tag == INBOUND

    (act,) = _denials(caller.data)
    assert act["after"]["count"] == "1"


@pytest.mark.parametrize("given", [(HERE,), (HERE, PATH), (ELSEWHERE, PATH)])
async def test_a_network_is_enough_alone_and_demanded_beside_a_secret(
    calling: Calling, given: tuple[Giving, ...]
) -> None:
    async with calling(demo=False, before=with_access(*given)) as caller:
        plain = refused(await caller.poll(CHIANG_MAI))
        shown = refused(await poll(caller, url(caller, CHIANG_MAI, SECRET)))
        theirs = refused(await caller.poll(MINISTRY))

    assert (plain, shown) == (given != (HERE,), ELSEWHERE in given)
    assert theirs


async def test_an_access_added_to_a_serving_hub_counts_and_ends(
    calling: Calling,
) -> None:
    """Within the second for which the directory is taken for true."""
    async with calling(demo=False, before=with_access()) as caller:
        # From where somebody was let in nobody is turned away unheard.
        assert not refused(await poll(caller, url(caller, MINISTRY, OTHER)))
        assert refused(await poll(caller, url(caller, CHIANG_MAI, SECRET)))
        _sql(
            caller.data,
            "INSERT INTO access VALUES (?, ?, 'path-secret', ?, ?, NULL)",
            "ab" * 16,
            CHIANG_MAI,
            digest_of(SECRET),
            "2026-11-01 00:00:00.000000",
        )
        async with asyncio.timeout(20):
            while refused(await poll(caller, url(caller, CHIANG_MAI, SECRET))):
                pass
        _sql(caller.data, "UPDATE access SET ends_at = added_at")
        async with asyncio.timeout(20):
            while not refused(await poll(caller, url(caller, CHIANG_MAI, SECRET))):
                pass


def _sql(data: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(data / "hub.db", timeout=20)) as database, database:
        database.execute(statement, values)


def _rows(data: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(data / "hub.db")) as database:
        database.row_factory = sqlite3.Row
        found = database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
        return [dict(row) for row in found]


def _denials(data: Path) -> list[dict[str, Any]]:
    acts = [row for row in _rows(data, "act") if row["what"] == "access denied"]
    return [{**row, "after": json.loads(row["after"])} for row in acts]


BEHIND = {"proxies": "127.0.0.1/32"}


async def test_through_a_proxy_the_caller_is_whom_it_names(calling: Calling) -> None:
    hub = calling(demo=False, before=with_access(ELSEWHERE), **BEHIND)
    async with hub as caller:
        inside = {"X_Forwarded_For": "203.0.113.9, 10.1.2.3"}
        outside = {"X_Forwarded_For": "10.1.2.3, 203.0.113.9"}
        assert not refused(await caller.post(CHIANG_MAI, POLL, **inside))
        assert refused(await caller.post(CHIANG_MAI, POLL, **outside))
        assert refused(await caller.poll(CHIANG_MAI))


@pytest.mark.parametrize("settings", [{}, {"proxies": "10.9.0.0/16"}])
async def test_a_stranger_that_plays_the_proxy_is_not_believed(
    calling: Calling, settings: dict[str, str]
) -> None:
    async def before(hub: Hub) -> None:
        await with_access(ELSEWHERE)(hub)
        await give_certificate(hub, Purpose.ACCESS, CLIENT)

    pem = quote(CLIENT.pem.decode())
    async with calling(demo=False, before=before, **settings) as caller:
        for name in ("X_Forwarded_For", "X_Real_IP", "Forwarded"):
            answer = await caller.post(
                CHIANG_MAI, POLL, X_Client_Certificate=pem, **{name: "10.1.2.3"}
            )
            assert refused(answer)


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_certificate_proven_to_the_proxy_is_a_proof(
    calling: Calling, purpose: Purpose
) -> None:
    async def before(hub: Hub) -> None:
        await entered(hub, CHIANG_MAI, MINISTRY)
        await give_certificate(hub, purpose, CLIENT)

    mine, other = (quote(one.pem.decode()) for one in (CLIENT, identity("rsa")))
    async with calling(demo=False, before=before, **BEHIND) as caller:
        from_outside = {"X_Forwarded_For": "203.0.113.9"}

        async def shows(pem: str, code: str = CHIANG_MAI) -> bool:
            headers = {"X_Client_Certificate": pem, **from_outside}
            return not refused(await caller.post(code, POLL, **headers))

        assert await shows(mine) is (purpose is Purpose.ACCESS)
        assert not await shows(other)
        assert not await shows(mine, MINISTRY)
        assert not await shows("")


async def test_the_address_is_told_by_the_scheme_the_proxy_was_reached_by(
    calling: Calling,
) -> None:
    async with calling(demo=False, before=with_access(PATH), **BEHIND) as caller:
        answer = await caller.ask(
            "GET",
            f"{url(caller, CHIANG_MAI, SECRET)}?wsdl",
            headers={"X-Forwarded-Proto": "https", "Host": "hub.example.go.th"},
        )

    told = f"https://hub.example.go.th/ecms/{CHIANG_MAI}/ecms-ws01/service2"
    assert f'location="{told}"'.encode() in answer.body


async def test_a_refusal_is_the_same_to_the_byte_for_known_and_unknown(
    calling: Calling,
) -> None:
    """By whatever way, whatever is shown, whatever is wrong with it."""
    async with calling(
        demo=False, before=with_access(PATH, BASIC, ELSEWHERE)
    ) as caller:
        seen: set[tuple[int, bytes, str]] = set()
        for code in (CHIANG_MAI, MINISTRY, UNKNOWN, "abc"):
            for secret in ("", SECRET[:-1]):
                for more in ({}, {"Authorization": basic(code, SECRET[1:])}):
                    at = url(caller, code, secret)
                    answer = await poll(caller, at, **more)
                    head = {k: v for k, v in answer.headers.items() if k != "Date"}
                    seen.add((answer.status, answer.body, str(head)))

    assert len(seen) == 1


async def test_a_refusal_takes_as_long_whoever_is_asked_for(calling: Calling) -> None:
    """An answer from memory and one from the database come after the same time."""
    loop = asyncio.get_running_loop()
    async with calling(demo=False, before=with_access(PATH)) as caller:
        for code in (CHIANG_MAI, CHIANG_MAI, UNKNOWN, UNKNOWN):
            begun = loop.time()
            assert refused(await caller.poll(code))
            assert loop.time() - begun >= 0.05


async def test_the_body_is_not_read_before_access_is_settled(calling: Calling) -> None:
    """A sender that waits to be asked for its body is told at once."""
    async with calling(demo=False, before=with_access(PATH)) as caller:
        host, _, port = caller.base.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /ecms/{CHIANG_MAI} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
        writer.write(f"{head}Expect: 100-continue\r\n\r\n".encode())
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()

    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_who_fails_too_often_is_not_heard_for_a_while(calling: Calling) -> None:
    async with calling(demo=False, before=with_access(PATH)) as caller:
        right = url(caller, CHIANG_MAI, SECRET)
        for _ in range(FAILURES):
            assert refused(await caller.poll(UNKNOWN))
        for at in (right, url(caller, UNKNOWN)):
            answer = await poll(caller, at)
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 6
            assert answer.error[:2] == ("Body", "too-many-failures")
            assert answer.headers["Connection"] == "close"


async def test_who_was_let_in_is_heard_whatever_its_neighbour_tries(
    calling: Calling,
) -> None:
    async with calling(demo=False, before=with_access(PATH)) as caller:
        right = url(caller, CHIANG_MAI, SECRET)
        assert not refused(await poll(caller, right))
        for _ in range(FAILURES + 2):
            assert refused(await caller.poll(UNKNOWN))
        assert not refused(await poll(caller, right))


async def test_strangers_leave_a_few_lines_and_acts(calling: Calling) -> None:
    with capture_logs() as lines:
        async with calling(demo=False, before=with_access(PATH)) as caller:
            for code in (CHIANG_MAI, UNKNOWN, "15003", CHIANG_MAI):
                await poll(caller, url(caller, code, OTHER))

    told = [line for line in lines if line["event"] == "access denied"]
    assert [line["detail"] for line in told] == ["wrong", "no-access", "no-access"]
    assert {line["peer"] for line in told} == {"127.0.0.1"}
    acts = _denials(caller.data)
    found = {
        (a["organization"], a["after"]["reason"], a["after"]["count"]) for a in acts
    }
    assert found == {(CHIANG_MAI, "wrong", "2"), (None, "no-access", "2")}
    assert {a["account"] for a in acts} == {""}
    assert {a["after"]["peer"] for a in acts} == {"127.0.0.1"}


async def test_an_admitted_office_cannot_speak_for_another(calling: Calling) -> None:
    ministry = Party("", "", "", "", OrganizationCode(MINISTRY))
    async with calling(demo=False, before=with_access(PATH)) as caller:
        at = url(caller, CHIANG_MAI, SECRET)
        wire = as_wire(replace(a_letter(), sender=ministry))
        answer = await caller.ask("POST", at, data=wire)

    assert answer.error[1] == "sender-not-of-this-door"
    assert _rows(caller.data, "letter") == []


async def test_a_suspended_organization_is_told_so(calling: Calling) -> None:
    """It is let in: what it may not do is refused with its reason."""

    async def before(hub: Hub) -> None:
        await entered(hub, MINISTRY, active=False)
        await entered(hub, CHIANG_MAI)
        await give(hub, AccessKind.PATH, SECRET, MINISTRY)

    async with calling(demo=False, before=before) as caller:
        wire = as_wire(a_letter())
        answer = await caller.ask("POST", url(caller, MINISTRY, SECRET), data=wire)

    assert answer.error[1] == "sender-suspended"


async def test_vendors_need_no_access_and_get_no_secret(calling: Calling) -> None:
    async with calling(demo=False, before=with_access(PATH)) as caller:
        with_key = url(caller, CHIANG_MAI, SECRET)
        answer = await caller.ask("GET", f"{with_key}?wsdl")
        plain = await caller.ask("GET", f"{url(caller, CHIANG_MAI)}?wsdl")

    assert answer.status == 200
    assert answer.body == plain.body


@pytest.mark.parametrize(
    ("address", "enters"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.7", False),
        ("::ffff:10.0.0.7", False),
        ("fe80::1", False),
        ("0.0.0.0", False),  # noqa: S104 - nobody listens there
        ("unix:", False),
    ],
)
async def test_a_demo_hub_lets_in_this_machine_and_nobody_else(
    address: str, *, enters: bool
) -> None:
    noted: list[Denial] = []
    gate = Gate(
        cast("Store", None),
        HandClock(),
        demo=True,
        throttle=Throttle(lambda: 0.0),
        denied=noted.append,
    )
    caller = CallerOf(Shown(address=address_of(address)))
    with nullcontext() if enters else pytest.raises(AccessDenied):
        await gate.settle(caller, OrganizationCode(MINISTRY))
    assert len(noted) == (not enters)


@pytest.mark.parametrize(
    "header",
    [
        *("Forwarded", "X-Forwarded-For", "x-forwarded-proto", "X_Forwarded_For"),
        *("X-Forwarded-Anything-New", "X-Real-IP", "X-Original-Forwarded-For"),
        *("Via", "True-Client-IP", "CF-Connecting-IP"),
    ],
)
@pytest.mark.parametrize("settings", [{}, BEHIND], ids=["alone", "behind a proxy"])
async def test_a_demo_hub_lets_in_nothing_that_was_passed_on(
    calling: Calling, header: str, settings: dict[str, str]
) -> None:
    async with calling(**settings) as caller:
        answer = await caller.ask(
            "POST", url(caller, MINISTRY), data=POLL, headers={header: "127.0.0.1"}
        )

    assert answer.status == 403
    assert answer.error[:2] == ("Body", "access-denied")
    assert "WWW-Authenticate" not in answer.headers
