"""Keys on a PKCS#11 token (smart card, HSM, SoftHSM), named by a URI of RFC 7512.

All keys of the hub on a token bear one label; which of them is in use, the
certificate file says. They are made on the token and cannot be read from it.
The hash is computed here, since not every token can (SoftHSM 2.6 has no
CKM_ECDSA_SHA256). One session is shared, so calls take turns.

A PIN that was refused is not tried again until its file changes: tokens lock
themselves after a few wrong ones.
"""

import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import unquote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from envelopes.signing_key import Hash, SigningKey
from envelopes.trust import Certificate, PublicKey
from gateway.config import SettingsError
from gateway.keys.holder import SignerUnavailable, owners_alone, unusable

if TYPE_CHECKING:
    import pkcs11

SCHEME: Final = "pkcs11:"

_SETTING: Final = "signing_key"
_PATH: Final = frozenset({"token", "serial", "object"})
_QUERY: Final = frozenset({"module-path", "pin-source"})
_POINT: Final = 65
"""Bytes of an uncompressed point of P-256."""
_P256: Final = bytes.fromhex("06082a8648ce3d030107")
"""CKA_EC_PARAMS: the curve's object identifier."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """A key on a token, and what opens it."""

    token: str
    label: str
    """Of all keys of the hub on it."""
    module: Path
    """The library of the token's maker."""
    pin: Path
    """File with the PIN, its owner's alone."""
    serial: str = ""

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a `pkcs11:` URI; raises `SettingsError`."""
        path, _, query = uri.removeprefix(SCHEME).partition("?")
        said = _attributes(path, ";", _PATH) | _attributes(query, "&", _QUERY)
        for name in ("token", "object", "module-path", "pin-source"):
            if not said.get(name):
                raise _wrong(f"the pkcs11 URI does not say {name}=")
        return cls(
            token=said["token"],
            label=said["object"],
            module=Path(said["module-path"]),
            pin=Path(re.sub("^file:(//)?", "", said["pin-source"])),
            serial=said.get("serial", ""),
        )


def _attributes(text: str, mark: str, known: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(mark))):
        name, _, value = part.partition("=")
        if name == "pin-value":
            raise _wrong("a PIN does not stand in a setting: write it into a file")
        if name not in known or name in found:
            raise _wrong(f"the pkcs11 URI has an unknown or repeated part: {name}=")
        found[name] = unquote(value)
    return found


def _wrong(problem: str) -> SettingsError:
    return SettingsError(
        _SETTING,
        problem,
        "Write pkcs11:token=NAME;object=NAME?module-path=FILE&pin-source=file:FILE",
    )


class Token:
    """A session with a token, opened when it is needed, and again after it broke."""

    def __init__(self, address: TokenAddress) -> None:
        self.address = address
        self._session: pkcs11.Session | None = None
        self._turn = threading.Lock()
        self._refused: str | None = None
        """The PIN that was not right."""

    def ask(self, question: "Callable[[pkcs11.Session], T]") -> T:
        """Ask the token; a broken session is opened once more.

        Raises `SettingsError` for what an operator has to mend, `SignerUnavailable`
        where the token does not answer.
        """
        errors = _errors()
        with self._turn:
            for again in (True, False):
                fresh = self._session is None
                try:
                    return question(self._opened())
                except errors as error:
                    self._close()
                    if fresh or not again:
                        raise SignerUnavailable(
                            self.address.token, detail=repr(error)
                        ) from error
        raise AssertionError("unreachable")

    def _opened(self) -> "pkcs11.Session":
        if self._session is None:
            self._session = self._open()
        return self._session

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except _errors():
                return

    def _open(self) -> "pkcs11.Session":
        import pkcs11  # noqa: PLC0415 - an extra; see `_errors`

        address = self.address
        pin = self._pin()
        library = _library(address.module)
        wanted: dict[str, str | bytes] = {"token_label": address.token}
        if address.serial:
            wanted["token_serial"] = address.serial.encode()
        try:
            try:
                token = library.get_token(**wanted)
            except pkcs11.NoSuchToken:
                # Some libraries see what was plugged in later only after a new start.
                library.reinitialize()
                token = library.get_token(**wanted)
        except pkcs11.MultipleTokensReturned as error:
            raise _wrong(
                f"several tokens are called {address.token}: say which by serial="
            ) from error
        try:
            session: pkcs11.Session = token.open(rw=True, user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            # Another session of this process gave the PIN; it is good for all of them.
            session = token.open(rw=True)
        except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid) as error:
            self._refused = pin
            raise self._wrong_pin() from error
        except pkcs11.PinLocked as error:
            self._refused = pin
            raise SettingsError(
                _SETTING,
                f"the token {address.token} is locked after too many wrong PINs",
                "Have its security officer unlock it",
            ) from error
        return session

    def _pin(self) -> str:
        try:
            owners_alone(self.address.pin, _SETTING)
            pin = self.address.pin.read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(
                _SETTING,
                f"the PIN cannot be read from {self.address.pin}",
                "Put it there, readable by the hub's user alone",
            ) from error
        if pin == self._refused:
            raise self._wrong_pin()
        return pin

    def _wrong_pin(self) -> SettingsError:
        return SettingsError(
            _SETTING,
            f"the token {self.address.token} refuses the PIN",
            f"Correct it in {self.address.pin}; too many wrong ones lock the token",
        )


class TokenKey:
    """A key on a token."""

    def __init__(self, token: Token, public_key: ec.EllipticCurvePublicKey) -> None:
        self._token = token
        self.public_key = public_key

    def sign(self, data: bytes, digest: Hash) -> bytes:
        """Return r and s over the hash of `data`; raises `SignerUnavailable`."""
        import pkcs11  # noqa: PLC0415 - an extra; see `_errors`

        hashed = hashes.Hash(digest)
        hashed.update(data)
        value = hashed.finalize()

        def signed(session: "pkcs11.Session") -> bytes:
            key = self._private(session)
            return bytes(key.sign(value, mechanism=pkcs11.Mechanism.ECDSA))

        try:
            return self._token.ask(signed)
        except SettingsError as error:
            # It could be used before: what is wrong now is mended while we wait.
            raise SignerUnavailable(
                self._token.address.token, detail=str(error)
            ) from error

    def _private(self, session: "pkcs11.Session") -> Any:  # noqa: ANN401 - no stubs
        found = _keys(session, self._token.address.label)
        for public, private, _ in found:
            if public == self.public_key:
                return private
        raise unusable(f"it is not on the token {self._token.address.token} any more")


@dataclass(frozen=True)
class TokenHolder:
    """Keys on a token; their certificates are files."""

    token: Token
    certificate: Path
    may_block: bool = field(default=True, init=False)

    @property
    def where(self) -> str:
        """Where the keys are, for people."""
        return f"token {self.token.address.token}, object {self.token.address.label}"

    def key_of(self, certificate: Certificate) -> SigningKey:
        """Return the private key of a certificate; raises `SettingsError`."""
        for key in self._all():
            if key.public_key == certificate.public_key:
                return key
        raise unusable(f"{self.certificate} is of no key in {self.where}")

    def waiting(self, used: Collection[PublicKey]) -> SigningKey | None:
        """Return the key that waits, made here or by the token's own tools."""
        free = [key for key in self._all() if key.public_key not in used]
        if len(free) > 1:
            raise unusable(f"several keys wait in {self.where}: remove all but one")
        return free[0] if free else None

    def make(self) -> SigningKey:
        """Make a key on the token, where it stays."""
        import pkcs11  # noqa: PLC0415 - an extra; see `_errors`

        def made(session: "pkcs11.Session") -> ec.EllipticCurvePublicKey:
            curve = session.create_domain_parameters(
                pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: _P256}, local=True
            )
            public, _ = curve.generate_keypair(
                store=True,
                # A fresh one, so that the halves of two pairs are told apart.
                id=session.generate_random(128),
                label=self.token.address.label,
                private_template={
                    pkcs11.Attribute.SENSITIVE: True,
                    pkcs11.Attribute.EXTRACTABLE: False,
                },
            )
            return _point(public[pkcs11.Attribute.EC_POINT])

        return TokenKey(self.token, self.token.ask(made))

    def settle(self, in_use: PublicKey, *, drop: Collection[PublicKey]) -> None:
        """Destroy these keys on the token, never the one in use."""

        def dropped(session: "pkcs11.Session") -> None:
            for public, private, half in _keys(session, self.token.address.label):
                if public in drop and public != in_use:
                    private.destroy()
                    half.destroy()

        self.token.ask(dropped)

    def _all(self) -> list[TokenKey]:
        label = self.token.address.label
        found = self.token.ask(lambda session: _keys(session, label))
        return [TokenKey(self.token, public) for public, _, _ in found]


