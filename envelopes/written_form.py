"""How a document is written, where a client reads more than values.

A Letter says what was meant; old readers stop at a missing element, take comments for
text, and find elements by their prefixes. What goes on byte for byte must be written so
that the receiver's client reads it (docs/protocol/ecms.md, I2 and table F).
"""

from typing import Final

from lxml import etree

from envelopes.dialects import Dialect
from envelopes.requests import Document
from schemas import names
from schemas.lexical import XML_SPACE, text_of

_PREFIXES: Final = {"ram": names.RAM, "rsm": names.RSM, "ds": names.DSIG}
_WITH_OTHER_PREFIX: Final = etree.XPath(
    " or ".join(
        f"descendant-or-self::{prefix}:*[not(starts-with(name(), '{prefix}:'))]"
        for prefix in _PREFIXES
    ),
    namespaces=_PREFIXES,
)
"""Whether an element stands in one of these namespaces by another prefix."""
_FILES: Final = (names.MAIN_LETTER_BINARY_OBJECT, names.ATTACHMENT_BINARY_OBJECT)
_MIME_CODE: Final = "mimeCode"
_RAM: Final = f"{{{names.RAM}}}"
_OPTIONAL: Final = (f"{_RAM}Attachment", f"{_RAM}Description")
"""What a sender may leave out and the clients miss (Q-J18, Q-B10)."""
_SIGNER: Final = ("GivenName", "FamilyName", "Title", "MinistryCode", "DepartmentCode")
_SIGNATURE: Final = (
    f"{_RAM}TypeCode",
    *(f"{_RAM}SignerParty/{_RAM}{name}" for name in _SIGNER),
    names.SIGNATURE,
)
"""What BOI reads last (C3)."""


def can_be_read(document: Document, dialect: Dialect) -> bool:
    """Say whether a client of this dialect reads these bytes as they were meant."""
    return not (
        (dialect.needs_every_element and lacks_elements(document))
        or (dialect.expects_signature and lacks_signature(document))
        or (dialect.reads_literally and not is_literal(document))
        or (dialect.strict_base64 and has_spaced_files(document))
        or (dialect.drops_blank_parts and has_blank_parts(document))
    )


def has_blank_parts(document: Document) -> bool:
    """Say whether it holds a reference or an attachment without any content (Q-C3)."""
    letter = _letter(document)
    return any(
        not any(
            text_of(field).strip() for field in reference.iterchildren(etree.Element)
        )
        for reference in letter.iterchildren(f"{_RAM}ReferenceCorrespondence")
    ) or any(
        not text_of(file).strip()
        for file in letter.iterchildren(names.ATTACHMENT_BINARY_OBJECT)
    )


def lacks_elements(document: Document) -> bool:
    """Say whether an element of C1 is missing; the schema has seen that others are."""
    letter = _letter(document)
    return any(letter.find(name) is None for name in _OPTIONAL)


def lacks_signature(document: Document) -> bool:
    """Say whether the signature block is missing, or any of it that is read."""
    block = document.tree.find(names.GOVERNMENT_SIGNATURE)
    return block is None or any(block.find(path) is None for path in _SIGNATURE)


def has_spaced_files(document: Document) -> bool:
    """Say whether white space stands in a file's base64 text (Q-J16)."""
    return any(
        space in text_of(file)
        for file in _letter(document).iterchildren(*_FILES)
        for space in XML_SPACE
    )


def is_literal(document: Document) -> bool:
    """Say whether names, values and attributes stand as C# and BOI look for them."""
    return (
        b"<![CDATA[" not in document.came
        and has_known_prefixes(document.tree)
        and all(isinstance(node.tag, str) for node in document.tree.iter())
        and all(map(_has_mime_code_first, _letter(document).iterchildren(*_FILES)))
        and not any(map(_is_padded, _letter(document).iter(etree.Element)))
    )


def has_known_prefixes(tree: etree._Element) -> bool:
    """Say whether old readers, who search by literal names, find everything (Q-B11)."""
    return not _WITH_OTHER_PREFIX(tree)


def _letter(document: Document) -> etree._Element:
    letter = document.tree.find(names.CORRESPONDENCE_LETTER)
    return document.tree if letter is None else letter


def _has_mime_code_first(file: etree._Element) -> bool:
    """Say whether C# finds the MIME code; for it, xmlns is an attribute too (Q-C9)."""
    parent = file.getparent()
    declares = parent is None or file.nsmap != parent.nsmap
    return not declares and next(iter(file.attrib), None) == _MIME_CODE


def _is_padded(node: etree._Element) -> bool:
    """Say whether blanks stand around a value; in files they are another matter."""
    if len(node) or node.tag in _FILES:
        return False
    text = node.text or ""
    return text != text.strip()
