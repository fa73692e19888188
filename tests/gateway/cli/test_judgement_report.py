"""What is shown of a signature: three marks, the reasons, and no more than is known."""

from dataclasses import replace

from gateway.cli.judgement_report import facts_of
from gateway.domain.consignment import Consignment, Judgement, Signed
from gateway.domain.judging import not_signed, signed
from tests.gateway.domain.values import a_consignment

OWN = signed(
    certificate="ab" * 32, algorithm="urn:x#rsa-sha256", weak=False, travels=True
)


def judged(judgement: Judgement | None, by: Signed = Signed.OWN) -> Consignment:
    return replace(a_consignment(), signed=by, judgement=judgement, fresh=[])


def lines(*consignments: Consignment) -> list[tuple[str, str]]:
    return [(column.english, str(value)) for column, value in facts_of(consignments)]


def test_an_own_signature() -> None:
    [signature, because, by] = lines(judged(OWN))

    marks = "✓ ครบถ้วน intact  ✓ ถูกต้อง valid  ✓ เชื่อถือได้ trusted"
    assert signature == ("Signature", f"ลงเอง / own {marks}")
    assert because[1].startswith("ลงด้วยใบรับรองที่หน่วยงานผู้ส่งลงทะเบียนไว้ / signed by")
    assert by == ("Signed by", f"rsa-sha256 sha256:{'ab' * 32}")


def test_a_hosted_letter_is_shown_as_such_and_never_as_trusted() -> None:
    [(_, shown), (_, because)] = lines(judged(not_signed(Signed.HOSTED), Signed.HOSTED))

    assert shown.startswith("ศูนย์กลางลงแทน / hosted – ")
    assert shown.endswith("✗ เชื่อถือได้ trusted")
    assert "its sender did not sign" in because


def test_the_copies_of_a_circular_that_were_judged_alike_are_one_line() -> None:
    hosted = judged(not_signed(Signed.HOSTED), Signed.HOSTED)

    shown = lines(judged(OWN), hosted, judged(OWN))

    signatures = [value for name, value in shown if name == "Signature"]
    assert [("(2 " in one, "(1 " in one) for one in signatures] == [
        (True, False),
        (False, True),
    ]


def test_what_came_before_it_was_kept() -> None:
    assert lines(judged(None)) == [("Signature", "ลงเอง / own ไม่ได้บันทึกไว้ / not kept")]
