"""Signatures made by hand, deterministic, so that each can be wrong in one thing.

Shares nothing with `envelopes.signature`: digests and values come from lxml's
canonicalisation and `cryptography` alone. What the recipe calls by a wrong method is
truly signed by it, so that only the hub's own checks stand between it and custody.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa, utils
from lxml import etree

from schemas import names
from tests.hostile.keys import Signer

DSIG: Final = names.DSIG
MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
NEWER: Final = "http://www.w3.org/2007/05/xmldsig-more#"
SHA1: Final = f"{DSIG}sha1"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
WITH_COMMENTS: Final = f"{INCLUSIVE}#WithComments"

PLACE: Final = b"</ram:GovernmentSignature>"

_DIGESTS: Final = {
    f"{MORE}md5": "md5",
    SHA1: "sha1",
    f"{MORE}sha224": "sha224",
    SHA256: "sha256",
    f"{MORE}sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True)
class Recipe:
    """How a signature is made; the defaults make one that holds."""

    method: str = ""
    """URI; by the key, with SHA-256, where empty."""
    digest: str = SHA256
    canonicalisation: str = EXCLUSIVE
    transforms: str = f'<ds:Transform Algorithm="{EXCLUSIVE}"/>'
    """Markup in Transforms; empty for none."""
    digested_by: str = EXCLUSIVE
    """The canonicalisation that the digest is really made by."""
    uri: str | None = "#Letter"
    """None writes none."""
    target: str = f"{{{names.RAM}}}CorrespondenceLetter"
    """The tag of the element that is digested."""
    in_method: str = ""
    after_reference: str = ""
    before_reference: str = ""
    key_info: str | None = None
    """Markup instead of X509Data."""
    after_key_info: str = ""
    secret: bytes = b""
    """For HMAC."""
    in_digest: str = ""
    """Markup that is signed behind the digest's value."""
    der: bool = False
    """Writes an ECDSA value as DER."""


def signed(wire: bytes, by: Signer, recipe: Recipe | None = None) -> bytes:
    """Put a signature over the letter into its place in a request."""
    recipe = recipe or Recipe()
    place = wire.rindex(PLACE)
    wire = wire[:place] + _signature(by, recipe).encode() + wire[place:]
    root = etree.fromstring(wire)
    target = next(root.iter(recipe.target))
    digest = hashlib.new(
        _DIGESTS.get(recipe.digest, "sha256"),
        canonical(target, recipe.digested_by),
        usedforsecurity=False,
    )
    wire = wire.replace(b"DIGEST", base64.b64encode(digest.digest()))
    info = next(etree.fromstring(wire).iter(f"{{{DSIG}}}SignedInfo"))
    content = canonical(info, recipe.canonicalisation)
    return wire.replace(b"VALUE", base64.b64encode(value(content, by, recipe)))


def canonical(element: etree._Element, algorithm: str) -> bytes:
    """Canonicalise an element where it stands, by a namespace-complete copy."""
    copy = etree.fromstring(etree.tostring(element, with_tail=False))
    return etree.tostring(
        copy,
        method="c14n",
        exclusive=algorithm.startswith(EXCLUSIVE),
        with_comments=algorithm.endswith("WithComments"),
    )


def x509_data(*certificates: bytes, before: str = "") -> str:
    """Write an X509Data with these certificates."""
    inside = "".join(
        f"<ds:X509Certificate>{base64.b64encode(der).decode()}</ds:X509Certificate>"
        for der in certificates
    )
    return f"<ds:X509Data>{before}{inside}</ds:X509Data>"


def value(content: bytes, by: Signer, recipe: Recipe) -> bytes:
    """Sign bytes as the method's name says."""
    method = _method(by, recipe)
    name = next((n for n in _HASHES if n in method.lower()), "sha256")
    if "hmac" in method:
        return hmac.new(recipe.secret, content, name).digest()
    algorithm = _HASHES[name]()
    match by.key:
        case rsa.RSAPrivateKey() if "MGF1" in method:
            # PSS salts at random: a value of zeros is the same in every build.
            return bytes(256)
        case rsa.RSAPrivateKey():
            return by.key.sign(content, padding.PKCS1v15(), algorithm)
        case dsa.DSAPrivateKey():
            return bytes(40)
        case ec.EllipticCurvePrivateKey():
            made = ec.ECDSA(algorithm, deterministic_signing=True)
            der = by.key.sign(content, made)
            return der if recipe.der else concatenated(der, by.key)


def concatenated(der: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Write r and s one behind the other, as XMLDSig wants them."""
    size = (key.key_size + 7) // 8
    return b"".join(n.to_bytes(size, "big") for n in utils.decode_dss_signature(der))


def _signature(by: Signer, recipe: Recipe) -> str:
    transforms = (
        recipe.transforms and f"<ds:Transforms>{recipe.transforms}</ds:Transforms>"
    )
    uri = "" if recipe.uri is None else f' URI="{recipe.uri}"'
    method = f'<ds:SignatureMethod Algorithm="{_method(by, recipe)}"'
    method += f">{recipe.in_method}</ds:SignatureMethod>" if recipe.in_method else "/>"
    key_info = x509_data(by.der) if recipe.key_info is None else recipe.key_info
    return (
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{recipe.canonicalisation}"/>'
        f"{method}{recipe.before_reference}"
        f"<ds:Reference{uri}>{transforms}"
        f'<ds:DigestMethod Algorithm="{recipe.digest}"/>'
        f"<ds:DigestValue>DIGEST{recipe.in_digest}</ds:DigestValue></ds:Reference>"
        f"{recipe.after_reference}</ds:SignedInfo>"
        "<ds:SignatureValue>VALUE</ds:SignatureValue>"
        f"<ds:KeyInfo>{key_info}</ds:KeyInfo>{recipe.after_key_info}</ds:Signature>"
    )


def _method(by: Signer, recipe: Recipe) -> str:
    if recipe.method:
        return recipe.method
    return f"{MORE}{'rsa' if isinstance(by.key, rsa.RSAPrivateKey) else 'ecdsa'}-sha256"
