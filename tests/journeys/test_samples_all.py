"""Every request sample, and what a hub answers to it in the words of its reader.

Each sample meets a hub on which happened what it speaks of: the story before it. The
wrapper's own messages (`px-*-wrapper-*`) are no e-CMS and apart. `test_samples.py`
tells what letters and notifiers mean to each other in longer stories.
"""

import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from gateway.bootstrap import open_hub, serving
from gateway.config import load
from gateway.simulation import (
    boi_lists,
    boi_reader,
    csharp_lists,
    csharp_reader,
    java,
)
from gateway.simulation.errors import ClientBroken, Refused
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
    Letter,
    Notifier,
    Pulled,
    Taken,
)
from tests.journeys.callers import Office, eventually
from tests.journeys.conftest import gateway
from tests.simulation.samples import BOI_NUMBER, CS_NUMBER, SAMPLES, sample

A, B, OLD = "1999900001", "2199900002", "1999900000"
"""Sender and receiver of the samples; the sender of the oldest, with a v1 code."""

Read = Callable[[str], object]


@dataclass(frozen=True)
class Case:
    """A sample at a door, what was said before, and what its reader understands."""

    door: str
    read: Read
    expected: object
    """A value, a type, or the code of an ErrorDetail."""
    before: tuple[tuple[str, str], ...] = ()
    """Doors and samples, in order."""


BOI_SENT = ((B, "boi-07-inbound-poll-request"), (A, "boi-01-send-letter-request"))
CS_SENT = ((A, "cs-01-send-letter-request"),)
PX_SENT = ((A, "px-inferred-01-"),)
BOI_NUMBERED = (*BOI_SENT, (B, "boi-03-accept-notifier-request"))
CS_NUMBERED = (*CS_SENT, (B, "cs-03-accept-notifier-request"))


def boi_told(kind: str) -> Read:
    return partial(boi_reader.read_notified, kind=kind)


def refused(read: Read) -> Read:
    """Return a reader that gives the code of an error, which BOI itself cannot see."""

    def code(answer: str) -> str:
        try:
            csharp_reader.read(answer)
        except Refused as error:
            with pytest.raises((ClientBroken, Refused)):
                read(answer)
            return error.code
        return "nothing refused"

    return code


