"""Bytes from a sender → a consignment in custody.

Steps 4 to 8 of docs/life-of-a-letter.md. The answer goes out after the commit: a
crash before it leaves nothing, a crash after it leaves a consignment that the
repeated request is recognised by.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from envelopes.letter import Attachment, Letter, OrganizationCode
from envelopes.requests import Document
from gateway.domain.admission import Arrival, admit, same_send
from gateway.domain.consignment import Consignment, LetterFacts, LetterFile
from gateway.domain.errors import SenderUnknown
from gateway.domain.promise import Promise, Stage
from gateway.domain.register import BANGKOK
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.reading import Given, LetterRead, Reading, read_letter
from gateway.workflow.work import Work


@dataclass(frozen=True, slots=True)
class Custody:
    """What the sender is told: the hub has it."""

    process_id: str
    accepted_at: datetime
    repeated: bool
    """Whether the same send was taken before; the answer is the first one's."""


async def receive(
    work: Work, door: OrganizationCode, document: Document | LetterRead
) -> Custody:
    """Take a letter into custody, or recognise that it was taken before.

    One that was read elsewhere is read again where that no longer counts. Raises
    `EnvelopeError` where its signature does not hold, `Refusal` where it is not
    admitted; nothing of it is kept then.
    """
    now = work.clock.now()
    sender = await work.store.organization(door)
    if sender is None:
        raise SenderUnknown(door.text)
    given = Given.of(sender, await work.store.certificates(door))
    reading = await _read(work, document, given, now)
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


async def _read(
    work: Work, letter: Document | LetterRead, given: Given, now: datetime
) -> Reading:
    if isinstance(letter, LetterRead):
        if letter.counts(given, now):
            return letter.reading()
        size, read = letter.size, partial(letter.again, given, now)
    else:
        size, read = len(letter.source), partial(read_letter, letter, given, now)
    return await work.bench.run(size, read)


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
    unit: UnitOfWork, work: Work, reading: Reading, now: datetime
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
