"""What a signature says about a letter: three facts, and the reasons in words.

| what came | intact | valid | trusted | reasons |
|---|---|---|---|---|
| signed by a registered certificate | yes | yes | yes | `own-certificate` |
| the same, but resting on SHA-1 | yes | yes | no | … `weak-algorithm` |
| the same, over inclusive C14N | yes | yes | as above | … `inclusive-c14n` |
| not signed, the hub signs (`hosted`) | – | – | no | `signed-by-hub` |
| not signed, carried so (`none`) | – | – | no | `unsigned` |

A signature that is not intact or not valid is refused at the door, whatever the
sender's record says: none is in custody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.consignment import Judgement, Signed


class Reason(StrEnum):
    """Why a judgement is as it is: a closed list."""

    OWN_CERTIFICATE = "own-certificate"
    WEAK_ALGORITHM = "weak-algorithm"
    INCLUSIVE_C14N = "inclusive-c14n"
    SIGNED_BY_HUB = "signed-by-hub"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Words:
    """A reason in words."""

    thai: str
    english: str


REASONS: Final[Mapping[Reason, Words]] = {
    Reason.OWN_CERTIFICATE: Words(
        "ลงด้วยใบรับรองที่หน่วยงานผู้ส่งลงทะเบียนไว้",
        "signed by a certificate that is registered for its sender",
    ),
    Reason.WEAK_ALGORITHM: Words(
        "ใช้ SHA-1 ซึ่งปลอมแปลงได้ จึงไม่นับว่าเชื่อถือได้",
        "rests on SHA-1, which can be forged",
    ),
    Reason.INCLUSIVE_C14N: Words(
        "ผูกอยู่กับซองที่ส่งมา ผู้รับจึงได้ฉบับที่ศูนย์กลางลงลายมือชื่อ",
        "holds in its own envelope alone; its receiver gets a copy signed by the hub",
    ),
    Reason.SIGNED_BY_HUB: Words(
        "ผู้ส่งไม่ได้ลง ศูนย์กลางลงแทน รับรองเพียงว่าเข้ามาทางประตูของผู้ส่ง",
        "its sender did not sign; the hub signs only that it came through its door",
    ),
    Reason.UNSIGNED: Words(
        "ไม่มีใครลงลายมือชื่อ",
        "nobody signed it",
    ),
}


def signed(*, certificate: str, algorithm: str, weak: bool, travels: bool) -> Judgement:
    """Judge a letter whose signature holds, by a certificate of its sender.

    `weak` and `travels` are what `envelopes.signature` found.
    """
    reasons = [Reason.OWN_CERTIFICATE]
    if weak:
        reasons.append(Reason.WEAK_ALGORITHM)
    if not travels:
        reasons.append(Reason.INCLUSIVE_C14N)
    return Judgement(
        intact=True,
        valid=True,
        trusted=not weak,
        reasons=tuple(reason.value for reason in reasons),
        certificate=certificate,
        algorithm=algorithm,
    )


def not_signed(carried: Signed) -> Judgement:
    """Judge a letter that nobody signed, `hosted` or `none` by its sender's record."""
    hosted = carried is Signed.HOSTED
    reason = Reason.SIGNED_BY_HUB if hosted else Reason.UNSIGNED
    return Judgement(intact=None, valid=None, trusted=False, reasons=(reason.value,))


def words_of(reason: str) -> Words:
    """Return a reason in words; one that a newer hub wrote stands for itself."""
    try:
        return REASONS[Reason(reason)]
    except ValueError:
        return Words(reason, reason)
