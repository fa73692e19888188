"""What a receiver is handed: notifiers in the sender's words, letters it can read.

A letter goes on as it was signed wherever its receiver can read that. Where it
cannot, it gets a copy written from the letter's values and fitted to its dialect;
the sender's bytes stay in the vault as evidence, and the journal says so (F4.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from envelopes.decoder import decode, letter_from
from envelopes.dialects import BOI, Dialect
from envelopes.encoder import encode_document
from envelopes.fitting import fitted, needs_fitting
from envelopes.letter import Letter
from envelopes.notifier import NotifierCopy
from envelopes.parts import Parts, take_apart
from envelopes.requests import Document, SendLetter
from envelopes.signature import signatures_in, travels, unsigned, verify
from gateway.domain.certificates import judged_already
from gateway.domain.consignment import HUB, Consignment, Excerpt, FittedCopy, Signed
from gateway.domain.lifecycle import Happening
from gateway.domain.organization import RegisteredCertificate
from gateway.domain.receipts import Receipt
from gateway.domain.register import BANGKOK
from gateway.ports import HubSigner, UnitOfWork
from gateway.telemetry import emit
from schemas.limits import Limits


@dataclass(frozen=True, slots=True)
class Origin:
    """What a letter came in: it is read again as it was judged then."""

    envelope: bytes = field(repr=False)
    digest: str
    certificates: Sequence[RegisteredCertificate]
    at: datetime

    def document(self) -> Document:
        """Return the document as it was taken, repaired where it was repaired then."""
        # Repaired, each character it came with may have become five: `&amp;`.
        limits = Limits(body=5 * len(self.envelope))
        request = decode(self.envelope, limits, dialect=BOI).request
        if not isinstance(request, SendLetter):
            raise TypeError("the envelope of a consignment sends no letter")
        return request.document

    def letter(self, document: Document) -> Letter:
        """Read the letter from what its sender signed, or from what nobody signed."""
        if signatures_in(document):
            # Whether it may be weak was judged when it came.
            part = verify(document, self.certificates, self.at, weak=True)
            return letter_from(part)
        return letter_from(unsigned(document))


@dataclass(frozen=True, slots=True)
class Made:
    """A copy, and the parts of it that the vault has to keep."""

    copy: FittedCopy
    parts: Parts | None
    signed_by: str = ""
    """`hub` or `nobody`; empty where no copy was needed."""


def notifier_copy(consignment: Consignment, receipt: Receipt) -> NotifierCopy:
    """Write the notifier of a receipt; raises `ValueError` where it has none."""
    if receipt.notifier is None:
        raise ValueError(f"a {receipt.kind} receipt has no notifier")
    return NotifierCopy(
        kind=receipt.notifier,
        letter_id=consignment.letter.letter_id,
        subject=consignment.letter.subject,
        accept_id=receipt.number if receipt.notifier.carries_number else None,
        accept_date=receipt.accept_at.astimezone(BANGKOK).strftime("%Y-%m-%dT%H:%M:%S"),
        accept_organization=consignment.receiver,
    )


async def origin_of(unit: UnitOfWork, consignment: Consignment) -> Origin:
    """Read what a consignment came in."""
    return Origin(
        await unit.vault.read(consignment.envelope_digest),
        consignment.envelope_digest,
        judged_already(await unit.directory.certificates(consignment.sender)),
        consignment.accepted_at,
    )


def fit(
    consignment: Consignment,
    origin: Origin,
    dialect: Dialect,
    signer: HubSigner,
    now: datetime,
) -> Made:
    """Make what a receiver of this dialect gets of a routed consignment."""
    document = origin.document()
    letter = origin.letter(document)
    as_signed = signatures_in(document) > 0 and travels(document)
    handed_on = document if as_signed else None
    # What nobody signed was written anew without a signature, which BOI reads (C1).
    lacks = dialect.expects_signature and consignment.signed is Signed.NONE
    if not lacks and not needs_fitting(letter, dialect, document=handed_on):
        return Made(FittedCopy(consignment.id, dialect.name, None, now), None)
    written = encode_document(fitted(letter, dialect), signer=letter.sender)
    signs = consignment.signed is not Signed.NONE or dialect.expects_signature
    excerpt, parts = whole(signer.sign(written) if signs else written, letter)
    copy = FittedCopy(consignment.id, dialect.name, excerpt, now)
    return Made(copy, parts, HUB if signs else "nobody")


async def keep_copy(
    unit: UnitOfWork, consignment: Consignment, made: Made, now: datetime
) -> None:
    """Keep what was made for a dialect; the journal says that it is a fitted copy.

    The consignment is the caller's to save.
    """
    letter, copy = consignment.letter, made.copy
    if made.parts is not None:
        await unit.vault.keep(made.parts, secret_of=letter.secret_of)
    await unit.copies.add(copy, secret=letter.is_secret)
    if copy.delivery is None:
        return
    consignment.record(
        Happening.COPY_FITTED,
        now,
        actor=HUB,
        facts={
            "dialect": copy.dialect,
            "copy": copy.delivery.digest,
            "signed_by": made.signed_by,
        },
    )
    emit("copy fitted", consignment=consignment.id, dialect=copy.dialect)


def whole(written: bytes, letter: Letter) -> tuple[Excerpt, Parts]:
    """Take a document that the hub wrote apart for the vault."""
    files = {file.digest: file.content for file in letter.files}
    parts = take_apart(written, files)
    return Excerpt(parts.digest, 0, parts.size), parts
