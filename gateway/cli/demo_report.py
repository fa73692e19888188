"""What the demo shows at its end: one row per province, totals, and the verdict."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.cli import screen
from gateway.cli.screen import Column
from gateway.cli.thai import thai_day
from gateway.domain.books import Books, Finding, Place, ReceiptPlace
from gateway.simulation import circular
from gateway.simulation.net import Returned
from gateway.simulation.provinces import System

_COLUMNS: Final = (
    Column("ลำดับ", "No.", right=True),
    Column("จังหวัด", "Province"),
    Column("เลขรับ", "Number"),
    Column("วันที่", "Date"),
    Column("เวลา", "Time"),
    Column("ผู้ออกเลข", "Numbered by"),
)
_SYSTEMS: Final = {
    System.CSHARP: "ระบบจังหวัด (C#)",
    System.BOI: "ระบบจังหวัด (BOI)",
    System.NONE: "ศูนย์กลาง",
}
_PLACES: Final = {
    Place.ON_ITS_WAY: "ระหว่างทาง",
    Place.IN_INBOX: "ในกล่องขาเข้า",
    Place.PARKED: "พักไว้",
    Place.WITH_ENDPOINT: "ที่ระบบปลายทาง",
    Place.IN_REGISTER: "ในทะเบียนรับ",
    Place.RETURNED: "ส่งคืน",
    Place.RECALLED: "ผู้ส่งดึงกลับ",
    Place.DEAD: "ส่งไม่สำเร็จ",
}
_RECEIPTS: Final = {
    ReceiptPlace.TOLD_NOBODY: "ไม่ต้องแจ้ง",
    ReceiptPlace.ON_ITS_WAY: "ระหว่างทาง",
    ReceiptPlace.WAITING: "รอผู้ส่งรับ",
    ReceiptPlace.HELD: "เก็บแยกไว้",
    ReceiptPlace.PARKED: "พักไว้",
    ReceiptPlace.TAKEN: "ผู้ส่งรับแล้ว",
    ReceiptPlace.DEAD: "แจ้งไม่สำเร็จ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the demo ended."""

    returned: Sequence[Returned]
    books: Books
    """The hub's own account, both sides of it."""
    seconds: float

    @property
    def complete(self) -> int:
        """Return how many provinces' numbers came back, once each."""
        return sum(1 for one in self.returned if one.complete)

    @property
    def adds_up(self) -> bool:
        """Whether every province has its one number and the books balance."""
        expected = len(self.returned)
        return self.complete == expected == self.books.taken and self.books.in_balance


def show(result: Result) -> None:
    """Write a row per province, then the totals and both equations of the books."""
    screen.show_table(
        _COLUMNS,
        [(place, *_row(one)) for place, one in enumerate(result.returned, start=1)],
        title=f"เลขรับของหนังสือเวียน ที่ {circular.NUMBER}",
        styles=[screen.PLAIN if r.complete else screen.RED for r in result.returned],
    )
    screen.say("")
    screen.show_facts(_totals(result))
    for finding in result.books.findings:
        screen.say(screen.printable(said(finding)), style=screen.RED)


def for_programs(result: Result) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "provinces": [_row_for_programs(one) for one in result.returned],
        "numbers": result.complete,
        "taken": result.books.taken,
        "books_balance": result.books.in_balance,
        "findings": [said(finding) for finding in result.books.findings],
        "seconds": round(result.seconds, 2),
        "adds_up": result.adds_up,
    }


def _row(one: Returned) -> tuple[str, ...]:
    name = one.province.name
    if not one.numbers:
        return name, "-", "-", "-", "ยังไม่มีเลขรับ"
    at = datetime.fromisoformat(one.numbers[-1].accept_date)
    numbers = ", ".join(each.accept_id for each in one.numbers)
    # The receiving stamp writes its time so.
    time = f"{at:%H.%M} น."
    return name, numbers, thai_day(at.date()), time, _SYSTEMS[one.province.system]


def _row_for_programs(one: Returned) -> dict[str, Any]:
    return {
        "organization": one.province.code,
        "province": one.province.name,
        "system": one.province.system.value,
        "numbered_by": "hub" if one.province.system is System.NONE else "office",
        "numbers": [each.accept_id for each in one.numbers],
        "at": one.numbers[-1].accept_date if one.numbers else "",
    }


def said(finding: Finding) -> str:
    """Write a finding of the books in one line."""
    letter = f"{finding.letter} {finding.consignment}".strip()
    return f"{letter or '-'}: {finding.table}: {finding.what}"


def _totals(result: Result) -> list[tuple[Column, str]]:
    counted = Counter(one.province.system for one in result.returned if one.complete)
    systems = counted[System.CSHARP] + counted[System.BOI]
    by_dialect = f"C# {counted[System.CSHARP]}, BOI {counted[System.BOI]}"
    balance = "ตรงกัน / in balance" if result.books.in_balance else "ไม่ตรงกัน / wrong"
    facts = [
        (
            Column("เลขรับที่กลับถึง สป.มท.", "numbers that came back"),
            f"{result.complete} / {len(result.returned)}",
        ),
        (
            Column("ลงเลขรับโดยระบบจังหวัด", "by systems of their own"),
            f"{systems} ({by_dialect})",
        ),
        (Column("ลงเลขรับโดยศูนย์กลาง", "by the hub"), str(counted[System.NONE])),
        (Column("เวลาที่ใช้ (วินาที)", "seconds"), f"{result.seconds:.1f}"),
        (Column("บัญชีหนังสือ", "books"), balance),
    ]
    for column, taken, found in _accounts(result.books):
        facts.append((column, f"{taken} = {found or '0'}"))
    return facts


def _accounts(books: Books) -> Iterator[tuple[Column, int, str]]:
    """Yield both equations: what was taken or made, and where it is found."""
    places = ((_PLACES[place], count) for place, count in books.places.items())
    yield Column("หนังสือที่รับไว้", "taken = found"), books.taken, _sum(places)
    receipts = ((_RECEIPTS[place], count) for place, count in books.receipts.items())
    column = Column("ใบตอบรับที่ออก", "receipts = found")
    yield column, books.receipts_made, _sum(receipts)


def _sum(found: Iterable[tuple[str, int]]) -> str:
    return " + ".join(f"{count} {words}" for words, count in found if count)
