import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from gateway.domain.organization import Purpose
from gateway.vouching.authorities import (
    Authorities,
    ChainBroken,
    is_for,
    read_authorities,
)
from tests.doubles.pki import (
    AT,
    NOT_BEFORE,
    Authority,
    Identity,
    authority,
    certified,
    ec_key,
    usage,
)

ROOT = authority("Root")
LINK = ROOT.vouches_for("Link")
OFFICE = LINK.issue()
SIGNATURE = frozenset({Purpose.SIGNATURE})
ACCESS = frozenset({Purpose.ACCESS})
ENDED = AT - dt.timedelta(days=1)
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def parsed(identity: Identity) -> x509.Certificate:
    return x509.load_der_x509_certificate(identity.der)


def folder(path: Path, *authorities: Authority) -> Path:
    """Write a folder of authorities."""
    path.mkdir(exist_ok=True)
    for number, one in enumerate(authorities):
        (path / f"{number}.pem").write_bytes(one.pem)
    return path


def known(path: Path, *authorities: Authority) -> Authorities:
    """Read a folder in which every file is used."""
    found = read_authorities(folder(path, *authorities))
    assert found.unused == ()
    return found


def chain(found: Authorities, office: Identity) -> list[str]:
    """Return the names on the way from an office to a root."""
    way = found.chain(parsed(office), AT)
    return [one.subject.rfc4514_string().split(",")[0] for one in way]


def test_a_chain_leads_over_links_to_a_root(tmp_path: Path) -> None:
    found = known(tmp_path, ROOT, LINK)

    assert chain(found, OFFICE) == ["CN=1500200000", "CN=Link", "CN=Root"]


def test_a_root_may_vouch_itself(tmp_path: Path) -> None:
    assert chain(known(tmp_path, ROOT), ROOT.issue()) == ["CN=1500200000", "CN=Root"]


def test_a_chain_of_four_holds(tmp_path: Path) -> None:
    below = LINK.vouches_for("Below")
    lowest = below.vouches_for("Lowest")

    assert len(chain(known(tmp_path, lowest, below, LINK, ROOT), lowest.issue())) == 5


def test_one_file_may_hold_many(tmp_path: Path) -> None:
    (tmp_path / "all.pem").write_bytes(ROOT.pem + LINK.pem + ROOT.pem)

    found = read_authorities(tmp_path)

    assert (found.roots, found.links) == ((ROOT.certificate,), (LINK.certificate,))


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".swp").write_text("nothing")
    (tmp_path / "old").mkdir()

    assert read_authorities(tmp_path) == Authorities()


def test_of_two_links_of_one_name_the_right_key_is_found(tmp_path: Path) -> None:
    other = ROOT.vouches_for("Link", key=ec_key("another"))
    found = known(tmp_path, ROOT, other, LINK)

    assert found.chain(parsed(OFFICE), AT)[1] == LINK.certificate


@pytest.mark.parametrize(
    ("authorities", "office"),
    [
        pytest.param([LINK], OFFICE, id="link-without-root"),
        pytest.param([ROOT], OFFICE, id="link-missing"),
        pytest.param([], OFFICE, id="folder-empty"),
        pytest.param([ROOT, LINK], certified(ec_key("own")), id="self-signed"),
        pytest.param(
            [ROOT, ROOT.vouches_for("Link", key=ec_key("another"))],
            OFFICE,
            id="same-subject-other-key",
        ),
        pytest.param(
            [authority("Root", key=ec_key("another root")), LINK],
            OFFICE,
            id="root-of-the-same-name-other-key",
        ),
        pytest.param(
            [ROOT, ROOT.vouches_for("Link", not_after=ENDED)],
            OFFICE,
            id="link-expired",
        ),
        pytest.param(
            [authority("Root", not_after=ENDED), LINK], OFFICE, id="root-expired"
        ),
        pytest.param(
            [ROOT, ROOT.vouches_for("Link", not_before=AT + dt.timedelta(days=1))],
            OFFICE,
            id="link-not-yet-valid",
        ),
        pytest.param(
            [authority("Root", path_length=0), LINK], OFFICE, id="path-too-long"
        ),
        pytest.param(
            [
                ROOT,
                ROOT.vouches_for("Short", path_length=0),
                ROOT.vouches_for("Short", path_length=0).vouches_for("Link"),
            ],
            OFFICE,
            id="path-too-long-below-a-link",
        ),
        pytest.param(
            [ROOT, ROOT.vouches_for("Link", extensions=[(UNKNOWN, True)])],
            OFFICE,
            id="link-demands-what-is-unknown",
        ),
        pytest.param(
            [ROOT, LINK],
            LINK.issue(extensions=[(UNKNOWN, True)]),
            id="office-demands-what-is-unknown",
        ),
        pytest.param(
            [ROOT, authority("Link", key=LINK.key)],
            ROOT.vouches_for("Other").issue(),
            id="issued-by-nobody-known",
        ),
        pytest.param(
            [
                ROOT,
                ROOT.vouches_for(
                    "Link",
                    extensions=[
                        (
                            x509.NameConstraints([x509.DNSName("go.th")], None),
                            True,
                        )
                    ],
                ),
            ],
            LINK.issue(
                extensions=[
                    (x509.SubjectAlternativeName([x509.DNSName("x.example")]), False)
                ]
            ),
            id="name-not-permitted",
        ),
        pytest.param(
            [
                ROOT,
                ROOT.vouches_for(
                    "Link",
                    extensions=[
                        (x509.NameConstraints(None, [x509.DNSName("x.go.th")]), True)
                    ],
                ),
            ],
            LINK.issue(
                extensions=[
                    (x509.SubjectAlternativeName([x509.DNSName("a.x.go.th")]), False)
                ]
            ),
            id="name-excluded",
        ),
    ],
)
def test_no_chain(
    authorities: Sequence[Authority], office: Identity, tmp_path: Path
) -> None:
    found = known(tmp_path, *authorities)

    with pytest.raises(ChainBroken):
        found.chain(parsed(office), AT)


