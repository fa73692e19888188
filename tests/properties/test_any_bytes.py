"""Any bytes whatever become an envelope or an EnvelopeError, and nothing else."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.properties.promises import judged
from tests.wire import REQUESTS, sample

SAMPLES = st.sampled_from(REQUESTS).map(sample)
PIECES = (
    b"<",
    b">",
    b"&",
    b"\0",
    b"\xff",
    b"]]>",
    b"<!--",
    b"<![CDATA[",
    b"<?x ",
    b"<!DOCTYPE a>",
    b"&#x10FFFF;",
    b"&#xD800;",
    b"\xef\xbb\xbf",
    b" xmlns=''",
    b" xml:id='1'",
    b"<ram:ID/>",
    "ๆ\u0e33\u200b\u00a0".encode(),
)

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.binary(max_size=2_000))
@example(b"")
@example(b"\xff\xfe")
@example(b"<a xmlns='http://schemas.xmlsoap.org/soap/envelope/'/>")
def test_any_bytes(body: bytes) -> None:
    judged(body)


@quick
@given(st.text(max_size=500), st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-7"]))
def test_any_text_in_any_encoding(text: str, encoding: str) -> None:
    judged(text.encode(encoding, "ignore"))
    judged(f"<a>{text}</a>".encode(encoding, "ignore"))


@quick
@given(st.data())
def test_samples_with_other_bytes(data: st.DataObject) -> None:
    body = bytearray(data.draw(SAMPLES))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))

    judged(bytes(body))


@quick
@given(st.data())
def test_samples_cut_and_doubled(data: st.DataObject) -> None:
    body = data.draw(SAMPLES)
    start, end = sorted(
        data.draw(st.tuples(*[st.integers(0, len(body))] * 2)),
    )

    judged(body[:start])
    judged(body[:start] + body[end:])
    judged(body[:end] + body[start:])


@quick
@given(st.data())
def test_samples_with_foreign_pieces(data: st.DataObject) -> None:
    body = data.draw(SAMPLES)
    place = data.draw(st.integers(0, len(body)))
    piece = data.draw(st.sampled_from(PIECES))

    judged(body[:place] + piece + body[place:])


def drop(element: etree._Element, _: str) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def double(element: etree._Element, _: str) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.insert(0, etree.fromstring(etree.tostring(element, with_tail=False)))


def retext(element: etree._Element, text: str) -> None:
    element.text = text


def rename(element: etree._Element, _: str) -> None:
    element.tag = "Other"


def comment(element: etree._Element, text: str) -> None:
    element.insert(0, etree.Comment("x"))
    element[0].tail = text


def attribute(element: etree._Element, text: str) -> None:
    element.set("ID", text)


XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20
).filter(lambda text: "\ufffe" not in text and "\uffff" not in text)
TEXTS = st.one_of(
    XML_TEXT,
    st.sampled_from(
        ["", " ", "\u00a0", "0", "001", "2552-02-31", "๒๕๕๒-๐๒-๐๑", "QQ==", "-", "15"]
    ),
)
CHANGES: Any = st.sampled_from([drop, double, retext, rename, comment, attribute])


@quick
@given(st.data())
def test_samples_with_other_elements(data: st.DataObject) -> None:
    root = etree.fromstring(data.draw(SAMPLES))
    for _ in range(data.draw(st.integers(1, 3))):
        elements = list(root.iter("*"))
        element = elements[data.draw(st.integers(0, len(elements) - 1))]
        data.draw(CHANGES)(element, data.draw(TEXTS))

    judged(etree.tostring(root, encoding="utf-8"))
