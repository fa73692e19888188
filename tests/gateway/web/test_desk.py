"""Operations 9 to 17 at the door, and what it learns of its clients."""

import pytest
from lxml import etree

from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.lifecycle import MEANINGS, State
from tests.gateway.web.conftest import (
    CHIANG_MAI,
    MINISTRY,
    Answer,
    Caller,
    Calling,
    sample,
)
from tests.letters import a_letter, as_wire

INBOUND = "CorrespondenceLetterInboundResponse"
NUMBER, DATE = a_letter().id.number, a_letter().id.date


def about_letter(element: str, kind: str = "") -> bytes:
    """A request of operation 9 or 10 about the letter from the ministry."""
    fields = (
        f"<LetterID>{NUMBER}</LetterID><CorrespondenceDate>{DATE}</CorrespondenceDate>"
        f"<SenderDepartment><Code>{MINISTRY}</Code></SenderDepartment>"
        f"<AcceptDepartment><Code>{CHIANG_MAI}</Code></AcceptDepartment>"
    )
    inner = f"<{kind}>{fields}</{kind}>" if kind else fields
    return (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<SOAP-ENV:Body><{element}>{inner}</{element}></SOAP-ENV:Body>"
        "</SOAP-ENV:Envelope>"
    ).encode()


FREE = about_letter("CorrespondenceDeleteGovernmentDocumentRequest")
AGAIN = about_letter("CorrespondenceLetterInboundSpecialRequest", "GovernmentDocument")


def rows(answer: Answer, name: str) -> list[dict[str, str]]:
    found = etree.fromstring(answer.body).iter(name)
    return [{field.tag: field.text or "" for field in row} for row in found]


async def test_a_freed_number_leaves_the_inbox_and_can_be_sent_anew(
    caller: Caller,
) -> None:
    await caller.post(MINISTRY, as_wire(a_letter()))

    freed = await caller.post(MINISTRY, FREE)

    assert freed.payload.tag == "CorrespondenceDeleteGovernmentDocumentResponse"
    assert freed.value("LetterID") == NUMBER
    assert len((await caller.poll(CHIANG_MAI)).payload) == 0
    anew = await caller.post(MINISTRY, as_wire(a_letter(subject="เรื่องใหม่")))
    assert anew.value("ProcessID")


async def test_a_letter_comes_again_when_it_is_asked_for(caller: Caller) -> None:
    await caller.post(MINISTRY, as_wire(a_letter()))
    first = await caller.poll(CHIANG_MAI)
    deletion = sample("cs-08-delete-queue-request").decode()
    start, end = deletion.index("<ProcessID>") + 11, deletion.index("</ProcessID>")
    number = first.value("ProcessID")
    await caller.post(
        CHIANG_MAI, f"{deletion[:start]}{number}{deletion[end:]}".encode()
    )
    assert len((await caller.poll(CHIANG_MAI)).payload) == 0

    again = await caller.post(CHIANG_MAI, AGAIN)

    assert again.body == first.body
    assert (await caller.poll(CHIANG_MAI)).body == first.body
    nobodys = await caller.post("1500200063", AGAIN)
    assert nobodys.error[:2] == (INBOUND, "letter-unknown")


async def test_states_are_told_in_words_of_the_closed_list(caller: Caller) -> None:
    assert rows(await caller.post(MINISTRY, STATUS), "Outbound") == []
    sent = await caller.post(MINISTRY, as_wire(a_letter()))
    await caller.poll(CHIANG_MAI)

    (row,) = rows(await caller.post(MINISTRY, STATUS), "Outbound")

    assert row == {
        "ProcessID": sent.value("ProcessID"),
        "LetterID": NUMBER,
        "ProcessStatus": MEANINGS[State.WAITING].thai,
    }


STATUS = sample("cs-10-outbound-status-request")


async def test_an_undeclared_prefix_is_understood(caller: Caller) -> None:
    """Q-B16."""
    asked = sample("boi-10-outbound-status-request-MALFORMED")

    assert (await caller.post(MINISTRY, asked)).payload.tag == "OutboundStatusResponse"


async def test_the_time_is_that_of_bangkok(caller: Caller) -> None:
    answer = await caller.post(MINISTRY, sample("cs-16-time-check-request"))

    assert answer.value("ECMSTime") == "2026-11-21T10:00:00"


@pytest.mark.parametrize("client", ["boi", "cs"])
async def test_lists_have_a_row_per_element_for_the_net_clients(
    caller: Caller, client: str
) -> None:
    """I2.9, and no organization without its ministry (Q-J13)."""
    ministries = rows(
        await caller.post(MINISTRY, sample(f"{client}-11-ministry-list-request")),
        "MinistryOrganizationList",
    )
    offices = rows(
        await caller.post(MINISTRY, sample(f"{client}-12-organization-list-request")),
        "OrganizationList",
    )

    assert ministries == [{"Th-Name": "มหาดไทย", "MinistryID": "15"}]
    assert len(offices) == 76
    assert {"15"} == {row["OrganizationID"][:2] for row in offices}
    assert set(offices[0]) == {
        "name",
        "Th-Name",
        "En-Name",
        "ECMS-URL",
        "OrganizationID",
    }


@pytest.mark.parametrize(
    ("request_name", "row"),
    [
        ("cs-13-secret-codes-request", {"Value": "001", "Description": "ปกติ"}),
        ("cs-14-speed-codes-request", {"Value": "001", "Description": "ปกติ"}),
    ],
)
async def test_codes_are_listed(
    caller: Caller, request_name: str, row: dict[str, str]
) -> None:
    listed = rows(await caller.post(MINISTRY, sample(request_name)), "Code")

    assert listed[0] == row
    assert len(listed) == 4


async def test_mime_codes_are_listed(caller: Caller) -> None:
    answer = await caller.post(MINISTRY, sample("cs-15-mime-codes-request"))

    found = {row["File-Extension"]: row["Content-type"] for row in rows(answer, "Code")}
    assert found[".pdf"] == "application/pdf"


async def test_the_latest_request_decides_the_dialect(calling: Calling) -> None:
    async with calling() as caller:
        await caller.post(CHIANG_MAI, sample("boi-07-inbound-poll-request"))
        await caller.post(MINISTRY, sample("boi-07-inbound-poll-request"))
        await caller.post(MINISTRY, sample("cs-07-inbound-poll-request"))
        data = caller.data
    async with open_hub(load(data)) as hub:
        lines = await hub.store.views.endpoints()
    known = {line.organization.code.text: line.organization.dialect for line in lines}

    assert (known[CHIANG_MAI], known[MINISTRY]) == ("boi", "csharp")
    assert set(known.values()) == {"boi", "csharp", "unknown"}


async def test_q_b6_only_an_endpoint_that_needs_it_is_repaired(caller: Caller) -> None:
    wire = sample("boi-01c-send-letter-unescaped-MALFORMED")

    assert (await caller.post(MINISTRY, wire)).error[1] == "malformed-envelope"
    await caller.post(MINISTRY, sample("boi-07-inbound-poll-request"))
    assert (await caller.post(MINISTRY, wire)).error[1] != "malformed-envelope"
