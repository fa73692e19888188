"""Copies are fitted to what their receiver's client can take, and no further.

Each test that is named after a quirk shows both: with the behaviour in the dialect's
row, and with it switched off there.
"""

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from envelopes.dialects import (
    BOI,
    CSHARP,
    DIALECTS,
    JAVA,
    UNKNOWN,
    Dialect,
    Lengths,
)
from envelopes.encoder import encode_document
from envelopes.fitting import fitted, is_cut_from, needs_fitting
from envelopes.letter import Attachment, Letter, LetterId, Party, Reference
from envelopes.requests import Document
from envelopes.sniffing import mime_code_of
from envelopes.written_form import can_be_read, has_blank_parts
from schemas.codes import mime_codes
from tests.doubles.pki import identity
from tests.letters import RECEIVER, a_document, a_letter, document_in, in_envelope
from tests.wire import sample

OFFICE = mime_codes()
DOCX, XLSX, PPTX = OFFICE["docx"], OFFICE["xlsx"], OFFICE["pptx"]


def as_read(dialect: Dialect, **changes: Any) -> Letter:
    return fitted(a_letter(**changes), dialect)


def the_file(dialect: Dialect, mime_code: str, content: bytes = b"x") -> str:
    """Return the MIME code under which a receiver gets such a file."""
    letter = as_read(dialect, attachments=(Attachment(mime_code, content),))
    assert letter.attachments[0].content == content
    return letter.attachments[0].mime_code


def reference(dialect: Dialect, *texts: str) -> tuple[Reference, ...]:
    return as_read(dialect, references=(Reference(*texts),)).references


def sent(letter: Letter | None = None) -> Document:
    """Return a document as a client sends it, signed, so that it may go on as it is."""
    return document_in(in_envelope(a_document(letter or a_letter(), identity())))


def spoiled(old: str, new: str, letter: Letter | None = None) -> Document:
    wire = sent(letter).source.decode()
    assert old in wire
    return document_in(wire.replace(old, new, 1).encode())


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_letter_that_fits_goes_on_as_it_is(dialect: Dialect) -> None:
    letter = a_letter(references=(Reference("มท 1", "2026-01-05", "เรื่องเดิม"),))

    assert fitted(letter, dialect) == letter
    assert not needs_fitting(letter, dialect)
    assert not needs_fitting(letter, dialect, document=sent(letter))


def test_an_unknown_client_gets_every_letter_as_it_was_meant() -> None:
    letter = a_letter(
        id=LetterId("ก" * 250, "2563-01-01T00:00:00Z"),
        subject="ก" * 9_999,
        references=(Reference("", "", ""), Reference("a,b|c", "", "")),
        attachments=(Attachment("", b""), Attachment("", b"x"), Attachment(PPTX, b"x")),
    )

    assert fitted(letter, UNKNOWN) == letter


class TestParties:
    def test_q_b5_the_ministry_is_that_of_the_code(self) -> None:
        as_boi_writes = replace(a_letter().receiver, ministry=RECEIVER.text)

        for dialect in (BOI, JAVA):
            assert as_read(dialect, receiver=as_boi_writes).receiver.ministry == "15"
            off = replace(dialect, needs_ministry=False)
            assert as_read(off, receiver=as_boi_writes).receiver == as_boi_writes
        assert as_read(CSHARP, receiver=as_boi_writes).receiver == as_boi_writes

    def test_q_b13_names_and_posts_fit_their_columns(self) -> None:
        party = Party("ก" * 101, "ข" * 100, "ค" * 256, "15", RECEIVER)

        receiver = as_read(BOI, receiver=party).receiver

        assert receiver.given_name == "ก" * 99 + "…"
        assert receiver.family_name == party.family_name
        assert receiver.job_title == "ค" * 254 + "…"
        off = replace(BOI, lengths=Lengths())
        assert as_read(off, receiver=party).receiver == party


