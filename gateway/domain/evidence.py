"""What a signed receipt says: one fact about one consignment, with all it is about.

1. A receipt is made from what is committed, and once: what is found out later stands
   in a later receipt, which names the earlier ones.
2. Every field of `evidence_fields.FIELDS` stands in every receipt; what is not known
   is empty: `""`, `null` or `[]`.
3. No subject, no text of the letter, and of its persons nobody but who registered it.
4. Digests are plain SHA-256 over bytes that sender or receiver hold, so that
   `sha256sum` shows the same.
5. `test` marks a letter whose number begins with ทดสอบ, or its subject with
   (ทดสอบระบบ): e-CMS has no flag for it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from gateway.domain.consignment import Consignment, LetterFile
from gateway.domain.lifecycle import ERDS_EVENTS, Happening
from gateway.domain.organization import Organization
from gateway.domain.receipts import HAPPENINGS, Receipt, ReceiptKind
from gateway.domain.register import BANGKOK, Registration

VERSION: Final = 1
"""Raised only where a reader of the version before must refuse."""

Payload = dict[str, Any]


class EvidenceKind(StrEnum):
    """What a signed receipt proves."""

    CUSTODY_BY_HUB = "custody-by-hub"
    """The hub holds the envelope."""
    CUSTODY_BY_ENDPOINT = "custody-by-endpoint"
    """The receiver's system fetched the letter and took it out of its inbox."""
    RECEIVED = "received"
    """The receiver said that it came."""
    REGISTERED = "registered"
    """The receiver's register has it under a number."""
    RETURNED = "returned"
    """The receiver sent it back."""
    RETURNED_AS_WRONG = "returned-as-wrong"
    """The receiver said that it is the wrong letter."""
    DISPUTED = "disputed"
    """The sender said that a number is wrong."""


