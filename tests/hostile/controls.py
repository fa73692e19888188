"""Every control, how it is switched off, and the vectors that need it.

Switching off means replacing one function or constant of the hub, which tests do
nowhere else: it is the question here what happens without it. Where another control
refuses the same, `beside` names it: alone, nothing gets through; with both off, the
vectors do. `log` and `screen` controls fail not by an answer but by what is written.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, Literal

from cryptography import x509
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from envelopes import signature, signed_shape
from envelopes.errors import SignatureMissing
from envelopes.letter import OrganizationCode
from envelopes.requests import Document
from gateway.domain import admission
from gateway.domain.consignment import Consignment, Signed
from gateway.domain.matching import about
from gateway.workflow.ask_again import ask_again
from gateway.workflow.collect import confirm
from gateway.workflow.free import free
from schemas import names
from schemas.limits import Limits
from tests.hostile.offices import HEALTH, MINISTRY

Fails = Literal["answer", "log", "screen"]

_MUCH: Final = 10**9


@dataclass(frozen=True)
class Control:
    """One thing that stands between a vector and the hub."""

    name: str
    what: str
    off: tuple[tuple[str, Any], ...]
    """What is replaced, and by what."""
    vectors: tuple[str, ...]
    """Which fail then."""
    beside: tuple[str, ...] = ()
    """Controls that must be off too: each alone suffices."""
    fails: Fails = "answer"
    flags: dict[str, object] = field(default_factory=dict)
    """Settings that are part of it."""


def _nothing(*_: object, **__: object) -> None:
    """Check nothing."""


class _Everything(frozenset[Any]):
    """A list that lets everything through."""

    def __contains__(self, _: object) -> bool:
        return True


def _without(function: Callable[..., None]) -> tuple[Callable[..., None], ...]:
    return tuple(check for check in admission.CHECKS if check is not function)


def _limits(**raised: int) -> tuple[tuple[str, Any], ...]:
    return (("gateway.web.door.EnvelopeLimits", partial(Limits, **raised)),)


def _bounded_only(root: etree._Element, limits: Limits) -> None:
    """Bound nothing, and look for no document type in the tree."""
    del root, limits


def _first_signature(document: Document, *, weak: bool) -> etree._Element:
    """Take the first signature, however many there are."""
    found = next(document.tree.getroottree().iter(names.SIGNATURE), None)
    if found is None:
        raise SignatureMissing("ds:Signature")
    signed_shape._has_its_parts(found)
    signed_shape._covers_the_letter(document, found)
    signed_shape._has_its_algorithms(found, weak=weak)
    return found


def _what_stands_there(
    document: Document, certificate: Any, expected: Any
) -> etree._Element:
    """Verify, and then read the document that came."""
    _VERIFIED(document, certificate, expected)
    return document.tree[0]


_VERIFIED: Final = signature._verified


class _Resolving:
    """lxml, with parsers that put entities in and load what they are told to."""

    def __getattr__(self, name: str) -> Any:
        return getattr(etree, name)

    @staticmethod
    def XMLParser(**options: Any) -> etree.XMLParser:  # noqa: N802 - as lxml has it
        """Make a parser that does what documents say."""
        asked = {"resolve_entities": True, "load_dtd": True, "no_network": False}
        return etree.XMLParser(**{**options, **asked})


class _Embedded:
    """A certificate as it stands in a signature."""

    def __init__(self, der: bytes) -> None:
        parsed = x509.load_der_x509_certificate(der)
        self.der = der
        self.fingerprint = "0" * 64
        self.not_before = parsed.not_valid_before_utc
        self.not_after = parsed.not_valid_after_utc


def _whoever(embedded: list[bytes], *_: object) -> list[_Embedded]:
    """Trust the certificates that the signature brings along."""
    return [_Embedded(der) for der in embedded]


def _lenient(text: str) -> bytes:
    """Decode whatever can be, in both alphabets, as many libraries do."""
    try:
        return base64.b64decode(text.translate({ord("-"): "+", ord("_"): "/"}))
    except (binascii.Error, ValueError):
        return b"?"


async def _anywhere(unit: Any, door: object, notifier: Any, to: str) -> Consignment:
    """Find the letter that is meant in whoever's hands."""
    del door
    day = notifier.letter_id.date[:10]
    sent = await unit.consignments.sent_by(OrganizationCode(MINISTRY), day)
    found = about(notifier, sent, to=to)
    assert found is not None
    return found


