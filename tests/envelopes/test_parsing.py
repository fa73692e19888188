"""Bytes become a bounded tree without DTD, entities or anything from elsewhere."""

import tracemalloc

import pytest
from lxml import etree

from envelopes.errors import EnvelopeError, LimitExceeded, MalformedEnvelope
from envelopes.parsing import _check_tree, parse
from schemas.limits import Limits
from tests.wire import sample

LIMITS = Limits()
THAI = "อย"
DECLARED = '<?xml version="1.0" encoding="{}"?><a>อย</a>'


def refused(body: bytes, limits: Limits = LIMITS) -> EnvelopeError:
    with pytest.raises(EnvelopeError) as caught:
        parse(body, limits)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        f"<a>{THAI}</a>".encode(),
        f"\ufeff<a>{THAI}</a>".encode(),
        f"\r\n <a>{THAI}</a>".encode(),
        f"<a>{THAI}</a>".encode("utf-16"),
        DECLARED.format("utf-8").encode(),
        DECLARED.format("UTF-16").encode("utf-16"),
        DECLARED.format("TIS-620").encode("tis-620"),
        DECLARED.format("windows-874").encode("cp874"),
        f"<?xml version='1.0' encoding='utf-8' standalone='no'?><a>{THAI}</a>".encode(),
    ],
)
def test_every_encoding_that_offices_had_is_read(body: bytes) -> None:
    assert parse(body, LIMITS).text == THAI


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\0",
        b"\0\0\0\0",
        b"<",
        b"<a>",
        b"<a/><b/>",
        b"no XML",
        b"{}",
        b"<a>\0</a>",
        b"<a>\xff</a>",
        b"<a>&nbsp;</a>",
        b"<a>&#0;</a>",
        b"<p:a/>",
        b"<a b='1' b='2'/>",
        b"\x4c\x6f\xa7\x94\x93",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<?xml version='1.0' encoding=''?><a/>",
        b"<?xml version='1.0'" + b" " * 2_000 + b"?><a/>",
        sample("boi-01c-send-letter-unescaped-MALFORMED.xml"),
        sample("boi-10-outbound-status-request-MALFORMED.xml"),
    ],
)
def test_what_is_not_well_formed_is_malformed(body: bytes) -> None:
    assert isinstance(refused(body), MalformedEnvelope)


def test_the_place_is_told_and_what_stood_there_is_not() -> None:
    error = refused("<a>\n<ลับมาก></a>".encode())

    assert error.where.startswith("line 2, column ")
    assert "ลับ" not in error.where + error.detail


def test_an_encoding_that_hides_markup_is_refused() -> None:
    body = b"<?xml version='1.0' encoding='utf-7'?><a>+ADw-b/></a>"

    assert refused(body).where == "encoding"


@pytest.mark.parametrize(
    "declared",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY x "1"><!ENTITY y "&x;&x;"><!ENTITY z "&y;&y;">]>',
        '<!DOCTYPE a [<!ATTLIST a b CDATA "given">]>',
        "<!-- x -->\n<!DOCTYPE a>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_doctype_is_refused_in_every_encoding(declared: str, encoding: str) -> None:
    body = f"{declared}<a b='&lt;'>&amp;</a>".encode(encoding)

    assert refused(body).where == "DOCTYPE"


def test_a_bomb_in_an_attribute_is_refused_before_it_is_read() -> None:
    laughs = "".join(
        f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10)
    )
    body = f'<!DOCTYPE a [<!ENTITY e0 "ha">{laughs}]><a b="&e9;"/>'.encode()

    assert refused(body).where == "DOCTYPE"


def test_a_tree_with_a_dtd_is_refused_even_if_it_came_this_far() -> None:
    root = etree.fromstring(b"<!DOCTYPE a><a/>")

    with pytest.raises(MalformedEnvelope):
        _check_tree(root, LIMITS)


@pytest.mark.parametrize(
    "body", [b"<a><?x y?></a>", b"<?x y?><a/>", b"<a/><?x y?>", b"<a>t<?x?>t</a>"]
)
def test_processing_instructions_are_refused(body: bytes) -> None:
    assert refused(body).where == "processing instruction"


def test_nothing_is_included() -> None:
    body = (
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude">'
        b'<xi:include href="file:///etc/hostname" parse="text"/></a>'
    )

    root = parse(body, LIMITS)

    assert "".join(root.itertext()) == ""
    assert len(root) == 1


def test_comments_are_kept() -> None:
    """What is kept is what a signature is judged in."""
    assert len(parse(b"<!-- x --><a><!-- y --></a>", LIMITS)) == 1


def test_a_body_is_measured_before_it_is_read() -> None:
    at_most = Limits(body=10)

    assert parse(b"<a>123</a>", at_most).text == "123"
    assert refused(b"<a>1234</a>", at_most).where == "at most 10 bytes"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"<a>" + b"<b/>" * 10**5 + b"</a>", "elements"),
        (b"<a>" + b"<!---->" * 10**5 + b"</a>", "elements"),
        (
            b"<a " + b" ".join(b"a%d='1'" % n for n in range(10**5)) + b"/>",
            "attributes",
        ),
        (
            b"<a " + b" ".join(b"xmlns:a%d='u'" % n for n in range(10**5)) + b"/>",
            "attr",
        ),
    ],
)
def test_markup_is_counted_before_it_costs_anything(body: bytes, where: str) -> None:
    tracemalloc.start()
    try:
        error = refused(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert isinstance(error, LimitExceeded)
    assert where in error.where
    assert peak < 100_000


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


def test_depth_is_bounded() -> None:
    assert parse(nested(LIMITS.depth), LIMITS).tag == "a"
    assert isinstance(refused(nested(LIMITS.depth + 1)), LimitExceeded)
    assert isinstance(refused(nested(2_900)), EnvelopeError)


def test_an_attribute_is_bounded() -> None:
    longest = b"x" * LIMITS.attribute

    assert parse(b"<a b='%s'/>" % longest, LIMITS).tag == "a"
    assert isinstance(refused(b"<a b='%sx'/>" % longest), LimitExceeded)


def test_a_namespace_is_bounded_before_anything_in_it_is_looked_at() -> None:
    """Every element in it costs a copy: 30 MB and 2,900 elements took 30 seconds."""
    declared = b"<a xmlns='urn:%s'><b/></a>"
    longest = LIMITS.attribute - len("urn:")

    assert len(parse(declared % (b"x" * longest), LIMITS)) == 1
    assert isinstance(refused(declared % (b"x" * longest + b"x")), LimitExceeded)


def test_a_text_is_bounded_and_a_file_is_not() -> None:
    longest = b"x" * LIMITS.text
    ram = b"urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1"
    file = b"<ram:MainLetterBinaryObject xmlns:ram='%s'>%s</ram:MainLetterBinaryObject>"

    assert parse(b"<a>%s</a>" % longest, LIMITS).tag == "a"
    assert isinstance(refused(b"<a>%sx</a>" % longest), LimitExceeded)
    assert isinstance(refused(b"<a>%s<b/>x</a>" % longest), LimitExceeded)
    assert len(parse(file % (ram, longest * 2), LIMITS).text or "") == LIMITS.text * 2


def test_a_file_above_ten_million_characters_is_read() -> None:
    """libxml2 refuses such a text unless it is told that it may be huge."""
    text = b"QUFB" * 2_600_000
    ram = b"urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1"
    name = b"AttachmentBinaryObject"

    root = parse(b"<%s xmlns='%s'>%s</%s>" % (name, ram, text, name), LIMITS)

    assert len(root.text or "") == len(text)
