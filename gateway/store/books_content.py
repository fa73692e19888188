"""Whether the vault still gives what the rows say: envelopes, deliveries, letters.

An envelope's letter is read again from its signed part, so the letter's columns are
compared with what its sender signed. That its certificate spoke for the sender was
judged when it came and is not judged again: certificates come and go. That the
signature holds, by the certificate that is noted, is found out anew.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam

from envelopes import signed_shape
from envelopes.decoder import decode, letter_from
from envelopes.dialects import BOI
from envelopes.errors import EnvelopeError
from envelopes.letter import Letter, LetterId
from envelopes.parsing import parse
from envelopes.requests import Document, SendLetter
from envelopes.signature import SignedPart, signatures_in, unsigned, verify
from envelopes.trust import Certificate, read_certificate
from gateway.domain import judging
from gateway.domain.consignment import Entry, Judgement, LetterFacts, Signed
from gateway.domain.lifecycle import Happening
from gateway.store.bodies import in_hop
from gateway.store.books_bundle import Problem
from gateway.store.books_rows import TABLES, Found, RawReader, all_raw
from gateway.store.errors import SecretsClosed, VaultDamaged
from gateway.store.vault import StoredVault, read_cuts, written_cuts
from schemas import names
from schemas.limits import Limits

_DATE: Final = "CorrespondenceDate"


@dataclass(frozen=True, slots=True)
class Contents:
    """Reads back what the vault keeps."""

    reader: RawReader
    vault: StoredVault

    async def whole(self, digest: object) -> bytes:
        """Return an envelope; raises `VaultDamaged`, whose detail says what is wrong.

        Stricter than `Vault.read`: every column of its row must be as it was written.
        """
        table = TABLES["envelope"]
        statement = all_raw(table).where(table.c.digest == bindparam("digest"))
        found = await self.reader.rows("envelope", statement, digest=digest)
        if not found:
            raise VaultDamaged(detail="the envelope is not there")
        return await self._restored(found[0])

    async def letter(self, digest: object, at: datetime, signer: str = "") -> "Sent":
        """Read the letter of an envelope that came at this time.

        `signer` is the SHA-256 of the certificate it was judged by. Raises
        `VaultDamaged`, or `EnvelopeError` where it cannot be read as a letter.
        """
        whole = await self.whole(digest)
        return await in_hop(len(whole), lambda: read_letter(whole, at, signer))

    async def as_it_is(self, envelope: Found) -> bytes:
        """Return what a row of `envelope` gives, whatever it is; empty for nothing."""
        if envelope.unreadable:
            return b""
        try:
            return await self.vault.assemble(envelope.values)
        except (VaultDamaged, SecretsClosed):
            return b""

    async def _restored(self, row: Found) -> bytes:
        if row.unreadable:
            raise VaultDamaged(detail=f"cannot be read: {', '.join(row.unreadable)}")
        whole = await self.vault.restore(row.values)
        if len(whole) != row.values["size"]:
            raise VaultDamaged(detail="the envelope has another size")
        if written_cuts(read_cuts(row.values["cuts"])) != row.values["cuts"]:
            raise VaultDamaged(detail="the cuts are written otherwise")
        return whole


@dataclass(frozen=True, slots=True)
class Sent:
    """What an envelope says."""

    letter: Letter
    repaired: bool
    """Whether what came is no XML until it is repaired (Q-B6)."""
    judgement: Judgement | None = None
    """Of the signature in it; None where there is none."""


def read_letter(whole: bytes, at: datetime, signer: str = "") -> Sent:
    """Read the letter in an envelope: the signed part, where anybody signed it."""
    # The hub may have been set up to read more than it reads by itself. What it took
    # repaired is repaired again, and nothing else is: a row that repairs is asked
    # only for what is no XML.
    # Each character may become five by that: `&amp;`.
    request = decode(whole, Limits(body=5 * len(whole)), dialect=BOI).request
    if not isinstance(request, SendLetter):
        raise VaultDamaged(detail="the envelope sends no letter")
    document = request.document
    if signatures_in(document):
        part = _signed_part(document, at, signer)
        judgement = judging.signed(
            certificate=part.certificate,
            algorithm=part.algorithm,
            weak=part.weak,
            travels=part.travels,
        )
        return Sent(letter_from(part), document.repaired, judgement)
    return Sent(letter_from(unsigned(document)), document.repaired, None)


def name_in(whole: bytes) -> str:
    """Return number and date in an envelope or document; empty where none is found.

    Nobody vouches for them here: they name what was found and nothing else.
    """
    try:
        root = parse(whole, Limits(body=len(whole)))
    except EnvelopeError:
        return ""
    letter = next(root.iter(names.CORRESPONDENCE_LETTER), None)
    if letter is None:
        return ""
    texts = [letter.findtext(f"{{{names.RAM}}}{n}") for n in ("ID", _DATE)]
    number, date = ((text or "").strip() for text in texts)
    return str(LetterId(number, date))


def _signed_part(document: Document, at: datetime, signer: str) -> SignedPart:
    """Verify a letter by the certificate it was judged by.

    Where none is noted, or it is not in the signature, by any that is: a sender may
    put those of its authority beside its own. That it may be weak was judged too.
    """
    signature = signed_shape.the_signature(document, weak=True)
    embedded = signed_shape.embedded_certificates(signature)
    noted = [der for der in embedded if hashlib.sha256(der).hexdigest() == signer]
    failed: EnvelopeError | None = None
    for certificate in _readable(noted or embedded):
        try:
            return verify(document, [certificate], at, weak=True)
        except EnvelopeError as error:
            failed = error
    raise failed or VaultDamaged(detail="a certificate cannot be read")


def _readable(certificates: Sequence[bytes]) -> Iterator[Certificate]:
    for der in certificates:
        with suppress(ValueError):
            yield read_certificate(der)


def letter_problems(facts: LetterFacts, letter: Letter) -> Iterator[Problem]:
    """Say where a letter's rows are not what its envelope says."""
    said = {
        "sender": (facts.sender, letter.sender.organization),
        "number": (facts.letter_id.number, letter.id.number),
        "date": (facts.letter_id.date, letter.id.date),
        "subject": (facts.subject, letter.subject),
        "secrecy": (facts.secrecy, letter.secrecy),
        "speed": (facts.speed, letter.speed),
        "content_digest": (facts.content_digest, letter.content_digest),
    }
    for column, (kept, sent) in said.items():
        if kept != sent:
            yield "letter", f"{column} is not that of its envelope"
    kept_files = [facts.main, *facts.attachments]
    sent_files = [letter.main, *letter.attachments]
    if [f and (f.mime_code, f.digest, f.size) for f in kept_files] != [
        f and (f.mime_code, f.digest, len(f.content)) for f in sent_files
    ]:
        yield "letter_file", "the files are not those of the envelope"


