"""The code lists."""

import re
from typing import Any

import pytest
from lxml import etree

from schemas import codes
from schemas.errors import CodeUnknown
from schemas.validator import FOLDER


@pytest.mark.parametrize("written", ["1", "01", "001", " 001\n"])
def test_a_short_code_is_padded(written: str) -> None:
    assert codes.secrecy(written).value == "001"
    assert codes.speed(written).value == "001"


@pytest.mark.parametrize("written", ["", " ", "6", "0001", "-1", "one", "๑", "00 1"])
def test_an_unknown_code_is_an_error(written: str) -> None:
    with pytest.raises(CodeUnknown):
        codes.secrecy(written)
    with pytest.raises(CodeUnknown):
        codes.speed(written)


def test_the_fifth_secrecy_is_known_and_the_fifth_speed_is_not() -> None:
    assert codes.secrecy("5").thai == "ลับเฉพาะบุคคล"
    with pytest.raises(CodeUnknown):
        codes.speed("005")


def test_lists_are_those_of_the_protocol() -> None:
    assert list(codes.secrecy_codes()) == ["001", "002", "003", "004", "005"]
    assert [code.thai for code in codes.speed_codes().values()] == [
        "ปกติ",
        "ด่วน",
        "ด่วนมาก",
        "ด่วนที่สุด",
    ]
    assert len(codes.mime_codes()) == 24
    assert codes.mime_codes()["docx"].endswith("wordprocessingml.document")


@pytest.mark.parametrize(
    ("name", "listed"),
    [("SecrecyCode", codes.secrecy_codes), ("SpeedCode", codes.speed_codes)],
)
def test_schema_and_list_let_the_same_codes_through(name: str, listed: Any) -> None:
    tree = etree.parse(FOLDER / "values.xsd")
    pattern = tree.find(f".//{{*}}simpleType[@name='{name}']//{{*}}pattern")
    assert pattern is not None
    allowed = pattern.get("value", "")
    written = [f"{number:0{width}d}" for number in range(10) for width in (1, 2, 3)]

    through = {text for text in written if re.fullmatch(allowed, text)}

    assert {text.rjust(3, "0") for text in through} == set(listed())


@pytest.mark.parametrize(
    ("mime_code", "extension"),
    [
        ("application/pdf", "pdf"),
        ("image/jpeg", "jpg"),
        ("image/jpg", "jpg"),
        (" Application/DOCX ", "docx"),
        ("application/x-rar-compressed", "rar"),
        ("", None),
        ("application/x-nobody-knows", None),
    ],
)
def test_an_extension_is_found_for_every_known_spelling(
    mime_code: str, extension: str | None
) -> None:
    assert codes.extension_of(mime_code) == extension


def test_every_mime_code_leads_back_to_an_extension_of_its_own() -> None:
    for extension, code in codes.mime_codes().items():
        usual = codes.extension_of(code)
        assert usual is not None, extension
        assert codes.mime_codes()[usual] == code, extension
