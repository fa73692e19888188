"""A signed document in the flattened JSON form of JWS (RFC 7515), written and read.

1. ES256 by one certificate: nothing in the document chooses how it is verified.
2. What is not signed is not read: other members of the outer object, and `header`,
   are ignored, but for what would contradict what is signed.
3. Every JSON text in it is read strictly: UTF-8 without a mark in front, no name
   twice, nothing behind it, no number that is none.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ALGORITHM: Final = "ES256"
TYPE: Final = "document-exchange-receipt+json"
CONTENT: Final = "application/json"
SIGNATURE_BYTES: Final = 64
"""r and s of P-256."""

LARGEST: Final = 1024 * 1024
"""Bytes of a document that is looked at; a receipt has a few thousand."""

_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Jws:
    """A document, read; whether its signature holds is not known yet."""

    header: Mapping[str, Any]
    """What is signed of it."""
    payload: bytes
    signed: bytes = field(repr=False)
    """What the signature is over."""
    signature: bytes = field(repr=False)


def signing_input(
    payload: bytes, der: bytes, *, kind: str = TYPE, content: str = CONTENT
) -> bytes:
    """Return what is to be signed by the key of this certificate.

    `kind` tells it from everything else that this key signs.
    """
    digest = hashlib.sha256(der)
    header = {
        "alg": ALGORITHM,
        "cty": content,
        "kid": digest.hexdigest(),
        "typ": kind,
        "x5t#S256": encoded(digest.digest()),
    }
    protected = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    return f"{encoded(protected)}.{encoded(payload)}".encode()


def assembled(signed: bytes, signature: bytes) -> bytes:
    """Return the document: what was signed with its signature, one line."""
    protected, payload = signed.decode().split(".")
    document = {
        "payload": payload,
        "protected": protected,
        "signature": encoded(signature),
    }
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def read(document: bytes) -> Jws:
    """Read a document; raises `ValueError`, its text saying what is wrong with it."""
    if len(document) > LARGEST:
        raise ValueError(f"it has more than {LARGEST} bytes")
    outer = strict_object(document, "the document")
    if "signatures" in outer:
        raise ValueError("it has several signatures, a receipt has one")
    protected, payload, signature = (
        _member(outer, name) for name in ("protected", "payload", "signature")
    )
    header = strict_object(_decoded(protected, "protected"), "the protected header")
    unsigned = outer.get("header", {})
    if not isinstance(unsigned, dict) or unsigned.keys() & header.keys():
        raise ValueError("its unsigned header contradicts the signed one")
    return Jws(
        header=header,
        payload=_decoded(payload, "payload"),
        signed=f"{protected}.{payload}".encode(),
        signature=_decoded(signature, "signature"),
    )


def strict_object(text: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object (rule 3); raises `ValueError`, its text naming `what`."""
    if text.startswith(_MARK):
        raise ValueError(f"{what} begins with a byte order mark")
    try:
        found = json.loads(
            text.decode(), object_pairs_hook=_once, parse_constant=_no_number
        )
    except UnicodeDecodeError:
        raise ValueError(f"{what} is not UTF-8") from None
    except json.JSONDecodeError as error:
        behind = error.msg == "Extra data"
        told = "has something behind its end" if behind else "is no JSON"
        raise ValueError(f"{what} {told}") from None
    except RecursionError:
        raise ValueError(f"{what} is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"{what} {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{what} is no JSON object")  # noqa: TRY004 - see docstring
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"has the name {name[:40]!r} twice")
        found[name] = value
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"has {text}, which is no number")


def _member(outer: Mapping[str, Any], name: str) -> str:
    found = outer.get(name)
    if not isinstance(found, str):
        raise ValueError(f"it has no {name}")  # noqa: TRY004 - see `read`
    return found


def encoded(content: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str, name: str) -> bytes:
    """Decode base64url in its one canonical writing."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = base64.b64decode(padded, b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        found = b""
    if encoded(found) != text:
        raise ValueError(f"its {name} is no base64url")
    return found
