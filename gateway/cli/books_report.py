"""The account of `check books`: its two sides, and every letter that is wrong."""

from typing import Final

from gateway.cli.documents import Document
from gateway.cli.screen import (
    GREEN,
    PLAIN,
    RED,
    Column,
    is_terminal,
    say,
    show_json,
    show_table,
)
from gateway.domain.books import Books, Place, ReceiptPlace, RegisterAccount

PLACES: Final = {
    Place.ON_ITS_WAY: "กำลังนำส่ง",
    Place.IN_INBOX: "รอในกล่องขาเข้า",
    Place.PARKED: "พักไว้ข้างกล่อง",
    Place.WITH_ENDPOINT: "อยู่ที่ระบบปลายทาง",
    Place.IN_REGISTER: "ลงทะเบียนแล้ว",
    Place.RETURNED: "ส่งคืนแล้ว",
    Place.RECALLED: "ผู้ส่งดึงกลับ",
    Place.DEAD: "ส่งไม่สำเร็จ",
}
RECEIPT_PLACES: Final = {
    ReceiptPlace.TOLD_NOBODY: "ไม่ต้องแจ้งใคร",
    ReceiptPlace.ON_ITS_WAY: "กำลังแจ้ง",
    ReceiptPlace.WAITING: "รอในกล่องผู้รับแจ้ง",
    ReceiptPlace.HELD: "เก็บไว้ข้างกล่อง",
    ReceiptPlace.PARKED: "พักไว้ข้างกล่อง",
    ReceiptPlace.TAKEN: "แจ้งแล้ว",
    ReceiptPlace.DEAD: "แจ้งไม่สำเร็จ",
}
_ACCOUNT: Final = (
    Column("บัญชี", "Account"),
    Column("รายการ", "Entry"),
    Column("", ""),
    Column("จำนวน", "Number", right=True),
)
_FINDINGS: Final = (
    Column("พบ", "Found"),
    Column("หนังสือ", "Letter"),
    Column("รหัส", "Consignment"),
    Column("ตาราง", "Table"),
    Column("สิ่งที่ไม่ตรง", "What", fold=True),
)


def show(books: Books, *, as_json: bool) -> None:
    """Write the account, then what does not add up, then the verdict."""
    if as_json:
        show_json(_document(books))
        return
    show_table(_ACCOUNT, _rows(books))
    unequal = _unequal(books)
    findings = [
        ("finding", f.letter, f.consignment, f.table, f.what) for f in books.findings
    ]
    if rows := [*findings, *unequal]:
        show_table(_FINDINGS, rows, styles=[RED] * len(rows))
    if books.in_balance:
        say("บัญชีตรง / The books balance.", style=GREEN if is_terminal() else PLAIN)
    else:
        say("บัญชีไม่ตรง / The books do not balance.", style=RED)


def _rows(books: Books) -> list[tuple[object, ...]]:
    letters = [
        ("letters", PLACES[place], place.value, number)
        for place, number in books.places.items()
    ]
    receipts = [
        ("receipts", RECEIPT_PLACES[place], place.value, books.receipts.get(place, 0))
        for place in ReceiptPlace
    ]
    registers = [
        ("register", f"{one.organization} ปี {one.year}", one.book, one.given)
        for one in books.registers
    ]
    return [
        ("letters", "รับเข้าทั้งหมด", "taken", books.taken),
        *letters,
        ("receipts", "ออกใบตอบรับทั้งหมด", "made", books.receipts_made),
        *receipts,
        *registers,
    ]


def _unequal(books: Books) -> list[tuple[object, ...]]:
    """Say which sums differ, where no single letter may be to blame."""
    said: list[tuple[object, ...]] = [
        (
            "account",
            "",
            receiver,
            "receiver",
            f"{account.taken} taken, {sum(account.places.values())} found",
        )
        for receiver, account in books.receivers.items()
        if not account.in_balance
    ]
    found = sum(books.receipts.values())
    if found != books.receipts_made:
        what = f"{books.receipts_made} made, {found} found"
        said.append(("account", "", "", "receipt", what))
    said += [
        ("account", "", one.organization, "register", _gaps(one))
        for one in books.registers
        if not one.in_balance
    ]
    return said


def _gaps(one: RegisterAccount) -> str:
    return (
        f"{one.year}: {one.given} numbers given, {one.distinct} distinct, "
        f"highest {one.highest}, last {one.last}"
    )


def _document(books: Books) -> Document:
    return {
        "in_balance": books.in_balance,
        "taken": books.taken,
        "places": {place.value: number for place, number in books.places.items()},
        "receivers": {
            code: {
                "taken": account.taken,
                "places": {p.value: number for p, number in account.places.items()},
                "in_balance": account.in_balance,
            }
            for code, account in books.receivers.items()
        },
        "receipts_made": books.receipts_made,
        "receipts": {place.value: n for place, n in books.receipts.items()},
        "registers": [
            {
                "organization": one.organization,
                "book": one.book,
                "year": one.year,
                "given": one.given,
                "highest": one.highest,
                "last": one.last,
                "in_balance": one.in_balance,
            }
            for one in books.registers
        ],
        "findings": [
            {
                "letter": one.letter,
                "consignment": one.consignment,
                "table": one.table,
                "what": one.what,
            }
            for one in books.findings
        ],
    }