KINDS: Final = {
    ReceiptKind.CUSTODY: EvidenceKind.CUSTODY_BY_ENDPOINT,
    ReceiptKind.RECEIVED: EvidenceKind.RECEIVED,
    ReceiptKind.REGISTERED: EvidenceKind.REGISTERED,
    ReceiptKind.RETURNED: EvidenceKind.RETURNED,
    ReceiptKind.RETURNED_AS_WRONG: EvidenceKind.RETURNED_AS_WRONG,
    ReceiptKind.DISPUTED: EvidenceKind.DISPUTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReceipt:
    """A receipt as a signed document; made once, never changed."""

    about: UUID
    """The id of the receipt, or of the consignment for the hub's own custody."""
    consignment: UUID
    kind: EvidenceKind
    version: int
    document: bytes | None = field(repr=False)
    """None where the letter is secret and this hub has no key for it."""
    certificate: str
    """SHA-256 of the hub's certificate, 64 hexadecimal digits."""
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A fact that has no signed receipt yet."""

    about: UUID
    consignment: UUID


@dataclass(frozen=True, slots=True)
class Measure:
    """A digest and a size of some bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """All that the receipts of one consignment are made of."""

    consignment: Consignment
    sender: Organization
    receiver: Organization
    entry: str
    """ProcessID of the inbox entry that brings the letter; empty for none."""
    receipts: Sequence[Receipt]
    """All its receipts, oldest first."""
    registrations: Sequence[Registration]
    envelope: Measure
    """As it came."""
    delivered: Measure | None
    """What lay in its receiver's inbox; None where that is not known for certain."""
    files: Sequence[LetterFile]
    """The main letter first, their digests plain."""


@dataclass(frozen=True, slots=True)
class Witness:
    """The hub, as it names itself in what it signs."""

    name: str
    certificate: str
    """SHA-256 of it, 64 hexadecimal digits."""


def payload(exhibit: Exhibit, about: UUID, hub: Witness, made_at: datetime) -> Payload:
    """Write a receipt about a consignment, or about one of its receipts, by its id."""
    receipt = next((r for r in exhibit.receipts if r.id == about), None)
    if receipt is None and about != exhibit.consignment.id:
        raise ValueError(f"the consignment has no receipt {about}")
    consignment = exhibit.consignment
    earlier = _earlier(exhibit, receipt)
    registration = _registration(exhibit, receipt)
    return {
        "version": VERSION,
        "id": str(about),
        "kind": kind_of(receipt).value,
        "event": event_of(receipt, registration),
        "test": is_test(consignment),
        "made_at": _moment(made_at),
        "happened_at": _moment(receipt.at if receipt else consignment.accepted_at),
        "said_by": receipt.told_by.text if receipt else "",
        "hub": {"name": hub.name, "certificate": hub.certificate},
        "sender": _sender(exhibit),
        "receiver": _receiver(exhibit, receipt, registration),
        "letter": _letter(exhibit, with_delivery=receipt is not None),
        "signature": _signature(consignment),
        "process": {
            "sender": consignment.process_id,
            "inbox": exhibit.entry if receipt else "",
            "receipt": receipt.process_id if receipt else "",
        },
        "registration": {
            "id": str(registration.id) if registration else "",
            "replaces": _id(registration.replaces if registration else None),
            "numbered_by": registration.numbered_by.value if registration else "",
            "year": registration.year if registration else None,
            "serial": registration.number.serial if registration else None,
        },
        "order": len(earlier) + 1,
        "earlier": [str(one) for one in earlier],
    }


def written(content: Payload) -> bytes:
    """Write it as it is signed: UTF-8, names in order, no blanks between."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def kind_of(receipt: Receipt | None) -> EvidenceKind:
    """Return what a receipt proves; None is the hub's own custody."""
    return KINDS[receipt.kind] if receipt else EvidenceKind.CUSTODY_BY_HUB


def event_of(receipt: Receipt | None, registration: Registration | None) -> str:
    """Return the event of ETSI EN 319 522-1."""
    if receipt is None:
        return ERDS_EVENTS[Happening.LETTER_ACCEPTED]
    if registration is not None and registration.replaces is not None:
        return ERDS_EVENTS[Happening.NUMBER_CORRECTED]
    return ERDS_EVENTS[HAPPENINGS[receipt.kind]]


def is_test(consignment: Consignment) -> bool:
    """Say whether its letter only tries the system out (rule 5)."""
    letter = consignment.letter
    number, subject = letter.letter_id.number.strip(), letter.subject.strip()
    return number.startswith("ทดสอบ") or subject.startswith("(ทดสอบระบบ)")


def _earlier(exhibit: Exhibit, receipt: Receipt | None) -> list[UUID]:
    """Return what the hub has attested of this consignment before, oldest first."""
    if receipt is None:
        return []
    before = [one.id for one in exhibit.receipts if one.id < receipt.id]
    return [exhibit.consignment.id, *before]


def _registration(exhibit: Exhibit, receipt: Receipt | None) -> Registration | None:
    wanted = receipt.registration if receipt else None
    return next((r for r in exhibit.registrations if r.id == wanted), None)


def _sender(exhibit: Exhibit) -> Payload:
    letter_id = exhibit.consignment.letter.letter_id
    return {
        **_organization(exhibit.sender),
        "register": "",
        "number": letter_id.number,
        "date": letter_id.date,
        "time": "",
        "person": "",
    }


def _receiver(
    exhibit: Exhibit, receipt: Receipt | None, registration: Registration | None
) -> Payload:
    there = registration.at.astimezone(BANGKOK) if registration else None
    number = receipt.number if receipt else None
    return {
        **_organization(exhibit.receiver),
        "register": registration.book.value if registration else "",
        "number": registration.number.text if registration else number or "",
        "date": there.date().isoformat() if there else "",
        "time": there.time().isoformat("seconds") if there else "",
        "person": registration.by if registration else "",
        "stamp": "",
    }


def _organization(found: Organization) -> Payload:
    return {
        "organization": found.code.text,
        "th_name": found.th_name,
        "en_name": found.en_name,
    }


def _letter(exhibit: Exhibit, *, with_delivery: bool) -> Payload:
    consignment = exhibit.consignment
    first = 0 if consignment.letter.main else 1
    return {
        "id": str(consignment.letter.id),
        "consignment": str(consignment.id),
        "secrecy": consignment.letter.secrecy,
        "speed": consignment.letter.speed,
        "envelope": _measure(exhibit.envelope),
        "delivered": _measure(exhibit.delivered if with_delivery else None),
        "files": [
            {
                "role": "attachment" if place else "main",
                "mime": file.mime_code,
                "size": file.size,
                "sha256": file.digest,
            }
            for place, file in enumerate(exhibit.files, start=first)
        ],
    }


def _measure(found: Measure | None) -> Payload:
    return {
        "sha256": found.sha256 if found else "",
        "size": found.size if found else None,
    }


def _signature(consignment: Consignment) -> Payload:
    judgement = consignment.judgement
    return {
        "signed": consignment.signed.value,
        "intact": judgement.intact if judgement else None,
        "valid": judgement.valid if judgement else None,
        "trusted": judgement.trusted if judgement else None,
        "reasons": list(judgement.reasons) if judgement else [],
        "certificate": judgement.certificate if judgement else "",
        "algorithm": judgement.algorithm if judgement else "",
    }


def _id(found: UUID | None) -> str:
    return str(found) if found else ""


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
