"""What the readers of look-ups understand, and that nothing changes unnoticed."""

import pytest

from gateway.simulation import boi_lists, csharp_lists, java_lists
from gateway.simulation.errors import ClientBroken
from gateway.simulation.lists import (
    CodeRow,
    MinistryRow,
    OrganizationRow,
    StatusRow,
)
from tests.simulation.changes import CHANGES, Case, Change, expect_noticed
from tests.simulation.samples import BOI_NUMBER, CS_NUMBER, OWN_A, OWN_B, sample

MINISTRIES = (
    MinistryRow("19", "กระทรวงตัวอย่าง ก"),
    MinistryRow("21", "กระทรวงตัวอย่าง ข"),
)
A = OrganizationRow(
    "1999900001",
    "กรมตัวอย่างงานสารบรรณ",
    OWN_A,
    "Department of Sample Correspondence",
)
B = OrganizationRow(
    "2199900002",
    "สำนักงานทดลองแลกเปลี่ยนหนังสือ",
    OWN_B,
    "Office of Letter Exchange Trials",
)
BOTH = sample("gw-suggested-organization-list")

CASES = {
    "boi freed": Case(
        sample("boi-09-*-response"), boi_lists.read_letter_deleted, frozenset()
    ),
    "boi statuses": Case(
        sample("boi-10-*-response"), boi_lists.read_statuses, frozenset()
    ),
    "csharp freed": Case(
        sample("cs-09-*-response"), csharp_lists.read_letter_deleted, frozenset()
    ),
    "csharp statuses": Case(
        sample("boi-10-*-response"),
        csharp_lists.read_statuses,
        # It pairs by index whatever stands around.
        frozenset({"Outbound"}),
    ),
}


@pytest.mark.parametrize(
    "change",
    # Where a child of a row stands among its siblings nobody looks, for pairs.
    [change for change in CHANGES if not change.__name__.startswith("moved_to")],
    ids=lambda change: change.__name__,
)
@pytest.mark.parametrize("case", CASES)
def test_a_change_is_noticed(case: str, change: Change) -> None:
    assert expect_noticed(CASES[case], change)


@pytest.mark.parametrize("name", ["ProcessID", "LetterID", "ProcessStatus"])
@pytest.mark.parametrize("read", [boi_lists.read_statuses, csharp_lists.read_statuses])
def test_a_status_without_a_column_is_noticed(read: object, name: str) -> None:
    answer = sample("boi-10-*-response")
    start = answer.index(f"<{name}>")
    end = answer.index(f"</{name}>") + len(f"</{name}>")

    with pytest.raises(ClientBroken):
        read(answer[:start] + answer[end:])  # type: ignore[operator]


def test_both_net_clients_read_what_became_of_a_letter() -> None:
    answer = sample("boi-10-*-response")

    assert boi_lists.read_statuses(answer) == csharp_lists.read_statuses(answer)
    assert boi_lists.read_statuses(answer)[0] == StatusRow(
        "20170314093012417", BOI_NUMBER, "SENT"
    )
    assert java_lists.read_statuses(sample("cs-10-*-response")) == ()


def test_a_free_number_is_read() -> None:
    assert boi_lists.read_letter_deleted(sample("boi-09-*-response")) == (
        BOI_NUMBER,
        "2017-03-16T09:00:00",
    )
    assert csharp_lists.read_letter_deleted(sample("cs-09-*-response")) == (
        CS_NUMBER,
        "2020-02-20T09:00:00",
    )


def test_the_time_is_read() -> None:
    assert csharp_lists.read_time(sample("cs-16-*-response")) == "2020-02-18T10:20:30"


def test_all_three_read_flat_ministries() -> None:
    answer = sample("gw-suggested-ministry-list")

    assert boi_lists.read_ministries(answer) == MINISTRIES
    assert csharp_lists.read_ministries(answer) == MINISTRIES
    assert java_lists.read_ministries(answer, {"19", "21"}) == MINISTRIES


def test_boi_finds_its_organizations_with_two_names() -> None:
    """The second name is the next sibling, whatever it is called (Q-B20)."""
    expected = tuple(
        OrganizationRow(row.code, row.name, row.url, row.english_name) for row in (A, B)
    )

    assert boi_lists.read_organizations(sample("boi-12-*-response")) == expected
    assert boi_lists.read_organizations(BOTH) == expected


def test_csharp_pairs_organizations_by_index() -> None:
    assert csharp_lists.read_organizations(sample("cs-12-*-response")) == (A, B)
    assert csharp_lists.read_organizations(BOTH) == (A, B)


def test_java_stops_at_an_organization_without_ministry() -> None:
    assert java_lists.read_organizations(BOTH, {"19", "21"}) == (A, B)
    with pytest.raises(ClientBroken, match="2199900002"):
        java_lists.read_organizations(BOTH, {"19"})


def test_java_stops_at_a_new_ministry() -> None:
    with pytest.raises(ClientBroken, match="21"):
        java_lists.read_ministries(sample("gw-suggested-ministry-list"), {"19"})


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("cs-11-ministry-list-response", boi_lists.read_ministries),
        ("cs-12-*-response", boi_lists.read_organizations),
    ],
)
def test_the_nested_shape_is_an_empty_table_for_boi(name: str, read: object) -> None:
    with pytest.raises(ClientBroken):
        read(sample(name))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Th-Name>กรมตัวอย่างงานสารบรรณ</Th-Name>", ""),
        ("<OrganizationID>1999900001</OrganizationID>", ""),
        ("<ECMS-URL>", "<OrganizationID>1</OrganizationID><ECMS-URL>"),
    ],
)
def test_csharp_does_not_pair_columns_of_unequal_length(old: str, new: str) -> None:
    assert old in BOTH

    with pytest.raises(ClientBroken, match="unequal"):
        csharp_lists.read_organizations(BOTH.replace(old, new, 1))


def test_csharp_reads_codes() -> None:
    answer = sample("v1doc-13-getsecretcodes-response")

    assert csharp_lists.read_codes(answer)[0].value == "001"
    mime = csharp_lists.read_mime_codes(sample("v1doc-15-*-response"))
    assert CodeRow("application/pdf", ".pdf") in mime
