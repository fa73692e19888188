"""What a signed receipt proves, and everything that makes it prove nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from envelopes.trust import Certificate, read_certificate
from gateway import proof
from gateway.domain.evidence import VERSION, written
from gateway.domain.evidence_fields import FIELDS, NEEDED
from gateway.domain.jws import LARGEST, assembled, signing_input
from gateway.keys.signing import KeySigner
from tests.doubles.pki import certified, ec_key, identity

FOLDER = Path(__file__).parent.parent / "assets" / "receipts"
HUB = read_certificate((FOLDER / "hub.crt").read_bytes())
OTHER = read_certificate((FOLDER / "other.crt").read_bytes())
FROZEN = sorted(FOLDER.glob("*.receipt.json"))
RECEIPT = (FOLDER / "v1-4-registered.receipt.json").read_bytes()
KEY = KeySigner(identity(organization="1500299999").key, HUB.der)  # type: ignore[arg-type]
Document = dict[str, Any]


def outer(document: bytes = RECEIPT) -> Document:
    found = json.loads(document)
    assert isinstance(found, dict)
    return found


def encoded(content: bytes | Document) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def payload(**changes: Any) -> Document:
    found = json.loads(decoded(outer()["payload"]))
    return {**found, **changes}


def signed(content: bytes | Document, **header: Any) -> bytes:
    """Sign as the hub does, with its own key; `header` replaces what it says."""
    text = content if isinstance(content, bytes) else written(content)
    protected, body = signing_input(text, HUB.der).decode().split(".")
    if header:
        changed = json.loads(decoded(protected)) | header
        protected = encoded({k: v for k, v in changed.items() if v is not None})
    to_sign = f"{protected}.{body}".encode()
    return assembled(to_sign, KEY.sign_bytes(to_sign))


def with_header(protected: bytes) -> bytes:
    body = outer()["payload"]
    to_sign = f"{encoded(protected)}.{body}".encode()
    return assembled(to_sign, KEY.sign_bytes(to_sign))


def header(document: bytes = RECEIPT) -> Document:
    found = json.loads(decoded(outer(document)["protected"]))
    assert isinstance(found, dict)
    return found


def with_hmac() -> bytes:
    """Sign with the public key as if it were a shared secret."""
    protected = encoded(header() | {"alg": "HS256"})
    to_sign = f"{protected}.{outer()['payload']}".encode()
    return assembled(to_sign, hmac.digest(HUB.der, to_sign, "sha256"))


def with_member(**changes: Any) -> bytes:
    return json.dumps(outer() | changes).encode()


def altered(**changes: Any) -> bytes:
    """Change what it says, and leave the signature."""
    return with_member(payload=encoded(written(payload(**changes))))


@pytest.mark.parametrize("file", FROZEN, ids=lambda file: file.name)
def test_what_was_signed_once_verifies_for_ever(file: Path) -> None:
    proven = proof.verify(file.read_bytes(), [OTHER, HUB])

    assert proven.certificate.fingerprint == HUB.fingerprint
    assert proven.payload["version"] == 1


def test_there_are_frozen_receipts_of_every_kind_and_of_tomorrow() -> None:
    assert len(FROZEN) == 12


def test_the_fields_of_a_version_never_change() -> None:
    lines = (FOLDER / "fields-v1.txt").read_text("utf-8").splitlines()
    frozen = dict(line.split("\t") for line in lines)

    assert VERSION == 1
    assert {name: FIELDS[name].form.name for name in frozen} == frozen
    assert NEEDED == ("version", "id", "kind", "made_at")


def test_fields_of_tomorrow_are_ignored_and_kept() -> None:
    document = (FOLDER / "v1-fields-of-tomorrow.receipt.json").read_bytes()

    proven = proof.verify(document, [HUB])

    assert proven.text("sender.number") == "มท 0210.3/ว 1795"
    assert proven.payload["retention"] == {"years": 10}


REFUSED: dict[str, tuple[type[proof.ReceiptError], str, Callable[[], bytes]]] = {
    "altered payload": (
        proof.ReceiptAltered,
        "",
        lambda: altered(said_by="1500200042"),
    ),
    "altered number": (
        proof.ReceiptAltered,
        "",
        lambda: altered(receiver=payload()["receiver"] | {"number": "121/2569"}),
    ),
    "header of another receipt": (
        proof.ReceiptAltered,
        "",
        lambda: with_member(protected=encoded(header() | {"iat": 1})),
    ),
    "signature of another receipt": (
        proof.ReceiptAltered,
        "",
        lambda: with_member(signature=outer(signed(payload(order=9)))["signature"]),
    ),
    "empty signature": (
        proof.ReceiptAltered,
        "",
        lambda: with_member(signature=""),
    ),
    "signature of zeros": (
        proof.ReceiptAltered,
        "",
        lambda: with_member(signature=encoded(bytes(64))),
    ),
    "signature in DER": (
        proof.ReceiptAltered,
        "",
        lambda: with_member(signature=encoded(b"0D\x02 " + bytes(66))),
    ),
    "alg none": (
        proof.ReceiptAlgorithm,
        "alg none",
        lambda: with_member(
            protected=encoded(header() | {"alg": "none"}), signature=""
        ),
    ),
    "alg None in capitals": (
        proof.ReceiptAlgorithm,
        "alg None",
        lambda: with_member(protected=encoded(header() | {"alg": "None"})),
    ),
    "alg HS256 with the public key": (
        proof.ReceiptAlgorithm,
        "alg HS256",
        with_hmac,
    ),
    "alg ES384": (
        proof.ReceiptAlgorithm,
        "alg ES384",
        lambda: signed(payload(), alg="ES384"),
    ),
    "alg a list": (
        proof.ReceiptAlgorithm,
        "alg ['ES256']",
        lambda: signed(payload(), alg=["ES256"]),
    ),
    "no alg": (proof.ReceiptAlgorithm, "alg None", lambda: signed(payload(), alg=None)),
    "alg in the unsigned header": (
        proof.ReceiptUnreadable,
        "its unsigned header contradicts the signed one",
        lambda: with_member(header={"alg": "none"}),
    ),
    "unsigned header no object": (
        proof.ReceiptUnreadable,
        "its unsigned header contradicts the signed one",
        lambda: with_member(header=[]),
    ),
    "another type": (
        proof.ReceiptUnreadable,
        "typ JWT",
        lambda: signed(payload(), typ="JWT"),
    ),
    "something critical": (
        proof.ReceiptNewer,
        "crit ['exp']",
        lambda: signed(payload(), crit=["exp"], exp=1),
    ),
    "key of another": (
        proof.ReceiptOfAnother,
        "kid " + OTHER.fingerprint,
        lambda: signed(payload(), kid=OTHER.fingerprint),
    ),
    "no key named": (
        proof.ReceiptOfAnother,
        "kid None",
        lambda: signed(payload(), kid=None),
    ),
    "two keys named": (
        proof.ReceiptOfAnother,
        "x5t#S256",
        lambda: signed(payload(), **{"x5t#S256": encoded(bytes(32))}),
    ),
    "a key brought along": (
        proof.ReceiptOfAnother,
        "kid mine",
        lambda: signed(payload(), kid="mine", jwk={"kty": "EC"}, x5u="http://x"),
    ),
    "name twice in the document": (
        proof.ReceiptUnreadable,
        "the document has the name 'payload' twice",
        lambda: RECEIPT.strip()[:-1] + b',"payload":""}',
    ),
    "name twice in the header": (
        proof.ReceiptUnreadable,
        "the protected header has the name 'alg' twice",
        lambda: with_header(b'{"alg":"none",' + json.dumps(header()).encode()[1:]),
    ),
    "name twice in what was signed": (
        proof.ReceiptUnreadable,
        "what was signed has the name 'kind' twice",
        lambda: signed(written(payload())[:-1] + b',"kind":"x"}'),
    ),
    "something behind the end": (
        proof.ReceiptUnreadable,
        "the document has something behind its end",
        lambda: RECEIPT + RECEIPT,
    ),
    "byte order mark": (
        proof.ReceiptUnreadable,
        "the document begins with a byte order mark",
        lambda: b"\xef\xbb\xbf" + RECEIPT,
    ),
    "UTF-16": (
        proof.ReceiptUnreadable,
        "the document is not UTF-8",
        lambda: RECEIPT.decode().encode("utf-16"),
    ),
    "huge": (
        proof.ReceiptUnreadable,
        f"it has more than {LARGEST} bytes",
        lambda: RECEIPT + b" " * LARGEST,
    ),
    "deep": (
        proof.ReceiptUnreadable,
        "the document is nested too deep",
        lambda: b"[" * 100_000,
    ),
    "no JSON": (
        proof.ReceiptUnreadable,
        "the document is no JSON",
        lambda: b"-----BEGIN CERTIFICATE-----",
    ),
    "nothing": (proof.ReceiptUnreadable, "the document is no JSON", lambda: b""),
    "a list": (
        proof.ReceiptUnreadable,
        "the document is no JSON object",
        lambda: b"[]",
    ),
    "not a number": (
        proof.ReceiptUnreadable,
        "the document has NaN, which is no number",
        lambda: RECEIPT.strip()[:-1] + b',"x":NaN}',
    ),
    "compact form": (
        proof.ReceiptUnreadable,
        "the document is no JSON",
        lambda: ".".join(outer().values()).encode(),
    ),
    "several signatures": (
        proof.ReceiptUnreadable,
        "it has several signatures, a receipt has one",
        lambda: with_member(signatures=[]),
    ),
    "no payload": (
        proof.ReceiptUnreadable,
        "it has no payload",
        lambda: with_member(payload=None),
    ),
    "padding": (
        proof.ReceiptUnreadable,
        "its signature is no base64url",
        lambda: with_member(signature=outer()["signature"] + "=="),
    ),
    "plain base64": (
        proof.ReceiptUnreadable,
        "its signature is no base64url",
        lambda: with_member(signature="+/" * 43),
    ),
    "a line break in base64": (
        proof.ReceiptUnreadable,
        "its payload is no base64url",
        lambda: with_member(payload=outer()["payload"] + "\n"),
    ),
    "bits nobody needs": (
        proof.ReceiptUnreadable,
        "its signature is no base64url",
        lambda: with_member(signature="A" * 85 + "B"),
    ),
    "signed, but no JSON": (
        proof.ReceiptUnreadable,
        "what was signed is no JSON",
        lambda: signed(b"registered"),
    ),
    "version 2": (proof.ReceiptNewer, "version 2", lambda: signed(payload(version=2))),
    "version true": (
        proof.ReceiptUnreadable,
        "version",
        lambda: signed(payload(version=True)),
    ),
    "version 0": (
        proof.ReceiptUnreadable,
        "version",
        lambda: signed(payload(version=0)),
    ),
    "a known field of another form": (
        proof.ReceiptUnreadable,
        "sender.organization",
        lambda: signed(payload(sender="1500200000")),
    ),
    "a file of another form": (
        proof.ReceiptUnreadable,
        "letter.files",
        lambda: signed(payload(letter={"files": [{"size": "12"}]})),
    ),
    "no time": (
        proof.ReceiptUnreadable,
        "made_at",
        lambda: signed({k: v for k, v in payload().items() if k != "made_at"}),
    ),
    "a time without a zone": (
        proof.ReceiptUnreadable,
        "made_at",
        lambda: signed(payload(made_at="2026-11-21T03:00:00")),
    ),
    "made before the certificate": (
        proof.CertificateNotInForce,
        "2025-12-31T23:59:59Z",
        lambda: signed(payload(made_at="2025-12-31T23:59:59Z")),
    ),
    "made after the certificate": (
        proof.CertificateNotInForce,
        "2028-01-01T07:00:01+07:00",
        lambda: signed(payload(made_at="2028-01-01T07:00:01+07:00")),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_proves_nothing_is_refused_with_its_reason(what: str) -> None:
    error, where, make = REFUSED[what]

    with pytest.raises(proof.ReceiptError) as raised:
        proof.verify(make(), [HUB])

    assert type(raised.value) is error
    assert raised.value.where == where


def test_the_helpers_of_these_tests_sign_as_the_hub_does() -> None:
    assert proof.verify(signed(payload()), [HUB]).payload == payload()
    assert proof.verify(with_member(), [HUB]).payload == payload()
    assert proof.verify(with_header(json.dumps(header()).encode()), [HUB])


@pytest.mark.parametrize("bit", range(0, 64 * 8, 37))
def test_no_bit_of_the_signature_can_be_turned(bit: int) -> None:
    signature = bytearray(decoded(outer()["signature"]))
    signature[bit // 8] ^= 1 << bit % 8

    with pytest.raises(proof.ReceiptAltered):
        proof.verify(with_member(signature=encoded(bytes(signature))), [HUB])


def test_a_certificate_of_another_kind_of_key_verifies_no_receipt() -> None:
    rsa = read_certificate(identity("rsa", "1500299999").pem)
    named = signed(
        payload(),
        kid=rsa.fingerprint,
        **{"x5t#S256": encoded(bytes.fromhex(rsa.fingerprint))},
    )

    with pytest.raises(proof.ReceiptAlgorithm) as raised:
        proof.verify(named, [rsa])

    assert raised.value.where == "P-256"


def test_another_certificate_of_the_same_key_is_another() -> None:
    renewed = certified(
        ec_key("1500299999"), "1500299999", not_before=datetime(2026, 2, 1, tzinfo=UTC)
    )

    with pytest.raises(proof.ReceiptOfAnother):
        proof.verify(RECEIPT, [read_certificate(renewed.pem)])


def test_no_certificate_verifies_nothing() -> None:
    with pytest.raises(proof.ReceiptOfAnother):
        proof.verify(RECEIPT, list[Certificate]())


def about(content: bytes, delivered: bytes = b"") -> proof.Proven:
    """Return a receipt about an envelope with these bytes, one file the same."""

    def measure(part: bytes) -> Document:
        return {"sha256": hashlib.sha256(part).hexdigest(), "size": len(part)}

    letter = {
        "envelope": measure(content),
        "delivered": measure(delivered) if delivered else {"sha256": "", "size": None},
        "files": [{"sha256": "00" * 32}, measure(content)],
    }
    return proof.verify(signed(payload(letter=letter)), [HUB])


def test_a_letter_is_known_by_the_envelope_as_it_came() -> None:
    assert proof.is_about_letter(about(b"<Envelope/>"), b"<Envelope/>") == "envelope"


@pytest.mark.parametrize(
    "answer", ["{}", "<a><GovernmentDocumentX/>{}</a>", "<Body>\n{}\n</Body>"]
)
def test_a_letter_is_known_inside_the_answer_that_brought_it(answer: str) -> None:
    document = "<rsm:GovernmentDocument>หนังสือ</rsm:GovernmentDocument>"
    proven = about(b"<Envelope/>", document.encode())

    found = proof.is_about_letter(proven, answer.format(document).encode())

    assert found == "delivered"


@pytest.mark.parametrize(
    "content", [b"", b"<Envelope/> ", b"<GovernmentDocument>" * 99]
)
def test_other_bytes_are_another_letter(content: bytes) -> None:
    with pytest.raises(proof.NotThisLetter):
        proof.is_about_letter(about(b"<Envelope/>"), content)


def test_nothing_is_about_a_receipt_without_digests() -> None:
    document = (FOLDER / "v1-only-what-is-needed.receipt.json").read_bytes()
    proven = proof.verify(document, [HUB])

    with pytest.raises(proof.NotThisLetter):
        proof.is_about_letter(proven, b"")
    with pytest.raises(proof.NotThisLetter):
        proof.is_about_file(proven, b"")


def test_a_file_is_known_by_its_bytes() -> None:
    assert proof.is_about_file(about(b"%PDF"), b"%PDF") == 2
    with pytest.raises(proof.NotThisLetter):
        proof.is_about_file(about(b"%PDF"), b"%PDF-")
