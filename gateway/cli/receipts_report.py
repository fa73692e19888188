"""The receipts of a letter on the screen: what is proved, by whom, signed or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from gateway.cli.documents import Document, moment
from gateway.cli.reading import Seen
from gateway.cli.screen import GREEN, PLAIN, Column, show_table, tell
from gateway.cli.thai import NEVER, letter_day, thai_time
from gateway.cli.words import EVIDENCE, WITHHELD, short_name
from gateway.domain.consignment import LetterFacts
from gateway.domain.evidence import EvidenceKind, SignedReceipt, kind_of
from gateway.domain.organization import Organization
from gateway.domain.receipts import Receipt
from gateway.domain.register import Registration
from gateway.ports import Path

_COLUMNS: Final = (
    Column("ผู้รับ", "Receiver"),
    Column("หลักฐาน", "Proves", fold=True),
    Column("เมื่อ", "When"),
    Column("โดย", "By", least=100),
    Column("เลขที่หนังสือ", "Letter's number", least=140),
    Column("ลงวันที่", "Dated", least=140),
    Column("เลขรับ", "Number given"),
    Column("ผู้ลงรับ", "Registered by", least=120),
    Column("ลงนามเมื่อ", "Signed", least=80),
)
NOT_YET: Final = "รอลงนาม"


@dataclass(frozen=True, slots=True)
class Line:
    """One fact about one receiver's copy, signed or not yet."""

    id: UUID
    kind: EvidenceKind
    letter: LetterFacts
    receiver: Organization
    at: datetime
    said_by: str
    """Code of who said it; empty for the hub."""
    number: str
    person: str | None
    """None where it is withheld."""
    signed: SignedReceipt | None


def lines(
    paths: Sequence[Path],
    signed: Mapping[UUID, Sequence[SignedReceipt]],
    seen: Seen,
) -> list[Line]:
    """Return the facts of each receiver's copy, oldest first."""
    return [
        _line(path, receipt, signed, seen)
        for path in paths
        for receipt in [None, *path.receipts]
    ]


def _line(
    path: Path,
    receipt: Receipt | None,
    signed: Mapping[UUID, Sequence[SignedReceipt]],
    seen: Seen,
) -> Line:
    consignment = path.consignment
    about = receipt.id if receipt else consignment.id
    of = signed.get(consignment.id, ())
    person = _person(path.registrations, receipt)
    hidden = consignment.letter.is_secret and consignment.id not in seen
    return Line(
        id=about,
        kind=kind_of(receipt),
        letter=consignment.letter,
        receiver=path.receiver,
        at=receipt.at if receipt else consignment.accepted_at,
        said_by=receipt.told_by.text if receipt else "",
        number=(receipt.number or "") if receipt else "",
        person=None if hidden else person,
        signed=next((one for one in of if one.about == about), None),
    )


def _person(registrations: Sequence[Registration], receipt: Receipt | None) -> str:
    wanted = receipt.registration if receipt else None
    return next((one.by for one in registrations if one.id == wanted), "")


def show(found: Sequence[Line]) -> None:
    """Write a row for each fact, the letter's own half of the number above them."""
    for letter, of in groupby(found, lambda line: line.letter):
        rows = list(of)
        letter_id = letter.letter_id
        show_table(
            _COLUMNS,
            [_row(line) for line in rows],
            title=f"{letter_id.number}  ลงวันที่ {letter_day(letter_id.date)}",
            styles=[GREEN if line.signed else PLAIN for line in rows],
        )


def _row(line: Line) -> Sequence[object]:
    letter_id = line.letter.letter_id
    return (
        short_name(line.receiver),
        EVIDENCE[line.kind],
        thai_time(line.at),
        line.said_by or "ศูนย์กลาง",
        letter_id.number,
        letter_day(letter_id.date),
        line.number or NEVER,
        WITHHELD if line.person is None else line.person or NEVER,
        thai_time(line.signed.made_at) if line.signed else NOT_YET,
    )


def as_document(line: Line) -> Document:
    """Say the same for programs."""
    signed = line.signed
    return {
        "id": str(line.id),
        "kind": line.kind.value,
        "letter_sender": line.letter.sender.text,
        "letter_number": line.letter.letter_id.number,
        "letter_date": line.letter.letter_id.date,
        "receiver": line.receiver.code.text,
        "at": moment(line.at),
        "said_by": line.said_by or None,
        "number": line.number or None,
        "person": line.person,
        "signed_at": moment(signed.made_at) if signed else None,
        "certificate": signed.certificate if signed else None,
    }


def tell_waiting(
    paths: Sequence[Path], signed: Mapping[UUID, Sequence[SignedReceipt]]
) -> None:
    """Say on standard error how many facts have no signed receipt yet."""
    facts = sum(1 + len(path.receipts) for path in paths)
    there = sum(len(signed.get(path.consignment.id, ())) for path in paths)
    if waiting := facts - there:
        tell(f"ยังรอลงนาม {waiting} ใบ / Not signed yet: {waiting}")
        tell("ลองใช้ / Try: gateway check receipts")
