"""Callers who are not who they say, at doors that ask for more than an address.

Each letter would be taken if its caller were let in.
"""

import base64
from collections.abc import Iterator
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.hostile.making import SUBJECT, plain
from tests.hostile.offices import (
    ALSO_KEYED,
    FAR,
    FAR_NETWORK,
    KEYED,
    KEYED_SECRET,
    OTHER_SECRET,
    keyed,
)
from tests.hostile.vector import Carried, Kind, Refused, Vector

_DENIED = Refused("access-denied", 401)
_WITHIN = FAR_NETWORK.replace("0.0.0/8", "0.0.1")

_Headers = tuple[tuple[str, str], ...]


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this class."""
    for name, (wrong, headers) in _from_afar().items():
        content = plain(name, sender=FAR)
        yield Vector(
            name, Kind.ACCESS, wrong, content, _DENIED, door=FAR, headers=headers
        )
    for name, (wrong, path, headers) in _without_proof().items():
        content = plain(name, sender=KEYED)
        door = f"{KEYED}{path}"
        yield Vector(
            name, Kind.ACCESS, wrong, content, _DENIED, door=door, headers=headers
        )
    for name, path, headers in (
        ("secret-in-the-path", f"/key-{KEYED_SECRET}", ()),
        ("secret-by-basic", "", _basic(KEYED, KEYED_SECRET)),
    ):
        yield Vector(
            name,
            Kind.ACCESS,
            "The right secret, which is no attack",
            plain(name, sender=KEYED),
            Carried(SUBJECT),
            door=f"{KEYED}{path}",
            headers=headers,
        )


def _from_afar() -> dict[str, tuple[str, _Headers]]:
    """Say that one calls from the network of the office."""
    return {
        "no-address": ("From another network than the office's", ()),
        "forwarded-for": (
            "X-Forwarded-For from somebody who is no proxy",
            (("X-Forwarded-For", _WITHIN),),
        ),
        "forwarded": ("Forwarded likewise", (("Forwarded", f"for={_WITHIN}"),)),
        "real-ip": ("X-Real-IP likewise", (("X-Real-IP", _WITHIN),)),
        "underscores": (
            "The header with underscores, which some servers take for the other",
            (("X_Forwarded_For", _WITHIN),),
        ),
        "forwarded-twice": (
            "The header twice, this machine first",
            (("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", _WITHIN)),
        ),
    }


def _without_proof() -> dict[str, tuple[str, str, _Headers]]:
    """Show nothing, or what is not the office's."""
    pem = x509.load_der_x509_certificate(keyed().der).public_bytes(Encoding.PEM)
    return {
        "nothing-shown": ("Nothing where a secret is asked for", "", ()),
        "certificate-header": (
            "The office's certificate in a header, from who is no proxy",
            "",
            (("X-Client-Certificate", quote(pem.decode())),),
        ),
        "secret-wrong": ("A wrong secret in the path", "/key-wrong", ()),
        "secret-of-another": (
            "The secret of another office",
            f"/key-{OTHER_SECRET}",
            (),
        ),
        "secret-digest": (
            "The digest of the secret, as a stolen database has it",
            "",
            _basic(KEYED, "0" * 64),
        ),
        "basic-empty": ("HTTP Basic without a password", "", _basic(KEYED, "")),
        "basic-of-another": (
            "Another office's name with its own secret",
            "",
            _basic(ALSO_KEYED, OTHER_SECRET),
        ),
        "basic-junk": (
            "HTTP Basic that is no base64",
            "",
            (("Authorization", "Basic %%%\xff"),),
        ),
        "basic-colon": (
            "A colon in the name, so that two readers part it elsewhere",
            "",
            _basic(f"{ALSO_KEYED}:{KEYED}", KEYED_SECRET),
        ),
    }


def _basic(user: str, password: str) -> _Headers:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return (("Authorization", f"Basic {pair}"),)
