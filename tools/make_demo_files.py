"""Make the files of the demo's circular: a letter and three enclosures.

The output stands in `gateway/simulation/files/` and travels as package data, so that
the demo needs none of the libraries used here (extra `assets`, and Pango).
All persons, telephone numbers and appointments are invented. Sarabun (SIL Open Font
License, `tools/fonts/OFL.txt`) is embedded in both PDFs.

    python tools/make_demo_files.py
"""

import io
import os
import re
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from weasyprint import HTML

HERE: Final = Path(__file__).parent
REGULAR: Final = HERE / "fonts" / "Sarabun-Regular.ttf"
BOLD: Final = HERE / "fonts" / "Sarabun-Bold.ttf"
FILES: Final = HERE.parent / "gateway" / "simulation" / "files"

SUBJECT: Final = (
    "แต่งตั้งผู้รับผิดชอบและเข้ารับการฝึกอบรมการเชื่อมโยงระบบสารบรรณอิเล็กทรอนิกส์"
    "ของสำนักงานปลัดกระทรวงมหาดไทย"
)

STYLE: Final = f"""
@font-face {{ font-family: Sarabun; src: url("{REGULAR.as_uri()}") }}
@font-face {{ font-family: Sarabun; src: url("{BOLD.as_uri()}"); font-weight: bold }}
@page {{ size: A4; margin: 1.6cm 2cm 1.6cm 3cm }}
body {{ font: 12.5pt/1.5 Sarabun; margin: 0 }}
svg {{ display: block; margin: 0 auto; height: 2.6cm }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ vertical-align: top; padding: 0; text-align: left; font-weight: normal }}
p {{ text-indent: 2.5cm; margin: 0 0 7pt }}
.date {{ margin: 6pt 0 10pt 7.6cm }}
.head td {{ padding-bottom: 5pt }}
.head td:first-child {{ white-space: nowrap; padding-right: 12pt; width: 1% }}
.close {{ margin: 8pt 0 0 7.6cm; text-align: center }}
.hand {{ height: 1.1cm; margin: 4pt auto 0 }}
.foot {{ font-size: 10.5pt; line-height: 1.4; margin-top: 14pt }}
h1 {{ font-size: 14pt; text-align: center; margin: 0 0 4pt }}
h2 {{ font-size: 12pt; font-weight: normal; text-align: center; margin: 0 0 14pt }}
.plan td, .plan th {{ border: .6pt solid #444; padding: 4pt 6pt; font-size: 11.5pt }}
.plan td:nth-child(2) {{ white-space: nowrap }}
.plan th {{ font-weight: bold; background: #eee; text-align: center }}
"""

# A winged mark in the place of the emblem, plainly none of the state's own.
EMBLEM: Final = """
<svg viewBox="-60 -52 120 100" fill="none" stroke="#222" stroke-width="2.2"
     stroke-linecap="round" stroke-linejoin="round">
  <path d="M0-46 L5-34 L0-29 L-5-34Z" fill="#222"/>
  <circle cx="0" cy="-22" r="6.5"/>
  <path d="M-9-13 Q0-9 9-13 L12 8 Q0 15 -12 8Z"/>
  <path d="M-12 8 Q-17 28 -6 42 M12 8 Q17 28 6 42 M0 13 L0 44"/>
  <path d="M-10-11 Q-30-34 -56-30 Q-50-16 -54-6 Q-44-2 -45 8 Q-34 8 -33 16
           Q-20 14 -12 3"/>
  <path d="M10-11 Q30-34 56-30 Q50-16 54-6 Q44-2 45 8 Q34 8 33 16 Q20 14 12 3"/>
  <path d="M-16-8 Q-32-22 -48-22 M-15-3 Q-30-10 -46-9 M-14 2 Q-26 0 -38 4"/>
  <path d="M16-8 Q32-22 48-22 M15-3 Q30-10 46-9 M14 2 Q26 0 38 4"/>
</svg>"""

