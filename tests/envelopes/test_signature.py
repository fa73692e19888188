"""What is signed is what is read; whatever is signed otherwise is refused."""

import base64
import dataclasses
import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from envelopes import answers
from envelopes.dialects import BOI, CSHARP, Dialect
from envelopes.encoder import encode_document
from envelopes.errors import (
    CertificateExpired,
    CertificateUntrusted,
    EnvelopeError,
    SchemaViolated,
    SignatureInvalid,
    SignatureMissing,
    SignedPartMissing,
)
from envelopes.letter import Attachment
from envelopes.signature import (
    SignedPart,
    UnsignedPart,
    signatures_in,
    unsigned,
    verify,
)
from schemas import names
from tests.doubles.pki import AT, Identity, certified, identity, rsa_key
from tests.envelopes.hand_signing import (
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    SHA1,
    WITH_COMMENTS,
    Recipe,
    hand_signed,
)
from tests.letters import a_document, a_letter, as_wire, document_in, in_envelope

SUBJECT = f"{{{names.RAM}}}Subject"
MINISTRY = identity("ec")
OTHER = identity("ec", "1600100000")


def check(wire: bytes, *trusted: Identity, at: dt.datetime = AT) -> SignedPart:
    return verify(document_in(wire), trusted or (MINISTRY,), at)


def without_signature() -> bytes:
    """A request with the place for a signature, and none in it."""
    letter = a_letter()
    return in_envelope(encode_document(letter, signer=letter.sender))


def letter_of(wire: bytes) -> bytes:
    start = wire.index(b"<ram:CorrespondenceLetter ")
    end = b"</ram:CorrespondenceLetter>"
    return wire[start : wire.index(end) + len(end)]


def signature_of(wire: bytes) -> bytes:
    end = b"</ds:Signature>"
    return wire[wire.index(b"<ds:Signature ") : wire.index(end) + len(end)]


SIGNED = as_wire(a_letter(), signed_by=MINISTRY)


class TestVerify:
    @pytest.mark.parametrize("kind", ["rsa", "ec", "p384"])
    @pytest.mark.parametrize("dialect", [BOI, CSHARP], ids=lambda d: d.name)
    def test_a_signed_letter_is_returned_as_it_was_signed(
        self, kind: str, dialect: Dialect
    ) -> None:
        signer = identity(kind)

        part = check(as_wire(a_letter(), dialect, signed_by=signer), signer)

        assert part.certificate == signer.fingerprint
        assert part.algorithm.startswith(MORE)
        assert part.tree.tag == names.CORRESPONDENCE_LETTER
        assert part.tree.findtext(SUBJECT) == a_letter().subject

    def test_the_part_is_not_the_tree_that_came(self) -> None:
        document = document_in(SIGNED)

        part = verify(document, [MINISTRY], AT)

        assert part.tree.getparent() is None
        assert part.tree.getroottree() is not document.tree.getroottree()

    def test_verifying_changes_nothing_in_the_envelope(self) -> None:
        document = document_in(SIGNED)
        before = etree.tostring(document.tree.getroottree())

        verify(document, [MINISTRY], AT)

        assert etree.tostring(document.tree.getroottree()) == before

    def test_a_file_above_the_parsers_usual_limit_is_verified(self) -> None:
        letter = a_letter(main=Attachment("application/pdf", bytes(9_000_000)))

        part = check(as_wire(letter, signed_by=MINISTRY))

        main = part.tree.findtext(names.MAIN_LETTER_BINARY_OBJECT)
        assert main is not None
        assert len(main) == 12_000_000

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            ("แต่งตั้ง", "ปลดออก"),
            ("1500200050", "1500200051"),
            (base64.b64encode(b"%PDF-1.4")[:8].decode(), "JVBERi0y"),
            ('mimeCode="image/jpeg"', 'mimeCode="image/tiff"'),
            ("<ram:Description></ram:Description>", ""),
        ],
    )
    def test_a_changed_letter_is_refused(self, was: str, becomes: str) -> None:
        changed = SIGNED.replace(was.encode(), becomes.encode(), 1)
        assert changed != SIGNED

        with pytest.raises(SignatureInvalid):
            check(changed)

    @settings(deadline=None)
    @given(st.data())
    def test_no_changed_byte_is_read(self, data: st.DataObject) -> None:
        """Whatever byte is changed: what is read is what was signed, or nothing."""
        place = data.draw(st.integers(0, len(SIGNED) - 1))
        byte = data.draw(st.binary(min_size=1, max_size=1))
        changed = SIGNED[:place] + byte + SIGNED[place + 1 :]
        expected = etree.tostring(check(SIGNED).tree)

        try:
            part = check(changed)
        except (EnvelopeError, etree.XMLSyntaxError, StopIteration):
            return

        assert etree.tostring(part.tree) == expected

    def test_comments_are_no_part_of_what_was_signed(self) -> None:
        commented = SIGNED.replace("แต่งตั้ง".encode(), "แต่ง<!-- ไม่ -->ตั้ง".encode(), 1)

        assert check(commented).tree.findtext(SUBJECT) == a_letter().subject

    def test_an_envelope_without_signature_says_so(self) -> None:
        with pytest.raises(SignatureMissing):
            check(as_wire(a_letter()))

    def test_a_signed_document_holds_in_the_answer_too(self) -> None:
        document = a_document(a_letter(), MINISTRY)

        part = check(answers.inbox_letter("17", AT, document))

        assert part.tree.findtext(SUBJECT) == a_letter().subject


