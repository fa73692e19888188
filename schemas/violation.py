"""One place where a request does not follow its schema, in words fit for the peer.

They hold no value of the letter, and none of `| = & < >`, at which old clients break
(docs/protocol/ecms.md, B7 and I2).
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from schemas import names

_PREFIXES: Final = {names.RAM: "ram:", names.RSM: "rsm:", names.DSIG: "ds:"}
_NAME_LENGTH: Final = 40
_REASON_LENGTH: Final = 160
_FORBIDDEN: Final = dict.fromkeys(map(ord, "|=&<>"), " ")


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of a schema."""

    path: str
    """Element names from the request down, with their usual prefixes."""
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def violation(element: etree._Element, reason: str) -> Violation:
    """Name an element by its way from the root, numbered among its like."""
    steps = [_step(element), *map(_step, element.iterancestors())]
    return Violation("/".join(reversed(steps)), plain(reason))


def plain(text: str) -> str:
    """Make a text fit for ErrorDetail as the old clients read it, and short."""
    return " ".join(text.translate(_FORBIDDEN).split())[:_REASON_LENGTH]


def usual_name(tag: str) -> str:
    """Return a tag with the prefix that the protocol gives its namespace (C1)."""
    name = etree.QName(tag)
    prefix = _PREFIXES.get(name.namespace or "", "")
    return f"{prefix}{name.localname[:_NAME_LENGTH]}"


def _step(element: etree._Element) -> str:
    alike = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    return (
        f"{usual_name(element.tag)}[{alike + 1}]" if alike else usual_name(element.tag)
    )
