"""Every request sample of operations 1 to 8, and what a hub answers to it.

The samples' two organizations stand in the directory. The samples of one letter are
told as a story, in the order in which their clients would have sent them; each letter
is sent once more under a number of its own, so that nothing but itself is judged.
"""

import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.bootstrap import open_hub, serving
from gateway.config import load
from gateway.simulation import csharp_reader
from gateway.simulation.errors import Refused
from tests.journeys.callers import Office, eventually
from tests.journeys.conftest import gateway
from tests.simulation.samples import sample

A, B = "1999900001", "2199900002"
"""The sender and the receiver of all samples but the oldest, which has v1 codes."""
OLD_A, OLD_B = "1999900000", "2199900000"

LETTER, TAKEN, EMPTY, DELETED = "letter", "taken", "empty", "deleted"

STORIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "boi": (
        ("boi-07-inbound-poll-request", B, EMPTY),
        ("boi-01-send-letter-request", A, TAKEN),
        ("boi-01-send-letter-request", A, TAKEN),
        ("boi-01b-", A, "number-taken"),
        ("boi-07-inbound-poll-request", B, LETTER),
        ("boi-08-delete-queue-request", B, DELETED),
        ("boi-08b-", B, DELETED),
        ("boi-07-inbound-poll-request", B, LETTER),
        ("boi-02-receive-notifier-request", B, TAKEN),
        ("boi-06-invalid-acceptid-notifier-request", A, "number-unknown"),
        ("boi-03-accept-notifier-request", B, TAKEN),
        ("boi-03-accept-notifier-request", B, TAKEN),
        ("boi-04-reject-notifier-request", B, "already-registered"),
        ("boi-05-invalid-letter-notifier-request", B, "already-registered"),
        ("boi-06-invalid-acceptid-notifier-request", A, TAKEN),
        ("v1doc-06-", A, TAKEN),
    ),
    "boi, sent back": (
        ("boi-04-reject-notifier-request", B, "letter-unknown"),
        ("boi-01b-", A, TAKEN),
        ("boi-07-inbound-poll-request", B, LETTER),
        ("boi-04-reject-notifier-request", B, TAKEN),
        ("boi-03-accept-notifier-request", B, "already-returned"),
    ),
    "boi, wrong letter": (
        ("boi-01b-", A, TAKEN),
        ("boi-07-inbound-poll-request", B, LETTER),
        ("boi-05-invalid-letter-notifier-request", B, TAKEN),
    ),
    "csharp": (
        ("cs-07-inbound-poll-request", B, EMPTY),
        ("cs-01-send-letter-request", A, TAKEN),
        ("cs-01b-", A, "number-taken"),
        ("cs-01c-", A, "number-taken"),
        ("cs-07-inbound-poll-request", B, LETTER),
        ("cs-08-delete-queue-request", B, DELETED),
        ("cs-02-receive-notifier-request", B, TAKEN),
        ("cs-06-invalid-acceptid-notifier-request", A, "number-unknown"),
        ("cs-03-accept-notifier-request", B, TAKEN),
        ("cs-04-reject-notifier-request", B, "already-registered"),
        ("cs-05-invalid-letter-notifier-request", B, "already-registered"),
        ("cs-06-invalid-acceptid-notifier-request", A, TAKEN),
        ("cs-03b-", B, TAKEN),
    ),
    "csharp, sent back": (
        ("cs-01-send-letter-request", A, TAKEN),
        ("cs-07-inbound-poll-request", B, LETTER),
        ("cs-04-reject-notifier-request", B, TAKEN),
        ("cs-05-invalid-letter-notifier-request", B, "already-returned"),
    ),
    "csharp, wrong letter": (
        ("cs-01-send-letter-request", A, TAKEN),
        ("cs-07-inbound-poll-request", B, LETTER),
        ("cs-05-invalid-letter-notifier-request", B, TAKEN),
        ("cs-04-reject-notifier-request", B, "already-returned"),
    ),
    "java": (
        ("px-inferred-07-", B, EMPTY),
        ("px-inferred-01-", A, TAKEN),
        ("px-inferred-01b-", A, "number-taken"),
        ("px-inferred-07-", B, LETTER),
        ("px-inferred-08-", B, DELETED),
        ("px-inferred-02-", B, TAKEN),
        ("px-inferred-03-", B, TAKEN),
    ),
    "at a wrong door": (
        ("boi-01-send-letter-request", B, "sender-not-of-this-door"),
        ("cs-01-send-letter-request", OLD_A, "sender-not-of-this-door"),
        ("boi-03-accept-notifier-request", A, "letter-unknown"),
        ("cs-06-invalid-acceptid-notifier-request", B, "letter-unknown"),
        ("v1doc-06-", OLD_A, "letter-unknown"),
        # Its signature is a dummy with a bare key, and none that a client ever sent.
        ("v1doc-00-", OLD_A, "signature-invalid"),
    ),
}