class TestWrapping:
    """A valid signature over one letter, and another letter beside it."""

    evil = letter_of(as_wire(a_letter(subject="โอนเงินทั้งหมด")))

    @pytest.mark.parametrize(
        "identifier", ["", ' ID="Letter"', ' Id="Letter"', ' ID="Other"']
    )
    def test_the_signed_letter_in_the_header_is_refused(self, identifier: str) -> None:
        signed = letter_of(SIGNED)
        evil = self.evil.replace(b' ID="Letter"', identifier.encode())
        wrapped = b'<old xmlns:ram="%b">%b</old>' % (names.RAM.encode(), signed)
        wire = SIGNED.replace(signed, evil).replace(
            b"</SOAP-ENV:Header>", wrapped + b"</SOAP-ENV:Header>"
        )

        with pytest.raises(SignedPartMissing):
            check(wire)

    def test_the_signed_letter_deeper_in_the_document_is_refused(self) -> None:
        signed = letter_of(SIGNED)
        evil = self.evil.replace(b' ID="Letter"', b"")
        inner = b"<ram:Wrapper>" + signed + b"</ram:Wrapper>"

        with pytest.raises(SignedPartMissing):
            check(SIGNED.replace(signed, evil + inner))

    def test_the_signed_letter_inside_the_other_is_refused(self) -> None:
        signed = letter_of(SIGNED)
        evil = self.evil.replace(b' ID="Letter"', b"")
        evil = evil.replace(b"<ram:Description>", b"<ram:Description>" + signed)

        with pytest.raises(SignedPartMissing):
            check(SIGNED.replace(signed, evil))

    def test_the_signed_letter_inside_the_signature_is_refused(self) -> None:
        signed = letter_of(SIGNED)
        evil = self.evil.replace(b' ID="Letter"', b"")
        wire = SIGNED.replace(signed, evil).replace(
            b"</ds:Signature>", b"<ds:Object>" + signed + b"</ds:Object></ds:Signature>"
        )

        with pytest.raises(SignatureInvalid):
            check(wire)

    @pytest.mark.parametrize("order", ["before", "behind"])
    def test_a_second_document_is_refused(self, order: str) -> None:
        evil = in_envelope(encode_document(a_letter(), signer=None))
        end = b"</rsm:GovernmentDocument>"
        start = evil.index(b"<rsm:GovernmentDocument")
        other = evil[start : evil.index(end) + len(end)]
        place = b"<CorrespondenceLetterOutboundRequest>"
        if order == "behind":
            place = end
        wire = SIGNED.replace(place, place + other)
        for document in etree.fromstring(wire).iter(names.GOVERNMENT_DOCUMENT):
            with pytest.raises((SignatureInvalid, SignedPartMissing)):
                check_tree(document, wire)

    @pytest.mark.parametrize("name", ["ID", "Id", "id", "iD", "xml:id", "SOAP-ENV:ID"])
    def test_a_second_element_with_the_id_is_refused(self, name: str) -> None:
        twice = f'<old {name}="Letter"/></SOAP-ENV:Header>'.encode()

        with pytest.raises(SignedPartMissing):
            check(SIGNED.replace(b"</SOAP-ENV:Header>", twice))

    def test_an_id_in_other_letters_is_refused(self) -> None:
        wire = hand_signed(without_signature(), MINISTRY)
        assert check(wire)

        with pytest.raises(SignedPartMissing):
            check(wire.replace(b' ID="Letter"', b' ID="letter"'))

    def test_an_id_in_a_namespace_is_refused(self) -> None:
        wire = without_signature().replace(b' ID="Letter"', b' ram:ID="Letter"')

        with pytest.raises(SignedPartMissing):
            check(hand_signed(wire, MINISTRY))

    @pytest.mark.parametrize(
        "uri", ["", "#Body", "#letter", "#xpointer(id('Letter'))", "http://x.invalid/"]
    )
    def test_a_reference_to_anything_else_is_refused(self, uri: str) -> None:
        wire = hand_signed(without_signature(), MINISTRY, Recipe(uri=uri))

        with pytest.raises(SignedPartMissing):
            check(wire)

    @pytest.mark.parametrize(
        "before",
        [
            b"</SOAP-ENV:Header>",
            b"</CorrespondenceLetterOutboundRequest>",
            b"<ram:GovernmentSignature>",
            b"</ram:SignerParty>",
            b"</ram:CorrespondenceLetter>",
        ],
    )
    def test_a_signature_in_another_place_is_refused(self, before: bytes) -> None:
        signature = signature_of(SIGNED)
        wire = SIGNED.replace(signature, b"").replace(before, signature + before)
        assert signatures_in(document_in(wire)) == 1

        with pytest.raises(SignatureInvalid):
            check(wire)

    @pytest.mark.parametrize(
        "before",
        [b"</SOAP-ENV:Header>", b"<ds:Signature ", b"</ram:GovernmentSignature>"],
    )
    def test_a_second_signature_is_refused(self, before: bytes) -> None:
        wire = SIGNED.replace(before, signature_of(SIGNED) + before)

        with pytest.raises(SignatureInvalid):
            check(wire)

    def test_a_document_outside_body_is_refused(self) -> None:
        wire = SIGNED.replace(b"SOAP-ENV:Body", b"SOAP-ENV:Corpse")

        with pytest.raises(SignatureInvalid):
            check(wire)

    def test_a_second_body_is_refused(self) -> None:
        body = b"</SOAP-ENV:Header>"
        wire = SIGNED.replace(body, body + b"<SOAP-ENV:Body/>")

        with pytest.raises(SignatureInvalid):
            check(wire)

    def test_a_second_government_signature_is_refused(self) -> None:
        before = b"<ram:GovernmentSignature>"
        wire = SIGNED.replace(before, b"<ram:GovernmentSignature/>" + before)

        with pytest.raises(SignatureInvalid):
            check(wire)


