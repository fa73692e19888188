"""What authorities and their lists say of a certificate, as of when they were read.

1. A certificate that a list names is taken back; so is one whose every chain leads
   over an authority that a list names.
2. A certificate without a chain (its authority expired, was removed from the folder,
   or the folder cannot be read) is not taken back: a slip of the hub's operator must
   not silence an office. It is not entered anew either, and `gateway check` says so.
3. Where no authorities are set, a certificate counts because it was entered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from gateway.config import Settings
from gateway.domain.certificates import Vouch
from gateway.domain.organization import RegisteredCertificate
from gateway.vouching.authorities import (
    Authorities,
    ChainBroken,
    Unused,
    is_for,
    read_authorities,
)
from gateway.vouching.revocation_lists import RevocationList, newest, read_lists

Marks = frozenset[tuple[str, int, int]]
"""Name, size and time of change of each file."""


@dataclass(frozen=True, slots=True)
class Vouching:
    """The folders of authorities and of lists, as they were read."""

    authorities: Authorities | None = None
    """None: the hub asks for no chain."""
    lists: tuple[RevocationList, ...] = ()
    unused: tuple[Unused, ...] = ()
    revoked: dict[x509.Certificate, str] = field(default_factory=dict)
    """Authorities between root and office that a list names, and why."""

    def judge(self, certificate: RegisteredCertificate, at: datetime) -> Vouch:
        """Say what is said of a certificate; of a later one, as of its first moment."""
        try:
            parsed = x509.load_der_x509_certificate(certificate.der)
            return self._judge(parsed, certificate, at)
        except ValueError as error:
            # What cannot be read to the end is asked of nobody, and ends no runner.
            return Vouch(missing=str(error).split("\n")[0])

    def stale(self, at: datetime) -> list[RevocationList]:
        """Return the lists past their next update that no newer one replaces."""
        return [one for one in newest(self.lists) if one.is_stale(at)]

    def _judge(
        self, parsed: x509.Certificate, certificate: RegisteredCertificate, at: datetime
    ) -> Vouch:
        if reason := _named(parsed, self.lists):
            return Vouch(taken_back=f"crl {reason}")
        if self.authorities is None:
            return Vouch()
        moment = max(at, certificate.not_before)
        try:
            is_for(parsed, certificate.purposes)
            self.authorities.without(self.revoked).chain(parsed, moment)
        except ChainBroken as error:
            if self.revoked and (reason := self._over(parsed, moment)):
                return Vouch(taken_back=f"chain {reason}")
            return Vouch(missing=str(error))
        return Vouch()

    def without_list(self, certificates: Iterable[RegisteredCertificate]) -> list[str]:
        """Name the authorities that have issued one of these and gave no list."""
        listed = {one.issuer for one in self.lists}
        issuers = {
            parsed.issuer
            for one in certificates
            for parsed in [x509.load_der_x509_certificate(one.der)]
            if self.authorities and self.authorities.named(parsed.issuer)
        }
        return sorted(name.rfc4514_string() for name in issuers - listed)

    def _over(self, parsed: x509.Certificate, at: datetime) -> str:
        """Return why the revoked authority on its way was; empty without a way."""
        try:
            chain = (self.authorities or Authorities()).chain(parsed, at)
        except ChainBroken:
            return ""
        return next((self.revoked[one] for one in chain if one in self.revoked), "")


def read_vouching(
    authorities: Path | None, lists: Path | None, at: datetime
) -> Vouching:
    """Read both folders; what cannot be read is told as unused, never raised."""
    if authorities is None:
        why = "no list counts while the setting `authorities` is not set"
        return Vouching(unused=() if lists is None else (Unused(str(lists), why),))
    try:
        known = read_authorities(authorities)
    except OSError as error:
        known = Authorities(unused=(_unreadable(authorities, error),))
    found: tuple[RevocationList, ...] = ()
    unused = known.unused
    if lists is not None:
        try:
            found, more = read_lists(lists, known, at)
        except OSError as error:
            more = (_unreadable(lists, error),)
        unused += more
    said = {one: _named(one, found) for one in known.links}
    revoked = {one: reason for one, reason in said.items() if reason}
    return Vouching(known, found, unused, revoked)


def folders_of(settings: Settings) -> tuple[Path | None, Path | None]:
    """Return the folder of authorities and that of lists, as the settings name them."""
    named = settings.authorities, settings.revocation_lists
    first, second = (folder and settings.data / folder for folder in named)
    return first, second


def marks(folders: Iterable[Path | None]) -> Marks:
    """Say how the files of both folders look, so that a change is noticed."""
    found: set[tuple[str, int, int]] = set()
    for folder in folders:
        try:
            for path in folder.iterdir() if folder else ():
                seen = path.stat()
                found.add((str(path), seen.st_size, seen.st_mtime_ns))
        except OSError as error:
            # Also between looking and asking; the next look sees what is there.
            found.add((str(folder), -1, error.errno or 0))
    return frozenset(found)


def _named(parsed: x509.Certificate, lists: Iterable[RevocationList]) -> str:
    return next((reason for one in lists if (reason := one.reason(parsed))), "")


def _unreadable(folder: Path, error: OSError) -> Unused:
    return Unused(str(folder), error.strerror or "cannot be read")
