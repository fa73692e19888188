"""A valid signature over one letter, and another letter where the hub would read it.

The eight wrappings of SAML (Somorovsky and others, 2012) in the shapes that a
GovernmentDocument allows, and what envelopes add: header, second body, second
document.
"""

from collections.abc import Iterator

from schemas import names
from tests.hostile.making import (
    EVIL,
    by_lands,
    evil_letter,
    part_of,
    plain,
    spoiled,
    unsigned,
)
from tests.hostile.offices import HEALTH, LANDS, MINISTRY
from tests.hostile.vector import Kind, Refused, Vector

_HEADER = b"</SOAP-ENV:Header>"
_DOCUMENT = "rsm:GovernmentDocument"
_LETTER = "ram:CorrespondenceLetter"
_SIGNATURE = "ds:Signature"
_RAM = f'xmlns:ram="{names.RAM}"'.encode()

INVALID = Refused("signature-invalid")
PART = Refused("signed-part-missing")
SCHEMA = Refused("schema-violated")


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this class."""
    for name, (wrong, content, verdict) in _made().items():
        yield Vector(name, Kind.WRAPPING, wrong, content, verdict, door=LANDS)
    yield from _at_other_doors()


def _made() -> dict[str, tuple[str, bytes, Refused]]:
    return {
        "xsw-1": (
            "The evil letter in place, the signed one as Object in its own signature",
            _object("xsw-1", same_id=True),
            INVALID,
        ),
        "xsw-2": (
            "The evil letter in place, the signed one beside the signature",
            _moved("xsw-2", b"<ds:Signature ", same_id=True),
            SCHEMA,
        ),
        "xsw-3": (
            "An evil document before the signed one",
            _second_document("xsw-3", before=True),
            SCHEMA,
        ),
        "xsw-4": (
            "An evil document around the signed one",
            _around("xsw-4"),
            SCHEMA,
        ),
        "xsw-5": (
            "The evil letter in place, the signed one behind everything in Body",
            _moved("xsw-5", b"</SOAP-ENV:Body>", same_id=True),
            Refused("malformed-envelope"),
        ),
        "xsw-6": (
            "The evil letter in place, the signed one inside SignatureValue",
            _moved("xsw-6", b"</ds:SignatureValue>", same_id=True),
            PART,
        ),
        "xsw-7": (
            "The evil letter in place under the same ID, the signed one in Header",
            _moved("xsw-7", _HEADER, same_id=True),
            PART,
        ),
        "xsw-8": (
            "The evil letter in place without ID, the signed one as Object",
            _object("xsw-8", same_id=False),
            INVALID,
        ),
        "header-without-id": (
            "The evil letter in place without ID, the signed one in Header",
            _moved("header-without-id", _HEADER, same_id=False),
            PART,
        ),
        "header-before-body": (
            "The signed letter in a Header that the envelope has twice",
            _second_header("header-before-body"),
            PART,
        ),
        "inside-a-text": (
            "The signed letter inside the Description of the evil one",
            _moved("inside-a-text", b"</ram:Description>", same_id=False),
            SCHEMA,
        ),
        "inside-an-organization": (
            "The signed letter inside the sender of the evil one",
            _moved("inside-an-organization", b"</ram:SenderParty>", same_id=False),
            SCHEMA,
        ),
        "letter-twice": (
            "Two letters in one document, the signed one first",
            _second_letter("letter-twice", first=True),
            SCHEMA,
        ),
        "letter-twice-turned": (
            "Two letters in one document, the signed one last",
            _second_letter("letter-twice-turned", first=False),
            SCHEMA,
        ),
        "document-behind": (
            "An evil document behind the signed one",
            _second_document("document-behind", before=False),
            SCHEMA,
        ),
        "body-twice": (
            "Two bodies, the evil one first",
            _second_body("body-twice", first=True),
            Refused("malformed-envelope"),
        ),
        "body-twice-turned": (
            "Two bodies, the evil one last",
            _second_body("body-twice-turned", first=False),
            Refused("malformed-envelope"),
        ),
        "envelope-in-header": (
            "A whole signed envelope inside Header, an evil one in Body",
            _envelope_in_header("envelope-in-header"),
            INVALID,
        ),
        "signature-in-header": (
            "The signature moved to Header, beside the letter it covers",
            _signature_in_header("signature-in-header"),
            INVALID,
        ),
        "signature-of-another": (
            "The signature of another letter of the same office",
            _foreign_signature("signature-of-another"),
            INVALID,
        ),
        "field-twice": (
            "A second Subject before the signed one",
            spoiled(
                by_lands("field-twice"),
                "<ram:Subject>",
                f"<ram:Subject>{EVIL}</ram:Subject><ram:Subject>",
            ),
            SCHEMA,
        ),
        "government-signature-twice": (
            "Two GovernmentSignature, the first without a signature",
            spoiled(
                by_lands("government-signature-twice"),
                "<ram:GovernmentSignature>",
                "<ram:GovernmentSignature/><ram:GovernmentSignature>",
            ),
            SCHEMA,
        ),
        "changed-subject": (
            "A word of the signed letter changed",
            spoiled(by_lands("changed-subject"), "ประชุม", "โอนเงิน"),
            INVALID,
        ),
        "signature-stripped": (
            "The signature taken off the letter of an office that must sign",
            unsigned("signature-stripped"),
            Refused("signature-missing"),
        ),
    }


def _at_other_doors() -> Iterator[Vector]:
    """Yield what would be taken where an unsigned letter may come."""
    wire = by_lands("hosted-and-invalid", sender=MINISTRY)
    yield Vector(
        "hosted-and-invalid",
        Kind.WRAPPING,
        "A signature that fails, of an office that need not sign",
        spoiled(wire, "ประชุม", "โอนเงิน"),
        Refused("certificate-untrusted"),
        door=MINISTRY,
    )
    signature = part_of(by_lands("none-and-header", sender=HEALTH), _SIGNATURE)
    yield Vector(
        "none-and-header",
        Kind.WRAPPING,
        "An unsigned letter of an office that need not sign, a signature in Header",
        spoiled(plain("none-and-header", sender=HEALTH), _HEADER, signature + _HEADER),
        INVALID,
        door=HEALTH,
    )


def _evil(name: str, *, same_id: bool) -> bytes:
    return evil_letter(name, ' ID="Letter"' if same_id else "")


def _declared(letter: bytes) -> bytes:
    """Return a letter that can stand anywhere."""
    return letter.replace(b"<" + _LETTER.encode(), b"<%b " % _LETTER.encode() + _RAM, 1)


def _moved(name: str, before: bytes, *, same_id: bool) -> bytes:
    """Put the evil letter in place, and the signed one before something else."""
    wire = by_lands(name)
    letter = part_of(wire, _LETTER)
    wire = spoiled(wire, letter, _evil(name, same_id=same_id))
    return spoiled(wire, before, _declared(letter) + before)


def _object(name: str, *, same_id: bool) -> bytes:
    wire = by_lands(name)
    letter = part_of(wire, _LETTER)
    wire = spoiled(wire, letter, _evil(name, same_id=same_id))
    inside = b"<ds:Object>" + letter + b"</ds:Object></ds:Signature>"
    return spoiled(wire, "</ds:Signature>", inside)


def _second_document(name: str, *, before: bool) -> bytes:
    wire, evil = by_lands(name), part_of(plain(name, sender=LANDS), _DOCUMENT)
    evil = evil.replace(part_of(evil, "ram:Subject"), _subject())
    own = part_of(wire, _DOCUMENT)
    return spoiled(wire, own, evil + own if before else own + evil)


def _subject() -> bytes:
    return f"<ram:Subject>{EVIL}</ram:Subject>".encode()


def _around(name: str) -> bytes:
    wire, own = by_lands(name), part_of(by_lands(name), _DOCUMENT)
    evil = part_of(unsigned(name, subject=EVIL), _DOCUMENT)
    place = b"</ram:GovernmentSignature>"
    return spoiled(wire, own, evil.replace(place, own + place))


def _second_header(name: str) -> bytes:
    wire = by_lands(name)
    letter = part_of(wire, _LETTER)
    wire = spoiled(wire, letter, _evil(name, same_id=False))
    header = b"<SOAP-ENV:Header>" + _declared(letter) + _HEADER
    return spoiled(wire, "<SOAP-ENV:Header>", header + b"<SOAP-ENV:Header>")


def _second_letter(name: str, *, first: bool) -> bytes:
    wire, evil = by_lands(name), _evil(name, same_id=False)
    own = part_of(wire, _LETTER)
    return spoiled(wire, own, own + evil if first else evil + own)


def _second_body(name: str, *, first: bool) -> bytes:
    wire = by_lands(name)
    own = part_of(wire, "SOAP-ENV:Body")
    evil = part_of(plain(name, sender=LANDS, subject=EVIL), "SOAP-ENV:Body")
    return spoiled(wire, own, evil + own if first else own + evil)


def _envelope_in_header(name: str) -> bytes:
    inner = part_of(by_lands(name), "SOAP-ENV:Envelope")
    outer = plain(name, sender=LANDS, subject=EVIL)
    return spoiled(outer, _HEADER, inner + _HEADER)


def _signature_in_header(name: str) -> bytes:
    wire = by_lands(name)
    signature = part_of(wire, _SIGNATURE)
    wire = spoiled(wire, signature, b"")
    return spoiled(wire, _HEADER, signature + _HEADER)


def _foreign_signature(name: str) -> bytes:
    wire = by_lands(name, subject=EVIL)
    other = part_of(by_lands(f"{name} too"), _SIGNATURE)
    return spoiled(wire, part_of(wire, _SIGNATURE), other)
