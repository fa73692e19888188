"""Answers to operations 9 to 17, literally as both .NET clients and Java read them."""

import datetime as dt
import re

import pytest

from envelopes import answers
from envelopes.answers import MinistryRow, OrganizationRow, StatusRow
from envelopes.dialects import BOI, CSHARP, DIALECTS, JAVA, V1_DOCUMENT, ListShape
from envelopes.letter import LetterId
from schemas.codes import CodeList
from tests.wire import sample

AT = dt.datetime(2017, 3, 16, 2, 0, tzinfo=dt.UTC)
FLAT, NESTED = ListShape.FLAT, ListShape.NESTED
MINISTRIES = [
    MinistryRow("19", "กระทรวงตัวอย่าง ก"),
    MinistryRow("21", "กระทรวงตัวอย่าง ข"),
]
ORGANIZATIONS = [
    OrganizationRow(
        "1999900001",
        "กรมตัวอย่างงานสารบรรณ",
        "Department of Sample Correspondence",
        "http://org-a.ecms.example/ecms-ws01/service2",
    ),
    OrganizationRow(
        "2199900002",
        "สำนักงานทดลองแลกเปลี่ยนหนังสือ",
        "",
        "http://org-b.ecms.example/ecms-ws01/service2?a=1&b=2",
    ),
]


def body_of(answer: bytes) -> str:
    """Return what stands in Body; the envelope around it is that of all answers."""
    found = re.search("<SOAP-ENV:Body>(.*)</SOAP-ENV:Body>", answer.decode())
    assert found
    return found[1]


def sampled(name: str) -> str:
    return body_of(sample(f"{name}-response.xml"))


def named(answer: bytes, name: str) -> list[str]:
    """Return every text of an element of this name, anywhere: how C# reads lists."""
    return re.findall(f"<{name}>([^<]*)</{name}>", answer.decode())


def inside(answer: bytes, name: str) -> list[list[tuple[str, str]]]:
    """Return the direct children of each element of this name: how BOI reads lists."""
    return [
        re.findall("<([^>/]+)>([^<]*)</", row)
        for row in re.findall(f"<{name}>(.*?)</{name}>", answer.decode())
    ]


def test_a_deleted_letter_is_answered_with_what_boi_reads() -> None:
    answer = answers.letter_deleted(LetterId("อย 0402/1187", "2017-03-14"), AT)

    assert answer == sample("boi-09-delete-government-document-response.xml")


def test_statuses_are_written_as_documented() -> None:
    answer = answers.statuses(
        [
            StatusRow("20170314093012417", "อย 0402/1187", "SENT"),
            StatusRow("20170314094500011", "อย 0402/1188", "WAITING"),
        ]
    )

    assert answer == sample("boi-10-outbound-status-response.xml")


def test_q_j15_no_letter_is_a_status_too() -> None:
    empty = sampled("cs-10-outbound-status")

    assert body_of(answers.statuses([])) == empty.replace("/>", f"></{empty[1:-2]}>")


def test_the_time_is_that_of_bangkok() -> None:
    at = dt.datetime(2020, 2, 18, 3, 20, 30, tzinfo=dt.UTC)

    assert body_of(answers.time(at)) == sampled("cs-16-time-check")


