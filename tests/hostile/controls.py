"""Every control, how it is switched off, and the vectors that need it.

Switching off means replacing one function or constant of the hub, which tests do
nowhere else: it is the question here what happens without it. Where another control
refuses the same, `beside` names it: alone, nothing gets through; with both off, the
vectors do. `log` and `screen` controls fail not by an answer but by what is written.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, Literal

from signxml.algorithms import CanonicalizationMethod

from gateway.domain import admission
from gateway.domain.consignment import Signed
from schemas.limits import Limits
from tests.hostile.switches import (
    DIGESTS,
    METHODS,
    MUCH,
    Everything,
    Resolving,
    all_of_it,
    anybody,
    anywhere,
    as_it_is,
    ask_as_said,
    bounded_only,
    confirm_any,
    first_signature,
    free_as_said,
    lenient,
    limits,
    nothing,
    what_stands_there,
    whoever,
    without,
)

Fails = Literal["answer", "log", "screen"]


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


_BY_HAND: Final = "gateway.domain.admission.CHECKS"
_SHAPE: Final = "envelopes.signed_shape"

CONTROLS: Final[tuple[Control, ...]] = (
    # What is parsed.
    Control(
        "doctype-before-parsing",
        "A document type is refused before a parser sees it",
        (("envelopes.parsing._check_prologue", nothing),),
        ("dtd-empty", "dtd-element", "dtd-attribute-default"),
        beside=("doctype-in-tree",),
    ),
    Control(
        "doctype-in-tree",
        "A tree with a document type is refused",
        (("envelopes.parsing._check_tree", bounded_only),),
        ("dtd-empty", "dtd-element", "dtd-attribute-default"),
        beside=("doctype-before-parsing",),
    ),
    Control(
        "entities",
        "Entities are left unresolved, and nothing is loaded",
        (("envelopes.parsing.etree", Resolving()),),
        ("dtd-internal", "entity-file", "dtd-attribute-default"),
        beside=("doctype-before-parsing", "doctype-in-tree"),
    ),
    Control(
        "encodings",
        "Only encodings in which < is one byte are read",
        (("envelopes.parsing.ENCODINGS", Everything()),),
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
        (("envelopes.decoder._check_schema", nothing),),
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
            ("schemas.slim.decoded", lenient),
            ("envelopes.reading.decoded", lenient),
        ),
        ("padding-inside", "url-alphabet", "words"),
    ),
    # How much of it.
    Control(
        "markup-limit",
        "Elements and comments are counted before they are parsed",
        limits(markup=MUCH),
        ("elements", "comments", "cdata"),
    ),
    Control(
        "attributes-limit",
        "Attributes are counted before they are parsed",
        limits(attributes=MUCH),
        ("namespaces",),
    ),
    Control("depth-limit", "Depth", limits(depth=MUCH), ("depth-49",)),
    Control(
        "attribute-length",
        "The length of an attribute and a namespace",
        limits(attribute=MUCH),
        ("attribute-length", "namespace-length"),
    ),
    Control(
        "text-length", "The length of a text", limits(text=MUCH), ("subject-length",)
    ),
    Control(
        "number-length",
        "The length of a number",
        limits(number=MUCH),
        ("number-length",),
    ),
    Control(
        "counts",
        "How many references and files",
        limits(references=MUCH, attachments=MUCH),
        ("references", "attachments"),
    ),
    Control(
        "body-limit-at-the-door",
        "No more of a body is read, packed or not, than the limit",
        (("gateway.web.door.read_body", all_of_it),),
        ("too-large", "bomb-gzip", "bomb-deflate"),
        beside=("body-limit-of-the-envelope",),
        flags={"read_seconds": 30.0},
    ),
    Control(
        "body-limit-of-the-envelope",
        "No larger one is parsed",
        (("gateway.web.door.EnvelopeLimits", lambda **_: Limits(body=MUCH)),),
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
            (f"{_SHAPE}.the_signature", first_signature),
            (f"{_SHAPE}._stands_in_its_place", nothing),
        ),
        ("second-signature",),
    ),
    Control(
        "signature-in-its-place",
        "The signature stands in its place",
        ((f"{_SHAPE}._stands_in_its_place", nothing),),
        ("signature-in-header",),
    ),
    Control(
        "parts-of-the-signature",
        "A signature has its parts, and no others",
        ((f"{_SHAPE}._has_its_parts", nothing),),
        ("object", "comment-in-subject-name", "comment-in-digest"),
    ),
    Control(
        "reference",
        "The reference is to the one letter, and its ID is there once",
        ((f"{_SHAPE}._covers_the_letter", nothing),),
        ("header-without-id", "header-before-body", "second-id-prefixed"),
    ),
    Control(
        "read-what-was-signed",
        "The letter is read from what was verified, not from what came",
        (("envelopes.signature._verified", what_stands_there),),
        ("header-without-id",),
        beside=("reference",),
    ),
    Control(
        "algorithms",
        "Methods and digests that are strong",
        (
            (f"{_SHAPE}.methods", lambda **_: METHODS),
            (f"{_SHAPE}.digests", lambda **_: DIGESTS),
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
        ((f"{_SHAPE}._stands_under_no_xml_attribute", nothing),),
        ("transform-inclusive-xml-lang",),
    ),
    Control(
        "a-signature-is-verified",
        "A signature that is there is verified, also where none is demanded",
        (("gateway.workflow.reading.signatures_in", lambda _: 0),),
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
                "gateway.workflow.reading.Signed",
                SimpleNamespace(OWN="never", NONE=Signed.NONE, HOSTED=Signed.HOSTED),
            ),
        ),
        ("signature-stripped",),
    ),
    # Who signed.
    Control(
        "registered-certificate",
        "The certificate is one that the office has registered",
        (("envelopes.signature.speakers", whoever),),
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
        (("envelopes.trust.CURVES", Everything()),),
        ("curve-k1",),
    ),
    # Who says it of whom.
    Control(
        "access",
        "Who is not let in is not heard",
        (("gateway.web.access.Gate.settle", anybody),),
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
        ((_BY_HAND, without(admission.level_is_carried)),),
        ("secrecy-not-on-a-wire",),
    ),
    Control(
        "sender-of-the-door",
        "The sender is the office of the door",
        ((_BY_HAND, without(admission.sender_is_of_this_door)),),
        ("another-sender", "another-door", "signed-by-the-door"),
    ),
    Control(
        "sender-active",
        "The sender is not suspended",
        ((_BY_HAND, without(admission.sender_is_active)),),
        ("suspended",),
    ),
    Control(
        "receiver-known",
        "The receiver is in the directory, and active",
        ((_BY_HAND, without(admission.receiver_is_known)),),
        ("receiver-suspended",),
    ),
    Control(
        "date",
        "The letter is not of the future",
        ((_BY_HAND, without(admission.date_is_not_in_the_future)),),
        ("future",),
    ),
    Control(
        "number-taken",
        "One number has one content",
        (("gateway.workflow.receive.same_send", nothing),),
        ("number-taken", "number-taken-alike"),
    ),
    Control(
        "letter-in-hands",
        "A notifier is about a letter in the hands of who says it",
        (("gateway.workflow.notice._find", anywhere),),
        ("receipt-of-another", "number-of-another", "number-by-the-sender"),
    ),
    Control(
        "own-number",
        "Who frees a number has sent the letter",
        (("gateway.web.desk.free", free_as_said),),
        ("freed-by-another",),
    ),
    Control(
        "own-letter",
        "Who asks for a letter again has received it",
        (("gateway.web.desk.ask_again", ask_as_said),),
        ("asked-by-another",),
    ),
    Control(
        "own-entry",
        "Who deletes an entry has it in its inbox",
        (("gateway.web.desk.confirm", confirm_any),),
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
        (("gateway.web.door._printable", as_it_is),),
        ("message-id-terminal",),
        fails="log",
    ),
)
