"""What we sign holds, whatever stands in the letter and however large it is."""

import base64
import hashlib
import re
import tracemalloc

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from envelopes.encoder import encode_document
from envelopes.letter import Attachment, Letter
from envelopes.signature import SignedPart, verify
from envelopes.signing import sign
from envelopes.signing_key import Hash, SigningKey, SoftwareKey
from envelopes.trust import PublicKey
from schemas import names
from tests.doubles.pki import AT, Identity, identity
from tests.letters import PDF, a_document, a_letter, document_in, in_envelope

MINISTRY = identity("ec")
KINDS = pytest.mark.parametrize("kind", ["rsa", "ec", "p384"])
END = b"</ram:GovernmentSignature></rsm:GovernmentDocument>"
MEGABYTE = 1_000_000


def written(letter: Letter | None = None) -> bytes:
    """Write a letter with the place for a signature."""
    letter = letter or a_letter()
    return encode_document(letter, signer=letter.sender)


def signed(document: bytes, by: Identity = MINISTRY) -> bytes:
    return sign(document, SoftwareKey(by.key), by.der)


def check(document: bytes, by: Identity = MINISTRY) -> SignedPart:
    return verify(document_in(in_envelope(document)), [by], AT)


def signature_of(document: bytes) -> bytes:
    return document[document.index(b"<ds:Signature ") : -len(END)]


@KINDS
def test_no_byte_outside_the_signature_changes(kind: str) -> None:
    document = written()

    result = signed(document, identity(kind))

    assert result.replace(signature_of(result), b"") == document


@pytest.mark.parametrize(
    ("kind", "method"),
    [("rsa", "rsa-sha256"), ("ec", "ecdsa-sha256"), ("p384", "ecdsa-sha384")],
)
def test_a_key_signs_by_its_own_method(kind: str, method: str) -> None:
    part = check(signed(written(), identity(kind)), identity(kind))

    assert part.algorithm == f"http://www.w3.org/2001/04/xmldsig-more#{method}"
    assert part.travels
    assert not part.weak


def test_a_key_is_asked_through_the_protocol_alone() -> None:
    """So that one on a token signs too."""

    class Token:
        asked: Hash

        @property
        def public_key(self) -> PublicKey:
            return MINISTRY.key.public_key()  # type: ignore[return-value]

        def sign(self, data: bytes, digest: Hash) -> bytes:
            self.asked = digest
            return SoftwareKey(MINISTRY.key).sign(data, digest)

    token = Token()
    key: SigningKey = token

    assert check(sign(written(), key, MINISTRY.der))
    assert isinstance(token.asked, hashes.SHA256)


def test_the_certificate_may_be_pem() -> None:
    result = sign(written(), SoftwareKey(MINISTRY.key), MINISTRY.pem)

    assert check(result).certificate == MINISTRY.fingerprint


def test_the_signature_is_written_as_old_readers_search_it() -> None:
    signature = signature_of(signed(written())).decode()

    assert re.findall(r"<(ds:\w+)", signature) == [
        "ds:Signature",
        "ds:SignedInfo",
        "ds:CanonicalizationMethod",
        "ds:SignatureMethod",
        "ds:Reference",
        "ds:Transforms",
        "ds:Transform",
        "ds:DigestMethod",
        "ds:DigestValue",
        "ds:SignatureValue",
        "ds:KeyInfo",
        "ds:X509Data",
        "ds:X509SubjectName",
        "ds:X509Certificate",
    ]
    assert "\n" not in signature
    assert "O=หน่วยงานตัวอย่าง" in signature


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
    | st.sampled_from("\t\n\r&<>\"'?!"),
    max_size=60,
)


@given(subject=TEXTS, attachment=TEXTS, size=st.integers(0, 20_000))
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_a_letter_its_signature_holds(
    subject: str, attachment: str, size: int
) -> None:
    file = Attachment("application/pdf", bytes(size))
    letter = a_letter(subject=subject, attachment_text=attachment, main=file)

    assert check(signed(written(letter))).tree is not None


@pytest.mark.parametrize(
    "subject", ["<?cut 0?>", "]]>", "A" * 5000, "&lt;?cut 1?&gt;", "<!-- x -->"]
)
def test_a_text_that_looks_like_our_marks_is_only_text(subject: str) -> None:
    letter = a_letter(subject=subject, main=Attachment("text/plain", bytes(9000)))

    part = check(signed(written(letter)))

    assert part.tree.findtext(f"{{{names.RAM}}}Subject") == subject


@pytest.mark.parametrize("size", [MEGABYTE, 9 * MEGABYTE, 30 * MEGABYTE])
def test_the_digest_is_that_of_the_whole_canonical_letter(size: int) -> None:
    """Files that are never parsed, against a tree that holds them."""
    files = tuple(Attachment("image/jpeg", bytes([n]) * 4000) for n in range(3))
    letter = a_letter(
        main=Attachment("application/pdf", bytes(size)), attachments=files
    )

    document = signed(written(letter))

    root = etree.fromstring(document, etree.XMLParser(huge_tree=True))
    alone = etree.tostring(root[0], with_tail=False)
    again = etree.fromstring(alone, etree.XMLParser(huge_tree=True))
    whole = etree.tostring(again, method="c14n", exclusive=True)
    value = root.findtext(f".//{{{names.DSIG}}}DigestValue")
    assert base64.b64encode(hashlib.sha256(whole).digest()).decode() == value
    assert check(document).certificate == MINISTRY.fingerprint


def test_a_large_letter_is_signed_without_a_copy_of_it() -> None:
    """Beside the document that came, only the signed one."""
    document = written(
        a_letter(main=Attachment("application/pdf", bytes(30 * MEGABYTE)))
    )
    tracemalloc.start()

    result = signed(document)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(result) < peak < 1.05 * len(result)


class TestRefused:
    def refused(self, document: bytes, because: str, by: Identity = MINISTRY) -> None:
        with pytest.raises(ValueError, match=because):
            signed(document, by)

    def test_a_document_without_place(self) -> None:
        self.refused(encode_document(a_letter(), signer=None), "GovernmentSignature")

    def test_a_signed_document_is_not_signed_again(self) -> None:
        self.refused(a_document(a_letter(), MINISTRY), "already")

    def test_a_certificate_of_another_key(self) -> None:
        other = identity("ec", "1600100000")

        with pytest.raises(ValueError, match="not of this key"):
            sign(written(), SoftwareKey(other.key), MINISTRY.der)

    @pytest.mark.parametrize("inside", [b"<!--x-->", b"<?x y?>", b"<![CDATA[x]]>"])
    def test_what_the_encoder_never_writes(self, inside: bytes) -> None:
        place = b"<ram:Subject>"
        assert place in written()
        document = written().replace(place, place + inside)

        self.refused(document, "more than elements and text")

    def test_what_is_not_well_formed(self) -> None:
        self.refused(b"<not-well-formed" + END, "not well-formed")

    def test_two_letters(self) -> None:
        document = written()
        end = document.index(b"</ram:CorrespondenceLetter>") + 27
        letter = document[document.index(b"<ram:CorrespondenceLetter") : end]

        self.refused(document.replace(letter, letter + letter), "not one letter")

    def test_a_second_element_of_that_name(self) -> None:
        other = b'<ram:Subject ID="Letter">'

        self.refused(written().replace(b"<ram:Subject>", other), "not one letter")


def test_a_file_shorter_than_a_cut_is_signed_like_all_others() -> None:
    assert check(signed(written(a_letter(main=Attachment("application/pdf", PDF)))))
