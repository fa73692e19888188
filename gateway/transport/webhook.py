"""The signed webhook: JSON by POST, of version 1 (docs/webhook.md).

1. The body is the same in each attempt; what is of the attempt stands in the head.
2. `Idempotency-Key` is the parcel's id, `Content-Digest` the body's (RFC 9530).
3. `Gateway-Signature` is a detached JWS (RFC 7515, appendix F) by the hub's own key
   over `stated`: what is called, when, with which key and digest.
4. 2xx takes custody; 408, 425, 429 and 5xx are temporary; else it is refused.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from gateway.domain import jws
from gateway.domain.consignment import LetterFile
from gateway.domain.delivery import Parcel
from gateway.ports import HubSigner

VERSION: Final = 1
CONTENT_TYPE: Final = "application/json; charset=utf-8"
TYPE: Final = "document-exchange-webhook"
"""`typ` of the signature: it is never taken for a receipt, which the same key signs."""
STATED: Final = "text/plain"
SIGNATURE: Final = "Gateway-Signature"
TIMESTAMP: Final = "Gateway-Timestamp"
EVENT: Final = "Gateway-Event"
KEY: Final = "Idempotency-Key"
DIGEST: Final = "Content-Digest"


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted, without its signature."""

    event: str
    """`letter`, `notifier` or `ping`."""
    key: str
    """The idempotency key."""
    body: bytes = field(repr=False)


def message_of(parcel: Parcel) -> Message:
    """Write a parcel; the same bytes for the same parcel."""
    event = "letter" if parcel.notifier is None else "notifier"
    written: dict[str, Any] = {
        "version": VERSION,
        "event": event,
        "id": str(parcel.id),
        "process_id": parcel.process_id,
        "sender": parcel.sender.text,
        "receiver": parcel.receiver.text,
        "letter": _letter(parcel),
    }
    if parcel.notifier is None:
        written["document"] = base64.b64encode(parcel.document).decode()
        written["document_sha256"] = hashlib.sha256(parcel.document).hexdigest()
    else:
        written["notifier"] = _notifier(parcel)
    return Message(event, str(parcel.id), _json(written))


def ping(key: str) -> Message:
    """Write what asks an endpoint whether it is there; it takes nothing."""
    written = {"version": VERSION, "event": "ping", "id": key}
    return Message("ping", key, _json(written))


def headers_of(
    message: Message, url: str, signer: HubSigner, now: datetime
) -> dict[str, str]:
    """Return the head of one attempt; signing may take its time."""
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = content_digest(message.body)
    signed = stated(url, at, message, digest)
    return {
        "Content-Type": CONTENT_TYPE,
        EVENT: message.event,
        KEY: message.key,
        DIGEST: digest,
        TIMESTAMP: at,
        SIGNATURE: _signature(signed, signer),
    }


def stated(url: str, at: str, message: Message, digest: str) -> bytes:
    """Return what is signed: six lines, each ended by a line feed."""
    lines = (f"webhook {VERSION}", url, at, message.event, message.key, digest)
    return "".join(f"{line}\n" for line in lines).encode()


def content_digest(body: bytes) -> str:
    """Write a digest as RFC 9530 has it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _signature(content: bytes, signer: HubSigner) -> str:
    """Sign detached: what is signed stands in the other headers, not here."""
    pinned = signer.pinned()
    signed = jws.signing_input(
        content, pinned.certificate.der, kind=TYPE, content=STATED
    )
    protected = signed.split(b".")[0].decode()
    return f"{protected}..{jws.encoded(pinned.sign_bytes(signed))}"


def _letter(parcel: Parcel) -> Mapping[str, Any]:
    letter = parcel.letter
    return {
        "id": str(letter.id),
        "number": letter.letter_id.number,
        "date": letter.letter_id.date,
        "subject": letter.subject,
        "secrecy": letter.secrecy,
        "speed": letter.speed,
        "main": _file(letter.main) if letter.main else None,
        "attachments": [_file(one) for one in letter.attachments],
    }


def _file(file: LetterFile) -> Mapping[str, Any]:
    return {"mime_code": file.mime_code, "sha256": file.digest, "size": file.size}


def _notifier(parcel: Parcel) -> Mapping[str, Any]:
    told = parcel.notifier
    if told is None:
        raise ValueError("a parcel without a notifier")
    return {
        "kind": told.kind.value,
        "told_by": parcel.told_by.text if parcel.told_by else None,
        "number": told.letter_id.number,
        "date": told.letter_id.date,
        "accept_id": told.accept_id,
        "accept_date": told.accept_date,
        "accept_organization": told.accept_organization.text,
    }


def _json(written: Mapping[str, Any]) -> bytes:
    return json.dumps(
        written, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
