"""Who signed may not sign here, or not now; or it does not say who it was."""

import base64
from collections.abc import Iterator

from tests.hostile.keys import Signer, certified, ec_key
from tests.hostile.making import by_lands
from tests.hostile.offices import (
    LANDS,
    MINISTRY,
    lands,
    lands_early,
    lands_expired,
    lands_revoked,
    lands_rsa,
    loei,
    stranger,
)
from tests.hostile.signing import Recipe, x509_data
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

UNTRUSTED = Refused("certificate-untrusted")
INVALID = Refused("signature-invalid")
EXPIRED = Refused("certificate-expired")

_TRAP = "http://127.0.0.1:9/certificate"


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this class."""
    for name, (wrong, by, verdict) in _signers().items():
        content = by_lands(name, by=by)
        yield Vector(name, Kind.CERTIFICATES, wrong, content, verdict, door=LANDS)
    for name, (wrong, by, key_info, verdict) in _key_infos().items():
        content = by_lands(name, Recipe(key_info=key_info), by=by)
        yield Vector(name, Kind.CERTIFICATES, wrong, content, verdict, door=LANDS)
    yield Vector(
        "hosted-by-a-stranger",
        Kind.CERTIFICATES,
        "An office that need not sign, signed by a certificate nobody registered",
        by_lands("hosted-by-a-stranger", by=stranger(), sender=MINISTRY),
        UNTRUSTED,
        door=MINISTRY,
    )


def _signers() -> dict[str, tuple[str, Signer, Verdict]]:
    own = lands()
    serial = int.from_bytes(b"lands", "big")
    return {
        "another-office": (
            "The key and certificate of another office",
            loei(),
            UNTRUSTED,
        ),
        "stranger": ("A certificate nobody registered", stranger(), UNTRUSTED),
        "expired": ("A certificate that ended yesterday", lands_expired(), EXPIRED),
        "not-yet-valid": ("A certificate that begins tomorrow", lands_early(), EXPIRED),
        "revoked": (
            "A certificate that was revoked",
            lands_revoked(),
            Refused("certificate-revoked"),
        ),
        "self-made": (
            "A certificate of the same name and serial number, another key",
            certified(ec_key("thief"), "lands", serial=serial),
            UNTRUSTED,
        ),
        "same-key": (
            "Another certificate of the registered key",
            certified(own.key, "lands again"),
            UNTRUSTED,
        ),
        "issued-by-the-office": (
            "A certificate that the office's own, no authority, issued",
            certified(ec_key("leaf"), "leaf", issued_by=own),
            UNTRUSTED,
        ),
        "stolen-certificate": (
            "The registered certificate over a signature by another key",
            Signer(ec_key("thief"), own.der),
            INVALID,
        ),
        "one-bit": (
            "One bit of the registered certificate's own signature changed",
            Signer(own.key, own.der[:-1] + bytes([own.der[-1] ^ 1])),
            UNTRUSTED,
        ),
        "bytes-behind": (
            "The registered certificate with bytes behind it",
            Signer(own.key, own.der + b"\0"),
            UNTRUSTED,
        ),
        "second-certificate": (
            "The other certificate of the same office: both are in force",
            lands_rsa(),
            Carried("ขอเชิญประชุม"),
        ),
    }


def _key_infos() -> dict[str, tuple[str, Signer, str, Verdict]]:
    own, thief = lands(), loei()
    pem = base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()
    point = base64.b64encode(b"\4" + bytes(64)).decode()
    key_value = (
        "<ds:KeyValue><d:ECKeyValue xmlns:d='http://www.w3.org/2009/xmldsig11#'>"
        "<d:NamedCurve URI='urn:oid:1.2.840.10045.3.1.7'/>"
        f"<d:PublicKey>{point}</d:PublicKey></d:ECKeyValue></ds:KeyValue>"
    )
    retrieval = f'<ds:RetrievalMethod URI="{_TRAP}"/>'
    return {
        "two-certificates-first": (
            "The registered certificate first, the thief's second and its signature",
            thief,
            x509_data(own.der, thief.der),
            INVALID,
        ),
        "two-certificates-last": (
            "The thief's certificate first, the registered one second",
            thief,
            x509_data(thief.der, own.der),
            INVALID,
        ),
        "two-data": (
            "Two X509Data, the thief's and the office's",
            thief,
            x509_data(thief.der) + x509_data(own.der),
            INVALID,
        ),
        "key-value-only": ("A bare key", own, key_value, INVALID),
        "key-value-beside": (
            "Another key beside the registered certificate: it says nothing",
            own,
            key_value + x509_data(own.der),
            Carried("ขอเชิญประชุม"),
        ),
        "key-name-only": ("A name", own, "<ds:KeyName>lands</ds:KeyName>", INVALID),
        "retrieval": ("An address to fetch it from", own, retrieval, INVALID),
        "retrieval-beside": (
            "The same beside the registered certificate: it is not fetched",
            own,
            retrieval + x509_data(own.der),
            Carried("ขอเชิญประชุม"),
        ),
        "issuer-only": (
            "Issuer and serial number alone",
            own,
            (
                "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=lands"
                "</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber>"
                "</ds:X509IssuerSerial></ds:X509Data>"
            ),
            UNTRUSTED,
        ),
        "no-certificate": ("An empty X509Data", own, "<ds:X509Data/>", UNTRUSTED),
        "empty-certificate": ("An empty certificate", own, x509_data(b""), UNTRUSTED),
        "junk-certificate": (
            "Words for a certificate",
            own,
            x509_data(b"junk"),
            UNTRUSTED,
        ),
        "no-base64-certificate": (
            "PEM where base64 is expected",
            own,
            (
                "<ds:X509Data><ds:X509Certificate>-----BEGIN CERTIFICATE-----"
                f"{pem}</ds:X509Certificate></ds:X509Data>"
            ),
            INVALID,
        ),
        "lying-subject": (
            "Another office's name beside the registered certificate: it says nothing",
            own,
            x509_data(
                own.der, before="<ds:X509SubjectName>CN=1500200000</ds:X509SubjectName>"
            ),
            Carried("ขอเชิญประชุม"),
        ),
        "no-key-info": ("An empty KeyInfo", own, "", INVALID),
    }
