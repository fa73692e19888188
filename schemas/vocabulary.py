"""The names of every element that a request may hold, as the schemas have them."""

from functools import cache
from typing import Final

from lxml import etree

from schemas.validator import FOLDER

_ELEMENT: Final = "{http://www.w3.org/2001/XMLSchema}element"
_ENVELOPE: Final = ("Envelope", "Header", "Body", "MessageID", "To", "to")
"""What stands around a request (docs/protocol/ecms.md, B1), without a schema here."""


@cache
def element_names() -> frozenset[str]:
    """Return the local names of the elements of all operations and of the envelope."""
    declared = (
        element.get("name")
        for file in FOLDER.glob("*.xsd")
        for element in etree.parse(str(file)).iter(_ELEMENT)
    )
    return frozenset((*_ENVELOPE, *(name for name in declared if name)))
