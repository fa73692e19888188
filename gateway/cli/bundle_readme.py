"""README.txt of a bundle, in Thai and in English: what each file is."""

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.cli.thai import letter_day
from gateway.domain.lifecycle import MEANINGS
from gateway.ports import Path

WHAT: Final = (
    ("request.xml", "คำขอตามที่ผู้ส่งส่งเข้ามา", "the request as its sender sent it"),
    ("answer.xml", "คำตอบของศูนย์กลาง", "what the hub answered"),
    (
        "delivered.xml",
        "หนังสือที่วางไว้ให้ผู้รับ",
        "the letter that lies for its receiver",
    ),
    (
        "delivered-",
        "สำเนาที่จัดให้รุ่นโปรแกรมนั้นอ่านได้",
        "the copy fitted to that client generation",
    ),
    ("letter.json", "ข้อมูลหนังสือ สถานะ เลขรับ", "the letter, its state and its numbers"),
    ("journal.json", "บันทึกเหตุการณ์ทั้งหมด", "all that happened to it"),
    (
        "attempts.json",
        "การส่งให้ปลายทางแต่ละครั้ง",
        "each attempt to hand it over: status and headers",
    ),
    ("attempts/", "ข้อความที่ปลายทางตอบ", "what the endpoint answered, up to 16 KiB each"),
    ("dead-letters.json", "งานที่เลิกลองแล้ว", "what was given up"),
    ("endpoint.json", "รุ่นโปรแกรมและวิธีส่ง", "the receiver's client generation and way"),
    (
        "receipts/",
        "ใบรับที่ศูนย์กลางลงนาม ตรวจได้โดยไม่ต้องมีศูนย์กลาง",
        "receipts signed by the hub, and its certificate",
    ),
    ("versions.json", "รุ่นของโปรแกรม", "versions of the programs"),
    ("settings.json", "การตั้งค่าที่เกี่ยวข้อง", "settings that matter to the other side"),
)
"""Beginnings of names, and what such a file is."""


def text(path: Path, names: Iterable[str], covered: Sequence[str]) -> str:
    """Return the text; `covered` are the files in which something is masked."""
    letter = path.consignment.letter
    meaning = MEANINGS[path.consignment.state]
    lines = [
        "หลักฐานการรับส่งหนังสือหนึ่งฉบับถึงผู้รับหนึ่งราย",
        "All about one letter to one receiver",
        "",
        f"เลขที่ / number: {letter.letter_id.number}",
        f"ลงวันที่ / dated: {letter_day(letter.letter_id.date)}",
        f"ผู้ส่ง / sender: {letter.sender}",
        f"ผู้รับ / receiver: {path.receiver.code} {path.receiver.th_name}",
        f"รหัสรับส่ง / ProcessID: {path.consignment.process_id}",
        f"สถานะ / state: {meaning.thai} / {meaning.english}",
        "",
        "แฟ้ม / files",
        "",
    ]
    for name in names:
        thai, english = _what(name)
        lines.append(f"{name}\n    {thai}\n    {english}")
    lines += ["SHA256SUMS", "    ลายนิ้วของแฟ้มทั้งหมด", "    sha256sum -c SHA256SUMS", ""]
    if covered:
        words = "ปิดรหัสลับด้วย * ความยาวเท่าเดิม / secrets are covered by as many *"
        lines += [f"{words}: {', '.join(covered)}", ""]
    lines += [
        "ไม่มีรหัสผ่าน กุญแจ และชื่อผู้ดูแลระบบ แต่มีเนื้อหาหนังสือ",
        "No password, key or name of an operator is in it; the letter itself is.",
        "เวลาทั้งหมดเป็น UTC / all times are UTC",
    ]
    return "\n".join(lines) + "\n"


def _what(name: str) -> tuple[str, str]:
    found = (row[1:] for row in WHAT if name.startswith(row[0]))
    thai, english = next(found, ("", ""))
    return thai, english
