"""The schema of answers that vendors get says what the hub writes."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from envelopes import answers
from envelopes.dialects import CSHARP, ListShape
from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from schemas.catalog import Operation
from schemas.codes import CodeList
from schemas.validator import FOLDER
from tests.letters import a_letter, as_wire

AT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
NUMBER = LetterId("มท 0210.3/ว 1795", "2026-06-05")
MINISTRY = answers.MinistryRow("15", "มหาดไทย")
OFFICE = answers.OrganizationRow("1500200000", "สป.มท.", "OPS", "http://x/ecms")
DOCUMENT = etree.tostring(etree.fromstring(as_wire(a_letter(), CSHARP))[-1][0][0])


def copy(kind: NotifierKind) -> NotifierCopy:
    accept_id = "๑๐๒๔/๒๕๖๙" if kind.carries_number else None
    office = OrganizationCode("1500200050")
    return NotifierCopy(
        kind=kind,
        letter_id=NUMBER,
        subject="เรื่อง & อื่น",
        accept_id=accept_id,
        accept_date="2026-11-20T14:00:00",
        accept_organization=office,
    )


ANSWERS = {
    "letter taken": answers.letter_taken("1", AT),
    "empty": answers.inbox_empty(),
    "letter": answers.inbox_letter("1", AT, DOCUMENT),
    "deleted": answers.entry_deleted("", AT),
    "freed": answers.letter_deleted(NUMBER, AT),
    "statuses": answers.statuses([answers.StatusRow("1", NUMBER.number, "ส่งแล้ว")]),
    "no statuses": answers.statuses([]),
    "time": answers.time(AT),
    **{f"taken {k}": answers.notifier_taken("1", AT, copy(k)) for k in NotifierKind},
    **{f"shown {k}": answers.inbox_notifier("1", AT, copy(k)) for k in NotifierKind},
    **{f"ministries {s}": answers.ministries([MINISTRY] * 2, s) for s in ListShape},
    **{f"offices {s}": answers.organizations([OFFICE] * 2, s) for s in ListShape},
    **{f"codes {which}": answers.codes(which) for which in CodeList},
    **{
        f"refused {operation}": answers.refused(operation, [("a", "b")])
        for operation in (*Operation, None)
    },
}


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(FOLDER / "service.xsd"))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_what_the_schema_says(schema: etree.XMLSchema, name: str) -> None:
    (body,) = etree.fromstring(ANSWERS[name])

    for element in body:
        alone = etree.fromstring(etree.tostring(element))
        schema.assertValid(alone)


def test_the_schema_refuses_what_would_break_a_client(schema: etree.XMLSchema) -> None:
    """AcceptID in a rejection, an error without words, a number in one spelling."""
    for broken in (
        ANSWERS[f"taken {NotifierKind.RETURNED}"].replace(
            b"<CorrespondenceDate>", b"<AcceptID/><CorrespondenceDate>"
        ),
        ANSWERS["refused None"].replace(b">b<", b"><"),
        ANSWERS["letter taken"].replace(b"<processID>1</processID>", b""),
    ):
        (element,) = etree.fromstring(broken)[0]
        assert not schema.validate(etree.fromstring(etree.tostring(element)))