def check_tree(tree: etree._Element, wire: bytes) -> None:
    document = dataclasses.replace(document_in(wire), tree=tree)
    verify(document, [MINISTRY], AT)


class TestShape:
    """What signature libraries have stumbled over (peers' advisories)."""

    def refused(self, wire: bytes) -> SignatureInvalid:
        with pytest.raises(SignatureInvalid) as caught:
            check(wire)
        return caught.value

    @pytest.mark.parametrize("inserted", [b"<!-- -->", b"<?x y?>"])
    @pytest.mark.parametrize("name", [b"DigestValue", b"SignatureValue", b"SignedInfo"])
    def test_nothing_may_hide_inside(self, name: bytes, inserted: bytes) -> None:
        start = b"<ds:%b>" % name

        self.refused(SIGNED.replace(start, start + inserted))
        self.refused(SIGNED.replace(b"</ds:%b>" % name, inserted + b"</ds:%b>" % name))

    def test_a_digest_cut_by_a_comment_is_refused_also_when_signed(self) -> None:
        """The signature covers the comment, and a reader may stop at it."""
        wire = without_signature()
        right = hand_signed(wire, MINISTRY)
        digest = re.search(rb"<ds:DigestValue>(.*)</ds:DigestValue>", right)
        assert digest is not None
        recipe = Recipe(canonicalisation=WITH_COMMENTS)
        signed = hand_signed(
            wire.replace(b"<ram:Subject>", b"<ram:Subject>x"), MINISTRY
        )
        cut = signed.replace(
            b"<ds:DigestValue>", b"<ds:DigestValue>%b<!---->" % digest[1]
        )

        self.refused(cut)
        assert check(hand_signed(wire, MINISTRY, recipe))

    def test_a_second_signed_info_is_refused(self) -> None:
        start, end = SIGNED.index(b"<ds:SignedInfo>"), b"</ds:SignedInfo>"
        info = SIGNED[start : SIGNED.index(end) + len(end)]

        self.refused(SIGNED.replace(info, info + info))
        self.refused(SIGNED.replace(b"</ds:Signature>", info + b"</ds:Signature>"))

    def test_a_second_reference_is_refused_also_when_signed(self) -> None:
        reference = (
            '<ds:Reference URI="#Body"><ds:DigestMethod '
            'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
            "<ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference>"
        )
        recipe = Recipe(after_reference=reference)

        self.refused(hand_signed(without_signature(), MINISTRY, recipe))

    def test_a_manifest_is_refused(self) -> None:
        manifest = b"<ds:Object><ds:Manifest/></ds:Object></ds:Signature>"

        self.refused(SIGNED.replace(b"</ds:Signature>", manifest))

    @pytest.mark.parametrize("name", [b"DigestValue", b"SignatureValue"])
    @pytest.mark.parametrize("value", [b"", b"  ", b"AAAA", b"***", "ก".encode()])
    def test_other_values_are_refused(self, name: bytes, value: bytes) -> None:
        pattern = rb"(<ds:%b>).*(</ds:%b>)" % (name, name)

        self.refused(re.sub(pattern, rb"\g<1>%b\g<2>" % value, SIGNED))

    @pytest.mark.parametrize(
        "name",
        [
            b"SignedInfo",
            b"CanonicalizationMethod",
            b"SignatureMethod",
            b"SignatureValue",
            b"DigestMethod",
            b"KeyInfo",
            b"X509Data",
        ],
    )
    def test_a_missing_part_is_refused(self, name: bytes) -> None:
        self.refused(SIGNED.replace(b"ds:" + name, b"ds:Nothing"))

    def test_a_parameter_of_the_method_is_refused(self) -> None:
        """HMACOutputLength once made any signature hold (CVE-2009-0217)."""
        empty = rb'<ds:SignatureMethod Algorithm="(.*?)"/>'
        filled = (
            rb'<ds:SignatureMethod Algorithm="\1">'
            rb"<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>"
        )

        self.refused(re.sub(empty, filled, SIGNED))


