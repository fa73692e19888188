import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from gateway.vouching.authorities import Authorities
from gateway.vouching.revocation_lists import newest, read_lists
from tests.doubles.pki import AT, Authority, Identity, authority, ec_key, usage

ROOT = authority("Root")
LINK = ROOT.vouches_for("Link")
OFFICE = LINK.issue()
OTHER = LINK.issue("1500200050")
KNOWN = Authorities((ROOT.certificate,), (LINK.certificate,))
DAY = dt.timedelta(days=1)
POINT = [x509.UniformResourceIdentifier("http://crl.example/link.crl")]


def parsed(identity: Identity) -> x509.Certificate:
    return x509.load_der_x509_certificate(identity.der)


def point(**what: object) -> x509.IssuingDistributionPoint:
    """Return the place of a list, and what it is limited to."""
    values: dict[str, object] = {
        "full_name": POINT,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**values, **what})  # type: ignore[arg-type]


def reasons(
    path: Path, content: bytes, known: Authorities = KNOWN, at: dt.datetime = AT
) -> tuple[str, str]:
    """Return why two offices are taken back by a list that counts."""
    (path / "a.crl").write_bytes(content)
    [found], unused = read_lists(path, known, at)
    assert unused == ()
    return found.reason(parsed(OFFICE)), found.reason(parsed(OTHER))


def refused(path: Path, content: bytes, known: Authorities = KNOWN) -> str:
    """Return why a list does not count."""
    (path / "a.crl").write_bytes(content)
    found, [unused] = read_lists(path, known, AT)
    assert found == ()
    assert unused.file == "a.crl"
    return unused.why


def serial(identity: Identity) -> int:
    return parsed(identity).serial_number


def test_a_list_names_what_is_taken_back(tmp_path: Path) -> None:
    found = reasons(tmp_path, LINK.revokes(serial(OFFICE)))

    assert found == ("keyCompromise", "")


def test_a_list_may_be_der(tmp_path: Path) -> None:
    pem = x509.load_pem_x509_crl(LINK.revokes(serial(OFFICE)))

    assert reasons(tmp_path, pem.public_bytes(Encoding.DER))[0] == "keyCompromise"


def test_a_reason_may_be_missing(tmp_path: Path) -> None:
    found = reasons(tmp_path, LINK.revokes(serial(OFFICE), reason=None))

    assert found == ("unspecified", "")


def test_on_hold_is_taken_back(tmp_path: Path) -> None:
    content = LINK.revokes(
        serial(OFFICE), reason=x509.ReasonFlags.certificate_hold, extensions=[]
    )

    assert reasons(tmp_path, content)[0] == "certificateHold"


def test_a_number_of_another_authority_is_another_certificate(tmp_path: Path) -> None:
    found = reasons(tmp_path, ROOT.revokes(serial(OFFICE), serial(OTHER)))

    assert found == ("", "")


def test_a_stale_list_still_counts_and_is_known_as_stale(tmp_path: Path) -> None:
    (tmp_path / "old.crl").write_bytes(
        LINK.revokes(serial(OFFICE), this_update=AT - 9 * DAY, next_update=AT - DAY)
    )
    [found], _ = read_lists(tmp_path, KNOWN, AT)

    assert found.reason(parsed(OFFICE)) == "keyCompromise"
    assert found.is_stale(AT)
    assert not found.is_stale(AT - DAY)


def test_a_newer_list_takes_the_place_of_a_stale_one(tmp_path: Path) -> None:
    (tmp_path / "a.crl").write_bytes(LINK.revokes(next_update=AT + DAY))
    (tmp_path / "b.crl").write_bytes(
        LINK.revokes(this_update=AT - 9 * DAY, next_update=AT - DAY)
    )
    (tmp_path / "c.crl").write_bytes(ROOT.revokes())
    found, _ = read_lists(tmp_path, KNOWN, AT)

    assert sorted(one.file for one in newest(found)) == ["a.crl", "c.crl"]


def test_a_list_of_one_distribution_point_counts(tmp_path: Path) -> None:
    content = LINK.revokes(
        serial(OFFICE), extensions=[(point(only_contains_user_certs=True), True)]
    )

    assert reasons(tmp_path, content)[0] == "keyCompromise"


