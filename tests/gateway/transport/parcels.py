"""Parcels and endpoints, with every field at a plain default."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from gateway.domain.consignment import LetterFacts, LetterFile
from gateway.domain.delivery import Parcel
from gateway.domain.endpoint import Endpoint, Way
from gateway.identity import SystemClock
from gateway.keys.signing import KeySigner
from gateway.ports import Clock
from gateway.transport.connecting import Lookup, system_lookup
from gateway.transport.credentials import Credentials, PushFiles
from gateway.transport.exchange import Patience
from gateway.transport.handover import HttpHandover
from gateway.transport.sessions import Sessions
from tests.doubles.pki import identity
from tests.letters import a_document, a_letter

MINISTRY: Final = OrganizationCode("1500200000")
CHIANG_MAI: Final = OrganizationCode("1500200050")
HUB: Final = identity(organization="1500299999")
HASTE: Final = Patience(connect=1.0, answer=0.4)
"""For endpoints that never answer: no test waits longer."""
LOOPBACK: Final = ("127.0.0.0/8",)

_FACTS: Final = LetterFacts(
    id=UUID(int=7),
    sender=MINISTRY,
    letter_id=LetterId("มท 0210.3/ว 1795", "2026-11-20"),
    subject="แต่งตั้งผู้รับผิดชอบ & <อื่น ๆ>",
    secrecy="001",
    speed="001",
    content_digest="c" * 64,
    main=LetterFile("application/pdf", "d" * 64, 270),
    attachments=(),
)


def a_parcel(**changes: Any) -> Parcel:
    """Return a letter of the ministry to Chiang Mai."""
    parcel = Parcel(
        id=UUID(int=9),
        process_id="20261121100000123456789012",
        sender=MINISTRY,
        receiver=CHIANG_MAI,
        letter=_FACTS,
        document=a_document(a_letter(), identity()),
    )
    return replace(parcel, **changes)


def a_notifier(kind: NotifierKind, number: str | None = None) -> Parcel:
    """Return what Chiang Mai says of a letter of the ministry."""
    copy = NotifierCopy(
        kind=kind,
        letter_id=_FACTS.letter_id,
        subject=_FACTS.subject,
        accept_id=number,
        accept_date="2026-11-21T10:00:00",
        accept_organization=CHIANG_MAI,
    )
    return a_parcel(document=b"", notifier=copy, told_by=CHIANG_MAI, receiver=MINISTRY)


def an_endpoint_record(
    url: str, way: Way = Way.ECMS, networks: tuple[str, ...] = LOOPBACK, **more: Any
) -> Endpoint:
    """Return the record of Chiang Mai's endpoint."""
    return Endpoint(
        organization=CHIANG_MAI,
        way=way,
        url=url,
        networks=networks,
        changed_at=datetime(2026, 11, 21, tzinfo=UTC),
        **more,
    )


@asynccontextmanager
async def a_handover(
    *,
    data: Path = Path(),
    files: PushFiles | None = None,
    patience: Patience = HASTE,
    lookup: Lookup = system_lookup,
    clock: Clock | None = None,
    demo: bool = False,
) -> AsyncIterator[HttpHandover]:
    """Open what hands over; nothing that is wrong with files goes unnoticed."""
    problems: list[str] = []
    credentials = Credentials(files or PushFiles(), data, problems.append)
    sessions = Sessions(credentials, demo=demo, lookup=lookup)
    signer = KeySigner(HUB.key, HUB.pem)
    try:
        yield HttpHandover(sessions, signer, clock or SystemClock(), patience)
    finally:
        await sessions.close()
