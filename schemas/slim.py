"""A request without its files: what the schemas get to see.

A schema that reads a file is slow, and `xmlschema` over one of 25 MB takes seconds and
gigabytes. So each file is decoded by itself, once, and its length stands in its place.
"""

from dataclasses import dataclass, field
from typing import Final, Self

from lxml import etree

from schemas import names
from schemas.errors import NotBase64
from schemas.lexical import XML_SPACE, decoded, text_of

_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_FILES: Final = frozenset(
    {names.MAIN_LETTER_BINARY_OBJECT, names.ATTACHMENT_BINARY_OBJECT}
)
_DOCUMENT: Final = etree.QName(names.GOVERNMENT_DOCUMENT).localname


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
        """Return what stands for a file: its length, in twelve digits, as base64.

        No digest, though that would be unique: nobody would see it, and it costs more
        than all else that is done here.
        """
        try:
            decoded(text)
        except NotBase64:
            self.bad_files.append(copy)
        return f"{len(text):012d}" if text else ""


def _copy_attributes(copy: etree._Element, original: etree._Element) -> None:
    """Copy all but those of xsi, which have a schema look for other types.

    Some toolkits write them on every element.
    """
    for name, value in original.attrib.items():
        if not str(name).startswith(_XSI):
            copy.set(name, value)