CASES: dict[str, Case] = {
    "boi-01-send-letter-request": Case(A, boi_reader.read_taken, Taken),
    "boi-01b-": Case(A, boi_reader.read_taken, Taken),
    "boi-01c-": Case(
        # Known by its page as a client that escapes nothing (Q-B6).
        A,
        boi_reader.read_taken,
        Taken,
        ((A, "boi-07-inbound-poll-request"),),
    ),
    "boi-02-receive-notifier-request": Case(B, boi_told(RECEIVE), RECEIVE, BOI_SENT),
    "boi-03-accept-notifier-request": Case(B, boi_told(ACCEPT), ACCEPT, BOI_SENT),
    "boi-04-reject-notifier-request": Case(B, boi_told(REJECT), REJECT, BOI_SENT),
    "boi-05-invalid-letter-notifier-request": Case(
        B, boi_told(INVALID_LETTER), INVALID_LETTER, BOI_SENT
    ),
    "boi-06-invalid-acceptid-notifier-request": Case(
        A, boi_told(INVALID_ACCEPT_ID), INVALID_ACCEPT_ID, BOI_NUMBERED
    ),
    "boi-07-inbound-poll-request": Case(B, boi_reader.read_poll, Letter, BOI_SENT),
    "boi-08-delete-queue-request": Case(B, boi_reader.read_deleted, tuple),
    "boi-08b-": Case(B, boi_reader.read_deleted, tuple),
    "boi-09-delete-government-document-request": Case(
        A, boi_lists.read_letter_deleted, tuple, BOI_SENT
    ),
    "boi-10-outbound-status-request": Case(
        A, boi_lists.read_statuses, BOI_NUMBER, BOI_SENT
    ),
    "boi-11-ministry-list-request": Case(A, boi_lists.read_ministries, "21"),
    "boi-12-organization-list-request": Case(A, boi_lists.read_organizations, B),
    "cs-01-send-letter-request": Case(A, csharp_reader.read_taken, Taken),
    "cs-01b-": Case(A, csharp_reader.read_taken, Taken),
    "cs-01c-": Case(A, csharp_reader.read_taken, Taken),
    "cs-02-receive-notifier-request": Case(
        B, csharp_reader.read_taken, RECEIVE, CS_SENT
    ),
    "cs-03-accept-notifier-request": Case(B, csharp_reader.read_taken, ACCEPT, CS_SENT),
    "cs-03b-": Case(B, csharp_reader.read_taken, ACCEPT, CS_SENT),
    "cs-04-reject-notifier-request": Case(B, csharp_reader.read_taken, REJECT, CS_SENT),
    "cs-05-invalid-letter-notifier-request": Case(
        B, csharp_reader.read_taken, INVALID_LETTER, CS_SENT
    ),
    "cs-06-invalid-acceptid-notifier-request": Case(
        A, csharp_reader.read_taken, INVALID_ACCEPT_ID, CS_NUMBERED
    ),
    "cs-07-inbound-poll-request": Case(B, csharp_reader.read_poll, Letter, CS_SENT),
    "cs-08-delete-queue-request": Case(B, csharp_reader.read_deleted, tuple),
    "cs-09-delete-government-document-request": Case(
        A, csharp_lists.read_letter_deleted, tuple, CS_SENT
    ),
    "cs-10-outbound-status-request": Case(
        A, csharp_lists.read_statuses, CS_NUMBER, CS_SENT
    ),
    "cs-11-ministry-list-request": Case(A, csharp_lists.read_ministries, "21"),
    "cs-12-organization-list-request": Case(A, csharp_lists.read_organizations, B),
    "cs-13-": Case(A, csharp_lists.read_codes, "001"),
    "cs-14-": Case(A, csharp_lists.read_codes, "004"),
    "cs-15-": Case(A, csharp_lists.read_mime_codes, ".docx"),
    "cs-16-time-check-request": Case(A, csharp_lists.read_time, str),
    "cs-17-": Case(B, csharp_reader.read_poll, Letter, CS_SENT),
    "cs-18-": Case(
        A,
        csharp_reader.read_poll,
        RECEIVE,
        (*CS_SENT, (B, "cs-02-receive-notifier-request")),
    ),
    "cs-19-": Case(A, csharp_reader.read_poll, ACCEPT, CS_NUMBERED),
    "cs-20-": Case(
        A,
        csharp_reader.read_poll,
        REJECT,
        (*CS_SENT, (B, "cs-04-reject-notifier-request")),
    ),
    "cs-21-": Case(
        A,
        csharp_reader.read_poll,
        INVALID_LETTER,
        (*CS_SENT, (B, "cs-05-invalid-letter-notifier-request")),
    ),
    "cs-22-": Case(
        B,
        csharp_reader.read_poll,
        INVALID_ACCEPT_ID,
        (*CS_NUMBERED, (A, "cs-06-invalid-acceptid-notifier-request")),
    ),
    "px-inferred-01-": Case(A, java.read_taken, Taken),
    "px-inferred-01b-": Case(A, java.read_taken, Taken),
    "px-inferred-02-": Case(B, java.read_taken, RECEIVE, PX_SENT),
    "px-inferred-03-": Case(B, java.read_taken, ACCEPT, PX_SENT),
    "px-inferred-07-": Case(B, java.read_poll, Letter, PX_SENT),
    "px-inferred-08-": Case(B, csharp_reader.read_deleted, tuple),
    # Its signature is a dummy with a bare key, and none that a client ever sent.
    "v1doc-00-": Case(OLD, refused(boi_reader.read_taken), "signature-invalid"),
    "v1doc-06-": Case(A, boi_told(INVALID_ACCEPT_ID), INVALID_ACCEPT_ID, BOI_NUMBERED),
    "v1doc-13-getsecretcodes-request": Case(A, csharp_lists.read_codes, "001"),
    "v1doc-14-getspeedcodes-request": Case(A, csharp_lists.read_codes, "004"),
    "v1doc-15-getmimecodes-request": Case(A, csharp_lists.read_mime_codes, ".docx"),
}

