"""The file with the keys of secret letters: text, its owner's alone.

    # Whoever has this file and the hub's data can read secret letters. …
    gateway-secret-keys 1
    master 3f6c0a9b2d41e875 64 hexadecimal digits
    master 90d2…            64 hexadecimal digits
    address 77ab…           64 hexadecimal digits

1. `master` lines wrap the keys of letters; the first one is in use, older ones only
   open what they wrapped.
2. The `address` line hides digests and is never replaced: with another one no copy of
   a letter would be found again.
3. Each key stands behind its id, the beginning of its fingerprint: a key that was
   copied wrongly is seen at once. Lines that begin with `#` say nothing.
4. The file is never written in place: it is as it was, or whole.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from gateway.config import SettingsError
from gateway.store.errors import SecretsClosed
from gateway.store.keyring import KEY_SIZE, Keyring, key_id

SETTING: Final = "secret_key_file"
DEMO_FILE: Final = "secret.keys"
"""The throw-away one of a demo hub, in its data directory."""

_HEAD: Final = "gateway-secret-keys 1"
_SAYS: Final = (
    "# Whoever has this file and the hub's data can read secret letters.\n"
    "# Without it nobody can, for ever: keep a copy, but not with the data's backup.\n"
)
_MOST: Final = 64 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What stands in a key file."""

    masters: Mapping[str, bytes] = field(repr=False)
    """By their ids, the one in use first."""
    address: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make keys that nobody else has."""
        master = os.urandom(KEY_SIZE)
        return cls({key_id(master): master}, os.urandom(KEY_SIZE))

    def with_new_master(self) -> Self:
        """Return them with a new master key, which is in use from then on."""
        master = os.urandom(KEY_SIZE)
        return type(self)({key_id(master): master, **self.masters}, self.address)

    def only(self, ids: frozenset[str]) -> Self:
        """Return them with these master keys and the one in use, and no others."""
        kept = {
            name: key
            for place, (name, key) in enumerate(self.masters.items())
            if place == 0 or name in ids
        }
        return type(self)(kept, self.address)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a key file; raises `SettingsError`, in which no key stands."""
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(_MOST)
        except OSError as error:
            raise _wrong(
                path,
                f"cannot be read: {os.strerror(error.errno or 0)}",
                "Bring the file back from its copy",
            ) from None
        if not stat.S_ISREG(mode):
            raise _wrong(path, "is no file", "Name the file with the keys")
        if mode & _OTHERS:
            raise _wrong(path, "can be read by others", f"chmod 600 {path}")
        try:
            return cls._parsed(content.decode("ascii"))
        except ValueError:
            # Without its cause: that quotes what it could not read.
            problem = "is no key file, or is damaged"
        raise _wrong(path, problem, "Bring back a copy of it")

    @classmethod
    def _parsed(cls, text: str) -> Self:
        lines = [line.strip() for line in text.splitlines()]
        head, *rest = [line for line in lines if line and not line.startswith("#")]
        masters: dict[str, bytes] = {}
        addresses: list[bytes] = []
        for line in rest:
            kind, name, digits = line.split()
            key = bytes.fromhex(digits)
            if len(key) != KEY_SIZE or key_id(key) != name or name in masters:
                raise ValueError("a key is not the one it is called")
            if kind == "master":
                masters[name] = key
            elif kind == "address":
                addresses.append(key)
            else:
                raise ValueError("a line is not known")
        if head != _HEAD or not masters or len(addresses) != 1:
            raise ValueError("the file is not whole")
        return cls(masters, addresses[0])

    def written(self) -> bytes:
        """Return the file's text."""
        masters = "".join(f"master {n} {k.hex()}\n" for n, k in self.masters.items())
        address = f"address {key_id(self.address)} {self.address.hex()}\n"
        return f"{_SAYS}{_HEAD}\n{masters}{address}".encode()

    def create(self, path: Path) -> None:
        """Write a file that is not there yet; raises `OSError` where it is."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        _write(os.open(path, flags, 0o600), self.written())
        _sync_folder(path.parent)

    def replace(self, path: Path) -> None:
        """Put these in place of what stands in a file, durably; raises `OSError`.

        It stays its owner's: an administrator may rotate for the hub's account.
        """
        before = path.stat()
        fresh = path.resolve().with_name(f".{path.name}.{os.getpid()}")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            _write(os.open(fresh, flags, 0o600), self.written())
            if before.st_uid != os.geteuid():
                os.chown(fresh, before.st_uid, before.st_gid)
            fresh.replace(path.resolve())
        finally:
            fresh.unlink(missing_ok=True)
        _sync_folder(path.resolve().parent)


class _Watch:
    """Reads a key file again where it was replaced."""

    __slots__ = ("_path", "_seen")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _mark(path)

    def __call__(self) -> Mapping[str, bytes] | None:
        """Return its master keys where it has changed; raises `SecretsClosed`."""
        try:
            if (mark := _mark(self._path)) == self._seen:
                return None
            masters = KeyFile.read(self._path).masters
        except (OSError, SettingsError) as error:
            raise SecretsClosed(detail=str(error)) from None
        self._seen = mark
        return masters


def keyring_of(path: Path) -> Keyring:
    """Return the keys of a file; those of a new file in its place are seen later.

    Raises `SettingsError`.
    """
    try:
        watch = _Watch(path)
    except OSError:
        # Reading it says what is wrong.
        watch = None
    keys = KeyFile.read(path)
    return Keyring(keys.masters, keys.address, watch or (lambda: None))


def lies_within(path: Path, data: Path) -> bool:
    """Say whether a file lies in a data directory, by whatever names."""
    return path.resolve().is_relative_to(data.resolve())


def _mark(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _write(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _wrong(path: Path, problem: str, remedy: str) -> SettingsError:
    return SettingsError(SETTING, f"{path} {problem}", remedy)