@pytest.mark.parametrize(
    ("extension", "why"),
    [
        (x509.DeltaCRLIndicator(7), "changes only"),
        (point(indirect_crl=True), "indirect"),
        (
            point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),
            "leaves out reasons",
        ),
        (
            point(full_name=None, only_contains_attribute_certs=True),
            "attribute certificates",
        ),
        (
            x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
            "1.2.3.4",
        ),
    ],
)
def test_what_is_no_whole_list_is_not_used(
    extension: x509.ExtensionType, why: str, tmp_path: Path
) -> None:
    content = LINK.revokes(serial(OFFICE), extensions=[(extension, True)])

    assert why in refused(tmp_path, content)


def test_a_list_signed_by_another_key_is_not_used(tmp_path: Path) -> None:
    content = LINK.revokes(serial(OFFICE), signed_by=ec_key("forger"))

    assert "signature" in refused(tmp_path, content)


def test_a_list_that_another_authority_signed_is_not_used(tmp_path: Path) -> None:
    content = LINK.revokes(serial(OFFICE), signed_by=ROOT.key)

    assert "signature" in refused(tmp_path, content)


def test_a_list_of_an_unknown_authority_is_not_used(tmp_path: Path) -> None:
    assert "no authority" in refused(tmp_path, authority("Alien").revokes(1))


def test_a_list_that_an_office_signed_is_not_used(tmp_path: Path) -> None:
    office = Authority("office", OFFICE.key, parsed(OFFICE))

    assert "no authority" in refused(tmp_path, office.revokes(serial(OTHER)))


def test_an_authority_that_may_not_sign_lists_is_not_believed(tmp_path: Path) -> None:
    link = ROOT.vouches_for("Link", key_usage=usage(key_cert_sign=True))
    known = Authorities((ROOT.certificate,), (link.certificate,))

    assert "signing lists" in refused(tmp_path, link.revokes(serial(OFFICE)), known)


def test_an_authority_without_a_chain_is_not_believed(tmp_path: Path) -> None:
    known = Authorities((authority("Alien").certificate,), (LINK.certificate,))

    assert "no chain" in refused(tmp_path, LINK.revokes(serial(OFFICE)), known)


def test_an_expired_authority_is_not_believed(tmp_path: Path) -> None:
    link = ROOT.vouches_for("Link", not_after=AT - DAY)
    known = Authorities((ROOT.certificate,), (link.certificate,))

    assert "no chain" in refused(tmp_path, link.revokes(serial(OFFICE)), known)


def test_of_two_keys_of_one_name_the_one_that_signed_is_asked(tmp_path: Path) -> None:
    new = ROOT.vouches_for("Link", key=ec_key("new key of Link"))
    known = Authorities((ROOT.certificate,), (LINK.certificate, new.certificate))

    assert reasons(tmp_path, new.revokes(serial(OFFICE)), known)[0] == "keyCompromise"


def test_a_list_of_the_future_is_not_used(tmp_path: Path) -> None:
    content = LINK.revokes(serial(OFFICE), this_update=AT + DAY)

    assert "future" in refused(tmp_path, content)


def test_a_weak_signature_is_not_believed(tmp_path: Path) -> None:
    content = LINK.revokes(serial(OFFICE), digest=hashes.SHA224())

    assert "weak" in refused(tmp_path, content)


@pytest.mark.parametrize("content", [b"", b"none", LINK.pem])
def test_what_is_no_list_is_told(content: bytes, tmp_path: Path) -> None:
    assert refused(tmp_path, content) == "no readable revocation list"


def test_half_a_list_is_told(tmp_path: Path) -> None:
    content = LINK.revokes(serial(OFFICE))

    assert refused(tmp_path, content[: len(content) // 2])


def test_a_changed_list_is_not_used(tmp_path: Path) -> None:
    der = x509.load_pem_x509_crl(LINK.revokes(serial(OTHER)))
    whole = der.public_bytes(Encoding.DER)
    number = serial(OTHER).to_bytes(5, "big").lstrip(b"\0")
    assert whole.count(number) == 1

    changed = whole.replace(number, serial(OFFICE).to_bytes(5, "big").lstrip(b"\0"))

    assert "signature" in refused(tmp_path, changed)
