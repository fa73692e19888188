"""Keys for secret letters that are the same in every run; they protect nothing."""

from typing import Final

from gateway.store.keyring import Keyring, key_id

MASTER: Final = bytes(range(32))
OTHER_MASTER: Final = bytes(range(32, 64))
ADDRESS: Final = bytes(range(64, 96))


def a_keyring(*masters: bytes, address: bytes = ADDRESS) -> Keyring:
    """Return a keyring with these master keys, the first in use."""
    return Keyring({key_id(key): key for key in masters or (MASTER,)}, address)
