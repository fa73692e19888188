"""The files of a bundle, and the zip they lie in: the same each time it is made.

1. What is written of settings and endpoints is a list of what may be: a setting that
   is added later stays out.
2. Persons are left out who acted on the hub; those in the letter itself stand there.
3. What came and what was answered is covered where it shows a secret
   (`gateway.domain.masking`); what was delivered only where a secret is known, since
   it is the letter and signed.
"""

import dataclasses
import json
import os
import platform
import ssl
import zipfile
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path as File
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from envelopes import answers
from envelopes.dialects import dialect_named
from gateway.cli import bundle_readme, documents, receipts_files
from gateway.config import Settings
from gateway.domain.consignment import HUB
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import Attempt
from gateway.domain.endpoint import Endpoint
from gateway.domain.evidence import SignedReceipt
from gateway.domain.masking import Masks
from gateway.domain.organization import Organization
from gateway.ports import Path

SETTINGS: Final = (
    "body_limit",
    "bodies_limit",
    "drain_seconds",
    "host_suffix",
    "idle_seconds",
    "poll_wait",
    "public_url",
    "push_seconds",
    "read_seconds",
    "secrecy",
)
"""Settings that say something to who builds the other side (rule 1)."""

PACKAGES: Final = ("aiohttp", "cryptography", "lxml", "signxml")

_OURS: Final = "document-exchange-gateway"
_FIRST: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can name, in place of when it was made."""
_PERSON: Final = "a person"
_CODE: Final = 10
_PERSONAL: Final = frozenset({"by", "why", "reason", "name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that is known of one letter for one receiver."""

    path: Path
    sender: Organization
    envelope: bytes
    """As it came."""
    delivered: Mapping[str, bytes]
    """What lies for the receiver, by the dialect it was fitted to; empty for none."""
    attempts: Sequence[Attempt]
    dead_letters: Sequence[DeadLetter]
    endpoint: Endpoint | None
    signed: Sequence[SignedReceipt]
    certificates: Mapping[str, bytes]
    """The hub's, DER by fingerprint."""
    masks: Masks
    settings: Settings


def files(material: Material) -> dict[str, bytes]:
    """Return the files of a bundle by their names, README first."""
    consignment, masks = material.path.consignment, material.masks
    answer = answers.letter_taken(consignment.process_id, consignment.accepted_at)
    found = {
        "request.xml": masks.cover(material.envelope),
        "answer.xml": answer,
        **_delivered(material),
        "letter.json": _json(_letter(material)),
        "journal.json": _json(_journal(material)),
        "attempts.json": _json([_attempt(a, masks) for a in material.attempts]),
        **_answers(material),
        "dead-letters.json": _json([_dead(d) for d in material.dead_letters]),
        "endpoint.json": _json(_endpoint(material)),
        **_receipts(material),
        "versions.json": _json(versions()),
        "settings.json": _json(_settings(material.settings)),
    }
    changed = [n for n, was in _originals(material).items() if found[n] != was]
    readme = bundle_readme.text(material.path, sorted(found), changed)
    whole = {"README.txt": readme.encode(), **found}
    sums = [f"{sha256(body).hexdigest()}  {name}\n" for name, body in whole.items()]
    return {**whole, "SHA256SUMS": "".join(sums).encode()}


def zipped(found: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files, the same for the same files."""
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in found.items():
            entry = zipfile.ZipInfo(name, _FIRST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return whole.getvalue()


def write(file: File, content: bytes) -> None:
    """Write it for its owner alone; raises `OSError` where something is there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(file, flags, 0o600), "wb") as opened:
        opened.write(content)