def copy_problems(columns: Mapping[str, Any], letter: Letter) -> Iterator[Problem]:
    """Say where a consignment's row is not what its envelope says."""
    receiver = letter.receiver
    name = f"{receiver.given_name} {receiver.family_name} {receiver.job_title}"
    said = {
        "receiver": receiver.organization.text,
        "receiver_name": " ".join(name.split()),
        "copy_digest": letter.copy_digest,
    }
    for column, sent in said.items():
        if columns.get(column) != sent:
            yield "consignment", f"{column} is not that of its envelope"


def judgement_problems(columns: Mapping[str, Any], sent: Sent) -> Iterator[Problem]:
    """Say where a consignment's row is not what its envelope's signature says.

    What came before these facts were kept says nothing of them.
    """
    own = columns.get("signed") == Signed.OWN
    if own != (sent.judgement is not None):
        yield "consignment", "signed is not what its envelope says"
    elif columns.get("reasons") is not None:
        hosted = columns["signed"] == Signed.HOSTED
        nobody = judging.not_signed(Signed.HOSTED if hosted else Signed.NONE)
        judged = sent.judgement or nobody
        said = {
            "intact": judged.intact,
            "valid": judged.valid,
            "trusted": judged.trusted,
            "reasons": " ".join(judged.reasons),
            "certificate": judged.certificate or None,
            "algorithm": judged.algorithm or None,
        }
        for column, found in said.items():
            if columns.get(column) != found:
                yield "consignment", f"{column} is not what its envelope says"


def repair_problems(journal: Sequence[Entry], sent: Sent) -> Iterator[Problem]:
    """Say where a journal is not right about whether the envelope was repaired."""
    for entry in journal:
        if entry.happening is not Happening.LETTER_ACCEPTED:
            continue
        if ("repaired" in entry.facts) != sent.repaired:
            yield "journal", "is not right about whether the envelope was repaired"


def delivery_problem(start: int | None, stop: int | None, whole: bytes) -> str | None:
    """Say whether what the receiver gets is no document."""
    if start is None or stop is None or not 0 <= start < stop <= len(whole):
        return "the delivery lies outside its envelope"
    document = whole[start:stop].strip()
    if not (document.startswith(b"<") and document.endswith(b">")):
        return "the delivery is no document"
    return None


UNREADABLE: Final = (VaultDamaged, EnvelopeError)
"""What reading back raises."""
