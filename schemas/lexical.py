"""Texts that XML Schema cannot judge, or not cheaply: days of the calendar, base64.

The schemas in `xsd/` say how a date is written; whether there is such a day is said
here, and so is what a file's text holds (docs/protocol/ecms.md, C4 and C5).
"""

import binascii
from datetime import date
from typing import Final

import pybase64
from lxml import etree

from schemas.errors import NotADay, NotBase64

XML_SPACE: Final = " \t\r\n"
"""What XML calls white space; Python's own idea of it is wider."""

_BUDDHIST_FROM: Final = 2400
_BUDDHIST_OFFSET: Final = 543
_DAY_LENGTH: Final = len("yyyy-MM-dd")


def text_of(element: etree._Element) -> str:
    """Return the text of an element that holds nothing else, as it was signed.

    Canonicalisation leaves comments out, so that the text around one is one text;
    `element.text` would end at the comment.
    """
    if len(element) == 0:
        return element.text or ""
    pieces = [element.text or ""]
    pieces.extend(child.tail or "" for child in element)
    return "".join(pieces)


def check_day(text: str) -> None:
    """Check that the first ten characters name a day, Gregorian or Buddhist.

    A year above 2400 is read as Buddhist (Q-C7). What stands behind the day does not
    count (Q-J20). Raises `NotADay`.
    """
    try:
        year, month, day = (
            int(part) for part in text.strip()[:_DAY_LENGTH].split("-", 2)
        )
        date(year - _BUDDHIST_OFFSET if year > _BUDDHIST_FROM else year, month, day)
    except ValueError as error:
        raise NotADay from error


def decoded(text: str) -> bytes:
    """Decode base64, strictly but for XML white space anywhere in it.

    Raises `NotBase64`.
    """
    compact = text.strip(XML_SPACE)
    if not compact.isascii():
        raise NotBase64
    if any(space in compact for space in XML_SPACE):
        # In ASCII text that came through an XML parser there is no other white space.
        compact = "".join(compact.split())
    try:
        return pybase64.b64decode(compact, validate=True)
    except binascii.Error as error:
        raise NotBase64 from error
