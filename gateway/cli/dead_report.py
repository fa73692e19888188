"""Dead letters on the screen: by their causes, one by one, and one with all about it.

Nothing that stands in a letter is shown: its number says which one it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.cli import documents, letter_report
from gateway.cli.replay_report import VERDICTS
from gateway.cli.screen import RED, Column, show_facts, show_table
from gateway.cli.thai import NEVER, letter_day, thai_time
from gateway.cli.words import RECEIPTS, SETTLED, STAGES, WITHHELD, short_name
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import Attempt
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import MEANINGS
from gateway.domain.organization import Organization
from gateway.domain.remedies import command_for, command_of, mending_of
from gateway.domain.replay import Verdict
from gateway.ports import DeadGroup, DeadLine, Path

WORDS: Final = 300
"""Characters of an endpoint's answer that are shown."""

_GROUPS: Final = (
    Column("สาเหตุ", "Cause"),
    Column("ขั้นตอน", "Stage", least=100),
    Column("ปลายทาง", "For"),
    Column("จำนวน", "Dead", right=True),
    Column("ครั้งแรก", "First", least=120),
    Column("ล่าสุด", "Latest", least=100),
    Column("วิธีแก้", "What mends it", fold=True),
    Column("คำสั่งถัดไป", "Next", fold=True),
    Column("เหตุขัดข้อง", "Incident", least=170),
)
_LINES: Final = (
    Column("รหัสงานค้าง", "ID"),
    Column("เลขที่", "Number", fold=True),
    Column("ปลายทาง", "For", fold=True),
    Column("ขั้นตอน", "Stage", least=110),
    Column("สาเหตุ", "Cause"),
    Column("เลิกลองเมื่อ", "Given up", least=130),
    Column("สถานะหนังสือ", "Letter", fold=True, least=120),
    Column("จัดการแล้ว", "Settled", least=150),
)
_ATTEMPTS: Final = (
    Column("ครั้งที่", "Attempt", right=True),
    Column("เมื่อ", "At"),
    Column("ผล", "Outcome"),
    Column("HTTP", "Status", right=True),
    Column("วินาที", "Seconds", right=True),
    Column("คำตอบของปลายทาง", "The endpoint's words", fold=True),
)


@dataclass(frozen=True, slots=True)
class Whole:
    """A dead letter with all that is known about it."""

    dead_letter: DeadLetter
    path: Path
    endpoint: Organization
    """Who does not get it."""
    attempts: Sequence[Attempt]
    verdict: Verdict
    """What a replay would make of it now."""


def show_groups(groups: Sequence[DeadGroup]) -> None:
    """Write a row for each cause, with the one action that mends it."""
    rows = [
        (
            group.incident.cause,
            STAGES[group.incident.stage],
            group.incident.endpoint or f"{group.endpoints} หน่วยงาน",
            group.number,
            thai_time(group.first_at),
            thai_time(group.last_at),
            mending_of(group.incident.cause).thai,
            command_for(group.incident),
            group.incident.id,
        )
        for group in groups
    ]
    show_table(
        _GROUPS, rows, styles=[RED if g.incident.is_open else "" for g in groups]
    )


def group_document(group: DeadGroup) -> documents.Document:
    """Say the same for programs."""
    return {
        **incident_document(group.incident),
        "dead_letters": group.number,
        "endpoints": group.endpoints,
        "first_given_up_at": documents.moment(group.first_at),
        "last_given_up_at": documents.moment(group.last_at),
    }


def incident_document(incident: Incident) -> documents.Document:
    """Say what an incident is, and what mends it."""
    mending = mending_of(incident.cause)
    return {
        "incident": str(incident.id),
        "cause": incident.cause,
        "stage": incident.stage.value,
        "endpoint": incident.endpoint.text if incident.endpoint else None,
        "count": incident.count,
        "first_at": documents.moment(incident.first_at),
        "last_at": documents.moment(incident.last_at),
        "closed_at": documents.moment(incident.closed_at),
        "closed_why": incident.closed_why or None,
        "remedy": {"thai": mending.thai, "english": mending.english},
        "next": command_for(incident),
    }


def show_lines(lines: Sequence[DeadLine]) -> None:
    """Write a row for each dead letter."""
    rows = [
        (
            line.dead_letter.id,
            line.letter.letter_id.number,
            short_name(line.endpoint),
            STAGES[line.dead_letter.stage],
            line.dead_letter.cause,
            thai_time(line.dead_letter.at),
            MEANINGS[line.state].thai,
            settled_word(line.dead_letter),
        )
        for line in lines
    ]
    show_table(_LINES, rows)


def line_document(line: DeadLine) -> documents.Document:
    """Say the same for programs."""
    return {
        **dead_document(line.dead_letter),
        "number": line.letter.letter_id.number,
        "date": line.letter.letter_id.date,
        "sender": line.letter.sender.text,
        "endpoint_name": line.endpoint.th_name,
        **documents.state(line.state),
    }