def _keys(
    session: "pkcs11.Session", label: str
) -> list[tuple[ec.EllipticCurvePublicKey, Any, Any]]:
    """Return the P-256 pairs of a label: the public key, and both halves' objects."""
    import pkcs11  # noqa: PLC0415 - an extra; see `_errors`

    kind, pair = pkcs11.Attribute, []
    wanted = {kind.LABEL: label, kind.KEY_TYPE: pkcs11.KeyType.EC}
    private = {
        bytes(one[kind.ID]): one
        for one in session.get_objects(
            {kind.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, **wanted}
        )
    }
    for half in session.get_objects(
        {kind.CLASS: pkcs11.ObjectClass.PUBLIC_KEY, **wanted}
    ):
        its = private.get(bytes(half[kind.ID]))
        if its is not None and bytes(half[kind.EC_PARAMS]) == _P256:
            pair.append((_point(half[kind.EC_POINT]), its, half))
    return pair


def _point(value: bytes) -> ec.EllipticCurvePublicKey:
    """Read a point; tokens write it as an OCTET STRING in DER, some without."""
    return ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), bytes(value)[-_POINT:]
    )


def _library(module: Path) -> Any:  # noqa: ANN401 - its stubs do not name it
    import pkcs11  # noqa: PLC0415 - an extra; see `_errors`

    try:
        return pkcs11.lib(str(module))
    except (RuntimeError, OSError) as error:
        raise SettingsError(
            _SETTING,
            f"the library of the token cannot be loaded: {module}",
            "Install it, or correct module-path=",
        ) from error


def _errors() -> tuple[type[Exception], ...]:
    """Return what the library raises; raises `SettingsError` where there is none."""
    try:
        import pkcs11  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise SettingsError(
            _SETTING,
            "a token needs the library python-pkcs11, which is not installed",
            "Install it: pip install 'document-exchange-gateway[token]'",
        ) from error
    return (pkcs11.PKCS11Error,)
