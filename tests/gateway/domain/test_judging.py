"""What a signature says is three facts, each with its reason in words."""

import pytest

from gateway.domain.consignment import Judgement, Signed
from gateway.domain.judging import REASONS, Reason, not_signed, signed, words_of

METHOD = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def judged(*, weak: bool = False, travels: bool = True) -> Judgement:
    return signed(certificate="ab" * 32, algorithm=METHOD, weak=weak, travels=travels)


@pytest.mark.parametrize(
    ("weak", "travels", "trusted", "reasons"),
    [
        (False, True, True, ("own-certificate",)),
        (False, False, True, ("own-certificate", "inclusive-c14n")),
        (True, True, False, ("own-certificate", "weak-algorithm")),
        (True, False, False, ("own-certificate", "weak-algorithm", "inclusive-c14n")),
    ],
)
def test_a_signature_that_holds_is_trusted_unless_it_is_weak(
    reasons: tuple[str, ...], *, weak: bool, travels: bool, trusted: bool
) -> None:
    found = judged(weak=weak, travels=travels)

    assert (found.intact, found.valid, found.trusted) == (True, True, trusted)
    assert found.reasons == reasons


@pytest.mark.parametrize(
    ("carried", "reason"),
    [(Signed.HOSTED, "signed-by-hub"), (Signed.NONE, "unsigned")],
)
def test_what_nobody_signed_is_never_trusted(carried: Signed, reason: str) -> None:
    found = not_signed(carried)

    assert (found.intact, found.valid, found.trusted) == (None, None, False)
    assert found.reasons == (reason,)
    assert found.facts() == {"trusted": "no", "reasons": reason}


def test_the_journal_says_all_of_it() -> None:
    assert judged(weak=True).facts() == {
        "intact": "yes",
        "valid": "yes",
        "trusted": "no",
        "reasons": "own-certificate weak-algorithm",
        "certificate": "ab" * 32,
        "algorithm": METHOD,
    }


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(REASONS) == set(Reason)
    for words in REASONS.values():
        assert any("ก" <= letter <= "๛" for letter in words.thai)
        assert words.english.isascii()


def test_a_reason_of_a_newer_hub_stands_for_itself() -> None:
    assert words_of("blessed").english == "blessed"
