"""Each reader fails when what it reads is renamed, moved or missing.

Every element of the samples is tried but those that a client does not look at; these
are listed with the reason, a slash behind where all below is meant as well.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from lxml import etree

from gateway.simulation import boi_reader, csharp_reader, java
from gateway.simulation.errors import SimulationError
from gateway.simulation.letter import ACCEPT, INVALID_ACCEPT_ID, RECEIVE, REJECT
from tests.simulation.samples import sample

Read = Callable[[str], Any]

ECHO = {"rsm:GovernmentDocument/"}
"""No client reads the letter echoed to its sender (B5)."""
LETTER = "rsm:GovernmentDocument/ram:CorrespondenceLetter"
MINISTRIES = {
    f"{LETTER}/ram:SenderParty/ram:MinistryOrganization/",
    f"{LETTER}/ram:ReceiverParty/ram:MinistryOrganization/",
}
"""C# cuts the ministry off the organization's code (D4)."""
UNSIGNED = {
    "rsm:GovernmentDocument/ram:GovernmentSignature",
    "rsm:GovernmentDocument/ram:GovernmentSignature/ds:Signature",
}
"""BOI loses nothing but the signature, and takes a letter without one (Q-B10)."""
SIGNATURE = {"rsm:GovernmentDocument/ram:GovernmentSignature/"}
"""Java does not look at it at all."""

CASES: dict[str, tuple[str, Read, set[str]]] = {
    "boi letter sent": ("boi-01-*-response", boi_reader.read_taken, ECHO),
    "boi receipt sent": (
        "boi-02-*-response",
        partial(boi_reader.read_notified, kind=RECEIVE),
        set(),
    ),
    "boi number sent": (
        "boi-03-*-response",
        partial(boi_reader.read_notified, kind=ACCEPT),
        set(),
    ),
    "boi dispute sent": (
        "boi-06-*-response",
        partial(boi_reader.read_notified, kind=INVALID_ACCEPT_ID),
        set(),
    ),
    "boi letter pulled": ("boi-07a-", boi_reader.read_poll, UNSIGNED),
    "boi return pulled": (
        "boi-07e-",
        partial(boi_reader.read_pulled_notifier, kind=REJECT),
        set(),
    ),
    "boi deleted": ("boi-08-*-response", boi_reader.read_deleted, set()),
    "csharp letter sent": ("cs-01-*-response", csharp_reader.read_taken, ECHO),
    "csharp number sent": ("cs-03-*-response", csharp_reader.read_taken, set()),
    "csharp letter pulled": (
        "cs-07a-",
        csharp_reader.read_poll,
        MINISTRIES,
    ),
    "csharp number pulled": ("cs-07d-", csharp_reader.read_poll, set()),
    "csharp return pulled": ("cs-07e-", csharp_reader.read_poll, set()),
    "csharp deleted": ("cs-08-*-response", csharp_reader.read_deleted, set()),
    "java letter sent": ("cs-01-*-response", java.read_taken, ECHO),
    "java number sent": ("cs-03-*-response", java.read_taken, set()),
    "java letter pulled": ("boi-07a-", java.read_poll, SIGNATURE),
    "java number pulled": ("cs-07d-", java.read_poll, set()),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_missing_is_missed(case: str) -> None:
    """Take out each element in turn."""
    for changed, place, element in _copies(case):
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
        _expect(case, place, changed)


@pytest.mark.parametrize("case", CASES)
def test_what_is_renamed_is_missed(case: str) -> None:
    """Give each element in turn another name."""
    for changed, place, element in _copies(case):
        element.tag = etree.QName(element).localname + "x"
        _expect(case, place, changed)


@pytest.mark.parametrize("case", CASES)
def test_what_changes_its_case_is_missed(case: str) -> None:
    """Write each element's first letter small or large, as ProcessID came (B6)."""
    for changed, place, element in _copies(case):
        name = etree.QName(element)
        other = name.localname[0].swapcase() + name.localname[1:]
        element.tag = f"{{{name.namespace}}}{other}" if name.namespace else other
        _expect(case, place, changed)


@pytest.mark.parametrize("case", CASES)
def test_what_loses_its_prefix_or_gets_one_is_missed(case: str) -> None:
    """Put each element in another namespace: a prefix that nobody expects."""
    for changed, place, element in _copies(case):
        element.tag = f"{{urn:other}}{etree.QName(element).localname}"
        _expect(case, place, changed)


@pytest.mark.parametrize("case", CASES)
def test_what_moves_among_its_siblings_is_missed(case: str) -> None:
    """Move each element in turn to the front and to the end of its siblings."""
    for end in (False, True):
        for changed, place, element in _copies(case):
            if _moved(case, element, end=end):
                _expect(case, place, changed)


@pytest.mark.parametrize("case", CASES)
def test_what_moves_out_of_its_parent_is_missed(case: str) -> None:
    """Move each element in turn to the end of its grandparent."""
    for changed, place, element in _copies(case):
        parent = element.getparent()
        assert parent is not None
        grandparent = parent.getparent()
        assert grandparent is not None
        grandparent.append(element)
        _expect(case, place, changed)


def _copies(case: str) -> Iterator[tuple[etree._Element, str, etree._Element]]:
    """Yield a copy of the sample for each element below Body, with its place."""
    name, _, _ = CASES[case]
    original = etree.fromstring(sample(name).encode())
    for index, element in enumerate(original.iter()):
        if "http://schemas.xmlsoap.org/soap/envelope/" in element.tag:
            continue
        changed = copy.deepcopy(original)
        yield changed, _place(element), list(changed.iter())[index]


def _place(element: etree._Element) -> str:
    """Return the literal names from below the response element down."""
    names = [_literal(element), *map(_literal, element.iterancestors())]
    return "/".join(reversed(names[:-3])) or names[0]


def _literal(element: etree._Element) -> str:
    local = etree.QName(element).localname
    return f"{element.prefix}:{local}" if element.prefix else local


def _moved(case: str, element: etree._Element, *, end: bool) -> bool:
    """Move it, and say whether it passed a sibling that the client reads."""
    parent = element.getparent()
    assert parent is not None
    before = _read_siblings(case, parent)
    parent.insert(len(parent) if end else 0, element)
    return _read_siblings(case, parent) != before


def _read_siblings(case: str, parent: etree._Element) -> list[bytes]:
    return [etree.tostring(e) for e in parent if not _unread(case, _place(e))]


def _unread(case: str, place: str) -> bool:
    return any(
        f"{place}/".startswith(part) if part.endswith("/") else place == part
        for part in CASES[case][2]
    )


def _expect(case: str, place: str, changed: etree._Element) -> None:
    name, read, _ = CASES[case]
    if _unread(case, place):
        return
    truth = read(sample(name))
    try:
        understood = read(etree.tostring(changed, encoding="unicode"))
    except SimulationError:
        understood = None
    assert understood != truth, f"{place} was changed, and nobody noticed"
