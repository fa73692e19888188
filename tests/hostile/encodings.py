"""Bytes that are other characters than they seem, and characters that mean something.

What XML allows is carried character by character, also where it looks dangerous;
what it forbids is refused before anybody reads it.
"""

from collections.abc import Iterator

from tests.hostile.making import SUBJECT, plain, spoiled
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

MALFORMED = Refused("malformed-envelope")
SAME = Carried(SUBJECT)

_Cases = dict[str, tuple[str, bytes, Verdict]]


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this class."""
    for name, (wrong, content, verdict) in {
        **_declared(),
        **_bytes(),
        **_characters(),
    }.items():
        yield Vector(name, Kind.ENCODING, wrong, content, verdict)
    yield Vector(
        "charset-elsewhere",
        Kind.ENCODING,
        "The HTTP header says TIS-620, the letter is UTF-8: the letter counts",
        plain("charset-elsewhere"),
        SAME,
        headers=(("Content-Type", "text/xml; charset=TIS-620"),),
    )


def _as(name: str, declared: str, encoding: str, version: str = "1.0") -> bytes:
    head = f'<?xml version="{version}" encoding="{declared}"?>'
    return (head + plain(name).decode()).encode(encoding)


def _declared() -> _Cases:
    cases: dict[str, tuple[str, str, str, Verdict]] = {
        "utf-7": ("UTF-7, where < is not <", "UTF-7", "utf-7", MALFORMED),
        "utf-32": ("UTF-32", "UTF-32", "utf-32", MALFORMED),
        "declared-only-utf-16": (
            "UTF-16 declared, UTF-8 written",
            "UTF-16",
            "utf-8",
            MALFORMED,
        ),
        "declared-utf-8": ("UTF-8 declared, UTF-16 written", "UTF-8", "utf-16", SAME),
        "tis-620": ("TIS-620, as old offices had it", "TIS-620", "tis-620", SAME),
        "iso-2022": ("An encoding with shifts", "ISO-2022-JP", "utf-8", MALFORMED),
        "unknown": ("An encoding that is none", "x-user-defined", "utf-8", MALFORMED),
        "ascii": ("ASCII declared, Thai written", "US-ASCII", "utf-8", MALFORMED),
    }
    made: _Cases = {
        f"encoding-{name}": (
            wrong,
            _as(f"encoding-{name}", declared, encoding),
            verdict,
        )
        for name, (wrong, declared, encoding, verdict) in cases.items()
    }
    made["encoding-ebcdic"] = (
        "EBCDIC, where < is another byte",
        ('<?xml version="1.0" encoding="cp037"?><a/>').encode("cp037"),
        MALFORMED,
    )
    name = "version-1.1"
    made[name] = (
        "XML 1.1, which allows control characters",
        spoiled(_as(name, "UTF-8", "utf-8", "1.1"), SUBJECT, "&#1;"),
        MALFORMED,
    )
    made["declared-twice"] = (
        "Two declarations of the encoding",
        b'<?xml version="1.0" encoding="UTF-8" encoding="UTF-7"?>'
        + plain("declared-twice"),
        MALFORMED,
    )
    return made


def _bytes() -> _Cases:
    where = {
        "overlong": ("A < of two bytes", b"\xc0\xbc"),
        "surrogate": ("Half a character, in UTF-8", b"\xed\xa0\x80"),
        "surrogates": ("Two halves of one, in UTF-8", b"\xed\xa0\xbd\xed\xb8\x80"),
        "too-high": ("A character above the last", b"\xf4\x90\x80\x80"),
        "cut": ("The beginning of a character alone", b"\xe0\xb8"),
        "nul": ("NUL", b"\0"),
        "escape": ("ESC as it is", b"\x1b[31m"),
    }
    made: _Cases = {
        f"bytes-{name}": (
            wrong,
            spoiled(plain(f"bytes-{name}"), SUBJECT, inserted),
            MALFORMED,
        )
        for name, (wrong, inserted) in where.items()
    }
    made["mark"] = ("A byte order mark", b"\xef\xbb\xbf" + plain("mark"), SAME)
    made["mark-twice"] = (
        "Two byte order marks",
        b"\xef\xbb\xbf" * 2 + plain("mark-twice"),
        MALFORMED,
    )
    return made


def _characters() -> _Cases:
    refused = {
        "reference-nul": ("NUL by reference", "&#0;"),
        "reference-escape": ("ESC by reference", "&#27;[31m"),
        "reference-surrogate": ("Half a character by reference", "&#xD800;"),
        "not-a-character": ("U+FFFF", "\uffff"),
    }
    carried = {
        "c1-controls": ("CSI as one character: terminals know it", "ก\x9b31mแดง"),
        "bidi": ("Controls that turn the line round", "ก\u202e\u2066abc"),
        "invisible": ("Characters nobody sees", "ก\u200b\ufeff\u2060ข"),
        "plane-end": ("A non-character that XML allows", "ก\U0001ffffข"),
        "separators": ("Line separators that are no line breaks", "ก\u2028\u2029\x85ข"),
    }
    made: _Cases = {
        name: (wrong, spoiled(plain(name), SUBJECT, text), MALFORMED)
        for name, (wrong, text) in refused.items()
    }
    for name, (wrong, text) in carried.items():
        made[name] = (wrong, plain(name, subject=text), Carried(text))
    return made