class TestTexts:
    def test_q_b13_a_subject_fits_its_column(self) -> None:
        assert as_read(BOI, subject="ก" * 255).subject == "ก" * 255
        assert as_read(BOI, subject="ก" * 256).subject == "ก" * 254 + "…"
        off = replace(BOI, lengths=replace(BOI.lengths, subject=None))
        assert as_read(off, subject="ก" * 256).subject == "ก" * 256

    def test_i3_a_number_fits_its_column(self) -> None:
        long = LetterId("มท 0210.3/" + "9" * 60, "2026-11-20")

        assert len(as_read(BOI, id=long).id.number) == 50
        assert as_read(replace(BOI, lengths=Lengths()), id=long).id == long

    def test_i3_a_number_that_was_cut_is_known_again(self) -> None:
        own = "มท 0210.3/" + "9" * 60
        cut = as_read(BOI, id=LetterId(own, "2026-11-20")).id.number

        assert is_cut_from(cut, own)
        assert not is_cut_from(cut, "มท 0210.4/" + "9" * 60)
        assert not is_cut_from(own[:20], own)
        assert not is_cut_from(own, own)
        assert not is_cut_from("…", own)

    def test_a_column_counts_utf_16_units(self) -> None:
        subject = as_read(BOI, subject="😀" * 128).subject

        assert subject == "😀" * 127 + "…"
        assert len(subject.encode("utf-16-le")) == 2 * 255

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("ก" * 253 + "ที่สุด", "ก" * 253 + "…"),
            ("ก" * 251 + "ที่สุด", "ก" * 251 + "ที่…"),
            ("ก" * 253 + " สุด", "ก" * 253 + "…"),
            ("\u0e48" * 300, "…"),
        ],
    )
    def test_vowels_and_tone_marks_are_not_torn_off(self, text: str, kept: str) -> None:
        assert as_read(BOI, subject=text).subject == kept


class TestReferences:
    def test_q_b12_a_reference_has_number_and_date(self) -> None:
        assert reference(BOI, "", "", "") == ()
        assert reference(BOI, "มท 1", "", "เรื่อง") == ()
        assert reference(BOI, "", "2026-01-05", "") == (
            Reference("-", "2026-01-05", ""),
        )
        off = replace(
            BOI, drops_blank_parts=False, needs_in_references=frozenset[str]()
        )
        assert reference(off, "", "", "") == (Reference("", "", ""),)
        assert reference(off, "มท 1", "", "") == (Reference("มท 1", "", ""),)

    def test_q_b13_a_references_number_fits_its_column(self) -> None:
        (cut,) = reference(BOI, "9" * 51, "2026-01-05", "ก" * 999)

        assert cut == Reference("9" * 49 + "…", "2026-01-05", "ก" * 999)

    def test_q_j7_a_reference_is_whole(self) -> None:
        assert reference(JAVA, "", "", "") == ()
        assert reference(JAVA, "มท 1", "", "เรื่อง") == ()
        assert reference(JAVA, "มท 1", "2026-01-05", "") == (
            Reference("มท 1", "2026-01-05", "-"),
        )
        off = replace(JAVA, needs_in_references=frozenset[str]())
        assert reference(off, "มท 1", "", "") == (Reference("มท 1", "", ""),)

    def test_q_j7_a_reference_holds_no_separators(self) -> None:
        written = ("มท 1,2|3", "2026-01-05", "ก|ข, ค")

        assert reference(JAVA, *written) == (
            Reference("มท 1;2/3", "2026-01-05", "ก/ข, ค"),
        )
        off = replace(JAVA, number_characters={}, reference_characters={})
        assert reference(off, *written) == (Reference(*written),)
        assert reference(CSHARP, *written) == (Reference(*written),)

    def test_dates_of_references_are_plain(self) -> None:
        (plain,) = reference(JAVA, "มท 1", "2563-02-29T00:00:00+07:00", "เรื่อง")

        assert plain.date == "2020-02-29"


