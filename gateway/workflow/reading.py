"""Bytes of a request → what it asks for, and of a letter what its signature says.

Nothing here knows a store or waits for anything, so that it can be done in another
process (`gateway.reading.process`): `Asked` goes there, `Told` comes back. What was
read there was judged by what was known before it was its turn; `LetterRead.counts`
says whether that still is what is known, and else the letter is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from envelopes.decoder import decode, letter_from
from envelopes.dialects import Dialect, dialect_named
from envelopes.encoder import excerpt_of
from envelopes.envelope import Envelope, MessageId
from envelopes.errors import EnvelopeError, SignatureMissing
from envelopes.letter import Letter, OrganizationCode
from envelopes.parts import Parts, put_together, take_apart, text_of
from envelopes.requests import Document, Request, SendLetter
from envelopes.signature import signatures_in, unsigned, verify
from gateway.domain import judging
from gateway.domain.certificates import registered_for
from gateway.domain.consignment import Judgement, Signed
from gateway.domain.organization import Organization, Purpose, RegisteredCertificate
from schemas.catalog import Operation
from schemas.limits import Limits


@dataclass(frozen=True, slots=True)
class Given:
    """What the directory says that a letter is judged by."""

    sender: OrganizationCode
    signing: Signed
    weak_signatures: bool
    certificates: tuple[RegisteredCertificate, ...]
    """Those of the sender that are registered for signatures."""

    @classmethod
    def of(
        cls, sender: Organization, certificates: Sequence[RegisteredCertificate]
    ) -> Self:
        """Take it from an organization and all its certificates."""
        return cls(
            sender.code,
            sender.signing,
            sender.weak_signatures,
            tuple(registered_for(Purpose.SIGNATURE, certificates)),
        )

    def same_at(self, one: datetime, other: datetime) -> bool:
        """Say whether each certificate is in force at both times or at neither."""
        first, last = sorted((one, other))
        return not any(
            moment is not None and first <= moment <= last
            for known in self.certificates
            for moment in (known.not_before, known.not_after, known.revoked_at)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A letter as read from what was signed, and the bytes it came in."""

    letter: Letter
    signed: Signed
    judgement: Judgement
    parts: Parts
    repaired: bool
    """Whether bare `&` or `<` had to be escaped before it could be read (Q-B6)."""
    as_signed: tuple[int, int] | None
    """Where in the envelope stands what may go on as it was signed."""


def read_letter(document: Document, given: Given, at: datetime) -> Reading:
    """Read a letter from its signed part, or from one marked as unsigned.

    Raises `EnvelopeError` where its signature does not hold.
    """
    if signatures_in(document):
        part = verify(document, given.certificates, at, weak=given.weak_signatures)
        letter, signed = letter_from(part), Signed.OWN
        as_signed = excerpt_of(document) if part.travels else None
        judgement = judging.signed(
            certificate=part.certificate,
            algorithm=part.algorithm,
            weak=part.weak,
            travels=part.travels,
        )
    elif given.signing is Signed.OWN:
        raise SignatureMissing(given.sender.text)
    else:
        letter, signed = letter_from(unsigned(document)), given.signing
        judgement, as_signed = judging.not_signed(signed), None
    files = {file.digest: file.content for file in letter.files}
    # What came is kept as it came, repaired or not.
    parts = take_apart(document.came, files)
    return Reading(
        letter, signed, judgement, parts, document.repaired, as_signed=as_signed
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is to be read elsewhere, and all that is needed for it."""

    body: bytes = field(repr=False)
    limits: Limits
    dialect: str
    """The name of what the endpoint was known to speak before."""
    given: Given
    at: datetime

    def envelope(self) -> Envelope:
        """Decode it; raises `EnvelopeError`."""
        return decode(self.body, self.limits, dialect=dialect_named(self.dialect))


@dataclass(frozen=True, slots=True)
class Told:
    """What was read elsewhere: values, and no tree."""

    message_id: str
    to: str
    dialect: str
    operation: Operation
    asks: Request | Reading | EnvelopeError
    """Of a letter its reading, or why it cannot be had: not refused by it yet."""


def tell(asked: Asked) -> Told:
    """Read a request; raises `EnvelopeError` where it cannot be decoded."""
    envelope = asked.envelope()
    asks: Request | Reading | EnvelopeError = envelope.request
    if isinstance(asks, SendLetter):
        try:
            asks = read_letter(asks.document, asked.given, asked.at)
        except EnvelopeError as error:
            asks = error
    return Told(
        envelope.message_id.text,
        envelope.to,
        envelope.dialect.name,
        envelope.operation,
        asks,
    )


@dataclass(frozen=True, slots=True)
class LetterRead:
    """A letter that was read elsewhere, before it was its turn."""

    outcome: Reading | EnvelopeError
    asked: Asked
    """Without its body where the reading has all of that: many letters may wait."""

    @classmethod
    def of(cls, outcome: Reading | EnvelopeError, asked: Asked) -> Self:
        """Take what came of a request."""
        if isinstance(outcome, Reading):
            asked = replace(asked, body=b"")
        return cls(outcome, asked)

    @property
    def size(self) -> int:
        """Bytes of the whole request."""
        if isinstance(self.outcome, Reading):
            return self.outcome.parts.size
        return len(self.asked.body)

    def counts(self, given: Given, now: datetime) -> bool:
        """Say whether it would be read now as it was."""
        return self.asked.given == given and given.same_at(self.asked.at, now)

    def reading(self) -> Reading:
        """Return what was read; raises the `EnvelopeError` that came of it."""
        if isinstance(self.outcome, EnvelopeError):
            raise self.outcome
        return self.outcome

    def again(self, given: Given, now: datetime) -> Reading:
        """Read it anew, from its bytes; raises `EnvelopeError`."""
        asked = self.asked
        if isinstance(self.outcome, Reading):
            asked = replace(asked, body=_whole(self.outcome.parts))
        request = asked.envelope().request
        if not isinstance(request, SendLetter):
            raise TypeError(type(request))
        return read_letter(request.document, given, now)


def _whole(parts: Parts) -> bytes:
    texts = (text_of(parts.files[cut.digest]) for cut in parts.cuts)
    return put_together(parts.skeleton, parts.cuts, texts)


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope as the door has it, wherever it was read."""

    message_id: MessageId
    to: str
    dialect: Dialect
    operation: Operation
    request: Request | LetterRead

    @classmethod
    def here(cls, envelope: Envelope) -> Self:
        """Take what was decoded in this process; a letter is still to be read."""
        return cls(
            envelope.message_id,
            envelope.to,
            envelope.dialect,
            envelope.operation,
            envelope.request,
        )

    @classmethod
    def elsewhere(cls, asked: Asked, told: Told) -> Self:
        """Take what another process told."""
        request: Request | LetterRead
        if isinstance(told.asks, Reading | EnvelopeError):
            request = LetterRead.of(told.asks, asked)
        else:
            request = told.asks
        return cls(
            MessageId(told.message_id),
            told.to,
            dialect_named(told.dialect),
            told.operation,
            request,
        )
