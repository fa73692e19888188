"""The demo's files are what they claim to be, and their Thai can be copied out."""

import io
import re
import struct
from importlib import resources

import pytest
from pypdf import PdfReader

from gateway.simulation import circular

FILES = resources.files("gateway.simulation") / "files"


def folded(text: str) -> str:
    """Return text without white space, with sara am in two marks, the tone behind."""
    text = re.sub("([\u0e48-\u0e4b])\u0e33", "\u0e4d\\1\u0e32", text)
    text = text.replace("\u0e33", "\u0e4d\u0e32")
    return "".join(text.split())


def text_of(name: str) -> str:
    reader = PdfReader(io.BytesIO((FILES / name).read_bytes()))
    return folded("".join(page.extract_text() for page in reader.pages))


def test_the_letters_subject_can_be_copied_out() -> None:
    text = text_of("letter.pdf")

    assert folded(circular.SUBJECT) in text
    assert folded(f"ที่ {circular.NUMBER}") in text
    assert folded("เรียน ผู้ว่าราชการจังหวัด ทุกจังหวัด") in text
    assert folded("๕ มิถุนายน ๒๕๕๒") in text


def test_the_schedule_names_its_letter() -> None:
    assert folded(f"หนังสือที่ {circular.NUMBER}") in text_of("schedule.pdf")


@pytest.mark.parametrize("name", ["letter.pdf", "schedule.pdf"])
def test_a_font_is_embedded(name: str) -> None:
    page = PdfReader(io.BytesIO((FILES / name).read_bytes())).pages[0]
    fonts = page["/Resources"]["/Font"].values()

    for font in fonts:
        (descendant,) = font.get_object()["/DescendantFonts"]
        assert "Sarabun" in font.get_object()["/BaseFont"]
        assert "/FontFile2" in descendant.get_object()["/FontDescriptor"]


def test_the_form_is_rich_text() -> None:
    form = (FILES / "form.doc").read_bytes()

    assert form.startswith(b"{\\rtf1\\ansi\\ansicpg874")
    assert form.isascii()
    letters = re.findall(rb"\\u(\d+)\?", form)
    assert "แบบแจ้งรายชื่อ" in "".join(chr(int(code)) for code in letters)


def test_the_diagram_is_a_picture() -> None:
    picture = (FILES / "diagram.jpg").read_bytes()

    start = picture.index(b"\xff\xc0") + 5
    assert picture.startswith(b"\xff\xd8\xff")
    assert picture.endswith(b"\xff\xd9")
    assert struct.unpack_from(">HH", picture, start) == (720, 1200)


def test_both_dialects_know_the_three_enclosures() -> None:
    main, *attachments = circular.files()

    assert main.mime_code == "application/pdf"
    assert [file.mime_code for file in attachments] == [
        "application/pdf",
        "application/msword",
        "image/jpeg",
    ]
