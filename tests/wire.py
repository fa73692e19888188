"""Samples of the protocol, and ways to spoil them."""

from pathlib import Path
from typing import Final

from lxml import etree

SAMPLES: Final = Path(__file__).parent.parent / "docs" / "protocol" / "samples"

LETTER: Final = "cs-01-send-letter-request.xml"
ACCEPT: Final = "cs-03-accept-notifier-request.xml"
POLL: Final = "cs-07-inbound-poll-request.xml"
DELETE: Final = "cs-08-delete-queue-request.xml"

REQUESTS: Final = tuple(
    path.name
    for path in sorted(SAMPLES.glob("*-request.xml"))
    if "-wrapper-" not in path.name
)
"""Every request sample, but for the two that are malformed and the Java wrapper's."""

UNESCAPED: Final = "boi-01c-send-letter-unescaped-MALFORMED.xml"
UNDECLARED: Final = "boi-10-outbound-status-request-MALFORMED.xml"


def sample(name: str = LETTER) -> bytes:
    """Return a sample, byte for byte."""
    return (SAMPLES / name).read_bytes()


def spoiled(old: str, new: str, name: str = LETTER) -> bytes:
    """Return a sample with the first occurrence of a text replaced."""
    text = sample(name).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def request_in(body: bytes) -> etree._Element:
    """Return the operation's element, by a parser that checks nothing."""
    root = etree.fromstring(body, etree.XMLParser(huge_tree=True))
    body_element = root.find("{*}Body")
    assert body_element is not None
    return body_element[0]
