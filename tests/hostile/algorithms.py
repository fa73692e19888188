"""Methods that are too weak, of another key, or of no key at all; and transforms."""

import base64
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas import names
from tests.hostile.keys import certified, ec_key
from tests.hostile.making import by_lands, part_of, spoiled
from tests.hostile.offices import (
    LANDS,
    OLD,
    lands,
    lands_curve,
    lands_rsa,
    lands_weak,
    old,
)
from tests.hostile.signing import (
    DSIG,
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    NEWER,
    SHA1,
    WITH_COMMENTS,
    Recipe,
)
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

INVALID = Refused("signature-invalid")

_Case = tuple[str, bytes, Verdict]


def vectors() -> Iterator[Vector]:
    """Yield the vectors of both classes."""
    for name, (wrong, content, verdict) in {
        **_confused(),
        **_weak(),
        **_values(),
    }.items():
        yield Vector(name, Kind.ALGORITHMS, wrong, content, verdict, door=LANDS)
    yield Vector(
        "sha1-with-a-modern-digest",
        Kind.ALGORITHMS,
        "RSA-SHA1 of an office that may use it, under the key of another",
        by_lands(
            "sha1-with-a-modern-digest",
            Recipe(method=f"{DSIG}rsa-sha1", digest=SHA1),
            by=lands_rsa(),
            sender=OLD,
        ),
        Refused("certificate-untrusted"),
        door=OLD,
    )
    yield Vector(
        "sha1-where-it-may",
        Kind.ALGORITHMS,
        "RSA-SHA1 of an office whose record allows it, which is no attack",
        by_lands(
            "sha1-where-it-may",
            Recipe(method=f"{DSIG}rsa-sha1", digest=SHA1),
            by=old(),
            sender=OLD,
        ),
        Carried("ขอเชิญประชุม"),
        door=OLD,
    )
    yield Vector(
        "md5-where-sha1-may",
        Kind.ALGORITHMS,
        "RSA-MD5 of an office that may use RSA-SHA1",
        by_lands(
            "md5-where-sha1-may",
            Recipe(method=f"{MORE}rsa-md5"),
            by=old(),
            sender=OLD,
        ),
        INVALID,
        door=OLD,
    )
    for name, (wrong, content, verdict) in _transforms().items():
        yield Vector(name, Kind.TRANSFORMS, wrong, content, verdict, door=LANDS)


def _confused() -> dict[str, _Case]:
    """HMAC under what everybody knows: the certificate, the public key, nothing."""
    der = lands().der
    public = x509.load_der_x509_certificate(der).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets = {
        "hmac-certificate-der": ("the certificate, DER", der),
        "hmac-key-der": ("the public key, DER", spki),
        "hmac-key-pem": ("the public key, PEM", text),
        "hmac-nothing": ("nothing", b""),
    }
    made = {
        name: (
            f"HMAC-SHA256 with {what} as its secret",
            by_lands(name, Recipe(method=f"{MORE}hmac-sha256", secret=secret)),
            INVALID,
        )
        for name, (what, secret) in secrets.items()
    }
    made["hmac-sha1"] = (
        "HMAC-SHA1 with the public key as its secret",
        by_lands("hmac-sha1", Recipe(method=f"{DSIG}hmac-sha1", secret=spki)),
        INVALID,
    )
    for bits in (0, 8):
        name = f"hmac-length-{bits}"
        length = f"<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>"
        recipe = Recipe(method=f"{MORE}hmac-sha256", in_method=length, secret=b"x")
        made[name] = (
            f"HMAC of which {bits} bits are compared (CVE-2009-0217)",
            by_lands(name, recipe),
            INVALID,
        )
    return made


def _weak() -> dict[str, _Case]:
    methods = {
        "rsa-md5": (f"{MORE}rsa-md5", True),
        "rsa-sha1": (f"{DSIG}rsa-sha1", True),
        "rsa-sha224": (f"{MORE}rsa-sha224", True),
        "rsa-pss": (f"{NEWER}sha256-rsa-MGF1", True),
        "dsa-sha1": (f"{DSIG}dsa-sha1", False),
        "dsa-sha256": ("http://www.w3.org/2009/xmldsig11#dsa-sha256", False),
        "ecdsa-sha1": (f"{MORE}ecdsa-sha1", False),
        "eddsa": ("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", False),
        "method-none": ("none", False),
        "method-of-rsa": (f"{MORE}rsa-sha256", False),
        "method-of-ecdsa": (f"{MORE}ecdsa-sha256", True),
    }
    made: dict[str, _Case] = {
        name: (
            (
                f"The method {method.rsplit('/', 1)[-1]}, "
                f"with {'an RSA' if rsa else 'a P-256'} key"
            ),
            by_lands(name, Recipe(method=method), by=lands_rsa() if rsa else lands()),
            INVALID,
        )
        for name, (method, rsa) in methods.items()
    }
    for name, digest in (("digest-sha1", SHA1), ("digest-md5", f"{MORE}md5")):
        made[name] = (
            f"A digest by {digest.rpartition('#')[2]}",
            by_lands(name, Recipe(digest=digest)),
            INVALID,
        )
    made["rsa-1024"] = (
        "An RSA key of 1,024 bits, registered by who went round the hub",
        by_lands("rsa-1024", by=lands_weak()),
        Refused("certificate-untrusted"),
    )
    made["curve-k1"] = (
        "A key on secp256k1, registered likewise",
        by_lands("curve-k1", by=lands_curve()),
        Refused("certificate-untrusted"),
    )
    twin = certified(ec_key("lands", ec.SECP384R1()), "lands")
    made["curve-swapped"] = (
        "The same number as key on another curve, under the same name",
        by_lands("curve-swapped", by=twin),
        Refused("certificate-untrusted"),
    )
    return made


