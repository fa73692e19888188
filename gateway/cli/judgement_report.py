"""What a signature said of a letter, on the screen: three facts and the reasons."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.cli.screen import Column
from gateway.cli.words import SIGNING
from gateway.domain.consignment import Consignment, Judgement
from gateway.domain.judging import words_of

_MARKS: Final = {True: "✓", False: "✗", None: "–"}
_SIGNED: Final = Column("ลายมือชื่อ", "Signature")
_REASON: Final = Column("เหตุผล", "Because")
_BY: Final = Column("ใบรับรองที่ใช้ลง", "Signed by")


def facts_of(consignments: Sequence[Consignment]) -> list[tuple[Column, object]]:
    """Write what was found out when the copies of a letter came.

    The copies of a circular may have been signed by different keys, or some not at
    all: each judgement is written once, with the number of copies it is of.
    """
    found = Counter((one.signed, one.judgement) for one in consignments)
    facts: list[tuple[Column, object]] = []
    for (signed, judgement), number in found.items():
        of = f" ({number} ผู้รับ / receivers)" if len(found) > 1 else ""
        facts.append((_SIGNED, f"{SIGNING[signed]} / {signed}{of} {_marks(judgement)}"))
        for reason in judgement.reasons if judgement else ():
            words = words_of(reason)
            facts.append((_REASON, f"{words.thai} / {words.english}"))
        if judgement and judgement.certificate:
            method = judgement.algorithm.rsplit("#", 1)[-1]
            facts.append((_BY, f"{method} sha256:{judgement.certificate}"))
    return facts


def _marks(judgement: Judgement | None) -> str:
    if judgement is None:
        return "ไม่ได้บันทึกไว้ / not kept"
    return (
        f"{_MARKS[judgement.intact]} ครบถ้วน intact  "
        f"{_MARKS[judgement.valid]} ถูกต้อง valid  "
        f"{_MARKS[judgement.trusted]} เชื่อถือได้ trusted"
    )
