"""The way to an endpoint: what each step finds, and at which one walking stops."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from envelopes import answers
from gateway.domain.endpoint import Way
from gateway.identity import SystemClock
from gateway.transport.credentials import PushFiles
from gateway.transport.probing import Step, walk
from schemas.catalog import Operation
from tests.doubles.clock import HandClock
from tests.doubles.endpoint import (
    NAME,
    NOW,
    VOUCHES,
    an_endpoint,
    answers_with,
    says,
    server_certificate,
    server_tls,
)
from tests.doubles.pki import authority
from tests.gateway.transport.parcels import a_handover, an_endpoint_record

CLIENTS = authority("Clients", not_before=NOW - timedelta(days=9))


async def _here(name: str) -> list[Any]:
    assert name == NAME
    return [ip_address("127.0.0.1")]


def _names(steps: list[Step]) -> list[str]:
    """Return the steps that were made, the failing one with a mark."""
    return [step.name if step.ok else f"{step.name}!" for step in steps]


async def test_a_node_is_asked_for_the_time() -> None:
    """Operation 12, and nothing that a node would keep."""
    async with an_endpoint() as node, a_handover(lookup=_here) as handover:
        url = f"http://{NAME}:{node.port}/ecms-ws01/service2"
        steps = await walk(handover, an_endpoint_record(url))

    way = ["record", "name", "address", "tcp", "answer", "protocol", "clock"]
    assert _names(steps) == way
    assert steps[1].found == "127.0.0.1"
    assert b"<TimeCheckRequest />" in node.arrived[0].body
    assert not node.taken


async def test_the_certificate_is_seen_with_its_end(tmp_path: Path) -> None:
    """Over TLS there is one step more, and one for what the hub shows."""
    tls = server_tls(tmp_path, server_certificate(), clients=CLIENTS)
    files = _files(tmp_path)
    async with an_endpoint(tls=tls) as node, a_handover(files=files) as handover:
        steps = await walk(handover, an_endpoint_record(node.url))

    way = ["record", "address", "tcp", "tls", "shown", "answer", "protocol", "clock"]
    assert _names(steps) == way
    assert steps[3].until is not None
    assert steps[3].until.date() == (NOW + timedelta(days=1)).date()
    assert "1500299998" in steps[4].found


def _files(folder: Path, until: timedelta = timedelta(days=9)) -> PushFiles:
    own = CLIENTS.issue(
        "1500299998", not_before=NOW - timedelta(days=2), not_after=NOW + until
    )
    files = PushFiles(*(folder / name for name in ("push.crt", "push.key", "ca.pem")))
    contents = (own.pem, own.key_pem, VOUCHES.pem)
    named = (files.certificate, files.key, files.authorities)
    for file, content in zip(named, contents, strict=True):
        assert file is not None
        file.touch(0o600)
        file.write_bytes(content)
    return files


async def test_a_webhook_gets_a_ping() -> None:
    """Signed as any other message, and it takes nothing."""
    async with an_endpoint(answers_with(204)) as hook, a_handover() as handover:
        steps = await walk(handover, an_endpoint_record(hook.url, Way.WEBHOOK))

    assert _names(steps)[-2:] == ["protocol", "clock"]
    (came,) = hook.arrived
    assert came.headers["Gateway-Event"] == "ping"
    assert "Gateway-Signature" in came.headers


async def test_a_node_that_tells_no_time_speaks_the_protocol() -> None:
    """Not all nodes know operation 12: an error answer of theirs is an answer."""
    body = answers.refused(Operation.TIME_CHECK, [("E-1", "unknown")])
    async with an_endpoint(answers_with(body=body)) as node, a_handover() as handover:
        steps = await walk(handover, an_endpoint_record(node.url))

    assert steps[-2].name == "protocol"
    assert steps[-2].ok
    assert "E-1" in steps[-2].found


@pytest.mark.parametrize(
    ("url", "networks", "stops_at", "code"),
    [
        ("ftp://node/", (), "record!", "address-forbidden"),
        ("https://10.0.0.1/", (), "record!", "address-forbidden"),
        (f"https://{NAME}/", (), "address!", "address-forbidden"),
        (f"http://{NAME}:1/", ("127.0.0.0/8",), "tcp!", "endpoint-unreachable"),
    ],
)
async def test_it_stops_before_anything_is_sent(
    url: str, networks: tuple[str, ...], stops_at: str, code: str
) -> None:
    """The step that fails is the last, with the error of handing over."""
    async with a_handover(lookup=_here) as handover:
        steps = await walk(handover, an_endpoint_record(url, networks=networks))

    assert _names(steps)[-1] == stops_at
    assert steps[-1].error is not None
    assert steps[-1].error.code == code


async def test_a_name_nobody_knows() -> None:
    """DNS has no such name, or does not answer."""

    async def nowhere(_name: str) -> list[Any]:
        raise OSError(-2, "Name or service not known")

    async with a_handover(lookup=nowhere) as handover:
        steps = await walk(handover, an_endpoint_record(f"https://{NAME}/"))

    assert _names(steps) == ["record", "name!"]
    assert steps[-1].found == "Name or service not known"


async def test_a_certificate_that_does_not_hold(tmp_path: Path) -> None:
    """Expired: told as such, and no HTTP is spoken."""
    own = server_certificate(until=NOW - timedelta(hours=1))
    tls, files = server_tls(tmp_path, own), _files(tmp_path)
    async with an_endpoint(tls=tls) as node, a_handover(files=files) as handover:
        steps = await walk(handover, an_endpoint_record(node.url))

    assert _names(steps)[-1] == "tls!"
    assert "expired" in steps[-1].found
    assert not node.arrived


async def test_the_hubs_own_certificate_has_expired(tmp_path: Path) -> None:
    """It would be refused; the file to mend is named."""
    tls = server_tls(tmp_path, server_certificate(), clients=CLIENTS)
    files = _files(tmp_path, timedelta(hours=-1))
    async with (
        an_endpoint(tls=tls) as node,
        a_handover(files=files, clock=SystemClock()) as handover,
    ):
        steps = await walk(handover, an_endpoint_record(node.url))

    assert _names(steps)[-1] == "shown!"
    assert "push_certificate" in steps[-1].found


async def test_a_demanded_certificate_that_is_not_there(tmp_path: Path) -> None:
    """TLS 1.3 says so only when something is asked."""
    tls = server_tls(tmp_path, server_certificate(), clients=CLIENTS)
    files = PushFiles(authorities=_files(tmp_path).authorities)
    async with an_endpoint(tls=tls) as node, a_handover(files=files) as handover:
        steps = await walk(handover, an_endpoint_record(node.url))

    assert _names(steps)[-1] == "answer!"
    assert steps[-1].error is not None
    assert steps[-1].error.code == "endpoint-untrusted"


@pytest.mark.parametrize(
    ("behave", "stops_at"),
    [
        (says(), "answer!"),
        (answers_with(404), "protocol!"),
        (answers_with(301), "protocol!"),
        (answers_with(body=b"<html/>"), "protocol!"),
    ],
    ids=["hangs up", "no such path", "moved", "another program"],
)
async def test_what_answers_is_no_node(behave: Any, stops_at: str) -> None:
    """An answer is one step, what it says the next."""
    async with an_endpoint(behave) as node, a_handover() as handover:
        steps = await walk(handover, an_endpoint_record(node.url))

    assert _names(steps)[-1] == stops_at


async def test_clocks_that_are_apart() -> None:
    """More than a minute is told; nothing else is wrong."""
    async with an_endpoint() as node, a_handover(clock=HandClock()) as handover:
        steps = await walk(handover, an_endpoint_record(node.url))

    assert _names(steps)[-2:] == ["protocol", "clock!"]
    assert steps[-1].error is None