class TestAlgorithms:
    def refused(self, recipe: Recipe, by: Identity = MINISTRY) -> str:
        with pytest.raises(SignatureInvalid) as caught:
            check(hand_signed(without_signature(), by, recipe), by)
        return caught.value.where

    def test_sha1_is_too_weak_and_says_so(self) -> None:
        signer = identity("rsa")

        method = self.refused(Recipe(method=f"{names.DSIG}rsa-sha1"), signer)
        digest = self.refused(Recipe(digest=SHA1), signer)

        assert method == "ds:SignatureMethod: rsa-sha1 is not accepted"
        assert digest == "ds:DigestMethod: sha1 is not accepted"

    @pytest.mark.parametrize(
        "recipe",
        [
            Recipe(method=f"{names.DSIG}rsa-sha1", digest=SHA1),
            Recipe(method=f"{names.DSIG}rsa-sha1"),
            Recipe(method=f"{MORE}rsa-sha256", digest=SHA1),
        ],
        ids=["both", "signature", "digest"],
    )
    def test_rsa_with_sha1_is_taken_where_it_may_be_and_marked(
        self, recipe: Recipe
    ) -> None:
        signer = identity("rsa")
        document = document_in(hand_signed(without_signature(), signer, recipe))

        assert verify(document, [signer], AT, weak=True).weak
        with pytest.raises(SignatureInvalid):
            verify(document, [signer], AT)

    def test_a_permission_to_be_weak_weakens_nothing_else(self) -> None:
        part = verify(document_in(SIGNED), [MINISTRY], AT, weak=True)
        changed = SIGNED.replace(b"1500200050", b"1500200051")

        assert not part.weak
        with pytest.raises(SignatureInvalid):
            verify(document_in(changed), [MINISTRY], AT, weak=True)

    @pytest.mark.parametrize("weak", [False, True])
    @pytest.mark.parametrize(
        "method",
        [
            f"{names.DSIG}hmac-sha1",
            f"{MORE}hmac-sha256",
            f"{MORE}rsa-sha224",
            f"{MORE}ecdsa-sha1",
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            "http://www.w3.org/2009/xmldsig11#dsa-sha256",
            "http://www.w3.org/2001/04/xmldsig-more#",
            "none",
        ],
    )
    def test_other_methods_are_refused(self, method: str, *, weak: bool) -> None:
        wire = hand_signed(without_signature(), MINISTRY, Recipe(method=method))

        with pytest.raises(SignatureInvalid) as caught:
            verify(document_in(wire), [MINISTRY], AT, weak=weak)
        assert "not accepted" in caught.value.where

    def test_a_method_of_another_kind_of_key_is_refused(self) -> None:
        assert self.refused(Recipe(method=f"{MORE}rsa-sha256")) == "ds:Signature"
        method = f"{MORE}ecdsa-sha256"
        assert self.refused(Recipe(method=method), identity("rsa")) == "ds:Signature"

    @pytest.mark.parametrize(
        "transforms",
        [
            (f"{names.DSIG}enveloped-signature",),
            (f"{names.DSIG}base64",),
            ("http://www.w3.org/TR/1999/REC-xslt-19991116",),
            ("http://www.w3.org/TR/1999/REC-xpath-19991116",),
            (WITH_COMMENTS,),
            (f"{EXCLUSIVE}WithComments",),
            (EXCLUSIVE, EXCLUSIVE),
        ],
    )
    def test_other_transforms_are_refused(self, transforms: tuple[str, ...]) -> None:
        self.refused(Recipe(transforms=transforms))

    def test_another_canonicalisation_is_refused(self) -> None:
        recipe = Recipe(canonicalisation="http://www.w3.org/2010/xml-c14n2")

        assert "xml-c14n2" in self.refused(recipe)

    @pytest.mark.parametrize("kind", ["rsa", "ec"])
    @pytest.mark.parametrize(
        "recipe",
        [
            Recipe(canonicalisation=WITH_COMMENTS, transforms=()),
            Recipe(canonicalisation=INCLUSIVE, transforms=(INCLUSIVE,)),
            Recipe(canonicalisation=EXCLUSIVE, transforms=(INCLUSIVE,)),
            Recipe(canonicalisation=f"{EXCLUSIVE}WithComments"),
            Recipe(prefixes="ram SOAP-ENV"),
        ],
        ids=["as-in-C3", "inclusive", "mixed", "exclusive", "prefixes"],
    )
    def test_what_honest_peers_use_is_verified(self, kind: str, recipe: Recipe) -> None:
        signer = identity(kind)
        wire = hand_signed(without_signature(), signer, recipe)

        assert check(wire, signer).tree.findtext(SUBJECT) == a_letter().subject

    def test_an_inclusive_signature_holds_only_where_it_was_made(self) -> None:
        recipe = Recipe(canonicalisation=INCLUSIVE, transforms=())
        wire = hand_signed(without_signature(), MINISTRY, recipe)
        start, stop = wire.index(b"<rsm:"), wire.index(b"</CorrespondenceLetterOut")

        with pytest.raises(SignatureInvalid):
            check(answers.inbox_letter("17", AT, wire[start:stop]))

    @pytest.mark.parametrize("element", [b"SOAP-ENV:Envelope", b"SOAP-ENV:Body"])
    def test_an_inclusive_signature_under_xml_lang_is_refused(
        self, element: bytes
    ) -> None:
        """It belongs to the digest, where lxml, unlike xmlsec1, leaves it out."""
        wire = without_signature().replace(
            b"<" + element, b"<" + element + b' xml:lang="th"'
        )
        recipe = Recipe(canonicalisation=INCLUSIVE, transforms=())

        with pytest.raises(SignatureInvalid):
            check(hand_signed(wire, MINISTRY, recipe))
        assert check(hand_signed(wire, MINISTRY))

    def test_prefixes_of_an_inclusive_canonicalisation_are_refused(self) -> None:
        assert "prefix" in self.refused(Recipe(prefixes="ram", transforms=(INCLUSIVE,)))

    def test_something_else_than_prefixes_is_refused(self) -> None:
        start = b'<ds:CanonicalizationMethod Algorithm="%b"' % EXCLUSIVE.encode()
        other = start + b"><ds:Other/></ds:CanonicalizationMethod>"
        wire = SIGNED.replace(start + b"/>", other)

        with pytest.raises(SignatureInvalid):
            check(wire)