WITHOUT_STORY: dict[str, Case] = {
    # Not known as a client that escapes nothing.
    "boi-01c-": Case(A, refused(boi_reader.read_taken), "malformed-envelope"),
    "boi-04-reject-notifier-request": Case(
        B, refused(boi_told(REJECT)), "letter-unknown"
    ),
    "boi-07-inbound-poll-request": Case(B, boi_reader.read_poll, None),
    "boi-09-delete-government-document-request": Case(
        A, refused(boi_lists.read_letter_deleted), "letter-unknown"
    ),
    "cs-01-send-letter-request": Case(
        B, refused(csharp_reader.read_taken), "sender-not-of-this-door"
    ),
    "cs-06-invalid-acceptid-notifier-request": Case(
        A, refused(csharp_reader.read_taken), "number-unknown", CS_SENT
    ),
    "cs-07-inbound-poll-request": Case(B, csharp_reader.read_poll, None),
    "cs-09-delete-government-document-request": Case(
        A, refused(csharp_lists.read_letter_deleted), "already-registered", CS_NUMBERED
    ),
    "cs-10-outbound-status-request": Case(A, csharp_lists.read_statuses, ()),
    "cs-17-": Case(B, refused(csharp_reader.read_poll), "letter-unknown"),
    "cs-19-": Case(A, refused(csharp_reader.read_poll), "letter-unknown", CS_SENT),
    "px-inferred-07-": Case(B, java.read_poll, None),
}
"""The same where nothing, or something else, was said before."""


@pytest.fixture(scope="module")
def template(new_hub: Callable[[], Path]) -> Path:
    data = new_hub()
    for code in (A, B, OLD, "2199900000"):
        added = gateway(
            "directory",
            "add",
            code,
            "--th-name",
            f"หน่วยงาน {code}",
            "--en-name",
            f"Office {code}",
            "--signature",
            "hosted",
            "--data",
            str(data),
        )
        assert added.returncode == 0, added.stderr
    return data


@pytest.fixture
async def base(template: Path, tmp_path: Path) -> AsyncIterator[str]:
    """A fresh hub for each sample; in the end its books have to balance."""
    data = tmp_path / "data"
    shutil.copytree(template, data)
    async with serving(load(data, listen="127.0.0.1:0")) as address:
        yield address
    async with open_hub(load(data)) as opened:
        books = await opened.store.check_books()
    assert books.in_balance, books


@pytest.mark.parametrize("name", CASES)
async def test_a_sample_is_answered(base: str, name: str) -> None:
    await expect(base, name, CASES[name])


@pytest.mark.parametrize("name", WITHOUT_STORY)
async def test_a_sample_is_answered_where_nothing_went_before(
    base: str, name: str
) -> None:
    await expect(base, name, WITHOUT_STORY[name])


async def expect(base: str, name: str, case: Case) -> None:
    """Tell the story, and see that the sample's answer is understood as expected.

    What was sent a moment ago may be on its way still: then the same is asked again.
    """
    for door, earlier in case.before:
        await eventually(partial(taken, Office(base, door), sample(earlier)))
    last: list[object] = []

    async def ask() -> bool | None:
        answer = await Office(base, case.door).post(sample(name))
        try:
            last.append(case.read(answer))
        except (ClientBroken, Refused) as error:
            last.append(error)
        return fits(last[-1], case.expected) or None

    try:
        assert await eventually(ask)
    except AssertionError:
        pytest.fail(f"{name} is answered with {last[-1]}")


async def taken(office: Office, message: str) -> bool | None:
    return "ErrorDetail" not in await office.post(message) or None


def fits(understood: object, expected: object) -> bool:
    """Say whether a reader understood what is expected: a value, type, kind or word."""
    if isinstance(understood, Pulled):
        understood = understood.content
    if isinstance(understood, Taken) and isinstance(expected, str):
        understood = understood.notifier
    if isinstance(understood, Notifier):
        return understood.kind == expected
    if isinstance(expected, type):
        return isinstance(understood, expected) and bool(understood)
    if isinstance(understood, tuple) and isinstance(expected, str):
        return expected in str(understood)
    return understood == expected


def test_every_request_sample_has_its_answer() -> None:
    requests = {
        path.name
        for path in SAMPLES.glob("*.xml")
        if re.search(r"-request|01c-", path.name) and "-wrapper-" not in path.name
    }

    for request in requests:
        assert [name for name in CASES if request.startswith(name)], request
    assert len(requests) == len(CASES)
