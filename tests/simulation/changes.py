"""Every way in which one element of an answer can be changed, and who must notice."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.simulation.errors import SimulationError

Change = Callable[["Case", etree._Element], bool]
"""Changes an element in its tree; says whether that is a change for the client."""

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True)
class Case:
    """An answer, the function that reads it, and what this one does not look at."""

    answer: str
    read: Callable[[str], Any]
    unread: frozenset[str] = frozenset()
    """Places below Body, a slash behind where all below is meant as well."""

    def looks_at(self, place: str) -> bool:
        return not any(
            f"{place}/".startswith(part) if part.endswith("/") else place == part
            for part in self.unread
        )


def expect_noticed(case: Case, change: Change) -> int:
    """Change each element that is read in turn; each time the reader must fail.

    It fails when it raises, or understands something else. Returns how many it tried:
    an answer of few elements has none that could move.
    """
    truth = case.read(case.answer)
    tried = 0
    for tree, place, element in _copies(case):
        if case.looks_at(place) and change(case, element):
            tried += 1
            try:
                understood = case.read(etree.tostring(tree, encoding="unicode"))
            except SimulationError:
                continue
            assert understood != truth, f"{place} was changed, and nobody noticed"
    return tried


def removed(_case: Case, element: etree._Element) -> bool:
    _parent(element).remove(element)
    return True


def renamed(_case: Case, element: etree._Element) -> bool:
    element.tag = etree.QName(element).localname + "x"
    return True


def in_other_case(_case: Case, element: etree._Element) -> bool:
    """Write its first letter small or large, as ProcessID came (B6)."""
    name = etree.QName(element)
    other = name.localname[0].swapcase() + name.localname[1:]
    element.tag = f"{{{name.namespace}}}{other}" if name.namespace else other
    return True


def in_other_namespace(_case: Case, element: etree._Element) -> bool:
    """Give it a prefix that nobody expects."""
    element.tag = f"{{urn:other}}{etree.QName(element).localname}"
    return True


def moved_to_the_front(case: Case, element: etree._Element) -> bool:
    return _passes_a_sibling(case, element, 0)


def moved_to_the_end(case: Case, element: etree._Element) -> bool:
    return _passes_a_sibling(case, element, len(_parent(element)))


def moved_out(_case: Case, element: etree._Element) -> bool:
    """Move it behind its parent."""
    _parent(_parent(element)).append(element)
    return True


CHANGES: tuple[Change, ...] = (
    removed,
    renamed,
    in_other_case,
    in_other_namespace,
    moved_to_the_front,
    moved_to_the_end,
    moved_out,
)


def _copies(case: Case) -> Iterator[tuple[etree._Element, str, etree._Element]]:
    """Yield a copy of the answer for each element below Body, with its place."""
    original = etree.fromstring(case.answer.encode())
    for index, element in enumerate(original.iter()):
        if etree.QName(element).namespace != _SOAP:
            tree = copy.deepcopy(original)
            yield tree, _place(element), list(tree.iter())[index]


def _place(element: etree._Element) -> str:
    """Return the literal names from below the response element down."""
    names = [_literal(element), *map(_literal, element.iterancestors())]
    return "/".join(reversed(names[:-3])) or names[0]


def _literal(element: etree._Element) -> str:
    local = etree.QName(element).localname
    return f"{element.prefix}:{local}" if element.prefix else local


def _passes_a_sibling(case: Case, element: etree._Element, place: int) -> bool:
    """Move it, and say whether it passed a sibling that the client reads."""
    parent = _parent(element)
    before = _read_siblings(case, parent)
    parent.insert(place, element)
    return _read_siblings(case, parent) != before


def _read_siblings(case: Case, parent: etree._Element) -> list[bytes]:
    return [etree.tostring(e) for e in parent if case.looks_at(_place(e))]


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent
