"""Bytes → a safe tree: no DTD, no entities, no network, everything bounded.

Memory is bounded before libxml2 sees a byte, by counting `<` and `=`; that works
because only encodings are read in which these are themselves. Whatever the bytes,
the outcome is a tree or an `EnvelopeError`.
"""

import re
from functools import cache
from typing import Final

from lxml import etree

from envelopes.errors import LimitExceeded, MalformedEnvelope
from schemas import names
from schemas.lexical import text_of
from schemas.limits import Limits

ENCODINGS: Final = frozenset(
    {
        "ascii",
        "iso-8859-1",
        "iso-8859-11",
        "tis-620",
        "us-ascii",
        "utf-16",
        "utf-16be",
        "utf-16le",
        "utf-8",
        "windows-874",
    }
)
"""What an XML declaration may name: UTF-8 (A3), UTF-16, and what Thai offices had.

In each of them `<` is the byte 3C. In UTF-7, which libxml2 would read, it is not.
"""

FILES: Final = frozenset(
    {names.MAIN_LETTER_BINARY_OBJECT, names.ATTACHMENT_BINARY_OBJECT}
)
"""The elements whose text may be as long as the body."""

# libxml2 reads texts above 10,000,000 bytes only as huge, which also lifts other of
# its limits; smaller bodies are better off without.
_HUGE_FROM: Final = 10_000_000
_HEAD: Final = 1_024
_EVENTS: Final = ("start", "end", "start-ns", "pi")
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARATION: Final = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s")
_DECLARED: Final = re.compile(rb"""\sencoding\s*=\s*["']([^"']*)["']""")


def parse(body: bytes, limits: Limits) -> etree._Element:
    """Parse an envelope and return its root.

    The tree keeps comments, which stand in no text that `text_of` reads. Raises
    `MalformedEnvelope` or `LimitExceeded`.
    """
    _check_size(body, limits)
    _check_prologue(body)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=len(body) > _HUGE_FROM,
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        # The parser's own words may quote the letter, so only its code is kept.
        raise MalformedEnvelope(
            f"line {error.lineno}, column {error.offset}",
            detail=f"libxml2 error {getattr(error, 'code', 0)}",
        ) from error
    if not (_is_modest(body, limits) and _is_shallow(root, limits)):
        _check_tree(root, limits)
    return root


def _check_size(body: bytes, limits: Limits) -> None:
    """Bound what the tree may cost, before there is one."""
    if len(body) > limits.body:
        raise LimitExceeded(f"at most {limits.body} bytes")
    if body.count(b"<") > limits.markup:
        raise LimitExceeded(f"at most {limits.markup // 2} elements")
    if body.count(b"=") > limits.attributes:
        raise LimitExceeded(f"at most {limits.attributes} attributes")


def _check_prologue(body: bytes) -> None:
    """Refuse any DOCTYPE, and encodings in which the counting is blind.

    It must be refused before it is parsed: entities in attributes are expanded
    whatever the parser is told.
    """
    # Only in UTF-16 and UTF-32 is NUL a byte of well-formed XML.
    plain = body.replace(b"\0", b"") if b"\0" in body else body
    if b"<!DOCTYPE" in plain:
        raise MalformedEnvelope("DOCTYPE")
    head = plain[:_HEAD]
    for mark in _BYTE_ORDER_MARKS:
        head = head.removeprefix(mark)
    if not head.lstrip(b" \t\r\n").startswith(b"<"):
        raise MalformedEnvelope
    if head.startswith(b"<?xml"):
        declaration, end, _ = head.partition(b"?>")
        named = _DECLARED.search(declaration)
        if not end or (named and named[1].decode("latin-1").lower() not in ENCODINGS):
            raise MalformedEnvelope("encoding")


def _check_tree(root: etree._Element, limits: Limits) -> None:
    """Bound depth, texts and namespaces, and refuse processing instructions.

    A namespace is looked at where it is declared: each element in it costs a copy of
    its name from then on, so that one of megabytes would cost minutes.
    """
    tree = root.getroottree()
    dtd: etree.DTD | None = tree.docinfo.internalDTD
    if dtd is not None:
        raise MalformedEnvelope("DOCTYPE")
    depth = 0
    for event, node in etree.iterwalk(tree, events=_EVENTS):
        if event == "start":
            depth += 1
            if depth > limits.depth:
                raise LimitExceeded(f"at most {limits.depth} elements deep")
            _check_element(node, limits)
        elif event == "end":
            depth -= 1
        elif event == "start-ns":
            if len(node[1]) > limits.attribute:
                raise LimitExceeded(f"at most {limits.attribute} characters in a name")
        else:
            raise MalformedEnvelope("processing instruction")


def _is_modest(body: bytes, limits: Limits) -> bool:
    """Say whether its bytes alone show what `_check_tree` would, but for its depth.

    No text is longer than the whole, and no attribute or name than the tag it stands
    in: from a `<` to the first `>`, or further where a quote comes behind that.
    """
    if len(body) > limits.text or b"\0" in body:
        return False
    if body.count(b"<?") > (1 if _DECLARATION.match(body) else 0):
        return False
    return not any(
        _has_long_tag(piece, limits.attribute)
        for piece in body.split(b"<")
        if len(piece) > limits.attribute
    )


def _has_long_tag(piece: bytes, most: int) -> bool:
    tag, _, text = piece.partition(b">")
    return len(tag) > most or b'"' in text or b"'" in text


def _is_shallow(root: etree._Element, limits: Limits) -> bool:
    dtd: etree.DTD | None = root.getroottree().docinfo.internalDTD
    return dtd is None and not _beyond(limits.depth)(root)


@cache
def _beyond(depth: int) -> etree.XPath:
    """Return what says whether elements stand deeper than this inside each other."""
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def _check_element(element: etree._Element, limits: Limits) -> None:
    if any(len(value) > limits.attribute for value in element.attrib.values()):
        raise LimitExceeded(f"at most {limits.attribute} characters in an attribute")
    if element.tag not in FILES and len(text_of(element)) > limits.text:
        raise LimitExceeded(f"at most {limits.text} characters in a text")
