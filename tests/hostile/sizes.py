"""Much of something: elements, attributes, depth, names, text, work."""

from collections.abc import Iterator
from typing import Final

from envelopes.letter import Attachment, Reference
from schemas import names
from tests.hostile.making import SUBJECT, by_lands, plain, spoiled
from tests.hostile.offices import LANDS
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

LIMIT = Refused("limit-exceeded")
MALFORMED = Refused("malformed-envelope")
SCHEMA = Refused("schema-violated")

_MIB: Final = 1024 * 1024
_HEADER = "<SOAP-ENV:Header>"

_Cases = dict[str, tuple[str, bytes, Verdict]]


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this class."""
    for name, (wrong, content, verdict) in {
        **_structures(),
        **_texts(),
        **_counts(),
        **_work(),
    }.items():
        yield Vector(name, Kind.SIZE, wrong, content, verdict)
    name = "namespaces-signed"
    prefixes = " ".join(f'xmlns:p{n}="urn:p{n}"' for n in range(3_500))
    yield Vector(
        name,
        Kind.SIZE,
        "A signed letter under 3,500 namespaces, which canonicalisation looks through",
        spoiled(by_lands(name), "<SOAP-ENV:Envelope", f"<SOAP-ENV:Envelope {prefixes}"),
        Carried(SUBJECT),
        door=LANDS,
    )


def _in_header(name: str, markup: str) -> bytes:
    return spoiled(plain(name), _HEADER, _HEADER + markup)


def _structures() -> _Cases:
    attributes = " ".join(f'a{n}="1"' for n in range(200_000))
    alike = " ".join(f'a{n}="1"' for n in range(3_900))
    prefixes = " ".join(f'xmlns:p{n}="urn:p{n}"' for n in range(100_000))
    cases: dict[str, tuple[str, str, Verdict]] = {
        "depth-49": ("49 elements deep", "<a>" * 47 + "</a>" * 47, LIMIT),
        "depth-2000": ("2,000 deep", "<a>" * 2_000 + "</a>" * 2_000, MALFORMED),
        "depth-million": ("A million deep, never closed", "<a>" * _MIB, LIMIT),
        "elements": ("500,000 elements", "<a/>" * 500_000, LIMIT),
        "elements-within": (
            "5,000 elements where none belongs: they are passed over",
            "<a/>" * 5_000,
            Carried(SUBJECT),
        ),
        "comments": ("300,000 comments", "<!---->" * 300_000, LIMIT),
        "instructions": ("A hundred instructions", "<?a?>" * 100, MALFORMED),
        "cdata": ("200,000 CDATA sections", "<![CDATA[]]>" * 200_000, LIMIT),
        "attributes": ("200,000 attributes", f"<a {attributes}/>", LIMIT),
        "attributes-within": (
            "3,900 attributes on one element: they are passed over",
            f"<a {alike}/>",
            Carried(SUBJECT),
        ),
        "attributes-twice": (
            "3,900 attributes, two of one name",
            f'<a {alike} a0="1"/>',
            MALFORMED,
        ),
        "namespaces": ("100,000 namespaces", f"<a {prefixes}/>", LIMIT),
        "attribute-length": (
            "An attribute of a million characters",
            f'<a b="{"x" * _MIB}"/>',
            LIMIT,
        ),
        "name-length": (
            "An element's name of a million characters",
            f"<{'a' * _MIB}/>",
            MALFORMED,
        ),
        "namespace-length": (
            "A namespace of a million characters, which 2,900 elements are in",
            f'<a xmlns="urn:{"x" * _MIB}">{"<a/>" * 2_900}</a>',
            LIMIT,
        ),
    }
    return {
        name: (wrong, _in_header(name, markup), verdict)
        for name, (wrong, markup, verdict) in cases.items()
    }


def _texts() -> _Cases:
    return {
        "subject-length": (
            "A subject of 65,537 characters",
            plain("subject-length", subject="ก" * 65_537),
            LIMIT,
        ),
        "number-length": (
            "A number of 251 characters",
            _with("number-length", "<ram:ID>", f"<ram:ID>{'9' * 251}"),
            LIMIT,
        ),
        "references-in-text": (
            "A subject of 200,000 character references",
            plain("references-in-text").replace(SUBJECT.encode(), b"&#65;" * 200_000),
            LIMIT,
        ),
        "comment-length": (
            "A comment of eight million characters: it is passed over",
            _in_header("comment-length", f"<!--{'x' * 8 * _MIB}-->"),
            Carried(SUBJECT),
        ),
        "blanks": (
            "Four million blanks between two elements",
            _in_header("blanks", " " * 4 * _MIB),
            LIMIT,
        ),
        "file-within": (
            "A file of six million bytes, which is no attack",
            plain("file-within", main=Attachment("application/pdf", bytes(6 * _MIB))),
            Carried(SUBJECT),
        ),
    }


def _counts() -> _Cases:
    references = tuple(Reference(f"{n}", "2026-01-01", "x") for n in range(201))
    files = tuple(Attachment("image/png", b"%d" % n) for n in range(201))
    return {
        "references": (
            "201 earlier letters",
            plain("references", references=references),
            LIMIT,
        ),
        "attachments": ("201 files", plain("attachments", attachments=files), LIMIT),
    }


def _work() -> _Cases:
    """What is small, and would take long to read or to explain."""
    unknown = "<ram:Unknown>x</ram:Unknown>" * 2_500
    ram = f'xmlns:ram="{names.RAM}"'
    return {
        "explanation": (
            "2,500 elements that the schema does not know",
            _with("explanation", "<ram:Subject>", f"{unknown}<ram:Subject>"),
            SCHEMA,
        ),
        "date-length": (
            "A date of 60,000 digits",
            _with("date-length", "2026-11-20", "2" * 60_000),
            SCHEMA,
        ),
        "date-backtracking": (
            "A date that makes a careless pattern go back and forth",
            _with("date-backtracking", "2026-11-20", "2026-11-20T" + "0:" * 20_000),
            SCHEMA,
        ),
        "repair-names": (
            "Endless names, for whoever repairs what is not well-formed",
            f"<Envelope {ram}>{'<' + 'a' * 90}".encode() * 2_000,
            MALFORMED,
        ),
        "repair-ampersands": (
            "A million bare ampersands",
            _with("repair-ampersands", SUBJECT, "&" * _MIB),
            MALFORMED,
        ),
        "repair-attributes": (
            "A tag of open quotes",
            _with("repair-attributes", SUBJECT, "<ram:ID " + 'a="' * 1_900),
            MALFORMED,
        ),
    }


def _with(name: str, old: str, new: str) -> bytes:
    return spoiled(plain(name), old, new)
