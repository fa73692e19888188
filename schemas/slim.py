"""A request without its files: what the schemas get to see.

A schema that reads a file is slow, and `xmlschema` over one of 25 MB takes seconds and
gigabytes. So each file is decoded by itself, once, and its length stands in its place.
A small request is copied whole, by libxml2, and cut down then; that costs a third.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast

from lxml import etree

from schemas import names
from schemas.errors import NotBase64
from schemas.lexical import XML_SPACE, decoded, text_of

_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_FILES: Final = (names.MAIN_LETTER_BINARY_OBJECT, names.ATTACHMENT_BINARY_OBJECT)
_DOCUMENT: Final = etree.QName(names.GOVERNMENT_DOCUMENT).localname
_SMALL: Final = 256 * 1024
"""Characters of files up to which a copy of them is cheap."""
_MORE_THAN_ELEMENTS: Final = etree.XPath(
    "boolean(descendant::comment() | descendant::processing-instruction())"
)
_WITH_BLANK_TEXT: Final = etree.XPath(
    "descendant::text()[not(normalize-space())]"
    "/parent::*[not(*) and not(normalize-space())]"
)


@dataclass(frozen=True, slots=True, eq=False)
class Slim:
    """A copy of a request without its files, and which of them are no base64."""

    root: etree._Element
    bad_files: list[etree._Element] = field(default_factory=list)
    """Elements of the copy."""

    @classmethod
    def of(cls, request: etree._Element) -> Self:
        """Copy a request element of bounded depth; the request is not touched.

        Elements outside GovernmentDocument lose their namespace (F4.1).
        """
        slim = cls(etree.Element(etree.QName(request).localname))
        slim._fill(slim.root, request, qualified=False)
        return slim

    @classmethod
    def of_small(cls, request: etree._Element) -> Self | None:
        """Copy a small request, its files in base64 and nothing between its texts.

        What `of` copies otherwise is told apart by no schema: blanks between elements,
        and the prefixes of names. None where only `of` says what is to be seen.
        """
        lengths, room = [], _SMALL
        for file in request.iter(*_FILES):
            text = text_of(file)
            lengths.append(len(text))
            room -= len(text)
            if room < 0 or len(file) or not _is_base64(text):
                return None
        if _MORE_THAN_ELEMENTS(request):
            return None
        slim = cls(deepcopy(request))
        slim._cut_down(lengths)
        return slim

    def _cut_down(self, lengths: Iterable[int]) -> None:
        for file, length in zip(self.root.iter(*_FILES), lengths, strict=True):
            file.text = _instead_of(length)
        for signature in list(self.root.iter(names.SIGNATURE)):
            del signature[:]
            signature.text = None
        blank: list[etree._Element] = cast("Any", _WITH_BLANK_TEXT(self.root))
        for element in blank:
            element.text = None
        etree.strip_attributes(self.root, f"{_XSI}*")
        _unqualify(self.root)

    def _fill(
        self, copy: etree._Element, original: etree._Element, *, qualified: bool
    ) -> None:
        _copy_attributes(copy, original)
        if original.tag == names.SIGNATURE:
            # What it holds is judged by verifying it.
            return
        text = text_of(original)
        if original.tag in _FILES:
            text = self._instead_of(copy, text)
        children = [child for child in original if isinstance(child.tag, str)]
        # A blank text is none, and where a stray text stands does not matter.
        copy.text = text if text.strip(XML_SPACE) else None
        for child in children:
            name = child.tag.rpartition("}")[2]
            known = qualified or name == _DOCUMENT
            place = etree.SubElement(copy, child.tag if known else name)
            self._fill(place, child, qualified=known)

    def _instead_of(self, copy: etree._Element, text: str) -> str:
        """Return what stands for a file, and note where it is no base64."""
        if not _is_base64(text):
            self.bad_files.append(copy)
        return _instead_of(len(text))


def _instead_of(length: int) -> str:
    """Return what stands for a file: its length, in twelve digits, as base64.

    No digest, though that would be unique: nobody would see it, and it costs more
    than all else that is done here.
    """
    return f"{length:012d}" if length else ""


def _is_base64(text: str) -> bool:
    try:
        decoded(text)
    except NotBase64:
        return False
    return True


def _unqualify(element: etree._Element) -> None:
    """Take the namespaces from the names outside GovernmentDocument."""
    name = str(element.tag).rpartition("}")[2]
    element.tag = name
    for child in element:
        if str(child.tag).rpartition("}")[2] != _DOCUMENT:
            _unqualify(child)


def _copy_attributes(copy: etree._Element, original: etree._Element) -> None:
    """Copy all but those of xsi, which have a schema look for other types.

    Some toolkits write them on every element.
    """
    for name, value in original.attrib.items():
        if not str(name).startswith(_XSI):
            copy.set(name, value)
