"""The door answers the same where other processes read what comes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from envelopes.dialects import BOI
from envelopes.letter import Attachment, LetterId
from gateway.reading import pool as reading_pool
from gateway.reading.pool import ReadingPool
from tests.eventually import eventually
from tests.gateway.web.conftest import CHIANG_MAI, MINISTRY, Answer, Caller, Calling
from tests.gateway.web.test_door import BAD, arrived, notice, tampered
from tests.letters import a_letter, as_wire

Line = Mapping[str, Any]


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> ReadingPool:
    """One process, which reads whatever comes."""
    monkeypatch.setattr(reading_pool, "LEAST", 0)
    return ReadingPool(1)


@pytest.fixture
async def caller(calling: Calling, readers: ReadingPool) -> AsyncIterator[Caller]:
    """A caller of a hub for which it reads."""
    async with calling(readers=readers) as made:
        await eventually(lambda: readers.ready == 1, within=30, every=0.01)
        yield made


def requests(caller: Caller) -> Sequence[tuple[str, bytes]]:
    """Return what is asked of a hub, right and wrong, and at which door."""
    own, foreign = caller.identity(MINISTRY), caller.identity(CHIANG_MAI)
    signed = as_wire(a_letter(id=LetterId("มท 2", "2026-11-20")), signed_by=own)
    unescaped = as_wire(
        a_letter(id=LetterId("มท 3", "2026-11-20"), subject="รับ-ส่ง"), BOI
    ).replace("รับ-ส่ง".encode(), "รับ & ส่ง".encode())
    return [
        *((MINISTRY, make()) for make, *_ in BAD.values()),
        (MINISTRY, tampered(signed)),
        (MINISTRY, as_wire(a_letter(), signed_by=foreign)),
        ("1500299999", signed),
        (CHIANG_MAI, signed),
        (MINISTRY, signed),
        (MINISTRY, signed),
        (MINISTRY, unescaped),
        (MINISTRY, as_wire(a_letter(), BOI, message_id="XmlValue-1")),
        (MINISTRY, unescaped),
        (CHIANG_MAI, notice("ReceiveLetterNotifier", "มท 2")),
        (CHIANG_MAI, notice("AcceptLetterNotifier", "มท 2")),
    ]


async def asked(caller: Caller) -> tuple[list[Answer], list[Line]]:
    """Ask all of it, one after another; return the answers and the door's events."""
    answers = []
    with capture_logs() as log:
        for door, body in requests(caller):
            if door == CHIANG_MAI and b"LetterNotifier" in body:
                await arrived(caller, CHIANG_MAI)
            answers.append(await caller.post(door, body))
    said = {"letter accepted", "letter repeated", "dialect changed", "request refused"}
    return answers, [line for line in log if line["event"] in said]


def told(answer: Answer) -> tuple[object, ...]:
    """Return what an answer says, without the numbers that differ every time."""
    refused = b"<ErrorDetail" in answer.body
    return answer.status, answer.payload.tag, answer.error if refused else "taken"


async def test_whatever_is_asked_is_answered_the_same(
    calling: Calling, readers: ReadingPool
) -> None:
    async with calling() as caller:
        here, said_here = await asked(caller)
    async with calling(readers=readers, folder="elsewhere") as caller:
        await eventually(lambda: readers.ready == 1, within=30, every=0.01)
        there, said_there = await asked(caller)

    assert [told(answer) for answer in there] == [told(answer) for answer in here]
    assert [_plain(line) for line in said_there] == [_plain(line) for line in said_here]


def _plain(line: Line) -> Line:
    return {k: v for k, v in line.items() if k != "consignment"}


async def test_it_is_read_there(
    caller: Caller, readers: ReadingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is decoded here."""
    monkeypatch.setattr("gateway.web.door.decode", None)

    letter = as_wire(a_letter(), signed_by=caller.identity(MINISTRY))
    assert (await caller.post(MINISTRY, letter)).value("ProcessID")
    assert readers.ready == 1


async def test_a_letter_whose_reader_is_killed_is_answered(
    caller: Caller, readers: ReadingPool
) -> None:
    file = Attachment("application/pdf", b"%PDF" + bytes(700_000))
    letter = as_wire(a_letter(main=file), signed_by=caller.identity(MINISTRY))
    with capture_logs() as log:
        os.kill(readers.processes[0], signal.SIGSTOP)
        posted = asyncio.create_task(caller.post(MINISTRY, letter))
        await asyncio.sleep(0.2)
        os.kill(readers.processes[0], signal.SIGKILL)
        answers = [await posted, await caller.post(MINISTRY, letter)]

    assert answers[0].value("ProcessID") == answers[1].value("ProcessID")
    events = [line["event"] for line in log]
    assert events.count("reading process ended") == 1
    assert events.count("letter accepted") == 1