HAND: Final = """
<svg class="hand" viewBox="0 0 120 34" fill="none" stroke="#1c2f7a" stroke-width="1.6"
     stroke-linecap="round">
  <path d="M8 26 Q16 4 22 10 Q26 16 16 24 Q28 20 34 14 Q38 10 36 20 Q44 10 48 14
           Q50 18 46 22 Q58 8 62 15 Q64 22 74 12 Q86 4 84 16 Q82 26 100 12
           Q106 8 113 6"/>
  <path d="M30 30 Q66 24 104 26"/>
</svg>"""

LETTER: Final = f"""
{EMBLEM}
<table><tr>
  <td>ที่ มท 0210.3/ว 1795</td>
  <td style="width: 8.4cm">สำนักงานปลัดกระทรวงมหาดไทย<br>ถนนอัษฎางค์ กทม. 10200</td>
</tr></table>
<div class="date">๕ มิถุนายน ๒๕๕๒</div>
<table class="head">
  <tr><td>เรื่อง</td><td>{SUBJECT}</td></tr>
  <tr><td>เรียน</td><td>ผู้ว่าราชการจังหวัด ทุกจังหวัด</td></tr>
  <tr><td>อ้างถึง</td><td>หนังสือสำนักงานปลัดกระทรวงมหาดไทย ที่ มท 0210.3/ว 1225
    ลงวันที่ ๒๙ เมษายน ๒๕๕๑</td></tr>
  <tr><td>สิ่งที่ส่งมาด้วย</td><td>๑. กำหนดการฝึกอบรม จำนวน ๑ ฉบับ<br>
    ๒. แบบแจ้งรายชื่อผู้รับผิดชอบ จำนวน ๑ ฉบับ<br>
    ๓. แผนผังการเชื่อมโยงระบบ จำนวน ๑ แผ่น</td></tr>
</table>
<p>ตามหนังสือที่อ้างถึง สำนักงานปลัดกระทรวงมหาดไทยได้สำรวจระบบสารบรรณอิเล็กทรอนิกส์ของจังหวัด
เพื่อเตรียมการรับส่งหนังสือราชการระหว่างส่วนกลางกับจังหวัดผ่านระบบเครือข่าย ความละเอียดแจ้งแล้ว นั้น</p>
<p>สำนักงานปลัดกระทรวงมหาดไทยได้จัดทำศูนย์กลางแลกเปลี่ยนหนังสือราชการอิเล็กทรอนิกส์แล้วเสร็จ
จังหวัดที่มีระบบสารบรรณอิเล็กทรอนิกส์อยู่แล้วสามารถเชื่อมโยงระบบเดิมเข้ากับศูนย์กลางได้
ส่วนจังหวัดที่ยังไม่มีระบบสามารถลงทะเบียนรับหนังสือที่ศูนย์กลางได้โดยตรง
จึงขอให้จังหวัดแต่งตั้งผู้รับผิดชอบด้านสารบรรณและด้านเทคโนโลยีสารสนเทศ ด้านละ ๑ คน
ส่งแบบแจ้งรายชื่อภายในวันที่ ๑๙ มิถุนายน ๒๕๕๒ และให้ผู้ที่ได้รับแต่งตั้งเข้ารับการฝึกอบรมตามกลุ่มจังหวัด
รายละเอียดตามสิ่งที่ส่งมาด้วย</p>
<p>จึงเรียนมาเพื่อโปรดพิจารณาดำเนินการต่อไป</p>
<div class="close">ขอแสดงความนับถือ{HAND}
(นายสมมุติ ตั้งใจงาน)<br>ผู้อำนวยการกองสมมุติ ปฏิบัติราชการแทน<br>ปลัดกระทรวงมหาดไทย</div>
<div class="foot">ศูนย์เทคโนโลยีสารสนเทศและการสื่อสาร<br>กลุ่มงานสารบรรณอิเล็กทรอนิกส์<br>
โทร. ๐ ๒๐๐๐ ๐๐๐๐ โทรสาร ๐ ๒๐๐๐ ๐๐๐๑</div>"""