class TestLists:
    def test_i2_9_flat_ministries_are_one_list_element_each(self) -> None:
        answer = answers.ministries(MINISTRIES, FLAT)

        assert body_of(answer) == sampled("gw-suggested-ministry-list")
        assert body_of(answer) == sampled("boi-11-ministry-list")
        assert inside(answer, "MinistryOrganizationList") == [
            [("Th-Name", row.thai_name), ("MinistryID", row.code)] for row in MINISTRIES
        ]

    def test_nested_ministries_stand_in_one_element(self) -> None:
        answer = answers.ministries(MINISTRIES, NESTED)

        assert body_of(answer) == sampled("cs-11-ministry-list")

    def test_i2_9_flat_organizations_serve_both_net_clients(self) -> None:
        answer = answers.organizations(ORGANIZATIONS, FLAT)

        rows = inside(answer, "OrganizationList")
        assert [[name for name, _ in row] for row in rows] == [
            ["name", "Th-Name", "En-Name", "ECMS-URL", "OrganizationID"]
        ] * 2

    def test_q_b20_the_thai_name_is_the_sibling_of_the_name(self) -> None:
        rows = inside(answers.organizations(ORGANIZATIONS, FLAT), "OrganizationList")

        for written, row in zip(rows, ORGANIZATIONS, strict=True):
            place = [name for name, _ in written].index("name")
            assert written[place] == ("name", row.english_name)
            assert written[place + 1][1] == row.thai_name
            assert dict(written)["ECMS-URL"] == row.url.replace("&", "&amp;")
            assert dict(written)["OrganizationID"] == row.code

    def test_nested_organizations_are_as_documented(self) -> None:
        rows = [ORGANIZATIONS[0]]
        (first, _) = sampled("cs-12-organization-list").split("<OrganizationInfo><", 2)[
            1:
        ]

        written = body_of(answers.organizations(rows, NESTED))

        assert written == (
            f"<OrganizationList><OrganizationInfo><{first}</OrganizationList>"
        )

    @pytest.mark.parametrize("shape", ListShape)
    def test_q_c22_names_stand_equally_often(self, shape: ListShape) -> None:
        answer = answers.organizations(ORGANIZATIONS, shape)

        assert named(answer, "Th-Name") == [row.thai_name for row in ORGANIZATIONS]
        assert named(answer, "En-Name") == [row.english_name for row in ORGANIZATIONS]
        assert named(answer, "OrganizationID") == [row.code for row in ORGANIZATIONS]
        assert len(named(answer, "ECMS-URL")) == 2
        answer = answers.ministries(MINISTRIES, shape)
        assert named(answer, "Th-Name") == [row.thai_name for row in MINISTRIES]
        assert named(answer, "MinistryID") == [row.code for row in MINISTRIES]

    @pytest.mark.parametrize("shape", ListShape)
    def test_no_row_is_no_element(self, shape: ListShape) -> None:
        written = body_of(answers.organizations([], shape))

        assert written == (
            "" if shape is FLAT else "<OrganizationList></OrganizationList>"
        )

    def test_i2_9_the_rows_say_who_gets_which_shape(self) -> None:
        flat = [dialect for dialect in DIALECTS if dialect.list_shape is FLAT]

        assert flat == [BOI, CSHARP]
        assert JAVA.list_shape is V1_DOCUMENT.list_shape is NESTED


class TestCodes:
    def test_levels_of_secrecy_are_the_standards_four(self) -> None:
        written = body_of(answers.codes(CodeList.SECRECY))

        assert written == sampled("v1doc-13-getsecretcodes")

    def test_levels_of_speed(self) -> None:
        written = body_of(answers.codes(CodeList.SPEED))

        assert written == sampled("v1doc-14-getspeedcodes")

    def test_mime_codes_hold_what_the_document_lists_and_more(self) -> None:
        answer = answers.codes(CodeList.MIME)

        pairs = list(
            zip(
                named(answer, "File-Extension"),
                named(answer, "Content-type"),
                strict=True,
            )
        )
        documented = sample("v1doc-15-getmimecodes-response.xml")
        expected = zip(
            named(documented, "File-Extension"),
            named(documented, "Content-type"),
            strict=True,
        )
        assert set(expected) < set(pairs)
        assert (".jpeg", "image/jpeg") in pairs
        assert body_of(answer).startswith("<MimeCodes><Code><File-Extension>.doc<")

    @pytest.mark.parametrize("which", CodeList)
    def test_q_c22_nothing_else_bears_their_names(self, which: CodeList) -> None:
        answer = answers.codes(which)
        names = (
            ["File-Extension", "Content-type"]
            if which is CodeList.MIME
            else ["Value", "Description"]
        )

        rows = inside(answer, "Code")

        assert [[name for name, _ in row] for row in rows] == [names] * len(rows)
        for name in ("Value", "Description", "Code", "File-Extension", "Content-type"):
            expected = len(rows) if name in {*names, "Code"} else 0
            assert answer.count(f"<{name}>".encode()) == expected
