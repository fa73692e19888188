"""How the hub gets its first key, and another one: new, installed, noted, settled.

| Step | What is done | Should it crash after this step |
|---|---|---|
| new | a key waits beside the one in use, with its request | nothing has changed |
| install | the new certificate takes the old one's place | the new pair is in use |
| note | the database says which is in use, and until when others were | as above |
| settle | the old private key is destroyed | the change is complete |

What a crash leaves over the next command puts right. Old private keys are not kept:
to verify what they signed, their certificates are enough.
"""

import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from envelopes.signing_key import SigningKey
from envelopes.trust import Certificate, PublicKey, covers, read_certificate
from gateway.config import SettingsError
from gateway.domain.hub_certificate import HubCertificate
from gateway.keys.holder import KeyHolder, in_use, put, request_file
from gateway.keys.papers import request, self_signed, subject_of
from gateway.ports import Store

NAME: Final = "Document exchange gateway"
CODE: Final = "0"

_READABLE: Final = 0o644


class KeyNotChanged(Exception):
    """The hub's key cannot be changed so."""

    code: ClassVar[str] = "key-not-changed"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "เปลี่ยนกุญแจของศูนย์กลางเช่นนี้ไม่ได้"

    def __init__(self, where: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where


class KeyWaits(KeyNotChanged):
    """A key is waiting for its certificate already."""

    code = "key-waits"
    thai = "มีกุญแจที่รอใบรับรองอยู่แล้ว"


class NoKeyWaits(KeyNotChanged):
    """No key is waiting for a certificate."""

    code = "no-key-waits"
    thai = "ไม่มีกุญแจที่รอใบรับรอง"


class NotOfThisKey(KeyNotChanged):
    """The certificate is not of the key that waits, nor of the one in use."""

    code = "not-of-this-key"
    thai = "ใบรับรองนี้ไม่ใช่ของกุญแจที่รออยู่ และไม่ใช่ของกุญแจที่ใช้อยู่"


class KeyInOrder(KeyNotChanged):
    """The hub's key is there and can be used."""

    code = "key-in-order"
    thai = "กุญแจของศูนย์กลางอยู่และใช้ได้"


class KeysBusy(KeyNotChanged):
    """Somebody else is changing the hub's key at this moment."""

    code = "keys-busy"
    temporary = True
    thai = "มีผู้อื่นกำลังเปลี่ยนกุญแจของศูนย์กลางอยู่"


class NotInForce(KeyNotChanged):
    """The certificate is not valid now."""

    code = "not-in-force"
    thai = "ใบรับรองนี้ใช้ไม่ได้ในเวลานี้"


@dataclass(frozen=True, slots=True)
class Keys:
    """The hub's keys as they are found: in use, and known from before."""

    holder: KeyHolder
    certificate: Certificate
    known: Sequence[HubCertificate]

    @property
    def used(self) -> Collection[PublicKey]:
        """The public keys of all certificates the hub ever used."""
        before = [read_certificate(one.der).public_key for one in self.known]
        return [*before, self.certificate.public_key]

    @property
    def request(self) -> Path:
        """The file with the certificate request of a key that waits."""
        return request_file(self.holder)

    def waiting(self) -> SigningKey | None:
        """Return the key that waits, if one does."""
        return self.holder.waiting(self.used)

    def new(self, subject: x509.Name | None, *, replace: bool) -> Path:
        """Make a key that waits, or take one that has no request yet; ask for it.

        Without a subject that of the certificate in use is asked for. Returns the
        file with the request. Raises `KeyWaits` where one waits and is not to be
        replaced.
        """
        file = self.request
        waiting = self.waiting()
        if waiting is not None and replace:
            self._settle(drop=[waiting.public_key])
            waiting = None
        elif waiting is not None and file.exists():
            raise KeyWaits(str(file))
        key = waiting or self.holder.make()
        named = subject or self.certificate.parsed.subject
        put(file, request(key, named), mode=_READABLE)
        return file

    def self_signed(self, at: datetime) -> bytes:
        """Return a certificate of the waiting key by itself; raises `NoKeyWaits`."""
        key = self.waiting()
        if key is None:
            raise NoKeyWaits
        return self_signed(key, self.certificate.parsed.subject, at)

    def fits(self, certificate: Certificate, at: datetime) -> None:
        """Raise `NotOfThisKey` or `NotInForce` where it cannot be installed."""
        waiting = self.waiting()
        fitting = [self.certificate.public_key]
        if waiting is not None:
            fitting.append(waiting.public_key)
        if certificate.public_key not in fitting:
            raise NotOfThisKey if waiting is not None else NoKeyWaits
        if not covers(certificate, at):
            raise NotInForce

    def install(self, certificate: Certificate) -> None:
        """Take a certificate that `fits` in use, with its key: at once or not."""
        pem = certificate.parsed.public_bytes(Encoding.PEM)
        put(self.holder.certificate, pem, mode=_READABLE)

    def settle(self) -> None:
        """Destroy private keys of earlier certificates, and a request that is done."""
        self._settle(drop=self.used)
        if self.waiting() is None:
            self.request.unlink(missing_ok=True)

    def _settle(self, *, drop: Collection[PublicKey]) -> None:
        self.holder.settle(self.certificate.public_key, drop=drop)


@contextmanager
def one_at_a_time(holder: KeyHolder) -> Iterator[None]:
    """Let nobody else change the keys meanwhile; raises `KeysBusy`.

    The folder itself is locked: the system lets go of it when a process dies.
    """
    number = os.open(holder.certificate.parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise KeysBusy from error
        yield
    finally:
        os.close(number)


def first_key(holder: KeyHolder, at: datetime) -> None:
    """Make the first key of a hub, with a certificate by itself.

    A key that is there already, in its file or on its token, is taken, and so is its
    certificate. Raises `SettingsError`.
    """
    if holder.certificate.exists():
        in_use(holder)
        return
    key = holder.waiting([]) or holder.make()
    pem = self_signed(key, subject_of(NAME, CODE), at)
    put(holder.certificate, pem, mode=_READABLE)
    certificate, _ = in_use(holder)
    holder.settle(certificate.public_key, drop=[])


def next_first_key(
    holder: KeyHolder, known: Sequence[HubCertificate], at: datetime
) -> bytes:
    """Return a certificate for a key that takes the place of one that is not there.

    The key is lost, or the setting names another place; where only the certificate is
    lost, it is the same again. Raises `KeyInOrder` where nothing is lost, and
    `SettingsError` where something is there that may be mended.
    """
    with suppress(SettingsError):
        in_use(holder)
        raise KeyInOrder
    before = [read_certificate(one.der) for one in known]
    for certificate in before:
        with suppress(SettingsError):
            holder.key_of(certificate)
            return certificate.parsed.public_bytes(Encoding.PEM)
    key = holder.waiting([one.public_key for one in before]) or holder.make()
    return self_signed(key, subject_of(NAME, CODE), at)


async def keys_of(holder: KeyHolder, store: Store) -> Keys:
    """Return the hub's keys as they are now; raises `SettingsError`."""
    certificate, _ = in_use(holder)
    return Keys(holder, certificate, await store.hub_certificates())


async def note_key_in_use(store: Store, certificate: Certificate, at: datetime) -> None:
    """Have the database say which certificate is in use; usually it does already."""
    current = [c for c in await store.hub_certificates() if c.in_use_until is None]
    if [one.fingerprint for one in current] == [certificate.fingerprint]:
        return
    async with store.unit() as unit:
        await unit.hub_certificates.in_use(certificate, at)
        await unit.commit()
