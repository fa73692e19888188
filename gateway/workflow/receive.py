"""Bytes from a sender → a consignment in custody.

Steps 4 to 8 of docs/life-of-a-letter.md. The answer goes out after the commit: a
crash before it leaves nothing, a crash after it leaves a consignment that the
repeated request is recognised by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from envelopes.decoder import letter_from
from envelopes.encoder import excerpt_of
from envelopes.errors import SignatureMissing
from envelopes.letter import Attachment, Letter, OrganizationCode
from envelopes.parts import Parts, take_apart
from envelopes.requests import Document
from envelopes.signature import signatures_in, unsigned, verify
from gateway.domain import judging
from gateway.domain.admission import Arrival, admit, same_send
from gateway.domain.certificates import registered_for
from gateway.domain.consignment import (
    Consignment,
    Judgement,
    LetterFacts,
    LetterFile,
    Signed,
)
from gateway.domain.errors import SenderUnknown
from gateway.domain.organization import Organization, Purpose, RegisteredCertificate
from gateway.domain.promise import Promise, Stage
from gateway.domain.register import BANGKOK
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.work import Work


@dataclass(frozen=True, slots=True)
class Custody:
    """What the sender is told: the hub has it."""

    process_id: str
    accepted_at: datetime
    repeated: bool
    """Whether the same send was taken before; the answer is the first one's."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A letter as read from what was signed, and the bytes it came in."""

    letter: Letter
    signed: Signed
    judgement: Judgement
    parts: Parts
    repaired: bool
    """Whether bare `&` or `<` had to be escaped before it could be read (Q-B6)."""
    as_signed: tuple[int, int] | None
    """Where in the envelope stands what may go on as it was signed."""


async def receive(work: Work, door: OrganizationCode, document: Document) -> Custody:
    """Take a letter into custody, or recognise that it was taken before.

    Raises `EnvelopeError` where its signature does not hold, `Refusal` where it is
    not admitted; nothing of it is kept then.
    """
    now = work.clock.now()
    sender = await work.store.organization(door)
    if sender is None:
        raise SenderUnknown(door.text)
    certificates = registered_for(
        Purpose.SIGNATURE, await work.store.certificates(door)
    )
    reading = await work.bench.run(
        len(document.source), lambda: _read(document, sender, certificates, now)
    )
    await _admit(work, door, reading.letter, now)
    async with work.store.unit() as unit:
        if earlier := await unit.consignments.same_number(
            door, reading.letter.receiver.organization, reading.letter.id.key
        ):
            same_send(reading.letter, earlier)
            # The first send may be in this very group, and not durable yet.
            await unit.commit()
            emit("letter repeated", consignment=earlier.id, organization=door)
            return Custody(earlier.process_id, earlier.accepted_at, repeated=True)
        consignment = await _take(unit, work, reading, now)
        await _commit(unit, work, consignment)
    emit(
        "letter accepted",
        consignment=consignment.id,
        organization=door,
        receiver=consignment.receiver,
        signed=consignment.signed,
        size=reading.parts.size,
    )
    return Custody(consignment.process_id, consignment.accepted_at, repeated=False)


def _read(
    document: Document,
    sender: Organization,
    certificates: Sequence[RegisteredCertificate],
    now: datetime,
) -> _Reading:
    """Read the letter from its signed part, or from one marked as unsigned."""
    if signatures_in(document):
        part = verify(document, certificates, now, weak=sender.weak_signatures)
        letter, signed = letter_from(part), Signed.OWN
        as_signed = excerpt_of(document) if part.travels else None
        judgement = judging.signed(
            certificate=part.certificate,
            algorithm=part.algorithm,
            weak=part.weak,
            travels=part.travels,
        )
    elif sender.signing is Signed.OWN:
        raise SignatureMissing(sender.code.text)
    else:
        letter, signed = letter_from(unsigned(document)), sender.signing
        judgement, as_signed = judging.not_signed(signed), None
    files = {file.digest: file.content for file in letter.files}
    # What came is kept as it came, repaired or not.
    parts = take_apart(document.came, files)
    return _Reading(
        letter, signed, judgement, parts, document.repaired, as_signed=as_signed
    )


async def _admit(
    work: Work, door: OrganizationCode, letter: Letter, now: datetime
) -> None:
    admit(
        Arrival(
            letter=letter,
            door=door,
            sender=await work.store.organization(letter.sender.organization),
            receiver=await work.store.organization(letter.receiver.organization),
            today=now.astimezone(BANGKOK).date(),
            carries=work.carries,
        )
    )


async def _take(
    unit: UnitOfWork, work: Work, reading: _Reading, now: datetime
) -> Consignment:
    """Write down bytes, letter, consignment, journal and the promise to route it."""
    letter = reading.letter
    earlier = await unit.letters.find(letter.sender.organization, letter.content_digest)
    facts = earlier or _facts(letter, work.ids.new())
    await unit.vault.keep(reading.parts, secret_of=facts.secret_of)
    if earlier is None:
        await unit.letters.add(facts, now)
    consignment = Consignment(
        id=work.ids.new(),
        letter=facts,
        process_id=work.ids.process_id(now),
        receiver=letter.receiver.organization,
        receiver_name=" ".join(
            f"{letter.receiver.given_name} {letter.receiver.family_name} "
            f"{letter.receiver.job_title}".split()
        ),
        copy_digest=letter.copy_digest,
        envelope_digest=reading.parts.digest,
        signed=reading.signed,
        accepted_at=now,
        judgement=reading.judgement,
        as_signed=reading.as_signed,
    )
    consignment.accept(repaired=reading.repaired)
    await unit.consignments.add(consignment)
    await unit.promises.add(
        Promise(
            id=work.ids.new(),
            stage=Stage.ROUTE,
            consignment=consignment.id,
            receipt=None,
            made_at=now,
            not_before=now,
        )
    )
    return consignment


async def _commit(unit: UnitOfWork, work: Work, consignment: Consignment) -> None:
    """Commit; a poll at the receiver's door now waits a moment for the routing."""
    passed("receive:before-commit")
    work.arrivals.announce(consignment.receiver)
    try:
        await unit.commit()
    except BaseException:
        work.arrivals.arrived(consignment.receiver)
        raise
    passed("receive:after-commit")


def _facts(letter: Letter, new: UUID) -> LetterFacts:
    return LetterFacts(
        id=new,
        sender=letter.sender.organization,
        letter_id=letter.id,
        subject=letter.subject,
        secrecy=letter.secrecy,
        speed=letter.speed,
        content_digest=letter.content_digest,
        main=_file(letter.main) if letter.main else None,
        attachments=tuple(_file(attachment) for attachment in letter.attachments),
    )


def _file(file: Attachment) -> LetterFile:
    return LetterFile(file.mime_code, file.digest, len(file.content))