DAYS: Final = (
    ("๑", "๑๓ - ๑๔ กรกฎาคม ๒๕๕๒", "ภาคกลางและภาคตะวันออก", "ห้องอบรม ๑ ส่วนกลาง"),
    ("๒", "๑๖ - ๑๗ กรกฎาคม ๒๕๕๒", "ภาคเหนือตอนบน", "ศาลากลางจังหวัดเชียงใหม่"),
    ("๓", "๒๐ - ๒๑ กรกฎาคม ๒๕๕๒", "ภาคเหนือตอนล่าง", "ศาลากลางจังหวัดพิษณุโลก"),
    ("๔", "๒๓ - ๒๔ กรกฎาคม ๒๕๕๒", "ภาคตะวันออกเฉียงเหนือตอนล่าง", "ศาลากลางจังหวัดนครราชสีมา"),
    ("๕", "๒๗ - ๒๘ กรกฎาคม ๒๕๕๒", "ภาคตะวันออกเฉียงเหนือตอนบน", "ศาลากลางจังหวัดอุดรธานี"),
    ("๖", "๓๐ - ๓๑ กรกฎาคม ๒๕๕๒", "ภาคใต้ตอนบน", "ศาลากลางจังหวัดสุราษฎร์ธานี"),
    ("๗", "๓ - ๔ สิงหาคม ๒๕๕๒", "ภาคใต้ชายแดน", "ศาลากลางจังหวัดสงขลา"),
)

SCHEDULE: Final = f"""
<h1>กำหนดการฝึกอบรมการเชื่อมโยงระบบสารบรรณอิเล็กทรอนิกส์</h1>
<h2>สิ่งที่ส่งมาด้วย ๑ หนังสือที่ มท 0210.3/ว 1795 ลงวันที่ ๕ มิถุนายน ๒๕๕๒</h2>
<table class="plan"><tr><th>กลุ่ม</th><th>วันที่</th><th>จังหวัดในพื้นที่</th><th>สถานที่</th></tr>
{"".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in day)}</tr>" for day in DAYS)}
</table>
<p style="margin-top: 12pt">เวลา ๐๙.๐๐ - ๑๖.๓๐ น. ทั้งสองวัน
วันแรกสำหรับเจ้าหน้าที่สารบรรณ วันที่สองสำหรับผู้ดูแลระบบ</p>"""

NAME: Final = (
    "ชื่อ - สกุล ................................ ตำแหน่ง ........................"
)
REACHED: Final = (
    "โทรศัพท์ ................................... อีเมล .........................."
)

FORM: Final = (
    "แบบแจ้งรายชื่อผู้รับผิดชอบระบบสารบรรณอิเล็กทรอนิกส์",
    "สิ่งที่ส่งมาด้วย ๒ หนังสือที่ มท 0210.3/ว 1795 ลงวันที่ ๕ มิถุนายน ๒๕๕๒",
    "",
    "จังหวัด ........................................................................",
    "",
    "๑. ผู้รับผิดชอบด้านสารบรรณ",
    NAME,
    REACHED,
    "",
    "๒. ผู้รับผิดชอบด้านเทคโนโลยีสารสนเทศ",
    NAME,
    REACHED,
    "",
    "ระบบสารบรรณอิเล็กทรอนิกส์ของจังหวัด   (  ) มี   (  ) ไม่มี",
)

BOXES: Final = (
    ((40, 300, 330, 420), "สป.มท.\nผู้ส่งหนังสือเวียน"),
    ((455, 300, 745, 420), "ศูนย์กลางแลกเปลี่ยน\nหนังสือราชการ"),
    ((870, 120, 1160, 240), "จังหวัดที่มีระบบ\nลงเลขรับเอง"),
    ((870, 480, 1160, 600), "จังหวัดที่ไม่มีระบบ\nลงทะเบียนที่ศูนย์กลาง"),
)

ARROWS: Final = (
    ((332, 345), (453, 345), "หนังสือ"),
    ((453, 385), (332, 385), "เลขรับ"),
    ((747, 330), (868, 180), ""),
    ((747, 390), (868, 540), ""),
)


