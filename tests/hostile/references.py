"""What a signature points at: twice, to something else, to elsewhere, to nothing.

The wave of 2025 is here (ruby-saml, xml-crypto, samlify, signedxml, goxmldsig):
several SignedInfo, comments that cut a digest in two, two readers of one document.
"""

from collections.abc import Iterator

from schemas import names
from tests.hostile.making import EVIL, by_lands, part_of, spoiled, unsigned
from tests.hostile.offices import LANDS, lands
from tests.hostile.signing import SHA256, WITH_COMMENTS, Recipe, signed, x509_data
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

_HEADER = "</SOAP-ENV:Header>"
_INFO = "ds:SignedInfo"
_DIGEST = "ds:DigestValue"
_VALUE = "ds:SignatureValue"
_RAM = f"{{{names.RAM}}}"

INVALID = Refused("signature-invalid")
PART = Refused("signed-part-missing")
SCHEMA = Refused("schema-violated")

_REFERENCE = (
    '<ds:Reference URI="{uri}"><ds:DigestMethod Algorithm="' + SHA256 + '"/>'
    "<ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference>"
)


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this class."""
    for name, (wrong, content, verdict) in {
        **_identifiers(),
        **_uris(),
        **_infos(),
        **_hidden(),
    }.items():
        yield Vector(name, Kind.REFERENCES, wrong, content, verdict, door=LANDS)


_Made = dict[str, tuple[str, bytes, Verdict]]


def _identifiers() -> _Made:
    """An ID that is there twice, however it is spelled."""
    return {
        f"second-id-{place}": (
            f"A second element with the ID, spelled {spelled}",
            spoiled(
                by_lands(f"second-id-{place}"),
                _HEADER,
                f'<old xmlns:u="urn:u" {spelled}="Letter"/>{_HEADER}',
            ),
            PART,
        )
        for place, spelled in (
            ("same", "ID"),
            ("mixed", "Id"),
            ("xml", "xml:id"),
            ("prefixed", "u:ID"),
        )
    } | {
        "id-in-a-namespace": (
            "The letter's ID stands in a namespace",
            signed(
                spoiled(
                    unsigned("id-in-a-namespace"), ' ID="Letter"', ' ram:ID="Letter"'
                ),
                lands(),
            ),
            PART,
        ),
    }


def _uris() -> _Made:
    other = "http://127.0.0.1:9/letter.xml"
    cases: dict[str, tuple[str, str | None, Verdict]] = {
        "empty-uri": ("An empty URI: the whole document", "", PART),
        "no-uri": ("No URI at all", None, PART),
        "external-http": ("A URI elsewhere, by HTTP", other, PART),
        "external-file": ("A URI elsewhere, a file", "file:///etc/passwd", PART),
        "xpointer": ("An XPointer", "#xpointer(id('Letter'))", PART),
        "percent": ("The ID percent-encoded", "#%4Cetter", PART),
        "case": ("The ID in other case", "#letter", PART),
        "body-named": ("The ID of Body", "#Body", PART),
        "blank": ("The ID with a blank behind it", "#Letter ", PART),
    }
    found = {
        f"uri-{name}": (wrong, by_lands(f"uri-{name}", Recipe(uri=uri)), verdict)
        for name, (wrong, uri, verdict) in cases.items()
    }
    name = "sender-signed"
    wire = spoiled(unsigned(name), "<ram:SenderParty>", '<ram:SenderParty ID="Letter">')
    wire = spoiled(wire, 'CorrespondenceLetter ID="Letter"', "CorrespondenceLetter")
    found[name] = (
        "The sender alone is signed, under the letter's ID",
        signed(wire, lands(), Recipe(target=f"{_RAM}SenderParty")),
        PART,
    )
    return found


def _infos() -> _Made:
    wire = by_lands("second-info")
    info = part_of(wire, _INFO)
    forged = spoiled(
        info, part_of(info, _DIGEST), b"<ds:DigestValue>AAAA</ds:DigestValue>"
    )
    other = f'<x:SignedInfo xmlns:x="urn:x">{EVIL}</x:SignedInfo>'
    return {
        "second-info": (
            "A second SignedInfo behind the signed one",
            spoiled(wire, info, info + forged),
            INVALID,
        ),
        "second-info-first": (
            "A second SignedInfo before the signed one",
            spoiled(
                by_lands("second-info-first"), f"<{_INFO}>", forged + b"<ds:SignedInfo>"
            ),
            INVALID,
        ),
        "info-of-another-name": (
            "A SignedInfo of another namespace before the signed one",
            spoiled(
                by_lands("info-of-another-name"), f"<{_INFO}>", f"{other}<{_INFO}>"
            ),
            INVALID,
        ),
        "info-in-object": (
            "A second SignedInfo inside an Object",
            _before_end("info-in-object", b"<ds:Object>" + forged + b"</ds:Object>"),
            INVALID,
        ),
        "second-reference": (
            "A second reference, signed too",
            by_lands(
                "second-reference",
                Recipe(after_reference=_REFERENCE.format(uri="#Body")),
            ),
            INVALID,
        ),
        "second-reference-first": (
            "A second reference before the one to the letter, signed too",
            by_lands(
                "second-reference-first",
                Recipe(before_reference=_REFERENCE.format(uri="#Letter")),
            ),
            INVALID,
        ),
        "manifest": (
            "A Manifest whose references nobody checks",
            _before_end(
                "manifest",
                b"<ds:Object><ds:Manifest>"
                + _REFERENCE.format(uri="#Body").encode()
                + b"</ds:Manifest></ds:Object>",
            ),
            INVALID,
        ),
        "object": (
            "An Object with words in it",
            _before_end("object", f"<ds:Object>{EVIL}</ds:Object>".encode()),
            INVALID,
        ),
        "second-signature": (
            "The signature twice",
            _twice("second-signature"),
            INVALID,
        ),
    }


def _hidden() -> _Made:
    comment = "<!---->"
    made: _Made = {
        "comment-in-digest": (
            "A comment that cuts the digest in two",
            _cut("comment-in-digest", _DIGEST, comment),
            INVALID,
        ),
        "comment-in-value": (
            "A comment that cuts the signature's value in two",
            _cut("comment-in-value", _VALUE, comment),
            INVALID,
        ),
        "instruction-in-digest": (
            "A processing instruction that cuts the digest in two",
            _cut("instruction-in-digest", _DIGEST, "<?x y?>"),
            Refused("malformed-envelope"),
        ),
        "comment-in-digest-signed": (
            "A second digest behind a comment, signed with comments",
            by_lands(
                "comment-in-digest-signed",
                Recipe(canonicalisation=WITH_COMMENTS, in_digest="<!---->AAAA"),
            ),
            INVALID,
        ),
        "comment-in-subject-name": (
            "A comment that cuts the name of the certificate's subject in two",
            by_lands(
                "comment-in-subject-name",
                Recipe(
                    key_info=x509_data(
                        lands().der,
                        before="<ds:X509SubjectName>CN=la<!---->nds.evil"
                        "</ds:X509SubjectName>",
                    )
                ),
            ),
            INVALID,
        ),
        "comment-in-subject": (
            "A comment in the signed letter's subject: no part of what is read",
            spoiled(by_lands("comment-in-subject"), "ประ", "ประ<!-- ไม่ -->"),
            Carried("ขอเชิญประชุม"),
        ),
    }
    return made


def _before_end(name: str, inserted: bytes) -> bytes:
    end = b"</ds:Signature>"
    return spoiled(by_lands(name), end, inserted + end)


def _twice(name: str) -> bytes:
    wire = by_lands(name)
    signature = part_of(wire, "ds:Signature")
    return spoiled(wire, signature, signature + signature)


def _cut(name: str, tag: str, inserted: str) -> bytes:
    wire = by_lands(name)
    start = f"<{tag}>"
    place = wire.index(start.encode()) + len(start) + 8
    return wire[:place] + inserted.encode() + wire[place:]
