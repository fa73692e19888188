"""The circular of the demo: what the ministry sends to every province.

Its number, date and subject are those of the real circular of 5 June 2552; its files
were made by `tools/make_demo_files.py`, and all persons are invented.
"""

import base64
from importlib import resources
from typing import Final

from gateway.simulation.letter import File, Letter, Party, Reference
from gateway.simulation.provinces import Province

MINISTRY: Final = "1500200000"
NUMBER: Final = "มท 0210.3/ว 1795"
DATE: Final = "2009-06-05"
SUBJECT: Final = (
    "แต่งตั้งผู้รับผิดชอบและเข้ารับการฝึกอบรมการเชื่อมโยงระบบสารบรรณอิเล็กทรอนิกส์"
    "ของสำนักงานปลัดกระทรวงมหาดไทย"
)
SENDER: Final = Party(
    given_name="สมมุติ",
    family_name="ตั้งใจงาน",
    job_title="ผู้อำนวยการกองสมมุติ ปฏิบัติราชการแทนปลัดกระทรวงมหาดไทย",
    ministry="15",
    organization=MINISTRY,
)

# A blank reference would stand here otherwise (Q-C3), which BOI cannot store (Q-B12).
_EARLIER: Final = Reference(
    "มท 0210.3/ว 1225",
    "2008-04-29",
    "การสำรวจระบบสารบรรณอิเล็กทรอนิกส์ของจังหวัด",
)
_FILES: Final = (
    ("letter.pdf", "application/pdf"),
    ("schedule.pdf", "application/pdf"),
    ("form.doc", "application/msword"),
    ("diagram.jpg", "image/jpeg"),
)


def files() -> tuple[File, ...]:
    """Return the main letter and its three enclosures, which both dialects know."""
    folder = resources.files("gateway.simulation") / "files"
    return tuple(
        File(mime_code, base64.b64encode((folder / name).read_bytes()).decode("ascii"))
        for name, mime_code in _FILES
    )


def letter_to(province: Province, contents: tuple[File, ...], sent_at: str) -> Letter:
    """Return the copy for one province; `sent_at` is `yyyy-MM-ddTHH:mm:ss`."""
    return Letter(
        number=NUMBER,
        date=DATE,
        subject=SUBJECT,
        sender=SENDER,
        receiver=Party(
            job_title=f"ผู้ว่าราชการจังหวัด{province.name}",
            ministry=province.code[:2],
            organization=province.code,
        ),
        references=(_EARLIER,),
        attachment_text="-",
        send_date=sent_at,
        main=contents[0],
        attachments=contents[1:],
    )
