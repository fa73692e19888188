"""docs/webhook.md says what is sent: every header and member, and nothing else."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from envelopes.notifier import NotifierKind
from gateway.domain.delivery import Parcel
from gateway.keys.signing import KeySigner
from gateway.transport import webhook
from tests.doubles.clock import START
from tests.gateway.transport.parcels import HUB, a_notifier, a_parcel

DOCUMENT: Final = (Path(__file__).parents[3] / "docs" / "webhook.md").read_text("utf-8")
URL: Final = "https://office.example.go.th/letters"
OPTIONAL: Final = {"Authorization"}
"""Not of the message: HTTP Basic, where the endpoint's record has a user."""


def _named_under(heading: str) -> set[str]:
    """Return what stands in the first column of the table under a heading."""
    section = DOCUMENT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def _members(told: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in told.items():
        if isinstance(value, dict) and name in ("letter", "notifier"):
            yield from _members(value, f"{name}.")
        else:
            yield before + name


def test_every_member_is_described() -> None:
    """Of all three events together."""
    messages = [
        webhook.message_of(a_parcel()),
        webhook.message_of(a_notifier(NotifierKind.REGISTERED, "1024")),
        webhook.ping("1"),
    ]
    sent = {name for m in messages for name in _members(json.loads(m.body))}

    assert sent == _named_under("The body")


def test_every_header_is_described() -> None:
    """Beside those of HTTP itself."""
    signer = KeySigner(HUB.key, HUB.pem)  # type: ignore[arg-type]
    sent = webhook.headers_of(webhook.ping("1"), URL, signer, START)

    assert set(sent) | OPTIONAL == _named_under("The request")


def test_the_six_lines_are_those_of_the_example() -> None:
    """An empty object's digest stands in it, so that a vendor can compute it."""
    message = webhook.Message("letter", "01a1fe88-74e2-7f32-ac08-26d49fa12000", b"{}")
    digest = webhook.content_digest(message.body)
    lines = webhook.stated(URL, "2026-11-21T03:00:00Z", message, digest)

    example = "".join(f"    {line}\n" for line in lines.decode().splitlines())
    assert example in DOCUMENT


@pytest.mark.parametrize("parcel", [a_parcel(), a_notifier(NotifierKind.RECEIVED)])
def test_nothing_of_it_is_shown_by_its_repr(parcel: Parcel) -> None:
    """A traceback or a log of ours quotes neither body nor subject."""
    message = webhook.message_of(parcel)

    assert parcel.letter.subject not in repr(message)
    assert "document" not in repr(message)
