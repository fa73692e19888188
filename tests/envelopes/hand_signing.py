"""Signatures made by hand, so that they can be made wrong in one thing each.

Shares nothing with `envelopes.signature`: digests and signature values come from
lxml's canonicalisation and `cryptography` alone.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from lxml import etree

from schemas import names
from tests.doubles.pki import Identity

MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1: Final = f"{names.DSIG}sha1"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
WITH_COMMENTS: Final = f"{INCLUSIVE}#WithComments"


@dataclass(frozen=True)
class Recipe:
    """How a signature is made; the defaults make one that holds."""

    method: str = ""
    """URI; by the key, with SHA-256, where empty."""
    digest: str = SHA256
    canonicalisation: str = EXCLUSIVE
    transforms: tuple[str, ...] = (EXCLUSIVE,)
    prefixes: str = ""
    """PrefixList of an InclusiveNamespaces in the transforms."""
    uri: str = "#Letter"
    after_reference: str = ""
    """Markup in SignedInfo, behind the Reference."""
    key_info: str | None = None
    """Markup instead of X509Data."""


def hand_signed(wire: bytes, by: Identity, recipe: Recipe | None = None) -> bytes:
    """Put a signature over the element with ID="Letter" into its place in a request."""
    recipe = recipe or Recipe()
    place = wire.rindex(b"</ram:GovernmentSignature>")
    draft = _signature(by, recipe).encode()
    wire = wire[:place] + draft + wire[place:]
    root = etree.fromstring(wire)
    letter = next(node for node in root.iter() if "Letter" in node.attrib.values())
    algorithm = recipe.transforms[-1] if recipe.transforms else INCLUSIVE
    prefixes = recipe.prefixes.split() or None
    digested = _canonical(letter, algorithm, prefixes)
    name = "sha1" if recipe.digest == SHA1 else "sha256"
    value = base64.b64encode(hashlib.new(name, digested).digest())
    wire = wire.replace(b"DIGEST", value)
    info = next(etree.fromstring(wire).iter(f"{{{names.DSIG}}}SignedInfo"))
    signed = _canonical(info, recipe.canonicalisation)
    return wire.replace(b"VALUE", base64.b64encode(_value(signed, by, recipe)))


def _canonical(
    element: etree._Element, algorithm: str, prefixes: list[str] | None = None
) -> bytes:
    """Canonicalise an element where it stands, by a namespace-complete copy."""
    copy = etree.fromstring(etree.tostring(element, with_tail=False))
    return etree.tostring(
        copy,
        method="c14n",
        exclusive=algorithm.startswith(EXCLUSIVE),
        with_comments=algorithm.endswith("#WithComments"),
        inclusive_ns_prefixes=prefixes,
    )


def _signature(by: Identity, recipe: Recipe) -> str:
    prefixes = (
        f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}"'
        f' PrefixList="{recipe.prefixes}"/>'
        if recipe.prefixes
        else ""
    )
    transforms = "".join(
        f'<ds:Transform Algorithm="{uri}">{prefixes}</ds:Transform>'
        for uri in recipe.transforms
    )
    if transforms:
        transforms = f"<ds:Transforms>{transforms}</ds:Transforms>"
    certificate = base64.b64encode(by.der).decode()
    key_info = (
        f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>"
        "</ds:X509Data>"
        if recipe.key_info is None
        else recipe.key_info
    )
    return (
        f'<ds:Signature xmlns:ds="{names.DSIG}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{recipe.canonicalisation}"/>'
        f'<ds:SignatureMethod Algorithm="{_method(by, recipe)}"/>'
        f'<ds:Reference URI="{recipe.uri}">{transforms}'
        f'<ds:DigestMethod Algorithm="{recipe.digest}"/>'
        "<ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference>"
        f"{recipe.after_reference}</ds:SignedInfo>"
        "<ds:SignatureValue>VALUE</ds:SignatureValue>"
        f"<ds:KeyInfo>{key_info}</ds:KeyInfo></ds:Signature>"
    )


def _method(by: Identity, recipe: Recipe) -> str:
    if recipe.method:
        return recipe.method
    kind = "rsa" if isinstance(by.key, rsa.RSAPrivateKey) else "ecdsa"
    return f"{MORE}{kind}-sha256"


def _value(signed: bytes, by: Identity, recipe: Recipe) -> bytes:
    weak = recipe.method.endswith("sha1")
    algorithm = hashes.SHA1() if weak else hashes.SHA256()  # noqa: S303 - what is refused
    if isinstance(by.key, rsa.RSAPrivateKey):
        return by.key.sign(signed, padding.PKCS1v15(), algorithm)
    r, s = utils.decode_dss_signature(by.key.sign(signed, ec.ECDSA(algorithm)))
    size = (by.key.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")
