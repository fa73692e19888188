"""The keys of a hub: what wraps the keys of secret letters, and what hides digests.

1. Each secret letter has a data key of its own. It lies wrapped under a master key;
   without it nothing of that letter can be read any more, in any backup either.
2. Everything is AES-256-GCM under a random nonce, bound to the place where it lies:
   what was sealed for one row opens in no other.
3. A digest tells a known file from an unknown one. Of secret letters it is therefore
   kept as HMAC-SHA256 under the address key, which is never rotated.
4. Nothing here shows a key: neither `repr` nor an exception nor a pickle.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from typing import Final, NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.store.errors import SecretsClosed, VaultDamaged

KEY_SIZE: Final = 32
_VERSION: Final = b"\x01"
_NONCE: Final = 12
_TAG: Final = 16

OVERHEAD: Final = len(_VERSION) + _NONCE + _TAG
"""Bytes by which what is sealed is longer than what was."""

ID_SIZE: Final = 16
"""Hexadecimal digits of a key's id: the beginning of its fingerprint."""


def key_id(key: bytes) -> str:
    """Return what a key is called: nothing of the key can be told from it."""
    return hashlib.sha256(b"gateway master key\0" + key).hexdigest()[:ID_SIZE]


class LetterKey:
    """The data key of one letter."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, place: str, content: bytes) -> bytes:
        """Encrypt what lies at a place, like `letter 0192… hidden`."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, content, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Decrypt what lies at a place; raises `VaultDamaged`, which names it."""
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if len(sealed) < OVERHEAD or sealed[:1] != _VERSION:
            raise VaultDamaged(detail=f"{place}: is not as it was encrypted")
        try:
            return self._cipher.decrypt(nonce, rest, place.encode())
        except InvalidTag:
            pass
        # Outside the handler, so that no trace leads back into the cipher.
        raise VaultDamaged(detail=f"{place}: is not as it was encrypted")

    def __repr__(self) -> str:
        return "<key of a letter>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written down")


class Keyring:
    """The keys of one key file, which may get others while the hub runs."""

    __slots__ = ("_address", "_changed", "_masters", "address_id")

    def __init__(
        self,
        masters: Mapping[str, bytes],
        address: bytes,
        changed: Callable[[], Mapping[str, bytes] | None] = lambda: None,
    ) -> None:
        """Take master keys by their ids, the one in use first, and the address key.

        `changed` returns them anew where the file has changed since it was read. It
        raises `SecretsClosed` where there is no such file any more.
        """
        self._masters = {name: AESGCM(key) for name, key in masters.items()}
        self._address = address
        self._changed = changed
        self.address_id: Final = key_id(address)

    def in_use(self) -> str:
        """Return the id of the master key in use, by the file as it is now."""
        self._renew()
        return next(iter(self._masters))

    def wrap(self, letter: UUID, key: bytes) -> tuple[str, bytes]:
        """Encrypt a letter's data key; return the id of the master key, and that.

        Asks whether the file has changed, so that no letter is wrapped under a key
        that was taken out of it: call it where nobody else can write.
        """
        current = self.in_use()
        cipher = self._masters[current]
        nonce = os.urandom(_NONCE)
        sealed = cipher.encrypt(nonce, key, self._place(letter))
        return current, _VERSION + nonce + sealed

    def unwrap(self, letter: UUID, by: str, wrapped: bytes) -> LetterKey:
        """Decrypt a letter's data key.

        Raises `SecretsClosed` where the master key is not here, `VaultDamaged` where
        it is and does not open this.
        """
        return LetterKey(self._unwrapped(letter, by, wrapped))

    def rewrap(self, letter: UUID, by: str, wrapped: bytes) -> tuple[str, bytes]:
        """Wrap a data key anew under the master key in use; raises as `unwrap`."""
        return self.wrap(letter, self._unwrapped(letter, by, wrapped))

    def hidden(self, digest: str) -> str:
        """Return what a digest of a secret letter is kept as."""
        return self._keyed(b"hub\0", digest)

    def hidden_file(self, letter: UUID, digest: str) -> str:
        """Return what the digest of a letter's file is kept as.

        Another in each letter: that two share a file is not seen.
        """
        return self._keyed(b"file\0" + letter.bytes, digest)

    def _unwrapped(self, letter: UUID, by: str, wrapped: bytes) -> bytes:
        if by not in self._masters:
            # It may have been rotated beside this process.
            self._renew()
        cipher = self._masters.get(by)
        if cipher is None:
            raise SecretsClosed(detail=f"the key file lacks the key {by}")
        nonce, rest = wrapped[1 : 1 + _NONCE], wrapped[1 + _NONCE :]
        if len(wrapped) == OVERHEAD + KEY_SIZE and wrapped[:1] == _VERSION:
            try:
                return cipher.decrypt(nonce, rest, self._place(letter))
            except InvalidTag:
                pass
        raise VaultDamaged(detail=f"letter_key {letter}: is not as it was encrypted")

    def _renew(self) -> None:
        if (masters := self._changed()) is not None:
            self._masters = {name: AESGCM(key) for name, key in masters.items()}

    def _keyed(self, purpose: bytes, digest: str) -> str:
        content = purpose + digest.encode()
        return hmac.new(self._address, content, hashlib.sha256).hexdigest()

    def _place(self, letter: UUID) -> bytes:
        # Under another address key the letter's digests could not be checked.
        return f"letter_key {letter} {self.address_id}".encode()

    def __repr__(self) -> str:
        return f"<keys {' '.join(self._masters)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written down")