class TestCertificates:
    def test_another_organizations_signature_is_untrusted(self) -> None:
        with pytest.raises(CertificateUntrusted):
            check(as_wire(a_letter(), signed_by=OTHER))

    def test_nobody_is_trusted_where_no_certificate_is_registered(self) -> None:
        with pytest.raises(CertificateUntrusted):
            verify(document_in(SIGNED), [], AT)

    def test_another_certificate_of_the_same_key_is_untrusted(self) -> None:
        """The key alone proves nothing: the registered certificate must be there."""
        twin = certified(MINISTRY.key, "1600100000")

        with pytest.raises(CertificateUntrusted):
            check(as_wire(a_letter(), signed_by=twin))

    def test_the_registered_certificate_over_a_foreign_signature_is_refused(
        self,
    ) -> None:
        thief = dataclasses.replace(OTHER, der=MINISTRY.der)
        wire = hand_signed(without_signature(), thief)

        with pytest.raises(SignatureInvalid):
            check(wire)

    @pytest.mark.parametrize(
        "key_info",
        [
            "<ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName></ds:X509Data>",
            "<ds:X509Data/>",
        ],
    )
    def test_a_signature_without_certificate_is_untrusted(self, key_info: str) -> None:
        wire = hand_signed(without_signature(), MINISTRY, Recipe(key_info=key_info))

        with pytest.raises(CertificateUntrusted):
            check(wire)

    @pytest.mark.parametrize(
        "key_info",
        [
            "",
            "<ds:KeyName>x</ds:KeyName>",
            "<ds:X509Data/><ds:X509Data/>",
            "<ds:X509Data><ds:X509Certificate>*</ds:X509Certificate></ds:X509Data>",
        ],
    )
    def test_a_key_info_of_another_shape_is_refused(self, key_info: str) -> None:
        wire = hand_signed(without_signature(), MINISTRY, Recipe(key_info=key_info))

        with pytest.raises(SignatureInvalid):
            check(wire)

    def test_line_breaks_and_an_authority_beside_it_do_no_harm(self) -> None:
        lines = base64.encodebytes(MINISTRY.der).decode()
        authority = base64.b64encode(OTHER.der).decode()
        key_info = (
            f"<ds:X509Data><ds:X509Certificate>{authority}</ds:X509Certificate>"
            f"<ds:X509Certificate>{lines}</ds:X509Certificate></ds:X509Data>"
        )
        wire = hand_signed(without_signature(), MINISTRY, Recipe(key_info=key_info))

        assert check(wire).certificate == MINISTRY.fingerprint

    def test_a_key_value_beside_it_says_nothing(self) -> None:
        numbers = rsa_key("another").public_key().public_numbers()
        modulus = base64.b64encode(numbers.n.to_bytes(256, "big")).decode()
        certificate = base64.b64encode(MINISTRY.der).decode()
        key_info = (
            f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>"
            "<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
            f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>"
            "</ds:X509Data>"
        )
        wire = hand_signed(without_signature(), MINISTRY, Recipe(key_info=key_info))

        assert check(wire).certificate == MINISTRY.fingerprint

    def test_validity_is_judged_at_the_time_given(self) -> None:
        second = dt.timedelta(seconds=1)

        assert check(SIGNED, at=MINISTRY.not_before)
        assert check(SIGNED, at=MINISTRY.not_after)
        for at in (MINISTRY.not_before - second, MINISTRY.not_after + second):
            with pytest.raises(CertificateExpired):
                check(SIGNED, at=at)

    def test_a_renewed_certificate_is_taken_beside_the_old_one(self) -> None:
        start, end = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), AT - dt.timedelta(days=1)
        old = certified(MINISTRY.key, not_before=start, not_after=end)

        assert check(SIGNED, old, MINISTRY).certificate == MINISTRY.fingerprint
        with pytest.raises(CertificateExpired):
            check(as_wire(a_letter(), signed_by=old), old, MINISTRY)

    def test_a_registered_certificate_that_is_junk_is_untrusted(self) -> None:
        junk = dataclasses.replace(MINISTRY, der=b"junk")
        certificate = base64.b64encode(b"junk").decode()
        key_info = (
            f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>"
            "</ds:X509Data>"
        )
        wire = hand_signed(without_signature(), MINISTRY, Recipe(key_info=key_info))

        with pytest.raises(CertificateUntrusted):
            check(wire, junk)