def for_pdf(text: str) -> str:
    """Write sara am in two marks, the tone between: the PDF then copies out right."""
    text = re.sub("([\u0e48-\u0e4b])\u0e33", "\u0e4d\\1\u0e32", text)
    return text.replace("\u0e33", "\u0e4d\u0e32")


def pdf(title: str, body: str) -> bytes:
    """Return a page of HTML as a PDF with its font inside."""
    page = (
        f'<html lang="th"><title>{title}</title><style>{STYLE}</style>'
        f"<body>{for_pdf(body)}</body></html>"
    )
    made = io.BytesIO()
    HTML(string=page).write_pdf(made)
    return made.getvalue()


def word_document(lines: tuple[str, ...]) -> bytes:
    """Return lines as Rich Text, which Word opens under the name `.doc` as its own.

    A binary Word file needs Word or a large office suite; Word looks at what a
    file contains, not at its name, and Rich Text is its own older format.
    """
    head = (
        r"{\rtf1\ansi\ansicpg874\deff0\uc1"
        r"{\fonttbl{\f0\fnil\fcharset222 TH Sarabun New;}}"
        r"\paperw11906\paperh16838\margl1701\margr1134\margt1134\margb1134"
        "\n"
    )
    paragraphs = (rf"\pard\f0\fs32 {_rich(line)}\par" for line in lines)
    return (head + "\n".join(paragraphs) + "\n}\n").encode("ascii")


def _rich(line: str) -> str:
    return "".join(
        letter if letter.isascii() else f"\\u{ord(letter)}?" for letter in line
    )


def diagram() -> bytes:
    """Return the drawing of who is connected to whom as a JPEG."""
    picture = Image.new("RGB", (1200, 720), "white")
    pen = ImageDraw.Draw(picture)
    font, bold = (
        ImageFont.truetype(cut, size, layout_engine=ImageFont.Layout.RAQM)
        for cut, size in ((REGULAR, 27), (BOLD, 34))
    )
    pen.text((600, 50), "แผนผังการเชื่อมโยงระบบสารบรรณอิเล็กทรอนิกส์", "#123", bold, "mm")
    for box, words in BOXES:
        pen.rounded_rectangle(box, 16, "#eef4fb", "#24507a", 3)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        pen.text(middle, words, "#123", font, "mm", align="center", spacing=12)
    for start, end, words in ARROWS:
        _arrow(pen, start, end)
        above = ((start[0] + end[0]) / 2, start[1] + (-22 if start < end else 24))
        pen.text(above, words, "#444", font.font_variant(size=22), "mm")
    pen.text((600, 680), "สิ่งที่ส่งมาด้วย ๓ หนังสือที่ มท 0210.3/ว 1795", "#555", font, "mm")
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=80, optimize=True)
    return made.getvalue()


def _arrow(
    pen: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int]
) -> None:
    pen.line((start, end), "#24507a", 4)
    across, down = end[0] - start[0], end[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    along = (across / length * 18, down / length * 18)
    side = (-along[1] / 2, along[0] / 2)
    foot = (end[0] - along[0], end[1] - along[1])
    pen.polygon(
        (
            end,
            (foot[0] + side[0], foot[1] + side[1]),
            (foot[0] - side[0], foot[1] - side[1]),
        ),
        "#24507a",
    )


def make() -> None:
    """Write the four files, the same bytes at every run."""
    # The subset of the font inside a PDF bears its time of making otherwise.
    os.environ["SOURCE_DATE_EPOCH"] = "1244160000"
    FILES.mkdir(parents=True, exist_ok=True)
    (FILES / "letter.pdf").write_bytes(pdf(SUBJECT, LETTER))
    (FILES / "schedule.pdf").write_bytes(pdf("กำหนดการฝึกอบรม", SCHEDULE))
    (FILES / "form.doc").write_bytes(word_document(FORM))
    (FILES / "diagram.jpg").write_bytes(diagram())


if __name__ == "__main__":
    make()