def dead_document(dead: DeadLetter) -> documents.Document:
    """Say what was given up, and why."""
    mending = mending_of(dead.cause)
    return {
        "id": str(dead.id),
        "stage": dead.stage.value,
        "consignment": str(dead.consignment),
        "brings": "letter" if dead.receipt is None else "notifier",
        "endpoint": dead.endpoint.text,
        "cause": dead.cause,
        "detail": dead.detail or None,
        "attempts": dead.attempts,
        "incident": str(dead.incident),
        "at": documents.moment(dead.at),
        "settled": dead.settled.value if dead.settled else None,
        "settled_at": documents.moment(dead.settled_at),
        "replay": str(dead.replay) if dead.replay else None,
        "remedy": {"thai": mending.thai, "english": mending.english},
        "next": command_of(dead.cause, dead.endpoint, dead.incident),
    }


def show_whole(whole: Whole) -> None:
    """Write all about one dead letter: itself, its attempts, its letter's path."""
    show_facts(_facts(whole))
    if whole.attempts:
        show_table(_ATTEMPTS, [_attempt(whole, one) for one in whole.attempts])
    letter_report.show_journal([whole.path])


def whole_document(whole: Whole) -> documents.Document:
    """Say the same for programs."""
    letter = whole.path.consignment.letter
    return {
        **dead_document(whole.dead_letter),
        "endpoint_name": whole.endpoint.th_name,
        "letter": documents.letter(letter),
        "consignment": documents.path(whole.path),
        "verdict": whole.verdict.value,
        "attempts_made": [
            {
                "promise": str(one.promise),
                "number": one.number,
                "at": documents.moment(one.at),
                "outcome": one.outcome,
                "status": one.answer.status,
                "seconds": one.answer.seconds,
                "answer": None if letter.is_secret else _words(one),
            }
            for one in whole.attempts
        ],
    }


def settled_word(dead: DeadLetter) -> str:
    """Say how a dead letter ended, or that it did not."""
    return SETTLED[dead.settled] if dead.settled else NEVER


def _facts(whole: Whole) -> list[tuple[Column, object]]:
    dead, path = whole.dead_letter, whole.path
    letter = path.consignment.letter
    entry = path.entry
    last = path.registrations[-1] if path.registrations else None
    mending = mending_of(dead.cause)
    return [
        (Column("รหัสงานค้าง", "ID"), dead.id),
        (Column("เลขที่", "Number"), letter.letter_id.number),
        (Column("ลงวันที่", "Dated"), letter_day(letter.letter_id.date)),
        (Column("จาก", "Sender"), letter.sender),
        (Column("ผู้รับ", "Receiver"), _named(path.receiver)),
        (Column("สิ่งที่ค้าง", "What"), _brings(whole)),
        (Column("ส่งไม่ถึง", "Not got by"), _named(whole.endpoint)),
        (Column("ขั้นตอน", "Stage"), f"{STAGES[dead.stage]} ({dead.stage})"),
        (Column("สาเหตุ", "Cause"), dead.cause),
        (Column("รายละเอียด", "Detail"), dead.detail or NEVER),
        (Column("ลองแล้ว", "Attempts"), dead.attempts),
        (Column("เลิกลองเมื่อ", "Given up"), thai_time(dead.at)),
        (Column("สถานะหนังสือ", "Letter now"), MEANINGS[path.consignment.state].thai),
        (Column("ผู้รับดึงไปเมื่อ", "Fetched"), thai_time(entry.taken_at if entry else None)),
        (Column("เลขรับ", "Number given"), last.number.text if last else NEVER),
        (Column("จัดการแล้ว", "Settled"), settled_word(dead)),
        (Column("ถ้าส่งซ้ำ", "If replayed"), VERDICTS[whole.verdict]),
        (Column("เหตุขัดข้อง", "Incident"), dead.incident),
        (Column("วิธีแก้", "What mends it"), f"{mending.thai} / {mending.english}"),
        (
            Column("คำสั่งถัดไป", "Next"),
            command_of(dead.cause, dead.endpoint, dead.incident),
        ),
        (
            Column("เมื่อแก้แล้ว", "Once mended"),
            f"gateway dead replay --incident {dead.incident}",
        ),
    ]


def _named(organization: Organization) -> str:
    return f"{short_name(organization)} {organization.code}"


def _brings(whole: Whole) -> str:
    receipts = {receipt.id: receipt for receipt in whole.path.receipts}
    receipt = whole.dead_letter.receipt
    return RECEIPTS[receipts[receipt].kind] if receipt in receipts else "หนังสือ"


def _attempt(whole: Whole, one: Attempt) -> Sequence[object]:
    secret = whole.path.consignment.letter.is_secret
    return (
        one.number,
        thai_time(one.at),
        one.outcome,
        one.answer.status or NEVER,
        f"{one.answer.seconds:.1f}",
        WITHHELD if secret else _words(one) or NEVER,
    )


def _words(one: Attempt) -> str:
    """Return the beginning of what an endpoint answered, in one line."""
    said = one.answer.body.decode("utf-8", "replace")
    return " ".join(said.split())[:WORDS]
