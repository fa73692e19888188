"""Masks: what leaves the hub in a bundle shows no secret.

| what | how it is known |
|---|---|
| a secret of ours in an address | it stands behind `key-`, or has a digest of ours |
| a name and password in an address | they stand before `@` |
| the query of an address in a header | it often is a token of the peer's |
| a password or token in a SOAP header | the name of its element |
| credentials and cookies of HTTP | the name of the header |
| a password of ours that a peer repeats | it is given, as it is and as HTTP Basic |

The mask is as long as what it covers, so that places stay where they were.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from gateway.domain.access import SECRET_BITS, digest_of

MASK: Final = b"*"

_LENGTH: Final = SECRET_BITS // 5
_WORD: Final = re.compile(rb"[0-9A-Za-z]+")
_RULES: Final = (
    re.compile(rb"(?i)(?<=/key-)[^/\s\"'<>?#&]+"),
    re.compile(rb"(?<=://)[^/\s\"'<>?#@]+:[^/\s\"'<>?#@]*(?=@)"),
    re.compile(
        rb"(?i)(?<=>)[^<>]+(?=</(?:[\w.-]+:)?(?:password|binarysecuritytoken|nonce"
        rb"|secret|apikey|token)\s*>)"
    ),
)
_QUERY: Final = re.compile(rb"(?<=\?)[^\s\"'<>#]+")
_HEADERS: Final = re.compile(
    "auth|cookie|token|secret|api-?key|password|session", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Masks:
    """What is covered besides what shows by its form."""

    digests: frozenset[str] = frozenset()
    """SHA-256 of our secrets, as `gateway.domain.access` keeps them."""
    passwords: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """User and password that the hub shows to an endpoint."""

    def cover(self, content: bytes) -> bytes:
        """Cover whatever is a secret, by its form or because it is known."""
        for rule in _RULES:
            content = rule.sub(_covered, content)
        return self.cover_known(content)

    def cover_known(self, content: bytes) -> bytes:
        """Cover what is known to be a secret, whatever stands around it."""
        for literal in self._literals():
            content = content.replace(literal, MASK * len(literal))
        return _WORD.sub(partial(_known, self.digests), content)

    def cover_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Cover what headers of HTTP say of credentials."""
        return {name: self._header(name, text) for name, text in headers.items()}

    def _header(self, name: str, text: str) -> str:
        if _HEADERS.search(name):
            return "*" * len(text)
        covered = _QUERY.sub(_covered, self.cover(text.encode("utf-8", "replace")))
        return covered.decode("utf-8", "replace")

    def _literals(self) -> Iterable[bytes]:
        for user, password in self.passwords:
            if password:
                yield password.encode()
                yield b64encode(f"{user}:{password}".encode())


def _covered(found: re.Match[bytes]) -> bytes:
    return MASK * len(found[0])


def _known(digests: frozenset[str], found: re.Match[bytes]) -> bytes:
    word = found[0]
    if len(word) == _LENGTH and digest_of(word.decode()) in digests:
        return MASK * len(word)
    return word
