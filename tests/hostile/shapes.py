"""Namespaces that look like ours, and base64 that is none or strange."""

import base64
import re
from collections.abc import Iterator

from schemas import names
from tests.hostile.making import PDF, SUBJECT, plain, spoiled
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

MALFORMED = Refused("malformed-envelope")
SCHEMA = Refused("schema-violated")
UNKNOWN = Refused("operation-unknown")
SAME = Carried(SUBJECT)

_LETTER = "<ram:CorrespondenceLetter"
_CODED = base64.b64encode(PDF).decode()
_MAIN = "MainLetterBinaryObject"

_Cases = dict[str, tuple[str, bytes, Verdict]]


def vectors() -> Iterator[Vector]:
    """Yield the vectors of both classes."""
    for name, (wrong, content, verdict) in _namespaces().items():
        yield Vector(name, Kind.NAMESPACES, wrong, content, verdict)
    for name, (wrong, text, verdict) in _base64().items():
        content = re.sub(
            rb"(<ram:MainLetterBinaryObject [^>]*>)[^<]*",
            rb"\g<1>" + text.encode("utf-8"),
            plain(name),
        )
        yield Vector(name, Kind.BASE64, wrong, content, verdict)


def _namespaces() -> _Cases:
    def changed(name: str, old: str, new: str, *, count: int = 1) -> bytes:
        return spoiled(plain(name), old, new, count=count)

    swapped = plain("swapped").decode()
    swapped = swapped.replace(names.RAM, "RSM").replace(names.RSM, names.RAM)
    return {
        "swapped": (
            "The two namespaces of the letter swapped",
            swapped.replace("RSM", names.RSM).encode(),
            SCHEMA,
        ),
        "misspelt": (
            "A letter of the namespace wrong",
            changed("misspelt", names.RAM, names.RAM + "x"),
            SCHEMA,
        ),
        "blank-behind": (
            "A blank behind the namespace",
            changed("blank-behind", f'"{names.RAM}"', f'"{names.RAM} "'),
            MALFORMED,
        ),
        "undeclared": (
            "A prefix that nobody declared",
            changed("undeclared", _LETTER, "<p:x/><ram:CorrespondenceLetter"),
            MALFORMED,
        ),
        "rebound": (
            "The prefix means something else inside the letter",
            changed("rebound", _LETTER, f'{_LETTER} xmlns:ram="urn:evil"'),
            SCHEMA,
        ),
        "rebound-field": (
            "The prefix means something else on one field",
            changed(
                "rebound-field", "<ram:Subject>", '<ram:Subject xmlns:ram="urn:x">'
            ),
            SCHEMA,
        ),
        "default": (
            "A default namespace on the operation's element",
            changed(
                "default",
                "<CorrespondenceLetterOutboundRequest>",
                '<CorrespondenceLetterOutboundRequest xmlns="urn:evil">',
            ),
            SAME,
        ),
        "two-prefixes": (
            "Two prefixes for one namespace, one attribute by both",
            changed(
                "two-prefixes",
                _LETTER,
                f'{_LETTER} xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2"',
            ),
            MALFORMED,
        ),
        "xml-rebound": (
            "The prefix xml bound to another namespace",
            changed("xml-rebound", _LETTER, f'{_LETTER} xmlns:xml="urn:evil"'),
            MALFORMED,
        ),
        "xmlns-bound": (
            "The prefix xmlns declared",
            changed("xmlns-bound", _LETTER, f'{_LETTER} xmlns:xmlns="urn:evil"'),
            MALFORMED,
        ),
        "empty-prefix": (
            "A prefix bound to nothing",
            changed("empty-prefix", _LETTER, f'{_LETTER} xmlns:p=""'),
            MALFORMED,
        ),
        "homoglyph": (
            "Subject with a Cyrillic letter, before the real one",
            changed(
                "homoglyph",
                "<ram:Subject>",
                "<ram:Subj\u0435ct>x</ram:Subj\u0435ct><ram:Subject>",
            ),
            SCHEMA,
        ),
        "wide-colon": (
            "A full-width colon",
            changed("wide-colon", "<ram:Subject>", "<ram\uff1aSubject/><ram:Subject>"),
            SCHEMA,
        ),
        "other-case": (
            "A field's name in other case",
            changed("other-case", "ram:Subject>", "ram:SUBJECT>", count=-1),
            SCHEMA,
        ),
        "soap-1.2": (
            "An envelope of SOAP 1.2",
            changed("soap-1.2", names.SOAP, "http://www.w3.org/2003/05/soap-envelope"),
            MALFORMED,
        ),
        "no-namespace": (
            "The document in no namespace",
            plain("no-namespace").replace(b"rsm:", b"").replace(b"ram:", b""),
            SCHEMA,
        ),
        "nil": (
            "A field said to be nil",
            changed(
                "nil",
                f"<ram:Subject>{SUBJECT}",
                '<ram:Subject xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                'xsi:nil="true">',
            ),
            SCHEMA,
        ),
        "two-operations": (
            "Two operations in one Body",
            changed(
                "two-operations",
                "</SOAP-ENV:Body>",
                "<CorrespondenceLetterInboundRequest/></SOAP-ENV:Body>",
            ),
            MALFORMED,
        ),
        "unknown-operation": (
            "An operation that looks like one",
            changed(
                "unknown-operation",
                "CorrespondenceLetterOutboundRequest>",
                "CorrespondenceLetterOutboundRequests>",
                count=-1,
            ),
            UNKNOWN,
        ),
    }


def _base64() -> dict[str, tuple[str, str, Verdict]]:
    carried = Carried(_CODED, _MAIN)
    return {
        "blanks-inside": ("Line breaks and blanks", _spread(_CODED), carried),
        "references-inside": (
            "Letters by reference",
            "".join(f"&#{ord(sign)};" for sign in _CODED),
            carried,
        ),
        "comment-inside": (
            "A comment in the middle: it is no part of the text",
            f"{_CODED[:8]}<!-- x -->{_CODED[8:]}",
            carried,
        ),
        "cdata-inside": ("A CDATA section", f"<![CDATA[{_CODED}]]>", carried),
        "padding-missing": ("Without padding", "QQ", SCHEMA),
        "padding-double": ("Too much padding", "QQ====", SCHEMA),
        "padding-only": ("Padding alone", "====", SCHEMA),
        "padding-inside": ("Two base64 texts joined", "QQ==QQ==", SCHEMA),
        "bits-behind": (
            "Bits in the padding that mean nothing: the file is the same without them",
            "QR==",
            Carried("QQ==", _MAIN),
        ),
        "url-alphabet": ("The alphabet of addresses", "-_-_", SCHEMA),
        "data-url": (
            "A data: address",
            f"data:application/pdf;base64,{_CODED}",
            SCHEMA,
        ),
        "no-break-space": ("A no-break space inside", "QUFB\u00a0QUFB", SCHEMA),
        "thai-digits": ("Thai digits", "๑๒๓๔", SCHEMA),
        "wide-letters": ("Full-width letters", "ＱＵＦＢ", SCHEMA),
        "markup-inside": ("Markup inside", f"{_CODED}<ram:x/>", SCHEMA),
        "words": ("No base64 at all", "this is no base64!", SCHEMA),
    }


def _spread(text: str) -> str:
    return "\r\n\t ".join(text)
