"""`gateway check receipts`: is every fact signed, and does every signature hold?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from envelopes.trust import Certificate, read_certificate
from gateway import proof
from gateway.cli.documents import moment
from gateway.cli.screen import (
    GREEN,
    PLAIN,
    RED,
    Column,
    is_terminal,
    say,
    show_facts,
    show_json,
    show_table,
    tell,
)
from gateway.cli.thai import thai_time
from gateway.domain.evidence import SignedReceipt
from gateway.ports import Backlog

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

LATE: Final = timedelta(minutes=10)
"""So long a fact may wait for its signature before that is not in order."""

_PAGE: Final = 256
_FINDINGS: Final = (
    Column("ใบรับ", "Receipt"),
    Column("การนำส่ง", "Consignment", least=120),
    Column("สิ่งที่ผิด", "What", fold=True),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found."""

    backlog: Backlog
    closed: int
    """Of secret letters, and this hub has no key to open them."""
    findings: Sequence[tuple[SignedReceipt, str]]
    at: datetime

    @property
    def is_late(self) -> bool:
        """Whether a fact has waited too long."""
        oldest = self.backlog.oldest
        return oldest is not None and self.at - oldest > LATE

    @property
    def in_order(self) -> bool:
        """Whether all is as it should be."""
        return not self.findings and not self.is_late


async def look(hub: "Hub", advance: Callable[[int, int], None]) -> Checked:
    """Verify every receipt there is, and count the facts that have none."""
    backlog = await hub.store.evidence.backlog()
    certificates = {
        one.fingerprint: read_certificate(one.der)
        for one in await hub.store.hub_certificates()
    }
    in_use = hub.work.signer.certificate
    certificates.setdefault(in_use.fingerprint, in_use)
    findings: list[tuple[SignedReceipt, str]] = []
    closed = done = 0
    after = UUID(int=0)
    while page := await hub.store.evidence.signed(after, limit=_PAGE):
        for receipt in page:
            closed += receipt.document is None
            if fault := _fault(receipt, certificates):
                findings.append((receipt, fault))
        after, done = page[-1].about, done + len(page)
        advance(done, max(done, backlog.made))
    return Checked(backlog, closed, findings, hub.work.clock.now())


def show(found: Checked, *, as_json: bool) -> None:
    """Write how many receipts there are and wait, what is wrong, and the verdict."""
    backlog = found.backlog
    if as_json:
        show_json(_document(found))
        return
    show_facts(
        [
            (Column("ลงนามแล้ว", "Signed"), backlog.made),
            (Column("รอลงนาม", "Waiting"), backlog.waiting),
            (Column("รอตั้งแต่", "Oldest"), thai_time(backlog.oldest)),
            (Column("ไม่มีกุญแจเปิด", "Closed"), found.closed),
            (Column("ลายมือชื่อผิด", "Wrong"), len(found.findings)),
        ]
    )
    if found.findings:
        rows = [(r.about, r.consignment, fault) for r, fault in found.findings]
        show_table(_FINDINGS, rows, styles=[RED] * len(rows))
    if found.is_late:
        tell("ลงนามเมื่อศูนย์กลางเปิดอยู่ / Receipts are signed while the hub is served.")
        tell("ลองใช้ / Try: gateway serve")
    if found.in_order:
        say(
            "ใบรับครบถ้วน / Receipts are in order.",
            style=GREEN if is_terminal() else PLAIN,
        )
    else:
        say("ใบรับมีสิ่งผิดปกติ / Receipts are not in order.", style=RED)


def _fault(receipt: SignedReceipt, certificates: dict[str, Certificate]) -> str:
    """Say what is wrong with a receipt; empty for nothing."""
    if receipt.document is None:
        return ""
    certificate = certificates.get(receipt.certificate)
    try:
        proven = proof.verify(receipt.document, [certificate] if certificate else [])
    except proof.ReceiptError as error:
        return f"{error.code} {error.where}".strip()
    said = (proven.text("id"), proven.text("kind"), proven.text("letter.consignment"))
    if said != (str(receipt.about), receipt.kind.value, str(receipt.consignment)):
        return "of another fact"
    return ""


def _document(found: Checked) -> dict[str, object]:
    return {
        "signed": found.backlog.made,
        "waiting": found.backlog.waiting,
        "oldest": moment(found.backlog.oldest),
        "closed": found.closed,
        "findings": [
            {
                "receipt": str(receipt.about),
                "consignment": str(receipt.consignment),
                "what": fault,
            }
            for receipt, fault in found.findings
        ],
        "in_order": found.in_order,
    }
