"""What can go wrong with the store. Time's move, or an operator's.

The first line of a class's docstring is its default message; `detail` is for the
hub's log only and never leaves it.
"""

from typing import ClassVar


class StoreError(Exception):
    """The store could not do what was asked."""

    code: ClassVar[str] = "store-error"
    temporary: ClassVar[bool] = False

    def __init__(self, where: str = "", *, detail: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where
        self.detail = detail


class StoreUnavailable(StoreError):
    """The store cannot be reached or is busy; the whole unit may be run again."""

    code = "store-unavailable"
    temporary = True


class ConcurrentChange(StoreError):
    """What was read has changed meanwhile; the whole unit may be run again."""

    code = "concurrent-change"
    temporary = True


class VaultDamaged(StoreError):
    """The vault does not give back what was kept in it."""

    code = "vault-damaged"


class BytesPurged(VaultDamaged):
    """The bytes of this letter were purged; it lies in an archive."""

    code = "bytes-purged"


class SecretsClosed(StoreError):
    """Secret letters cannot be opened here; see the setting secret_key_file."""

    code = "secrets-closed"