SENT = (
    ("boi-01-send-letter-request", TAKEN),
    ("boi-01b-", TAKEN),
    ("cs-01-send-letter-request", TAKEN),
    ("cs-01b-", TAKEN),
    ("cs-01c-", TAKEN),
    ("px-inferred-01-", TAKEN),
    ("px-inferred-01b-", TAKEN),
)


@pytest.fixture(scope="module")
def template(new_hub: Callable[[], Path]) -> Path:
    data = new_hub()
    for code in (A, B, OLD_A, OLD_B):
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
    """A fresh hub for each story, since the samples use the same numbers again."""
    data = tmp_path / "data"
    shutil.copytree(template, data)
    async with serving(load(data, listen="127.0.0.1:0")) as address:
        yield address
    async with open_hub(load(data)) as opened:
        books = await opened.store.check_books()
    assert books.in_balance, books


@pytest.mark.parametrize("story", STORIES)
async def test_a_story_of_samples(base: str, story: str) -> None:
    for name, door, expected in STORIES[story]:
        office = Office(base, door)

        async def ask(
            office: Office = office, name: str = name, expected: str = expected
        ) -> str | None:
            found = outcome(await office.post(sample(name)))
            # A letter on its way is not yet in the queue.
            return None if found == EMPTY and expected == LETTER else found

        assert await eventually(ask) == expected, name


async def test_each_letter_under_a_number_of_its_own(base: str) -> None:
    office = Office(base, A)
    for place, (name, expected) in enumerate(SENT):
        number = f'<ram:CorrespondenceLetter ID="Letter"><ram:ID>ก {place}</ram:ID>'
        message = re.sub(
            r'<ram:CorrespondenceLetter ID="Letter"><ram:ID>[^<]*</ram:ID>',
            number,
            sample(name),
        )

        assert outcome(await office.post(message)) == expected, name


async def test_what_is_not_xml_is_an_error_that_can_be_read(base: str) -> None:
    """BOI escapes nothing, so `&` and `<` in a subject break its message (Q-B6)."""
    answer = await Office(base, A).post(sample("boi-01c-"))

    assert outcome(answer) == "malformed-envelope"


def test_every_request_sample_is_there() -> None:
    """Operations 1 to 8, the Java wrapper's own messages apart."""
    told = {name for story in STORIES.values() for name, _, _ in story}
    told |= {name for name, _ in SENT} | {"boi-01c-"}
    folder = Path(__file__).parents[2] / "docs" / "protocol" / "samples"
    requests = {
        path.name
        for path in folder.glob("*.xml")
        if re.match(r"(boi|cs|px-inferred|v1doc)-0[0-8]", path.name)
        and "response" not in path.name
    }

    for request in requests:
        assert any(request.startswith(name) for name in told), request


def outcome(answer: str) -> str:
    """Say in a word what an answer is: a kind of success, or the code of its error."""
    try:
        if "CorrespondenceLetterInboundResponse" in answer:
            return LETTER if csharp_reader.read_poll(answer) else EMPTY
        if "CorrespondenceLetterDeleteResponse" in answer:
            return DELETED if csharp_reader.read_deleted(answer) else answer
        csharp_reader.read_taken(answer)
    except Refused as refused:
        return refused.code
    return TAKEN
