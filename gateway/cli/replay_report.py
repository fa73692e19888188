"""Plans and replays on the screen: what will be sent, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.cli.replay_found import Found, document, line_document
from gateway.cli.screen import (
    PLAIN,
    RED,
    Column,
    show_facts,
    show_json,
    show_table,
    tell,
)
from gateway.cli.thai import ago, letter_day, thai_time
from gateway.domain.replay import Outcome, Progress, Verdict
from gateway.ports import ReplayLetter, ReplayLine

VERDICTS: Final = {
    Verdict.ELIGIBLE: "ส่งซ้ำได้ / eligible",
    Verdict.ALREADY_HELD: "ปลายทางมีแล้ว / the receiver holds it already",
    Verdict.STAMPED: "ลงเลขรับแล้ว / it has a number: a second stamp is possible",
    Verdict.ANSWERED: "ตีกลับหรือดึงกลับแล้ว / returned or taken back: nobody waits",
    Verdict.SETTLED: "จัดการไปแล้ว / somebody settled it",
    Verdict.ENDPOINT_RESTS: "ปลายทางพักอยู่ / its endpoint rests",
}
OUTCOMES: Final = {
    Outcome.WAITING: "รอส่ง / waiting",
    Outcome.SENT: "ส่งแล้ว รอผล / sent, not known yet",
    Outcome.DONE: "ถึงแล้ว / done",
    Outcome.FAILED_AGAIN: "ไม่สำเร็จอีก / failed again",
    Outcome.HELD_BACK: "ไม่ส่ง / held back",
    Outcome.NOT_ATTEMPTED: "ไม่ได้ส่ง / not attempted",
}
PROGRESS: Final = {
    Progress.PLANNED: "วางแผนไว้ / planned",
    Progress.RUNNING: "กำลังส่ง / going on",
    Progress.DONE: "เสร็จแล้ว / done",
    Progress.STOPPED: "หยุดเอง / stopped by itself",
    Progress.CANCELLED: "ยกเลิกแล้ว / called off",
    Progress.EXPIRED: "หมดอายุ / expired",
}
NO_UNDO: Final = (
    "ส่งแล้วเรียกคืนไม่ได้ ยกเลิกได้เฉพาะที่ยังไม่ส่ง / There is no undo: what was sent stays "
    "sent, only what waits can be called off"
)

_BY_CAUSE: Final = (
    Column("ปลายทาง", "Endpoint"),
    Column("สาเหตุ", "Cause", fold=True),
    Column("ส่งซ้ำได้", "Eligible", right=True),
    Column("ไม่ส่ง", "Held back", right=True),
    Column("นานที่สุด", "Oldest", least=90),
)
_WHY: Final = (Column("จำนวน", "Count", right=True), Column("เหตุที่ไม่ส่ง", "Held back"))
_CAUSES: Final = (
    Column("จำนวน", "Count", right=True),
    Column("ไม่สำเร็จอีกเพราะ", "Failed again for"),
)
_LETTERS: Final = (
    Column("ลำดับ", "Place", right=True),
    Column("เลขที่", "Number"),
    Column("ลงวันที่", "Dated", least=90),
    Column("นำส่ง", "Brings", least=110),
    Column("ปลายทาง", "Endpoint"),
    Column("สาเหตุ", "Cause", least=130),
    Column("ผล", "Outcome", fold=True),
    Column("เหตุ", "Why", fold=True, least=100),
)
_LINES: Final = (
    Column("แผน", "Replay"),
    Column("วางแผนเมื่อ", "Planned at", least=110),
    Column("โดย", "By", least=130),
    Column("เลือก", "Choice", fold=True),
    Column("สถานะ", "Progress"),
    Column("ถึงแล้ว", "Done", right=True),
    Column("ทั้งหมด", "Of", right=True),
)


def show_plan(found: Found, data: Path, *, as_json: bool) -> None:
    """Write what would be sent, what not and why, and how to go on."""
    if as_json:
        show_json(document(found))
        return
    show_facts(_plan_facts(found))
    show_table(_BY_CAUSE, _by_cause(found))
    if held := _held_back(found):
        show_table(_WHY, held)
    if found.progress is not Progress.PLANNED:
        return
    tell(NO_UNDO)
    if command := next_command(found, data):
        tell(f"ลองต่อ / Try next: {command}")


def next_command(found: Found, data: Path) -> str:
    """Return what starts a plan; empty where nothing of it may be sent."""
    stamped = found.verdicts[Verdict.STAMPED]
    if not (found.verdicts[Verdict.ELIGIBLE] or stamped):
        return ""
    also = f" --even-if-stamped {stamped}" if stamped else ""
    return (
        f"gateway dead replay start {found.replay.id} --by NAME --reason TEXT{also} "
        f"--data {data}"
    )


def show_report(found: Found, *, each: bool, as_json: bool) -> None:
    """Write what became of a replay; `each` letter on a line of its own."""
    if as_json:
        show_json(document(found))
        return
    if each:
        show_table(_LETTERS, [_letter_row(letter) for letter in found.letters])
        return
    show_facts([*_facts(found), *_outcome_facts(found)])
    if held := _held_back(found):
        show_table(_WHY, held)
    if found.causes:
        rows = [(count, cause) for cause, count in found.causes.most_common()]
        show_table(_CAUSES, rows, styles=[RED] * len(rows))


def show_list(lines: Sequence[ReplayLine], now: datetime, *, as_json: bool) -> None:
    """Write plans and replays, a line each."""
    if as_json:
        show_json([line_document(line.replay, line.counts, now) for line in lines])
        return
    stands = [line.replay.stands(now) for line in lines]
    rows = [
        (
            line.replay.id,
            thai_time(line.replay.planned_at),
            line.replay.planned_by.name or line.replay.planned_by.account,
            line.replay.choice,
            PROGRESS[progress],
            line.counts.get(Outcome.DONE, 0),
            sum(line.counts.values()),
        )
        for line, progress in zip(lines, stands, strict=True)
    ]
    stopped = [RED if p is Progress.STOPPED else PLAIN for p in stands]
    show_table(_LINES, rows, styles=stopped)


def _plan_facts(found: Found) -> list[tuple[Column, object]]:
    verdicts, replay = found.verdicts, found.replay
    ages = ", ".join(f"{word}: {n}" for word, n in sorted(found.ages.items()))
    return [
        *_facts(found),
        (Column("ใช้ได้ถึง", "Good until"), thai_time(replay.expires_at)),
        (Column("ส่งซ้ำได้", "Eligible"), verdicts[Verdict.ELIGIBLE]),
        (
            Column("ไม่ส่ง", "Held back"),
            verdicts.total() - verdicts[Verdict.ELIGIBLE],
        ),
        (Column("ปลายทางมีแล้ว", "Held already"), verdicts[Verdict.ALREADY_HELD]),
        (Column("ลงเลขรับแล้ว", "Stamped"), verdicts[Verdict.STAMPED]),
        (Column("ค้างมานาน", "Ages"), ages),
        (Column("ใช้เวลาอย่างน้อย", "Takes at least"), str(found.seconds)),
    ]


def _facts(found: Found) -> list[tuple[Column, object]]:
    replay, by = found.replay, found.replay.started_by
    facts: list[tuple[Column, object]] = [
        (Column("แผน", "Replay"), replay.id),
        (Column("เลือก", "Choice"), replay.choice),
        (Column("สถานะ", "Progress"), PROGRESS[found.progress]),
        (Column("อัตรา (ฉบับ/วินาที/ปลายทาง)", "Rate"), f"{replay.rate:g}"),
    ]
    if by is not None:
        facts += [
            (Column("เริ่มเมื่อ", "Started at"), thai_time(replay.started_at)),
            (Column("สั่งโดย", "By"), by.name or by.account),
            (Column("เหตุผล", "Why"), replay.why),
        ]
    if replay.ended_at is not None:
        ended = f"{thai_time(replay.ended_at)} {replay.ended_why}".strip()
        facts.append((Column("จบเมื่อ", "Ended at"), ended))
    return facts


def _outcome_facts(found: Found) -> list[tuple[Column, object]]:
    counts = found.outcomes
    return [
        (Column(thai, english.capitalize()), counts[outcome])
        for outcome, words in OUTCOMES.items()
        for thai, _, english in [words.partition(" / ")]
    ]


def _by_cause(found: Found) -> list[tuple[object, ...]]:
    groups: dict[tuple[str, str], list[ReplayLetter]] = {}
    for letter in found.letters:
        groups.setdefault((letter.item.endpoint.text, letter.cause), []).append(letter)
    return [
        (
            endpoint,
            cause,
            eligible,
            len(letters) - eligible,
            ago(found.now - min(letter.given_up_at for letter in letters)),
        )
        for (endpoint, cause), letters in sorted(groups.items())
        for eligible in [sum(x.item.verdict is Verdict.ELIGIBLE for x in letters)]
    ]


def _held_back(found: Found) -> list[tuple[object, ...]]:
    return [
        (count, VERDICTS[verdict])
        for verdict, count in found.verdicts.most_common()
        if verdict is not Verdict.ELIGIBLE
    ]


def _letter_row(letter: ReplayLetter) -> tuple[object, ...]:
    item = letter.item
    held = item.outcome is Outcome.HELD_BACK
    return (
        item.position,
        letter.letter_id.number,
        letter_day(letter.letter_id.date),
        "หนังสือ" if letter.is_letter else "ใบแจ้ง",
        item.endpoint,
        letter.cause,
        OUTCOMES[item.outcome],
        VERDICTS[item.verdict] if held else item.cause or "-",
    )
