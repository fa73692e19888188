"""The authorities whose certificates offices may use: does a chain lead to one?

1. Every self-signed certificate of the folder is a root, every other one a link;
   a link alone vouches for nobody.
2. An authority is one by its certificate: it says CA, and where it names the uses of
   its key, signing certificates is one. What says less is not used, and is told.
3. Names that an authority may not vouch for are judged for hosts and addresses; one
   that constrains other names (directory names, e-mail) is not used, rather than
   believed without what it demands.
4. A chain is that of RFC 5280, as `cryptography` validates it: signatures of SHA-256
   and above, validity at the time given, path length, nothing critical left unread.
5. Its end is an office: no authority, and its key is for what it is entered for.

Chains are followed when a certificate is entered and when the folder changes, never
for a letter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from gateway.domain.organization import Purpose

E = TypeVar("E", bound=x509.ExtensionType)

LARGEST: Final = 1024 * 1024
"""Bytes of a file with certificates."""

_DOCUMENT_SIGNING: Final = (
    ObjectIdentifier("1.3.6.1.5.5.7.3.36"),
    ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),
)
_USES: Final = {
    Purpose.SIGNATURE: {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        *_DOCUMENT_SIGNING,
    },
    Purpose.ACCESS: {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    },
}
"""Extended uses, one of which must be named where any is."""
_JUDGED_NAMES: Final = (x509.DNSName, x509.IPAddress)
_TRIED: Final = "candidates exhausted: "
"""How `cryptography` begins to say why the last way it tried led nowhere."""
_BEGINS: Final = b"-----BEGIN CERTIFICATE-----"


class ChainBroken(Exception):
    """No chain leads from the certificate to an authority."""

    code: ClassVar[str] = "chain-broken"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "ไม่มีสายใบรับรองไปถึงผู้ออกที่ตั้งค่าไว้"

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where
        """Why, for the operator."""


@dataclass(frozen=True, slots=True)
class Unused:
    """A file of a folder that is not used, and why."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Authorities:
    """What the folder of authorities holds, as it was read."""

    roots: tuple[x509.Certificate, ...] = ()
    links: tuple[x509.Certificate, ...] = ()
    unused: tuple[Unused, ...] = field(default=(), compare=False)

    def named(self, name: x509.Name) -> list[x509.Certificate]:
        """Return the authorities of this name; there may be several keys of one."""
        return [one for one in (*self.roots, *self.links) if one.subject == name]

    def without(self, gone: Iterable[x509.Certificate]) -> "Authorities":
        """Return them without some of the links; roots are the operator's alone."""
        revoked = set(gone)
        left = tuple(one for one in self.links if one not in revoked)
        return Authorities(self.roots, left, self.unused)

    def chain(
        self, certificate: x509.Certificate, at: datetime
    ) -> tuple[x509.Certificate, ...]:
        """Return a chain, the certificate first, a root last.

        Raises `ChainBroken`.
        """
        if not self.roots:
            raise ChainBroken("the folder of authorities holds no root")
        if not self.named(certificate.issuer):
            name = certificate.issuer.rfc4514_string()
            raise ChainBroken(f"who issued it is not in the folder: {name}")
        policy = (
            PolicyBuilder()
            .store(Store(list(self.roots)))
            .time(at)
            .extension_policies(ca_policy=_AUTHORITY, ee_policy=_OFFICE)
        )
        try:
            found = policy.build_client_verifier().verify(certificate, list(self.links))
        except (VerificationError, UnsupportedAlgorithm, ValueError) as error:
            raise ChainBroken(_short(error)) from error
        return tuple(found.chain)


_OFFICE: Final = ExtensionPolicy.permit_all()
_AUTHORITY: Final = _OFFICE.require_present(
    x509.BasicConstraints, Criticality.AGNOSTIC, None
)


def read_authorities(folder: Path) -> Authorities:
    """Read a folder of certificates; what is no authority's is told, not used.

    Raises `OSError` where the folder cannot be read at all.
    """
    roots: list[x509.Certificate] = []
    links: list[x509.Certificate] = []
    unused: list[Unused] = []
    for file, content in contents(folder, LARGEST, unused):
        try:
            for one in _certificates(content):
                _is_an_authority(one)
                (roots if _is_self_signed(one) else links).append(one)
        except (ValueError, UnsupportedAlgorithm) as error:
            unused.append(Unused(file, _short(error)))
    return Authorities(
        tuple(dict.fromkeys(roots)), tuple(dict.fromkeys(links)), tuple(unused)
    )


def contents(
    folder: Path, largest: int, unused: list[Unused]
) -> Iterator[tuple[str, bytes]]:
    """Read the files of a folder by name; what cannot be read is added to `unused`.

    Hidden files and folders are passed over.
    """
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_dir():
            continue
        try:
            if path.stat().st_size > largest:
                unused.append(Unused(path.name, f"larger than {largest} bytes"))
            else:
                yield path.name, path.read_bytes()
        except OSError as error:
            unused.append(Unused(path.name, error.strerror or "cannot be read"))


def is_for(certificate: x509.Certificate, purposes: Iterable[Purpose]) -> None:
    """Raise `ChainBroken` unless it is an office's, its key for these purposes."""
    try:
        constraints = extension(certificate, x509.BasicConstraints)
        usage = extension(certificate, x509.KeyUsage)
        uses = extension(certificate, x509.ExtendedKeyUsage)
    except ValueError as error:
        raise ChainBroken(_short(error)) from error
    if constraints and constraints.ca:
        raise ChainBroken("it is an authority's certificate, not an office's")
    for purpose in purposes:
        signs = usage is None or usage.digital_signature
        if purpose is Purpose.SIGNATURE and usage:
            signs = usage.digital_signature or usage.content_commitment
        named = uses is None or not _USES[purpose].isdisjoint(uses)
        if not (signs and named):
            raise ChainBroken(f"its key is not for {purpose}, by its own key usage")


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """Return an extension of a certificate; raises `ValueError` for unreadable ones."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from error


def _certificates(content: bytes) -> list[x509.Certificate]:
    try:
        if _BEGINS in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        raise ValueError("no readable X.509 certificate") from error


def _is_an_authority(certificate: x509.Certificate) -> None:
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise ValueError("not the certificate of an authority: it does not say CA")
    usage = extension(certificate, x509.KeyUsage)
    if usage and not usage.key_cert_sign:
        raise ValueError("its key is not for signing certificates, by its key usage")
    names = extension(certificate, x509.NameConstraints)
    if names and not all(isinstance(one, _JUDGED_NAMES) for one in _named(names)):
        raise ValueError("it constrains names of a kind that is not judged here")


def _named(names: x509.NameConstraints) -> Iterator[x509.GeneralName]:
    yield from names.permitted_subtrees or ()
    yield from names.excluded_subtrees or ()


def _is_self_signed(certificate: x509.Certificate) -> bool:
    """Say whether it is a root: of its own name, and signed by its own key."""
    if certificate.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _short(error: Exception) -> str:
    """Say what was wrong without the certificate that some errors bring along."""
    text = str(error).split(" (encountered processing")[0].split("\n")[0]
    return text.removeprefix("validation failed: ").removeprefix(_TRIED)
