"""What `--json` says of letters, consignments and their records.

Moments are ISO 8601 in UTC, letter dates as their senders wrote them. Of a secret
letter `subject`, `files`, persons and the names people gave are `null`, unless who
looks may see them: `seen`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.cli.words import actor_of, is_hidden
from gateway.domain.consignment import Entry, Judgement, LetterFacts, LetterFile
from gateway.domain.inbox import InboxEntry
from gateway.domain.judging import words_of
from gateway.domain.lifecycle import MEANINGS, State
from gateway.domain.organization import Organization, RegisteredCertificate
from gateway.domain.receipts import Receipt
from gateway.domain.register import Registration
from gateway.ports import Path

Document = dict[str, Any]


def letter(facts: LetterFacts, *, seen: bool = False) -> Document:
    """Say what is the same in all copies of a letter."""
    hidden = is_hidden(facts, seen=seen)
    return {
        "id": str(facts.id),
        "number": facts.letter_id.number,
        "date": facts.letter_id.date,
        "sender": facts.sender.text,
        "subject": None if hidden else facts.subject,
        "secrecy": facts.secrecy,
        "speed": facts.speed,
        "files": None if hidden else _files(facts),
    }


def path(found: Path, *, seen: bool = False) -> Document:
    """Say all that is known of a consignment, its journal included."""
    consignment = found.consignment
    hidden = is_hidden(consignment.letter, seen=seen)
    return {
        "id": str(consignment.id),
        "process_id": consignment.process_id,
        "receiver": organization(found.receiver),
        "receiver_person": None if hidden else consignment.receiver_name,
        "signed": consignment.signed.value,
        "judgement": judgement(consignment.judgement),
        "envelope_digest": consignment.envelope_digest,
        "accepted_at": moment(consignment.accepted_at),
        **state(consignment.state),
        "inbox_entry": inbox_entry(found.entry) if found.entry else None,
        "registrations": [
            registration(one, consignment.letter, seen=seen)
            for one in found.registrations
        ],
        "receipts": [receipt(one) for one in found.receipts],
        "notifier_entries": [
            {**inbox_entry(one), "organization": one.organization.text}
            for one in found.notifier_entries
        ],
        "journal": journal(found.journal, consignment.letter, seen=seen),
    }


def judgement(found: Judgement | None) -> Document | None:
    """Say what its signature said; null for what came before that was kept."""
    if found is None:
        return None
    return {
        "intact": found.intact,
        "valid": found.valid,
        "trusted": found.trusted,
        "reasons": [
            {"code": reason, "thai": words.thai, "english": words.english}
            for reason in found.reasons
            for words in [words_of(reason)]
        ],
        "certificate": found.certificate or None,
        "algorithm": found.algorithm or None,
    }


def state(value: State) -> Document:
    """Say where a consignment stands, and whose turn it is."""
    meaning = MEANINGS[value]
    return {
        "state": value.value,
        "state_thai": meaning.thai,
        "turn": meaning.turn.value,
    }


def journal(
    entries: Sequence[Entry], of: LetterFacts, *, seen: bool = False
) -> list[Document]:
    """Say what happened to a consignment, oldest first."""
    return [
        {
            "number": entry.number,
            "at": moment(entry.at),
            "happening": entry.happening.value,
            "state": entry.state.value,
            "actor": None
            if (actor := actor_of(entry.actor, of, seen=seen)) != entry.actor
            else actor,
            "facts": dict(entry.facts),
        }
        for entry in entries
    ]


def registration(
    found: Registration, of: LetterFacts, *, seen: bool = False
) -> Document:
    """Say under which number a letter was entered."""
    return {
        "number": found.number.text,
        "organization": found.organization.text,
        "book": found.book.value,
        "year": found.year,
        "serial": found.number.serial,
        "numbered_by": found.numbered_by.value,
        "by": None if is_hidden(of, seen=seen) else found.by,
        "at": moment(found.at),
        "corrects": str(found.replaces) if found.replaces else None,
        "id": str(found.id),
    }


def receipt(found: Receipt) -> Document:
    """Say what a receipt proves, and who is told."""
    return {
        "kind": found.kind.value,
        "process_id": found.process_id,
        "told_by": found.told_by.text,
        "tells": found.tells.text if found.tells else None,
        "at": moment(found.at),
        "number": found.number,
    }


def inbox_entry(found: InboxEntry) -> Document:
    """Say where an inbox entry stands."""
    return {
        "process_id": found.process_id,
        "carries": found.carries.value,
        "queued_at": moment(found.queued_at),
        "shown_at": moment(found.shown_at),
        "taken_at": moment(found.taken_at),
        "standing": found.standing.value,
        "set_behind_at": moment(found.set_behind_at),
        "parked_at": moment(found.parked_at),
        "held_at": moment(found.held_at),
    }


def organization(found: Organization) -> Document:
    """Say who an organization is."""
    return {
        "code": found.code.text,
        "th_name": found.th_name,
        "en_name": found.en_name,
        "signature": found.signing.value,
        "active": found.active,
        "iso_code": found.iso_code or None,
        "abbreviation": found.abbreviation or None,
        "dialect": found.dialect,
        "dialect_by_hand": found.dialect_by_hand,
        "never_deletes": found.never_deletes,
        "deleted_at": moment(found.deleted_at),
        "secrecy": found.secrecy or None,
        "weak_signatures": found.weak_signatures,
    }


def certificate(found: RegisteredCertificate) -> Document:
    """Say which certificate speaks for an organization, for what, and how long."""
    return {
        "fingerprint": found.fingerprint,
        "purposes": sorted(found.purposes),
        "not_before": moment(found.not_before),
        "not_after": moment(found.not_after),
        "revoked_at": moment(found.revoked_at),
        "revoked_why": found.revoked_why or None,
    }


def moment(at: datetime | None) -> str | None:
    """Write a moment in UTC, or null."""
    return at.isoformat() if at else None


def _files(facts: LetterFacts) -> list[Document]:
    main = [("main", facts.main)] if facts.main else []
    files = [*main, *(("attachment", file) for file in facts.attachments)]
    return [_file(role, file) for role, file in files]


def _file(role: str, file: LetterFile) -> Document:
    return {
        "role": role,
        "mime_code": file.mime_code,
        "digest": file.digest,
        "size": file.size,
    }
