"""Revocation lists (CRL): which certificates has their authority taken back?

1. A list counts only if an authority of the folder has signed it under its own name,
   that authority may sign lists, and a chain leads from it to a root now.
2. Whole lists only: one of changes (delta), one that speaks for other authorities
   (indirect) and one that leaves out reasons are not used, and that is told.
3. What a list names is revoked, on hold as for good; what it does not name it says
   nothing of. So a list can only ever take away, and an old one played again does
   no harm.
4. A list past its next update still counts for what it names, and is told as stale:
   what was revoked since is not known.
5. A list from the future, or without a next update, is not used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from gateway.vouching.authorities import (
    Authorities,
    ChainBroken,
    Unused,
    contents,
    extension,
)

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a list: more than a million certificates."""

_BEGINS: Final = b"-----BEGIN X509 CRL-----"
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_UNREADABLE: Final = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_READ: Final = (
    x509.CRLNumber,
    x509.AuthorityKeyIdentifier,
    x509.IssuingDistributionPoint,
    x509.IssuerAlternativeName,
)
"""What may stand in a list and be critical."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list that counts."""

    file: str
    issuer: x509.Name
    this_update: datetime
    next_update: datetime
    parsed: x509.CertificateRevocationList = field(repr=False, compare=False)
    serials: frozenset[int] = field(repr=False, compare=False)

    def is_stale(self, at: datetime) -> bool:
        """Say whether a newer one was due by this time."""
        return self.next_update < at

    def reason(self, certificate: x509.Certificate) -> str:
        """Return why it takes a certificate back: `keyCompromise`; empty: it does not.

        `unspecified` where it gives no reason.
        """
        serial = certificate.serial_number
        if certificate.issuer != self.issuer or serial not in self.serials:
            return ""
        entry = self.parsed.get_revoked_certificate_by_serial_number(serial)
        if entry is None:
            return ""
        try:
            given = entry.extensions.get_extension_for_class(x509.CRLReason).value
        except (x509.ExtensionNotFound, *_UNREADABLE):
            return x509.ReasonFlags.unspecified.value
        return str(given.reason.value)


def read_lists(
    folder: Path, authorities: Authorities, at: datetime
) -> tuple[tuple[RevocationList, ...], tuple[Unused, ...]]:
    """Read a folder of lists, PEM or DER; what is not used is told.

    Raises `OSError` where the folder cannot be read at all.
    """
    unused: list[Unused] = []
    found: list[RevocationList] = []
    for file, content in contents(folder, LARGEST, unused):
        try:
            found.append(_judged(file, _parsed(content), authorities, at))
        except _UNREADABLE as error:
            unused.append(Unused(file, str(error).split("\n")[0]))
    return tuple(found), tuple(unused)


def newest(lists: Iterable[RevocationList]) -> list[RevocationList]:
    """Return the newest list of each authority, by its name."""
    found: dict[x509.Name, RevocationList] = {}
    for one in lists:
        known = found.get(one.issuer)
        if known is None or known.next_update < one.next_update:
            found[one.issuer] = one
    return [found[name] for name in sorted(found, key=lambda n: n.rfc4514_string())]


def _parsed(content: bytes) -> x509.CertificateRevocationList:
    try:
        if _BEGINS in content:
            return x509.load_pem_x509_crl(content)
        return x509.load_der_x509_crl(content)
    except ValueError as error:
        raise ValueError("no readable revocation list") from error


def _judged(
    file: str,
    parsed: x509.CertificateRevocationList,
    authorities: Authorities,
    at: datetime,
) -> RevocationList:
    """Return a list that counts; raises `ValueError` saying why it does not."""
    _is_whole(parsed.extensions)
    next_update = parsed.next_update_utc
    if next_update is None:
        raise ValueError("it does not say when the next list is due")
    if parsed.last_update_utc > at:
        raise ValueError(f"it is of the future: {parsed.last_update_utc.isoformat()}")
    _is_signed(parsed, authorities.named(parsed.issuer), authorities, at)
    return RevocationList(
        file=file,
        issuer=parsed.issuer,
        this_update=parsed.last_update_utc,
        next_update=next_update,
        parsed=parsed,
        serials=frozenset(entry.serial_number for entry in parsed),
    )


def _is_whole(extensions: x509.Extensions) -> None:
    for one in extensions:
        match one.value:
            case x509.DeltaCRLIndicator():
                raise ValueError("it lists changes only (delta); give the whole list")
            case x509.IssuingDistributionPoint(indirect_crl=True):
                raise ValueError("it speaks for other authorities (indirect)")
            case x509.IssuingDistributionPoint(only_some_reasons=some) if some:
                raise ValueError("it leaves out reasons; give the whole list")
            case x509.IssuingDistributionPoint(only_contains_attribute_certs=True):
                raise ValueError("it is of attribute certificates")
            case known if isinstance(known, _READ):
                continue
            case _ if one.critical:
                raise ValueError(
                    f"it demands what is not known: {one.oid.dotted_string}"
                )


def _is_signed(
    parsed: x509.CertificateRevocationList,
    candidates: Sequence[x509.Certificate],
    authorities: Authorities,
    at: datetime,
) -> None:
    if not candidates:
        raise ValueError(
            f"no authority of the folder is {parsed.issuer.rfc4514_string()}"
        )
    if not isinstance(parsed.signature_hash_algorithm, _HASHES):
        raise ValueError("its algorithm is too weak")  # noqa: TRY004 - what a file says
    signers = [one for one in candidates if _signed_by(parsed, one)]
    if not signers:
        raise ValueError(
            f"its signature is not that of {parsed.issuer.rfc4514_string()}"
        )
    wrong = ""
    for one in signers:
        usage = extension(one, x509.KeyUsage)
        if usage and not usage.crl_sign:
            wrong = "its authority's key is not for signing lists, by its key usage"
            continue
        try:
            authorities.chain(one, at)
        except ChainBroken as error:
            wrong = f"its authority has no chain to a root: {error}"
        else:
            return
    raise ValueError(wrong)


def _signed_by(
    parsed: x509.CertificateRevocationList, authority: x509.Certificate
) -> bool:
    try:
        return parsed.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