def _values() -> dict[str, _Case]:
    """ECDSA and RSA values that are no values, or that are written otherwise."""
    made: dict[str, _Case] = {}
    for name, wrong, content in (
        ("value-zeros", "r and s are zero", bytes(64)),
        ("value-order", "r and s are the order of the curve", _ORDER * 2),
        ("value-short", "One byte", b"\1"),
    ):
        wire = by_lands(name)
        made[name] = (wrong, _with_value(wire, content), INVALID)
    made["value-der"] = (
        "An ECDSA value as DER instead of r and s",
        by_lands("value-der", Recipe(der=True)),
        INVALID,
    )
    return made


_ORDER = bytes.fromhex(
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
)


def _with_value(wire: bytes, content: bytes) -> bytes:

    old_value = part_of(wire, "ds:SignatureValue")
    text = base64.b64encode(content)
    return spoiled(wire, old_value, b"<ds:SignatureValue>%b</ds:SignatureValue>" % text)


def _transforms() -> dict[str, _Case]:
    xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116"
    xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116"
    filter2 = "http://www.w3.org/2002/06/xmldsig-filter2"
    sheet = (
        '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0">'
        '<x:template match="/"><x:value-of select="document(\'http://127.0.0.1:9/\')"/>'
        "</x:template></x:stylesheet>"
    )
    cases = {
        "xpath": (
            "An XPath that digests nothing of the letter",
            _transform(xpath, "<ds:XPath>false()</ds:XPath>"),
        ),
        "xpath-endless": (
            "An XPath that takes for ever",
            _transform(xpath, f"<ds:XPath>{'count(//*[' * 8}1{'])' * 8}</ds:XPath>"),
        ),
        "xpath-filter": (
            "An XPath filter that cuts the subject out",
            _transform(
                filter2,
                f'<f:XPath xmlns:f="{filter2}" Filter="subtract">//*</f:XPath>',
            ),
        ),
        "xslt": ("A style sheet that fetches", _transform(xslt, sheet)),
        "base64": ("The base64 transform", _transform(f"{DSIG}base64")),
        "enveloped": ("Enveloped", _transform(f"{DSIG}enveloped-signature")),
        "decrypt": (
            "A decryption",
            _transform("http://www.w3.org/2002/07/decrypt#XML"),
        ),
        "twice": (
            "Two canonicalisations, one behind the other",
            _transform(INCLUSIVE) + _transform(EXCLUSIVE),
        ),
        "unknown": ("One that nobody knows", _transform("urn:nothing")),
        "parameter": (
            "A canonicalisation with a parameter of its own",
            _transform(EXCLUSIVE, f"<ram:X xmlns:ram='{names.RAM}'/>"),
        ),
        "prefixes": (
            "An inclusive canonicalisation with prefixes",
            _transform(
                INCLUSIVE,
                f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="ram"/>',
            ),
        ),
    }
    made: dict[str, _Case] = {
        f"transform-{name}": (
            wrong,
            by_lands(f"transform-{name}", Recipe(transforms=markup)),
            INVALID,
        )
        for name, (wrong, markup) in cases.items()
    }
    made["canonicalisation-2"] = (
        "SignedInfo by a canonicalisation that nobody knows",
        by_lands(
            "canonicalisation-2",
            Recipe(canonicalisation="http://www.w3.org/2010/xml-c14n2"),
        ),
        INVALID,
    )
    name = "transform-with-comments"
    made[name] = (
        "Canonical with comments, and truly digested so",
        by_lands(
            name,
            Recipe(transforms=_transform(WITH_COMMENTS), digested_by=WITH_COMMENTS),
        ),
        INVALID,
    )
    name = "transform-inclusive-xml-lang"
    recipe = Recipe(canonicalisation=INCLUSIVE, transforms="", digested_by=INCLUSIVE)
    made["transform-none"] = (
        "No transform, which means inclusive canonicalisation: an old honest client",
        by_lands("transform-none", recipe),
        Carried("ขอเชิญประชุม"),
    )
    made[name] = (
        "Inclusive, and xml:lang put on Body afterwards: two readers, two digests",
        spoiled(
            by_lands(name, recipe), 'Body ID="Body"', 'Body ID="Body" xml:lang="th"'
        ),
        Refused("signature-invalid"),
    )
    return made


def _transform(uri: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform>'