async def _free_as_said(work: Any, _: object, request: Any) -> object:
    return await free(work, request.sender, request)


async def _ask_as_said(work: Any, _: object, request: Any) -> object:
    return await ask_again(work, request.receiver, request)


async def _confirm_any(work: Any, _: object, process_id: str) -> object:
    return await confirm(work, OrganizationCode(HEALTH), process_id)


async def _anybody(*_: object) -> None:
    """Let in whoever comes."""


async def _no_more(request: Any, _: object) -> bytes:
    """Read all there is."""
    return bytes(await request.content.read())


def _as_it_is(text: object) -> str:
    return str(text)


_METHODS: Final = frozenset(SignatureMethod)
_DIGESTS: Final = frozenset(DigestAlgorithm)
_BY_HAND: Final = "gateway.domain.admission.CHECKS"
_SHAPE: Final = "envelopes.signed_shape"

CONTROLS: Final[tuple[Control, ...]] = (
    # What is parsed.
    Control(
        "doctype-before-parsing",
        "A document type is refused before a parser sees it",
        (("envelopes.parsing._check_prologue", _nothing),),
        ("dtd-empty", "dtd-element", "dtd-attribute-default"),
        beside=("doctype-in-tree",),
    ),
    Control(
        "doctype-in-tree",
        "A tree with a document type is refused",
        (("envelopes.parsing._check_tree", _bounded_only),),
        ("dtd-empty", "dtd-element", "dtd-attribute-default"),
        beside=("doctype-before-parsing",),
    ),
    Control(
        "entities",
        "Entities are left unresolved, and nothing is loaded",
        (("envelopes.parsing.etree", _Resolving()),),
        ("dtd-internal", "entity-file", "dtd-attribute-default"),
        beside=("doctype-before-parsing", "doctype-in-tree"),
    ),
    Control(
        "encodings",
        "Only encodings in which < is one byte are read",
        (("envelopes.parsing.ENCODINGS", _Everything()),),
        ("encoding-utf-7",),
    ),
    Control(
        "instructions",
        "Processing instructions are refused",
        (("envelopes.parsing._EVENTS", ("start", "end", "start-ns")),),
        ("style-sheet", "instructions"),
    ),
    Control(
        "schema",
        "The schema of the operation is checked",
        (("envelopes.decoder._check_schema", _nothing),),
        ("two-senders", "two-receivers"),
    ),
    Control(
        "one-body",
        "One Body with one element",
        (("envelopes.decoder._request_element", lambda root: root[-1][0]),),
        ("two-operations",),
    ),
    Control(
        "base64",
        "Base64 is read strictly",
        (
            ("schemas.slim.decoded", _lenient),
            ("envelopes.reading.decoded", _lenient),
        ),
        ("padding-inside", "url-alphabet", "words"),
    ),
    # How much of it.
    Control(
        "markup-limit",
        "Elements and comments are counted before they are parsed",
        _limits(markup=_MUCH),
        ("elements", "comments", "cdata"),
    ),
    Control(
        "attributes-limit",
        "Attributes are counted before they are parsed",
        _limits(attributes=_MUCH),
        ("namespaces",),
    ),
    Control("depth-limit", "Depth", _limits(depth=_MUCH), ("depth-49",)),
    Control(
        "attribute-length",
        "The length of an attribute and a namespace",
        _limits(attribute=_MUCH),
        ("attribute-length", "namespace-length"),
    ),
    Control(
        "text-length", "The length of a text", _limits(text=_MUCH), ("subject-length",)
    ),
    Control(
        "number-length",
        "The length of a number",
        _limits(number=_MUCH),
        ("number-length",),
    ),
    Control(
        "counts",
        "How many references and files",
        _limits(references=_MUCH, attachments=_MUCH),
        ("references", "attachments"),
    ),
    Control(
        "body-limit-at-the-door",
        "No more of a body is read, packed or not, than the limit",
        (("gateway.web.door.read_body", _no_more),),
        ("too-large", "bomb-gzip", "bomb-deflate"),
        beside=("body-limit-of-the-envelope",),
        flags={"read_seconds": 30.0},
    ),
    Control(
        "body-limit-of-the-envelope",
        "No larger one is parsed",
        (("gateway.web.door.EnvelopeLimits", lambda **_: Limits(body=_MUCH)),),
        ("too-large", "bomb-gzip", "bomb-deflate"),
        beside=("body-limit-at-the-door",),
    ),
    Control(
        "read-time",
        "A body has its time to come in",
        (),
        ("slow-body",),
        flags={"read_seconds": 30.0},
    ),
    Control(
        "head-time",
        "A head has its time to come in",
        (),
        ("head-slow",),
        flags={"idle_seconds": 30.0},
    ),
    # What was signed.
    Control(
        "one-signature",
        "One signature in the whole envelope",
        (
            (f"{_SHAPE}.the_signature", _first_signature),
            (f"{_SHAPE}._stands_in_its_place", _nothing),
        ),
        ("second-signature",),
    ),
    Control(
        "signature-in-its-place",
        "The signature stands in its place",
        ((f"{_SHAPE}._stands_in_its_place", _nothing),),
        ("signature-in-header",),
    ),
    Control(
        "parts-of-the-signature",
        "A signature has its parts, and no others",
        ((f"{_SHAPE}._has_its_parts", _nothing),),
        ("object", "comment-in-subject-name", "comment-in-digest"),
    ),
    Control(
        "reference",
        "The reference is to the one letter, and its ID is there once",
        ((f"{_SHAPE}._covers_the_letter", _nothing),),
        ("header-without-id", "header-before-body", "second-id-prefixed"),
    ),
    Control(
        "read-what-was-signed",
        "The letter is read from what was verified, not from what came",
        (("envelopes.signature._verified", _what_stands_there),),
        ("header-without-id",),
        beside=("reference",),
    ),
    Control(
        "algorithms",
        "Methods and digests that are strong",
        (
            (f"{_SHAPE}.methods", lambda **_: _METHODS),
            (f"{_SHAPE}.digests", lambda **_: _DIGESTS),
        ),
        ("rsa-sha1", "digest-sha1", "rsa-sha224", "ecdsa-sha1"),
    ),
    Control(
        "transforms",
        "Canonicalisation is the only transform",
        ((f"{_SHAPE}._TRANSFORMS", frozenset(CanonicalizationMethod)),),
        ("transform-with-comments",),
    ),
    Control(
        "xml-attributes",
        "No xml: attribute above what is canonicalised inclusively",
        ((f"{_SHAPE}._stands_under_no_xml_attribute", _nothing),),
        ("transform-inclusive-xml-lang",),
    ),
    Control(
        "a-signature-is-verified",
        "A signature that is there is verified, also where none is demanded",
        (("gateway.workflow.receive.signatures_in", lambda _: 0),),
        ("hosted-and-invalid", "none-and-header", "hosted-by-a-stranger"),
        beside=("none-where-none-is-read",),
    ),
    Control(
        "none-where-none-is-read",
        "A letter is read as unsigned only where no signature is",
        (("envelopes.signature.signatures_in", lambda _: 0),),
        ("hosted-and-invalid", "none-and-header", "hosted-by-a-stranger"),
        beside=("a-signature-is-verified",),
    ),
    Control(
        "must-sign",
        "An office that must sign has signed",
        (
            (
                "gateway.workflow.receive.Signed",
                SimpleNamespace(OWN="never", NONE=Signed.NONE, HOSTED=Signed.HOSTED),
            ),
        ),
        ("signature-stripped",),
    ),
    # Who signed.
    Control(
        "registered-certificate",
        "The certificate is one that the office has registered",
        (("envelopes.signature.speakers", _whoever),),
        ("another-office", "stranger", "self-made", "issued-by-the-office"),
    ),
    Control(
        "validity",
        "The certificate is valid now",
        (("envelopes.trust.covers", lambda *_: True),),
        ("expired", "not-yet-valid"),
    ),
    Control(
        "revocation",
        "The certificate was not revoked",
        (("envelopes.trust.revoked", lambda *_: False),),
        ("revoked",),
    ),
    Control(
        "key-length",
        "RSA keys have 2,048 bits",
        (("envelopes.trust.LEAST_RSA_BITS", 512),),
        ("rsa-1024",),
    ),
    Control(
        "curves",
        "ECDSA keys are on P-256 or P-384",
        (("envelopes.trust.CURVES", _Everything()),),
        ("curve-k1",),
    ),
    # Who says it of whom.
    Control(
        "access",
        "Who is not let in is not heard",
        (("gateway.web.access.Gate.settle", _anybody),),
        ("no-address", "nothing-shown", "secret-of-another", "door-unknown"),
    ),
    Control(
        "proxies",
        "What a proxy says is believed of configured proxies only",
        (),
        ("forwarded-for",),
        flags={"proxies": "127.0.0.1/32"},
    ),
    Control(
        "secrecy",
        "The level of secrecy is one that is carried",
        ((_BY_HAND, _without(admission.level_is_carried)),),
        ("secrecy-not-on-a-wire",),
    ),
    Control(
        "sender-of-the-door",
        "The sender is the office of the door",
        ((_BY_HAND, _without(admission.sender_is_of_this_door)),),
        ("another-sender", "another-door", "signed-by-the-door"),
    ),
    Control(
        "sender-active",
        "The sender is not suspended",
        ((_BY_HAND, _without(admission.sender_is_active)),),
        ("suspended",),
    ),
    Control(
        "receiver-known",
        "The receiver is in the directory, and active",
        ((_BY_HAND, _without(admission.receiver_is_known)),),
        ("receiver-suspended",),
    ),
    Control(
        "date",
        "The letter is not of the future",
        ((_BY_HAND, _without(admission.date_is_not_in_the_future)),),
        ("future",),
    ),
    Control(
        "number-taken",
        "One number has one content",
        (("gateway.workflow.receive.same_send", _nothing),),
        ("number-taken", "number-taken-alike"),
    ),
    Control(
        "letter-in-hands",
        "A notifier is about a letter in the hands of who says it",
        (("gateway.workflow.notice._find", _anywhere),),
        ("receipt-of-another", "number-of-another", "number-by-the-sender"),
    ),
    Control(
        "own-number",
        "Who frees a number has sent the letter",
        (("gateway.web.desk.free", _free_as_said),),
        ("freed-by-another",),
    ),
    Control(
        "own-letter",
        "Who asks for a letter again has received it",
        (("gateway.web.desk.ask_again", _ask_as_said),),
        ("asked-by-another",),
    ),
    Control(
        "own-entry",
        "Who deletes an entry has it in its inbox",
        (("gateway.web.desk.confirm", _confirm_any),),
        ("entry-of-another",),
    ),
    # Where it appears.
    Control(
        "steady-screen",
        "No character that steers a terminal is written",
        (("gateway.cli.screen._steers", lambda _: False),),
        ("subject-terminal", "number-terminal", "c1-controls", "subject-turned"),
        fails="screen",
    ),
    Control(
        "printable-log",
        "What a stranger wrote enters the log without control characters",
        (("gateway.web.door._printable", _as_it_is),),
        ("message-id-terminal",),
        fails="log",
    ),
)