class TestFiles:
    @pytest.mark.parametrize(
        ("written", "known"),
        [
            (DOCX, "application/docx"),
            (XLSX, "application/xlsx"),
            (PPTX, "application/pptx"),
            (DOCX.upper(), "application/docx"),
            ("application/docx", "application/docx"),
            ("application/xls", "application/vnd.ms-excel"),
            ("image/jpg", "image/jpeg"),
            ("application/pdf", "application/pdf"),
            ("Application/PDF", "Application/PDF"),
            ("x/" + "y" * 49, "application/octet-stream"),
            ("x/" + "y" * 48, "x/" + "y" * 48),
        ],
    )
    def test_q_b13_boi_gets_the_names_it_knows(self, written: str, known: str) -> None:
        assert the_file(BOI, written) == known
        off = replace(BOI, mime_codes={}, mime_length=None)
        assert the_file(off, written) == written

    def test_d3_java_gets_the_names_it_knows(self) -> None:
        assert the_file(JAVA, OFFICE["rar"]) == "application/x-rar-compressed"
        assert the_file(JAVA, "application/docx") == DOCX
        assert the_file(replace(JAVA, mime_codes={}), "application/docx") == (
            "application/docx"
        )

    def test_q_b12_a_blank_attachment_is_dropped(self) -> None:
        blank = Attachment("", b"")

        assert as_read(BOI, attachments=(blank,)).attachments == ()
        off = replace(BOI, drops_blank_parts=False, needs_mime_codes=False)
        assert as_read(off, attachments=(blank,)).attachments == (blank,)

    def test_q_c24_a_code_that_is_missing_is_told_from_the_content(self) -> None:
        assert the_file(BOI, "", b"%PDF-1.4 ...") == "application/pdf"
        assert the_file(BOI, "", b"\0\1") == "application/octet-stream"
        assert the_file(BOI, "", zipped("word/document.xml")) == "application/docx"
        assert the_file(JAVA, "", zipped("word/document.xml")) == DOCX
        assert the_file(replace(BOI, needs_mime_codes=False), "", b"%PDF-1.4") == ""
        assert the_file(CSHARP, "", b"%PDF-1.4") == ""

    def test_the_main_letter_is_fitted_like_any_file(self) -> None:
        letter = as_read(BOI, main=Attachment(DOCX, b"PK"))

        assert letter.main == Attachment("application/docx", b"PK")
        assert as_read(BOI, main=None).main is None

    @pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
    def test_what_a_code_becomes_stays_what_it_is(self, dialect: Dialect) -> None:
        for known in dialect.mime_codes.values():
            assert dialect.mime_codes.get(known, known) == known
            assert len(known) <= (dialect.mime_length or len(known))
            assert known == known.lower()


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n\0", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"BM\x36\0", "bmp"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"{\\rtf1", "rtf"),
        (b"\x1f\x8b\x08", "gz"),
        (b"Rar!\x1a\x07\0", "rar"),
        (zipped("xl/workbook.xml"), "xlsx"),
        (zipped("ppt/presentation.xml"), "pptx"),
        (zipped("word/document.xml", "a"), "docx"),
        (zipped("a.txt"), "zip"),
        (b"PK\x03\x04broken", "zip"),
        (OLE + "WordDocument".encode("utf-16-le"), "doc"),
        (OLE + "Workbook".encode("utf-16-le"), "xls"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "ppt"),
        ("เรียน ผู้ว่าราชการจังหวัด\r\n".encode(), "txt"),
        ("เรียน ผู้ว่าราชการจังหวัด".encode("tis-620"), "txt"),
        (b"", "txt"),
        (b" ", "txt"),
    ],
)
def test_kinds_of_files_are_told_by_their_content(
    content: bytes, extension: str
) -> None:
    assert mime_code_of(content) == OFFICE[extension]


@pytest.mark.parametrize("content", [b"\0", b"text\0", OLE])
def test_unknown_kinds_are_unknown(content: bytes) -> None:
    assert mime_code_of(content) == "application/octet-stream"


class TestDates:
    @pytest.mark.parametrize(
        ("written", "plain"),
        [
            ("2020-02-18", "2020-02-18"),
            ("2020-02-18T00:00:00", "2020-02-18"),
            ("2020-02-18 23:59:59.999+07:00", "2020-02-18"),
            ("2020-02-18Z", "2020-02-18"),
            ("2563-02-29", "2020-02-29"),
            ("2020-02-30", "2020-02-30"),
        ],
    )
    def test_q_b14_a_letters_date_is_three_numbers(
        self, written: str, plain: str
    ) -> None:
        letter_id = LetterId("มท 1", written)

        for dialect in (BOI, JAVA):
            assert as_read(dialect, id=letter_id).id.date == plain
            off = replace(dialect, plain_dates=False)
            assert as_read(off, id=letter_id).id == letter_id
        assert as_read(CSHARP, id=letter_id).id == letter_id

    @pytest.mark.parametrize(
        ("written", "plain"),
        [
            ("2020-02-18", "2020-02-18"),
            ("2020-02-18T10:11:12", "2020-02-18T10:11:12"),
            ("2020-02-18 10:11", "2020-02-18T10:11:00"),
            ("2020-02-18T10:11:12.123456789", "2020-02-18T10:11:12"),
            ("2020-02-18T23:11:12Z", "2020-02-19T06:11:12"),
            ("2020-02-18T10:11:12.5+07:00", "2020-02-18T10:11:12"),
            ("2020-02-18T10:11:12-05:00", "2020-02-18T22:11:12"),
            ("2020-02-18+07:00", "2020-02-18"),
            ("2020-02-18T25:00:00", "2020-02-18"),
            ("0001-01-01T00:00:00+14:00", "0001-01-01"),
            ("2563-02-29T10:11:12", "2020-02-29T10:11:12"),
        ],
    )
    def test_q_j8_the_date_of_sending_has_no_zone(
        self, written: str, plain: str
    ) -> None:
        assert as_read(JAVA, send_date=written).send_date == plain
        off = replace(JAVA, plain_dates=False)
        assert as_read(off, send_date=written).send_date == written

    def test_q_c7_a_buddhist_year_becomes_gregorian(self) -> None:
        assert as_read(BOI, send_date="2563-02-18T10:11:12").send_date == (
            "2020-02-18T10:11:12"
        )


