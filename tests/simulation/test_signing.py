"""What the simulated ministry signs, other programs verify."""

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from signxml.exceptions import InvalidDigest

from gateway.simulation import csharp
from gateway.simulation.signing import Signer
from tests.simulation.samples import CS_LETTER, CS_SENDER, OWN_B

NOW = dt.datetime.now(dt.UTC)
NAME = x509.Name.from_rfc4514_string("CN=ทดสอบ & ระบบ,C=TH")


def a_signer(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Signer:
    certificate = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return Signer(key, certificate)


@pytest.fixture(params=["ec", "rsa"], scope="module")
def signer(request: pytest.FixtureRequest) -> Signer:
    if request.param == "ec":
        return a_signer(ec.generate_private_key(ec.SECP256R1()))
    return a_signer(rsa.generate_private_key(65537, 2048))


def signed(signer: Signer) -> str:
    return csharp.signed_send_request(
        CS_LETTER, message_id="418", to=OWN_B, signer=signer, signed_by=CS_SENDER
    )


def test_signxml_verifies_it_in_the_envelope(signer: Signer) -> None:
    verified = XMLVerifier().verify(
        signed(signer).encode(),
        x509_cert=signer.certificate.public_bytes(Encoding.PEM).decode(),
        id_attribute="ID",
        expect_config=SignatureConfiguration(location=".//"),
    )

    assert verified.signed_xml.tag.endswith("}CorrespondenceLetter")


def test_a_changed_letter_fails(signer: Signer) -> None:
    changed = signed(signer).replace("เพื่อโปรดทราบ", "เพื่อทราบ")

    with pytest.raises(InvalidDigest):
        XMLVerifier().verify(
            changed.encode(),
            x509_cert=signer.certificate.public_bytes(Encoding.PEM).decode(),
            id_attribute="ID",
            expect_config=SignatureConfiguration(location=".//"),
        )


@pytest.mark.xmlsec1
def test_xmlsec1_verifies_it(signer: Signer, tmp_path: Path) -> None:
    letter = tmp_path / "letter.xml"
    letter.write_text(signed(signer), encoding="utf-8")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    program = shutil.which("xmlsec1")
    assert program is not None

    result = subprocess.run(
        [
            program,
            "--verify",
            "--id-attr:ID",
            "CorrespondenceLetter",
            "--trusted-pem",
            str(trusted),
            str(letter),
        ],
        capture_output=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr.decode()


def test_the_document_is_the_clients_own_form(signer: Signer) -> None:
    unsigned = csharp.send_request(CS_LETTER, message_id="418", to=OWN_B)
    start, _, rest = signed(signer).partition("<ram:GovernmentSignature>")
    _, _, end = rest.partition("</ram:GovernmentSignature>")

    assert start + end == unsigned
    assert etree.fromstring(signed(signer).encode()) is not None
