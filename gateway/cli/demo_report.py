"""What the demo shows at its end: one row per province, totals, and the verdict."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from gateway.domain.books import Books, Finding, Place, ReceiptPlace
from gateway.simulation.net import Returned
from gateway.simulation.provinces import System

_MONTHS: Final = (
    *("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย."),
    *("ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
)
_BUDDHIST_OFFSET: Final = 543
_SYSTEMS: Final = {
    System.CSHARP: "ระบบจังหวัด (C#)",
    System.BOI: "ระบบจังหวัด (BOI)",
    System.NONE: "ศูนย์กลาง",
}
_PLACES: Final = {
    Place.ON_ITS_WAY: "ระหว่างทาง",
    Place.IN_INBOX: "ในกล่องขาเข้า",
    Place.WITH_ENDPOINT: "ที่ระบบปลายทาง",
    Place.IN_REGISTER: "ในทะเบียนรับ",
    Place.RETURNED: "ส่งคืน",
}
_RECEIPTS: Final = {
    ReceiptPlace.TOLD_NOBODY: "ไม่ต้องแจ้ง",
    ReceiptPlace.ON_ITS_WAY: "ระหว่างทาง",
    ReceiptPlace.WAITING: "รอผู้ส่งรับ",
    ReceiptPlace.TAKEN: "ผู้ส่งรับแล้ว",
}
PIPED_WIDTH: Final = 200
"""Columns of the console where it is a pipe, so that no line is folded."""


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


def show(result: Result, out: Console) -> None:
    """Print the table and what it comes to; a pipe gets one line per province."""
    out.print(_table(result.returned, boxed=out.is_terminal))
    out.print()
    out.print(_totals(result))
    for finding in result.books.findings:
        out.print(f"  {said(finding)}", soft_wrap=True, markup=False, highlight=False)


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


def thai_date(moment: str) -> str:
    """Write the day of `yyyy-MM-ddTHH:mm:ss` as offices do: `21 พ.ย. 2569`."""
    at = datetime.fromisoformat(moment)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year + _BUDDHIST_OFFSET}"


def thai_time(moment: str) -> str:
    """Write its time as the receiving stamp does: `15.19 น.`."""
    return f"{datetime.fromisoformat(moment):%H.%M} น."


def _table(returned: Sequence[Returned], *, boxed: bool) -> Table:
    table = Table(title="เลขรับหนังสือ มท 0210.3/ว 1795" if boxed else None)
    if not boxed:
        table.box = None
        table.show_header = False
        table.pad_edge = False
    table.add_column("ลำดับ", justify="right", no_wrap=True)
    for heading in ("จังหวัด", "เลขรับ", "วันที่", "เวลา", "ผู้ออกเลข"):
        table.add_column(heading, no_wrap=True)
    for place, one in enumerate(returned, start=1):
        table.add_row(str(place), *_row(one), style=None if one.complete else "red")
    return table


def _row(one: Returned) -> tuple[str, ...]:
    name = one.province.name
    if not one.numbers:
        return name, "-", "-", "-", "ยังไม่มีเลขรับ"
    notifier = one.numbers[-1]
    return (
        name,
        ", ".join(each.accept_id for each in one.numbers),
        thai_date(notifier.accept_date),
        thai_time(notifier.accept_date),
        _SYSTEMS[one.province.system],
    )


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


def _totals(result: Result) -> Table:
    counted = Counter(one.province.system for one in result.returned if one.complete)
    systems = counted[System.CSHARP] + counted[System.BOI]
    by_dialect = f"C# {counted[System.CSHARP]}, BOI {counted[System.BOI]}"
    lines = Table.grid(padding=(0, 2))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True)
    came = f"{result.complete} จาก {len(result.returned)} จังหวัด"
    lines.add_row("เลขรับที่กลับถึง สป.มท.", came)
    lines.add_row("ลงเลขรับโดยระบบจังหวัด", f"{systems} ({by_dialect})")
    lines.add_row("ลงเลขรับโดยศูนย์กลาง", str(counted[System.NONE]))
    lines.add_row("เวลาที่ใช้", f"{result.seconds:.1f} วินาที")
    balance = "ตรงกัน (books balance)" if result.books.in_balance else "ไม่ตรงกัน"
    lines.add_row("บัญชีหนังสือ", balance)
    for words, taken, found in _accounts(result.books):
        lines.add_row(f"  {words}", f"{taken} = {found or '0'}")
    if missing := len(result.returned) - result.complete:
        lines.add_row("ขาดหรือซ้ำ", f"{missing} จังหวัด", style="red")
    return lines


def _accounts(books: Books) -> Iterator[tuple[str, int, str]]:
    """Yield both equations: what was taken or made, and where it is found."""
    places = ((_PLACES[place], count) for place, count in books.places.items())
    yield "หนังสือที่รับไว้", books.taken, _sum(places)
    receipts = ((_RECEIPTS[place], count) for place, count in books.receipts.items())
    yield "ใบตอบรับที่ออก", books.receipts_made, _sum(receipts)


def _sum(found: Iterable[tuple[str, int]]) -> str:
    return " + ".join(f"{count} {words}" for words, count in found if count)