def test_a_signature_of_another_key_is_no_chain(tmp_path: Path) -> None:
    forged = Authority("Link", ec_key("forger"), LINK.certificate).issue()

    with pytest.raises(ChainBroken):
        known(tmp_path, ROOT, LINK).chain(parsed(forged), AT)


def test_an_office_is_no_link(tmp_path: Path) -> None:
    below = Authority("office", OFFICE.key, parsed(OFFICE)).issue("1500200050")
    (tmp_path / "office.pem").write_bytes(OFFICE.pem)

    found = read_authorities(folder(tmp_path, ROOT, LINK))

    assert [one.file for one in found.unused] == ["office.pem"]
    with pytest.raises(ChainBroken):
        found.chain(parsed(below), AT)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (ROOT.vouches_for("Link", ca=False), "it does not say CA"),
        (
            ROOT.vouches_for("Link", key_usage=usage(digital_signature=True)),
            "not for signing certificates",
        ),
        (
            ROOT.vouches_for("Link", key_usage=usage(crl_sign=True)),
            "not for signing certificates",
        ),
        *(
            (
                ROOT.vouches_for(
                    "Link",
                    extensions=[(x509.NameConstraints(permitted, excluded), critical)],
                ),
                "names of a kind",
            )
            for kind in (
                x509.DirectoryName(ROOT.certificate.subject),
                x509.RFC822Name("go.th"),
            )
            for permitted, excluded in (([kind], None), (None, [kind]))
            for critical in (True, False)
        ),
    ],
)
def test_what_is_no_authority_is_told_and_vouches_for_nobody(
    wrong: Authority, why: str, tmp_path: Path
) -> None:
    found = read_authorities(folder(tmp_path, ROOT, wrong))

    [unused] = found.unused
    assert unused.file == "1.pem"
    assert why in unused.why
    with pytest.raises(ChainBroken):
        found.chain(parsed(wrong.issue()), AT)


@pytest.mark.parametrize(
    "content",
    [b"", b"none", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
)
def test_what_is_no_certificate_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_bytes(content)

    [unused] = read_authorities(tmp_path).unused

    assert unused.why == "no readable X.509 certificate"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_bytes(ROOT.pem + b"\n" * 1024 * 1024)

    found = read_authorities(tmp_path)

    assert found.roots == ()
    assert "larger" in found.unused[0].why


def test_a_chain_is_judged_at_its_time(tmp_path: Path) -> None:
    found = known(tmp_path, ROOT, LINK)

    with pytest.raises(ChainBroken):
        found.chain(parsed(OFFICE), NOT_BEFORE - dt.timedelta(days=1))


class TestWhatItsKeyIsFor:
    @pytest.mark.parametrize(
        ("extensions", "purposes"),
        [
            ([], SIGNATURE | ACCESS),
            ([(usage(digital_signature=True), True)], SIGNATURE | ACCESS),
            ([(usage(content_commitment=True), True)], SIGNATURE),
            (
                [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)],
                SIGNATURE | ACCESS,
            ),
            (
                [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), True)],
                SIGNATURE,
            ),
        ],
    )
    def test_it_is(
        self,
        extensions: list[tuple[x509.ExtensionType, bool]],
        purposes: frozenset[Purpose],
    ) -> None:
        office = parsed(LINK.issue(extensions=extensions))

        is_for(office, purposes)
        for purpose in set(Purpose) - purposes:
            with pytest.raises(ChainBroken, match=purpose):
                is_for(office, {purpose})

    @pytest.mark.parametrize(
        "extension",
        [
            usage(key_encipherment=True),
            usage(key_cert_sign=True),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]),
        ],
    )
    def test_it_is_not(self, extension: x509.ExtensionType) -> None:
        office = parsed(LINK.issue(extensions=[(extension, True)]))

        for purpose in Purpose:
            with pytest.raises(ChainBroken, match=purpose):
                is_for(office, {purpose})

    def test_an_authority_is_no_office(self) -> None:
        with pytest.raises(ChainBroken, match="authority's"):
            is_for(LINK.certificate, SIGNATURE)


def test_a_weak_signature_of_an_authority_is_no_chain(tmp_path: Path) -> None:
    weak = (
        x509.CertificateBuilder()
        .subject_name(parsed(OFFICE).subject)
        .issuer_name(LINK.certificate.subject)
        .public_key(OFFICE.key.public_key())
        .serial_number(7)
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(AT + dt.timedelta(days=9))
        .sign(LINK.key, hashes.SHA224())
    )

    with pytest.raises(ChainBroken):
        known(tmp_path, ROOT, LINK).chain(weak, AT)
