"""The books read a letter's signature again, and say where its row says otherwise.

Both records of a judgement, row and journal, may have been altered alike; the vault
was not.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from envelopes.encoder import encode_document
from gateway.domain import judging
from gateway.domain.consignment import Judgement, Signed
from gateway.store.books_content import judgement_problems, read_letter
from schemas import names
from tests.doubles.pki import AT, certified, identity, rsa_key
from tests.envelopes.hand_signing import (
    SHA1,
    WITH_COMMENTS,
    Recipe,
    hand_signed,
)
from tests.letters import a_letter, as_wire, in_envelope

OWN = identity("rsa")
LETTER = a_letter()
UNSIGNED = as_wire(LETTER)
PLAIN = in_envelope(encode_document(LETTER, signer=LETTER.sender))
STRONG = hand_signed(PLAIN, OWN)
WEAK = hand_signed(
    PLAIN,
    OWN,
    Recipe(
        method=f"{names.DSIG}rsa-sha1",
        digest=SHA1,
        canonicalisation=WITH_COMMENTS,
        transforms=(),
    ),
)


def columns(signed: Signed, judgement: Judgement | None) -> dict[str, Any]:
    """Return the columns as the store writes them."""
    if judgement is None:
        return {"signed": signed.value, "reasons": None}
    return {
        **asdict(judgement),
        "signed": signed.value,
        "reasons": " ".join(judgement.reasons),
        "certificate": judgement.certificate or None,
        "algorithm": judgement.algorithm or None,
    }


def problems(wire: bytes, row: Mapping[str, Any]) -> list[str]:
    return [what for _, what in judgement_problems(row, read_letter(wire, AT))]


def judged(wire: bytes) -> dict[str, Any]:
    """Return the columns that are right for a signed letter."""
    return columns(Signed.OWN, read_letter(wire, AT).judgement)


@pytest.mark.parametrize("wire", [STRONG, WEAK], ids=["strong", "weak"])
def test_what_was_judged_rightly_is_right(wire: bytes) -> None:
    assert problems(wire, judged(wire)) == []


@pytest.mark.parametrize("signed", [Signed.HOSTED, Signed.NONE])
def test_what_nobody_signed_is_right_as_it_is(signed: Signed) -> None:
    assert problems(UNSIGNED, columns(signed, judging.not_signed(signed))) == []


def test_a_weak_signature_that_is_called_trusted_is_found() -> None:
    strong = judging.signed(
        certificate=OWN.fingerprint,
        algorithm=f"{names.DSIG}rsa-sha1",
        weak=False,
        travels=False,
    )

    assert problems(WEAK, columns(Signed.OWN, strong)) == [
        "trusted is not what its envelope says",
        "reasons is not what its envelope says",
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("intact", False),
        ("valid", None),
        ("trusted", False),
        ("reasons", "own-certificate weak-algorithm"),
        ("certificate", "ab" * 32),
        ("algorithm", "none"),
    ],
)
def test_each_column_is_compared(column: str, value: object) -> None:
    found = problems(STRONG, judged(STRONG) | {column: value})

    assert found == [f"{column} is not what its envelope says"]


@pytest.mark.parametrize(
    ("wire", "signed"),
    [(UNSIGNED, Signed.OWN), (STRONG, Signed.HOSTED), (STRONG, Signed.NONE)],
)
def test_who_signed_is_compared_for_old_rows_too(wire: bytes, signed: Signed) -> None:
    assert problems(wire, columns(signed, None)) == [
        "signed is not what its envelope says"
    ]


def test_a_row_of_before_says_nothing_of_the_rest() -> None:
    assert problems(WEAK, columns(Signed.OWN, None)) == []


def test_a_word_that_nobody_writes_is_no_crash() -> None:
    row = columns(Signed.NONE, judging.not_signed(Signed.NONE)) | {"signed": "perhaps"}

    assert problems(UNSIGNED, row) == []


def test_the_noted_certificate_is_the_one_that_verifies() -> None:
    other = certified(rsa_key("other"), "1600100000")

    sent = read_letter(STRONG, AT, OWN.fingerprint)
    unknown = read_letter(STRONG, AT, other.fingerprint)

    assert sent.judgement is not None
    assert sent.judgement == unknown.judgement
    assert sent.judgement.certificate == OWN.fingerprint
