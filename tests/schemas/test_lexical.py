"""Days of the calendar, base64, and texts with comments in them."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from schemas.errors import NotADay, NotBase64
from schemas.lexical import check_day, decoded, text_of


@pytest.mark.parametrize(
    "day",
    [
        "2020-02-29",
        "2563-02-29",
        "2551-02-29T10:11:12",
        " 2552-06-05 ",
        "2400-12-31",
        "0001-01-01",
        "9999-12-31",
    ],
)
def test_a_day_of_the_calendar_is_let_through(day: str) -> None:
    check_day(day)


@pytest.mark.parametrize(
    "day",
    [
        "2552-02-31",
        "2552-02-29",
        "2021-02-29",
        "0000-01-01",
        "2020-13-01",
        "2020-00-10",
        "",
        "2020-02",
        "today",
    ],
)
def test_no_day_is_an_error(day: str) -> None:
    with pytest.raises(NotADay):
        check_day(day)


@given(
    st.binary(max_size=300), st.integers(1, 80), st.sampled_from([" ", "\r\n", "\t"])
)
def test_base64_is_read_with_white_space_anywhere(
    content: bytes, width: int, space: str
) -> None:
    text = b64encode(content).decode()
    lines = [text[start : start + width] for start in range(0, len(text), width)]

    assert decoded(space + space.join(lines) + space) == content


@pytest.mark.parametrize(
    "text",
    ["?", "QQ", "QQ=", "Q===", "QQ==QQ==", "QQ\u00a0==", "QQ-_", "ก", "====", "\u200b"],
)
def test_what_is_not_base64_is_an_error(text: str) -> None:
    with pytest.raises(NotBase64):
        decoded(text)


def test_a_comment_does_not_cut_a_text() -> None:
    element = etree.fromstring("<a>นั<!-- x -->่น<!-- y --> <!-- z -->1</a>")

    assert text_of(element) == "นั่น 1"


def test_an_empty_element_has_an_empty_text() -> None:
    assert text_of(etree.fromstring("<a/>")) == ""
    assert text_of(etree.fromstring("<a><!-- only --></a>")) == ""
