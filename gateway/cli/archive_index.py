"""`index.html`, `index.csv` and `README.txt` of an archive, in Thai with English."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from gateway.cli.archive_files import Folder, Listed, csv_head, csv_line
from gateway.cli.thai import letter_day, thai_time
from gateway.domain.lifecycle import MEANINGS
from gateway.domain.organization import Organization
from gateway.ports import Path

HEAD: Final = (
    *("เลขที่ number", "ลงวันที่ date", "เรื่อง subject", "รหัสผู้ส่ง sender", "ผู้ส่ง from"),
    *("รหัสผู้รับ receiver", "ผู้รับ to", "เข้าศูนย์ accepted", "สถานะ state"),
    *("เลขรับ registered as", "ลงรับเมื่อ registered", "โฟลเดอร์ folder"),
)

_PAGE: Final = """<!doctype html>
<html lang="th"><head><meta charset="utf-8">
<title>ชุดเก็บถาวร {archive}</title>
<style>
body {{ font-family: Sarabun, "Noto Sans Thai", sans-serif; margin: 2rem }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid #999; padding: .3rem .5rem; text-align: left;
  vertical-align: top }}
th {{ background: #eee }}
</style></head><body>
<h1>ชุดเก็บถาวรหนังสือราชการ <small>archive {archive}</small></h1>
<p>หนังสือที่เข้าศูนย์ถึงวันที่ {until} · จัดทำเมื่อ {made}</p>
<table><thead><tr>{head}</tr></thead><tbody>
"""
_END: Final = "</tbody></table></body></html>\n"

README: Final = """ชุดเก็บถาวรหนังสือราชการ / An archive of official letters

อ่านได้โดยไม่ต้องมีศูนย์กลางหรือโปรแกรมใด / It is read without the hub and without any program.

index.html, index.csv
    รายการหนังสือทั้งหมด หนึ่งบรรทัดต่อผู้รับหนึ่งราย
    a line for each letter and receiver
letters/ปี พ.ศ./รหัสผู้รับ/รหัสรับส่ง/
    request.xml      ซองข้อมูลตามที่ผู้ส่งส่งเข้ามา / the envelope as it came
    delivered*.xml   หนังสือที่ผู้รับได้ / what its receiver got
    letter.json      ข้อมูลหนังสือ เลขรับ ใบรับ / the letter, numbers, receipts
    journal.csv      บันทึกเหตุการณ์ (journal.json: เหมือนกัน) / all that happened to it
    receipts/        ใบรับที่ศูนย์กลางลงนาม / receipts signed by the hub
files/
    แฟ้มของหนังสือ แฟ้มละครั้งเดียว ชื่อคือ SHA-256 / each file once, by its SHA-256
certificates/
    ใบรับรองของศูนย์กลาง ใช้ตรวจใบรับ / the hub's certificates, for the receipts
archive.json
    ชุดนี้คือชุดใด / which archive this is
SHA256SUMS
    ลายนิ้วของแฟ้มทั้งหมด / the digests of all files

ตรวจว่าครบและไม่ถูกแก้ไข / Is it whole and as it was?
    sha256sum -c --quiet SHA256SUMS
    sha256sum SHA256SUMS          เทียบกับ gateway archive list / compare it
    gateway archive verify .

หนังสือลับไม่อยู่ในชุดนี้ / Secret letters are not in it.
เวลาเป็น UTC ในแฟ้ม json / times in json files are UTC.
"""


@dataclass(frozen=True, slots=True)
class Index:
    """Both lists, while letters are added."""

    table: Listed
    page: Listed

    @classmethod
    def begin(
        cls, folder: Folder, archive: object, until: str, made: datetime
    ) -> "Index":
        """Open both, and write what stands above the first letter."""
        index = cls(folder.open("index.csv"), folder.open("index.html"))
        index.table.write_text(csv_head(HEAD))
        cells = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
        index.page.write_text(
            _PAGE.format(
                archive=archive,
                until=escape(letter_day(until)),
                made=escape(thai_time(made)),
                head=cells,
            )
        )
        return index

    def add(self, path: Path, sender: Organization | None, folder: str) -> None:
        """Write the line of one letter for one receiver."""
        row = _row(path, sender, folder)
        self.table.write_text(csv_line(row))
        *cells, link = (escape(str(cell)) for cell in row)
        linked = f'<a href="{link}/request.xml">{link}</a>'
        written = "".join(f"<td>{cell}</td>" for cell in [*cells, linked])
        self.page.write_text(f"<tr>{written}</tr>\n")

    def end(self) -> None:
        """Close both."""
        self.page.write_text(_END)
        self.page.close()
        self.table.close()


def _row(path: Path, sender: Organization | None, folder: str) -> Sequence[object]:
    consignment = path.consignment
    letter = consignment.letter
    last = path.registrations[-1] if path.registrations else None
    return (
        letter.letter_id.number,
        letter_day(letter.letter_id.date),
        letter.subject,
        letter.sender,
        sender.th_name if sender else "",
        path.receiver.code,
        path.receiver.th_name,
        thai_time(consignment.accepted_at),
        MEANINGS[consignment.state].thai,
        last.number.text if last else "",
        thai_time(last.at) if last else "",
        folder,
    )
