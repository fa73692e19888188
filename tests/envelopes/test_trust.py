import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from envelopes.errors import (
    CertificateExpired,
    CertificateRevoked,
    CertificateUntrusted,
    SignatureInvalid,
)
from envelopes.signature import verify
from envelopes.trust import speakers
from tests.doubles.pki import AT, NOT_AFTER, Identity, certified, ec_key, rsa_key
from tests.letters import a_letter, as_wire, document_in

SECOND = timedelta(seconds=1)
OLD = certified(ec_key("old"))
NEW = certified(ec_key("new"))
RSA = certified(rsa_key("rsa"))
REVOKED = replace(OLD, revoked_at=AT)


def named(signed_by: Identity, *beside: Identity) -> bytes:
    """Return a signed request whose signature names further certificates."""
    wire = as_wire(a_letter(), signed_by=signed_by)
    more = b"".join(
        b"<ds:X509Certificate>%s</ds:X509Certificate>" % base64.b64encode(one.der)
        for one in beside
    )
    assert wire.count(b"<ds:X509Data>") == 1
    return wire.replace(b"<ds:X509Data>", b"<ds:X509Data>" + more)


class TestWhoSpeaks:
    def test_who_is_registered_named_and_in_force(self) -> None:
        assert speakers([NEW.der, b"authority"], [OLD, NEW], AT) == [NEW]

    def test_both_of_two_that_are_named(self) -> None:
        assert speakers([NEW.der, OLD.der], [OLD, NEW], AT) == [OLD, NEW]

    def test_not_who_is_not_named(self) -> None:
        with pytest.raises(CertificateUntrusted):
            speakers([NEW.der], [OLD], AT)

    def test_not_who_is_revoked_from_that_moment_on(self) -> None:
        assert speakers([OLD.der], [REVOKED], AT - SECOND) == [REVOKED]
        for at in (AT, AT + SECOND):
            with pytest.raises(CertificateRevoked):
                speakers([OLD.der], [REVOKED], at)

    def test_one_that_is_revoked_stops_no_other(self) -> None:
        assert speakers([OLD.der, NEW.der], [REVOKED, NEW], AT) == [NEW]

    def test_expired_is_not_revoked(self) -> None:
        with pytest.raises(CertificateExpired):
            speakers([OLD.der], [OLD], NOT_AFTER + SECOND)

    def test_one_that_expired_and_was_to_be_revoked_later_is_expired(self) -> None:
        later = replace(OLD, revoked_at=NOT_AFTER + 9 * SECOND)

        with pytest.raises(CertificateExpired):
            speakers([OLD.der], [later], NOT_AFTER + SECOND)

    def test_revoked_says_more_than_expired(self) -> None:
        with pytest.raises(CertificateRevoked):
            speakers([OLD.der], [REVOKED], NOT_AFTER + SECOND)


@pytest.mark.parametrize(
    "trusted",
    [(OLD, NEW, RSA), (RSA, NEW, OLD), (NEW, OLD, RSA)],
    ids=["old-first", "rsa-first", "new-first"],
)
@pytest.mark.parametrize("signer", [OLD, NEW, RSA], ids=["old", "new", "rsa"])
def test_a_signature_may_name_all_of_its_senders_own(
    signer: Identity, trusted: Sequence[Identity]
) -> None:
    others = [one for one in (OLD, NEW, RSA) if one != signer]

    part = verify(document_in(named(signer, *others)), trusted, AT)

    assert part.certificate == signer.fingerprint


def test_naming_a_good_one_beside_does_not_make_a_revoked_one_speak() -> None:
    with pytest.raises(SignatureInvalid):
        verify(document_in(named(OLD, NEW)), [REVOKED, NEW], AT)


def test_naming_a_good_one_beside_does_not_make_a_stranger_speak() -> None:
    stranger = certified(ec_key("stranger"))

    with pytest.raises(SignatureInvalid):
        verify(document_in(named(stranger, NEW)), [OLD, NEW], AT)