def versions() -> dict[str, str]:
    """Return of what this hub is made."""
    return {
        "gateway": _version(_OURS),
        "python": platform.python_version(),
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "openssl": ssl.OPENSSL_VERSION,
        **{name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _originals(material: Material) -> dict[str, bytes]:
    return {
        "request.xml": material.envelope,
        **{_delivered_name(d): body for d, body in material.delivered.items()},
        **{_answer_name(a): a.answer.body for a in material.attempts if a.answer.body},
    }


def _delivered(material: Material) -> dict[str, bytes]:
    cover = material.masks.cover_known
    return {_delivered_name(d): cover(body) for d, body in material.delivered.items()}


def _delivered_name(dialect: str) -> str:
    return f"delivered-{dialect}.xml" if dialect else "delivered.xml"


def _letter(material: Material) -> documents.Document:
    path = material.path
    found = documents.path(path, seen=True)
    del found["journal"]
    for one in found["registrations"]:
        one["by"] = None
    return {
        **documents.letter(path.consignment.letter, seen=True),
        "sender": documents.organization(material.sender),
        "consignment": found,
    }


def _journal(material: Material) -> list[documents.Document]:
    path = material.path
    found = documents.journal(path.journal, path.consignment.letter, seen=True)
    for line in found:
        if _is_person(str(line["actor"])):
            line["actor"] = _PERSON
        line["facts"] = {n: v for n, v in line["facts"].items() if n not in _PERSONAL}
    return found


def _is_person(actor: str) -> bool:
    is_office = len(actor) == _CODE and actor.isascii() and actor.isdigit()
    return actor != HUB and not is_office


def _attempt(attempt: Attempt, masks: Masks) -> documents.Document:
    answer = attempt.answer
    return {
        "at": documents.moment(attempt.at),
        "number": attempt.number,
        "outcome": attempt.outcome,
        "seconds": round(answer.seconds, 3),
        "status": answer.status,
        "headers": masks.cover_headers(answer.headers),
        "answer": _answer_name(attempt) if answer.body else None,
    }


def _answers(material: Material) -> dict[str, bytes]:
    cover = material.masks.cover
    return {
        _answer_name(attempt): cover(attempt.answer.body)
        for attempt in material.attempts
        if attempt.answer.body
    }


def _answer_name(attempt: Attempt) -> str:
    return f"attempts/{attempt.at:%Y%m%dT%H%M%SZ}-{attempt.promise.hex}.answer"


def _dead(dead: DeadLetter) -> documents.Document:
    # Its detail is the operators' own.
    return {
        "id": str(dead.id),
        "at": documents.moment(dead.at),
        "stage": dead.stage.value,
        "cause": dead.cause,
        "attempts": dead.attempts,
        "settled": dead.settled.value if dead.settled else None,
        "settled_at": documents.moment(dead.settled_at),
    }


def _endpoint(material: Material) -> documents.Document:
    found, endpoint = material.path.receiver, material.endpoint
    document = {
        "organization": found.code.text,
        "dialect": _plain(dataclasses.asdict(dialect_named(found.dialect))),
        "way": endpoint.way.value if endpoint else "pull",
    }
    if endpoint is None:
        return document
    return document | {
        # What stands behind the host may be a secret of the peer's.
        "host": urlsplit(endpoint.url).hostname,
        "in_order": endpoint.in_order,
        "failures": endpoint.failures,
        "last_failure": endpoint.last_failure or None,
        "last_success_at": documents.moment(endpoint.last_success_at),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever stands in a dialect
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def _receipts(material: Material) -> dict[str, bytes]:
    """Return the signed receipts that name no person who acted on the hub."""
    persons = {one.by for one in material.path.registrations}
    persons |= {e.actor for e in material.path.journal if _is_person(e.actor)}
    told = [one for one in material.signed if not _names(one, persons - {""})]
    used = {one.certificate for one in told}
    known = {n: der for n, der in material.certificates.items() if n in used}
    consignment = material.path.consignment.id
    found = receipts_files.files([material.path], {consignment: told}, known)
    return {f"receipts/{name}": content for name, content in found.items()}


def _names(receipt: SignedReceipt, persons: set[str]) -> bool:
    if receipt.document is None:
        return True
    text = json.dumps(json.loads(receipt.document), ensure_ascii=False)
    payload = json.loads(receipt.document).get("payload", "")
    plain = urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    return any(person in text or person in plain for person in persons)


def _settings(settings: Settings) -> documents.Document:
    engines = {
        name: urlsplit(getattr(settings, f"{name}_url")).scheme
        for name in ("database", "broker")
    }
    return {**{n: _plain(getattr(settings, n)) for n in SETTINGS}, **engines}


def _json(document: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
