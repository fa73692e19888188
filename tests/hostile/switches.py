"""What stands in the place of a control that is switched off."""

import base64
import binascii
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from envelopes import signature, signed_shape
from envelopes.errors import SignatureMissing
from envelopes.letter import OrganizationCode
from envelopes.requests import Document
from gateway.domain import admission
from gateway.domain.consignment import Consignment
from gateway.domain.matching import about
from gateway.workflow.ask_again import ask_again
from gateway.workflow.collect import confirm
from gateway.workflow.free import free
from schemas import names
from schemas.limits import Limits
from tests.hostile.offices import HEALTH, MINISTRY

MUCH: Final = 10**9


def nothing(*_: object, **__: object) -> None:
    """Check nothing."""


class Everything(frozenset[Any]):
    """A list that lets everything through."""

    def __contains__(self, _: object) -> bool:
        return True


def without(function: Callable[..., None]) -> tuple[Callable[..., None], ...]:
    """Return the checks of admission but for one."""
    return tuple(check for check in admission.CHECKS if check is not function)


def limits(**raised: int) -> tuple[tuple[str, Any], ...]:
    """Return what raises limits of the envelope."""
    return (("gateway.web.door.EnvelopeLimits", partial(Limits, **raised)),)


def bounded_only(root: etree._Element, limits: Limits) -> None:
    """Bound nothing, and look for no document type in the tree."""
    del root, limits


def first_signature(document: Document, *, weak: bool) -> etree._Element:
    """Take the first signature, however many there are."""
    found = next(document.tree.getroottree().iter(names.SIGNATURE), None)
    if found is None:
        raise SignatureMissing("ds:Signature")
    signed_shape._has_its_parts(found)
    signed_shape._covers_the_letter(document, found)
    signed_shape._has_its_algorithms(found, weak=weak)
    return found


def what_stands_there(
    document: Document, certificate: Any, expected: Any
) -> etree._Element:
    """Verify, and then read the document that came."""
    VERIFIED(document, certificate, expected)
    return document.tree[0]


VERIFIED: Final = signature._verified


class Resolving:
    """lxml, with parsers that put entities in and load what they are told to."""

    def __getattr__(self, name: str) -> Any:
        return getattr(etree, name)

    @staticmethod
    def XMLParser(**options: Any) -> etree.XMLParser:  # noqa: N802 - as lxml has it
        """Make a parser that does what documents say."""
        asked = {"resolve_entities": True, "load_dtd": True, "no_network": False}
        return etree.XMLParser(**{**options, **asked})


class Embedded:
    """A certificate as it stands in a signature."""

    def __init__(self, der: bytes) -> None:
        parsed = x509.load_der_x509_certificate(der)
        self.der = der
        self.fingerprint = "0" * 64
        self.not_before = parsed.not_valid_before_utc
        self.not_after = parsed.not_valid_after_utc


def whoever(embedded: list[bytes], *_: object) -> list[Embedded]:
    """Trust the certificates that the signature brings along."""
    return [Embedded(der) for der in embedded]


def lenient(text: str) -> bytes:
    """Decode whatever can be, in both alphabets, as many libraries do."""
    try:
        return base64.b64decode(text.translate({ord("-"): "+", ord("_"): "/"}))
    except (binascii.Error, ValueError):
        return b"?"


async def anywhere(unit: Any, door: object, notifier: Any, to: str) -> Consignment:
    """Find the letter that is meant in whoever's hands."""
    del door
    day = notifier.letter_id.date[:10]
    sent = await unit.consignments.sent_by(OrganizationCode(MINISTRY), day)
    found = about(notifier, sent, to=to)
    assert found is not None
    return found


async def free_as_said(work: Any, _: object, request: Any) -> object:
    """Free a number for whom the request names as its sender."""
    return await free(work, request.sender, request)


async def ask_as_said(work: Any, _: object, request: Any) -> object:
    """Ask again for whom the request names as its receiver."""
    return await ask_again(work, request.receiver, request)


async def confirm_any(work: Any, _: object, process_id: str) -> object:
    """Delete an entry of the inbox it is in."""
    return await confirm(work, OrganizationCode(HEALTH), process_id)


async def anybody(*_: object) -> None:
    """Let in whoever comes."""


async def all_of_it(request: Any, _: object) -> bytes:
    """Read all there is."""
    return bytes(await request.content.read())


def as_it_is(text: object) -> str:
    """Change nothing."""
    return str(text)


METHODS: Final = frozenset(SignatureMethod)
DIGESTS: Final = frozenset(DigestAlgorithm)
