"""The 75 provinces of the demo, and what system each of them has.

In the survey of 2008, 51 provinces had a saraban system, 38 by contractors and 13 of
their own making, and 24 had none. Which province stands for which is invented, but
for the 18 of the pilot clusters, which all had one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class System(StrEnum):
    """What a province receives its letters with."""

    CSHARP = "csharp"
    BOI = "boi"
    NONE = "none"
    """Its letters are entered in the hub's own registers."""


@dataclass(frozen=True, slots=True)
class Province:
    """A provincial office."""

    digits: str
    """Of its ISO code: `50` of TH-50."""
    name: str
    abbreviation: str
    system: System

    @property
    def code(self) -> str:
        """The code of its organization in the exchange."""
        return f"15002000{self.digits}"


_TABLE: Final = """\
11 สมุทรปราการ สป csharp
12 นนทบุรี นบ csharp
13 ปทุมธานี ปท none
14 พระนครศรีอยุธยา อย csharp
15 อ่างทอง อท csharp
16 ลพบุรี ลบ csharp
17 สิงห์บุรี สห none
18 ชัยนาท ชน boi
19 สระบุรี สบ csharp
20 ชลบุรี ชบ csharp
21 ระยอง รย none
22 จันทบุรี จบ csharp
23 ตราด ตร none
24 ฉะเชิงเทรา ฉช boi
25 ปราจีนบุรี ปจ csharp
26 นครนายก นย none
27 สระแก้ว สก boi
30 นครราชสีมา นม csharp
31 บุรีรัมย์ บร csharp
32 สุรินทร์ สร none
33 ศรีสะเกษ ศก csharp
34 อุบลราชธานี อบ csharp
35 ยโสธร ยส none
36 ชัยภูมิ ชย boi
37 อำนาจเจริญ อจ none
39 หนองบัวลำภู นภ csharp
40 ขอนแก่น ขก csharp
41 อุดรธานี อด boi
42 เลย ลย csharp
43 หนองคาย นค none
44 มหาสารคาม มค csharp
45 ร้อยเอ็ด รอ none
46 กาฬสินธุ์ กส boi
47 สกลนคร สน csharp
48 นครพนม นพ csharp
49 มุกดาหาร มห none
50 เชียงใหม่ ชม csharp
51 ลำพูน ลพ csharp
52 ลำปาง ลป none
53 อุตรดิตถ์ อต csharp
54 แพร่ พร none
55 น่าน นน boi
56 พะเยา พย csharp
57 เชียงราย ชร csharp
58 แม่ฮ่องสอน มส none
60 นครสวรรค์ นว boi
61 อุทัยธานี อน csharp
62 กำแพงเพชร กพ none
63 ตาก ตก boi
64 สุโขทัย สท none
65 พิษณุโลก พล csharp
66 พิจิตร พจ csharp
67 เพชรบูรณ์ พช csharp
70 ราชบุรี รบ none
71 กาญจนบุรี กจ csharp
72 สุพรรณบุรี สพ none
73 นครปฐม นฐ csharp
74 สมุทรสาคร สค boi
75 สมุทรสงคราม สส csharp
76 เพชรบุรี พบ csharp
77 ประจวบคีรีขันธ์ ปข none
80 นครศรีธรรมราช นศ csharp
81 กระบี่ กบ none
82 พังงา พง csharp
83 ภูเก็ต ภก boi
84 สุราษฎร์ธานี สฎ csharp
85 ระนอง รน none
86 ชุมพร ชพ boi
90 สงขลา สข csharp
91 สตูล สต csharp
92 ตรัง ตง none
93 พัทลุง พท csharp
94 ปัตตานี ปน none
95 ยะลา ยล boi
96 นราธิวาส นธ none
"""

PROVINCES: Final = tuple(
    Province(digits, name, abbreviation, System(system))
    for digits, name, abbreviation, system in map(str.split, _TABLE.splitlines())
)
"""All 75, by ISO code."""


def some(count: int) -> tuple[Province, ...]:
    """Return so many provinces of all three kinds, in turn, for a smaller net."""
    kinds = {kind: [p for p in PROVINCES if p.system is kind] for kind in System}
    found: list[Province] = []
    while len(found) < min(count, len(PROVINCES)):
        found += [kind.pop(0) for kind in kinds.values() if kind]
    return tuple(found[:count])