BLANK_REFERENCE = (
    "<ram:ReferenceCorrespondence><ram:ID></ram:ID><ram:CorrespondenceDate>"
    "</ram:CorrespondenceDate><ram:Subject/></ram:ReferenceCorrespondence>"
)


class TestWrittenForm:
    """What makes a copy necessary though every value fits."""

    def needed(self, document: Document, dialect: Dialect) -> bool:
        return needs_fitting(a_letter(), dialect, document=document)

    @pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
    @pytest.mark.parametrize("name", ["Attachment", "Description"])
    def test_q_b10_every_element_is_there(self, dialect: Dialect, name: str) -> None:
        document = sent()
        (element,) = document.tree.iter(f"{{*}}{name}")
        element.getparent().remove(element)  # type: ignore[union-attr]

        assert self.needed(document, dialect)
        assert not self.needed(document, replace(dialect, needs_every_element=False))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<ram:Subject>", "<ram:Subject><!-- ก -->"),
            ("<ram:Subject>", "<!-- ก --><ram:Subject>"),
            ("<ram:Subject>", "<ram:Subject> "),
            ("</ram:Subject>", "\n</ram:Subject>"),
            ("<ram:Subject>แต่งตั้ง", "<ram:Subject><![CDATA[แต่งตั้ง]]>"),
            (' mimeCode="image/jpeg"', ""),
            (" mimeCode=", ' a="1" mimeCode='),
            (" mimeCode=", ' xmlns:a="urn:a" mimeCode='),
        ],
    )
    def test_i2_2_and_q_c9_what_is_read_literally_stands_literally(
        self, old: str, new: str
    ) -> None:
        document = spoiled(old, new)

        for dialect in (BOI, CSHARP, JAVA, UNKNOWN):
            assert self.needed(document, dialect)
            assert not self.needed(document, replace(dialect, reads_literally=False))

    def test_q_b11_prefixes_are_those_that_are_searched_for(self) -> None:
        wire = sent().source.replace(b"ram:", b"r:").replace(b":ram=", b":r=")
        document = document_in(wire)

        assert self.needed(document, BOI)
        assert not self.needed(document, replace(BOI, reads_literally=False))

    def test_blanks_between_elements_are_free(self) -> None:
        document = spoiled("<ram:Subject>", "\n\t<ram:Subject>")

        assert not self.needed(document, BOI)

    @pytest.mark.parametrize("space", [" ", "\n", "\t"])
    def test_q_j16_no_white_space_stands_in_files(self, space: str) -> None:
        document = spoiled('mimeCode="image/jpeg">', f'mimeCode="image/jpeg">{space}')

        for dialect in (JAVA, CSHARP):
            assert self.needed(document, dialect)
            assert not self.needed(document, replace(dialect, strict_base64=False))
        assert not self.needed(document, BOI)

    @pytest.mark.parametrize(
        ("blank", "before"),
        [
            (BLANK_REFERENCE, "<ram:Attachment>"),
            (
                '<ram:AttachmentBinaryObject mimeCode=""/>',
                "</ram:CorrespondenceLetter>",
            ),
        ],
    )
    def test_q_b12_and_q_c3_blank_parts_that_the_letter_does_not_show(
        self, blank: str, before: str
    ) -> None:
        document = spoiled(before, f"{blank}{before}")

        assert has_blank_parts(document)
        for dialect in (BOI, JAVA):
            assert self.needed(document, dialect)
            assert not self.needed(document, replace(dialect, drops_blank_parts=False))
        assert not self.needed(document, CSHARP)

    def test_q_c3_the_c_sharp_sample_has_blank_parts(self) -> None:
        assert has_blank_parts(
            document_in(sample("cs-01b-send-letter-empty-parts-request.xml"))
        )
        assert not has_blank_parts(document_in(sample()))

    def test_q_c5_boi_gets_a_signature(self) -> None:
        unsigned = document_in(in_envelope(a_document(a_letter())))
        old_form = spoiled("<ram:Title>ปลัดกระทรวงมหาดไทย</ram:Title>", "")

        for document in (unsigned, old_form):
            assert not can_be_read(document, BOI)
            assert can_be_read(document, replace(BOI, expects_signature=False))
            assert can_be_read(document, CSHARP)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_the_hub_writes_can_be_read_by_all(dialect: Dialect) -> None:
    letter = fitted(a_letter(references=(Reference("1", "2026-01-05", "2"),)), dialect)
    unsigned = document_in(in_envelope(encode_document(letter, signer=letter.sender)))

    assert can_be_read(sent(letter), dialect)
    assert can_be_read(unsigned, dialect) is not dialect.expects_signature