class TestUnsigned:
    def test_a_letter_nobody_signed_is_returned_as_such(self) -> None:
        document = document_in(as_wire(a_letter(), BOI))

        part = unsigned(document)

        assert isinstance(part, UnsignedPart)
        assert part.tree.getparent() is document.tree

    def test_a_signature_is_never_passed_over(self) -> None:
        """Not in its place, and not in any other."""
        moved = SIGNED.replace(signature_of(SIGNED), b"").replace(
            b"</SOAP-ENV:Header>", signature_of(SIGNED) + b"</SOAP-ENV:Header>"
        )
        for wire in (SIGNED, moved):
            with pytest.raises(SignatureInvalid):
                unsigned(document_in(wire))

    @pytest.mark.parametrize("letters", [0, 2])
    def test_there_must_be_one_letter(self, letters: int) -> None:
        wire = as_wire(a_letter())
        wire = wire.replace(letter_of(wire), letter_of(wire) * letters)

        with pytest.raises(SchemaViolated):
            unsigned(document_in(wire))

    def test_the_letter_must_be_the_documents_own(self) -> None:
        wire = as_wire(a_letter())
        inner = b"<ram:Inner>" + letter_of(wire) + b"</ram:Inner>"

        with pytest.raises(SchemaViolated):
            unsigned(document_in(wire.replace(letter_of(wire), inner)))


@pytest.mark.parametrize("maker", [None, object()])
def test_nobody_else_makes_a_part(maker: Any) -> None:
    tree = document_in(SIGNED).tree

    with pytest.raises(TypeError):
        SignedPart(tree, "", "", weak=False, travels=False, maker=maker)
    with pytest.raises(TypeError):
        UnsignedPart(tree, maker)
