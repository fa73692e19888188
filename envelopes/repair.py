"""Bytes that are no XML → the XML that was meant, where only one thing can be meant.

Two old clients write texts without escaping them (Q-B6, Q-J6), and one uses a prefix
that it did not declare (Q-B16). What is done here can make or remove no element,
attribute or declaration:

1. Only bytes that no parser takes are looked at, and what comes out is parsed anew.
2. Only `&` and `<` in character data change, to `&amp;` and `&lt;`. An `&` that begins
   a reference stays. A `<` is markup where a whole tag of a name known to the schemas
   stands, and data where no name of theirs follows. Between the two, and before `!`,
   `?` or any prefix, nobody can tell, and nothing is repaired.
3. Where anything looks like a signature, nothing is repaired: nobody signed this.
"""

import re
from typing import Final

from envelopes.errors import EnvelopeError, MalformedEnvelope
from envelopes.parsing import parse
from schemas import names
from schemas.limits import Limits
from schemas.vocabulary import element_names

_MOST: Final = 1_000
"""Places in one envelope; subjects and names have a handful."""
_REFERENCES: Final = 20_000
"""`&` in one envelope, those that begin a reference too: looking at each takes time."""
_SMALL: Final = 16_384
"""Bytes of a status request, at most: it holds nothing but its header."""

_LONGEST: Final = 100
"""Characters of a name that are looked at: without a bound a long one costs seconds."""

_NAME: Final = rb"[A-Za-z_\x80-\xff][A-Za-z0-9_.\-\x80-\xff]{0,%d}+" % (_LONGEST - 1)
_QNAME: Final = rb"(?:%b:)?%b" % (_NAME, _NAME)
_ATTRIBUTE: Final = rb"""\s+%b\s*=\s*(?:"[^"<]*"|'[^'<]*')""" % _QNAME
_TAG: Final = re.compile(
    rb"<(?:/(?P<end>%b)|(?P<start>%b)(?:%b)*+)\s*/?>" % (_QNAME, _QNAME, _ATTRIBUTE)
)
_NAMED: Final = re.compile(rb"</?(?P<name>:|%b:?)" % _QNAME)
_DECLARATION: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:<\?xml\s[^<>]*\?>)?")
_BARE: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)")
_SIGNATURE: Final = re.compile(rb"(?i)[<:/]\s*signature(?![\w.\-\x80-\xff])|xmldsig")
_ENVELOPE: Final = re.compile(rb"<(?:%b:)?Envelope(?=\s)" % _NAME)
_UNDECLARED: Final = b"SOAP-ENV"
_BODY: Final = f"{{{names.SOAP}}}Body"


def repaired(body: bytes, limits: Limits = Limits()) -> bytes | None:  # noqa: B008
    """Escape bare `&` and `<`; None where that is not all that is wrong, or nothing is.

    `limits` bound what is read, and what comes out.
    """
    if b"\0" in body or body.count(b"&") > _REFERENCES or _SIGNATURE.search(body):
        return None
    if not _is_malformed(body, limits):
        return None
    try:
        mended, tags = _mended(body)
        root = parse(mended, limits)
    except EnvelopeError:
        return None
    # Cannot differ, since no tag was touched; it is what everything here is about.
    same = [element.tag.rpartition("}")[2] for element in root.iter("*")] == tags
    return mended if same else None


def declared(body: bytes, limits: Limits = Limits()) -> bytes | None:  # noqa: B008
    """Declare SOAP-ENV on the envelope of a status request, or return None."""
    if len(body) > _SMALL or b"xmlns:" + _UNDECLARED in body:
        return None
    envelope = _ENVELOPE.search(body)
    if envelope is None or not _is_malformed(body, limits):
        return None
    declaration = b' xmlns:%b="%b"' % (_UNDECLARED, names.SOAP.encode())
    written = body[: envelope.end()] + declaration + body[envelope.end() :]
    try:
        root = parse(written, limits)
    except EnvelopeError:
        return None
    asked = [child.tag for found in root.findall(_BODY) for child in found]
    return written if asked == [names.STATUS_REQUEST] else None


def _is_malformed(body: bytes, limits: Limits) -> bool:
    try:
        parse(body, limits)
    except MalformedEnvelope:
        return True
    except EnvelopeError:
        return False
    return False


def _mended(body: bytes) -> tuple[bytes, list[str]]:
    """Escape what is data, and return the names of the tags that were left alone."""
    start = _DECLARATION.match(body)
    place = start.end() if start else 0
    pieces, tags, left = [body[:place]], list[str](), _MOST
    while True:
        opening = body.find(b"<", place)
        data = body[place:] if opening < 0 else body[place:opening]
        escaped, changes = _BARE.subn(b"&amp;", data)
        pieces.append(escaped)
        left -= changes
        if opening < 0:
            return b"".join(pieces), tags
        if tag := _known_tag(body, opening):
            pieces.append(tag[0])
            place = tag.end()
            if name := tag["start"]:
                tags.append(_local(name))
        else:
            pieces.append(b"&lt;")
            place = opening + 1
            left -= 1
        if left < 0:
            raise MalformedEnvelope


def _known_tag(body: bytes, opening: int) -> re.Match[bytes] | None:
    """Return the tag that begins here, None for data.

    Raises `MalformedEnvelope` where neither can be told.
    """
    tag = _TAG.match(body, opening)
    if tag and _local(tag["start"] or tag["end"]) in element_names():
        return tag
    if body[opening + 1 : opening + 2] in {b"!", b"?", b""}:
        raise MalformedEnvelope
    if (named := _NAMED.match(body, opening)) and _may_be_a_tag(named["name"]):
        raise MalformedEnvelope
    return None


def _may_be_a_tag(name: bytes) -> bool:
    """Say whether a name has a prefix or is known, in whatever case, or is endless."""
    if b":" in name or len(name) >= _LONGEST:
        return True
    return _local(name).lower() in {known.lower() for known in element_names()}


def _local(name: bytes) -> str:
    return name.rpartition(b":")[2].decode("latin-1")
