"""Consignment and its journal: one letter for one receiver, in our custody.

A consignment changes only by `record`, which asks the table in `lifecycle.py` and
writes a journal entry: a state without its entry cannot come about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.lifecycle import FIRST, Happening, State, after
from gateway.domain.secrecy import is_secret

HUB: Final = "hub"
"""The actor of what the hub does by itself."""


class Signed(StrEnum):
    """Who signed the letter as it came."""

    OWN = "own"
    """The sender, by a certificate registered for it."""
    HOSTED = "hosted"
    """Nobody; the hub signs that it came through the sender's door, only that."""
    NONE = "none"
    """Nobody, and it is carried so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was found out about a signature when the letter came: three facts.

    Where nobody signed, the first two are None and the third is False: a hosted
    signature says only at whose door the letter came, and is never trusted.
    """

    intact: bool | None
    """The letter is what was signed: its digest matches."""
    valid: bool | None
    """The signature holds, by a certificate that was valid and not revoked."""
    trusted: bool
    """That certificate is registered for the sender, and its algorithm is strong."""
    reasons: tuple[str, ...]
    """Why, as codes of the closed list in `gateway.domain.judging`."""
    certificate: str = ""
    """SHA-256 of the signer's certificate, 64 hexadecimal digits; empty for none."""
    algorithm: str = ""
    """URI of the signature method; empty for none."""

    def facts(self) -> dict[str, str]:
        """Write it as the journal does; what is not known is left out."""
        known = {
            "intact": _yes_or_no(self.intact),
            "valid": _yes_or_no(self.valid),
            "trusted": _yes_or_no(self.trusted),
            "reasons": " ".join(self.reasons),
            "certificate": self.certificate,
            "algorithm": self.algorithm,
        }
        return {what: value for what, value in known.items() if value}


def _yes_or_no(fact: bool | None) -> str:  # noqa: FBT001 - a stored fact, no option
    if fact is None:
        return ""
    return "yes" if fact else "no"


AS_SIGNED: Final = "as-signed"
"""The fact of an acceptance that says where stands what may go on: `start-stop`."""


@dataclass(frozen=True, slots=True)
class LetterFile:
    """A file of a letter, by what the vault knows it."""

    mime_code: str
    digest: str
    """SHA-256 of the decoded content, 64 hexadecimal digits."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What is the same in all copies of a letter: one letter, N consignments."""

    id: UUID
    sender: OrganizationCode
    letter_id: LetterId
    """Number and date, the sender's own text."""
    subject: str = field(repr=False)
    secrecy: str
    speed: str
    content_digest: str
    main: LetterFile | None
    attachments: tuple[LetterFile, ...]

    @property
    def is_secret(self) -> bool:
        """Whether subject, persons and files are shown to nobody else."""
        return is_secret(self.secrecy)

    @property
    def secret_of(self) -> UUID | None:
        """Its id where it is secret: under whose key its bytes are kept."""
        return self.id if self.is_secret else None


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of bytes in the vault: what the receiver gets."""

    digest: str
    """Of the whole that the vault keeps."""
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class FittedCopy:
    """What a receiver of one dialect gets of a consignment."""

    consignment: UUID
    dialect: str
    delivery: Excerpt | None
    """None where the delivery itself fits."""
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a consignment's journal."""

    number: int
    """1, 2, 3 … within the consignment."""
    at: datetime
    happening: Happening
    state: State
    """The state it left the consignment in."""
    actor: str = field(repr=False)
    """An organization's code, `hub`, or the name a person gave."""
    facts: Mapping[str, str]
    """What another record says too, so that the two can be compared."""


@dataclass(slots=True, kw_only=True)
class Consignment:
    """One letter for one receiver, from custody to its end."""

    id: UUID
    letter: LetterFacts
    process_id: str
    """The number the sender got in the answer; the inbox entry has another one."""
    receiver: OrganizationCode
    receiver_name: str = field(repr=False)
    """Given name, family name and job title of ReceiverParty, as text."""
    copy_digest: str
    """Of content and receiver: a repeat of the same send has the same."""
    envelope_digest: str
    """SHA-256 of the envelope as it came, whole in the vault."""
    signed: Signed
    accepted_at: datetime
    state: State = FIRST
    entries: int = 0
    """How many lines its journal has."""
    delivery: Excerpt | None = None
    """What the receiver gets; None until it is routed."""
    freed_at: datetime | None = None
    """When its sender freed the number, to send anew (operation 9)."""
    judgement: Judgement | None = None
    """Of its signature; None for what came before these facts were kept."""
    as_signed: tuple[int, int] | None = None
    """Where in its envelope what may go on as it was signed starts and stops, in
    bytes; None where that is looked for when it is routed."""
    fresh: list[Entry] = field(default_factory=list)
    """Entries recorded since it was read, for the store to add."""

    @property
    def sender(self) -> OrganizationCode:
        """The letter's sender."""
        return self.letter.sender

    def accept(self, *, repaired: bool = False) -> None:
        """Begin the journal: the hub has taken the letter into custody.

        `repaired` says that its envelope was no XML until it was mended (Q-B6).
        """
        self._write(
            Happening.LETTER_ACCEPTED,
            self.accepted_at,
            actor=self.sender.text,
            facts={
                "process_id": self.process_id,
                "receiver": self.receiver.text,
                "letter": str(self.letter.id),
                "envelope": self.envelope_digest,
                "copy": self.copy_digest,
                "signed": self.signed,
            }
            | (self.judgement.facts() if self.judgement else {})
            | ({"repaired": "yes"} if repaired else {})
            | ({AS_SIGNED: "{}-{}".format(*self.as_signed)} if self.as_signed else {}),
        )

    def record(
        self,
        happening: Happening,
        at: datetime,
        *,
        actor: str,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """Let something happen: change the state by the table, and write it down."""
        self.state = after(self.state, happening)
        self._write(happening, at, actor=actor, facts=facts or {})

    def _write(
        self,
        happening: Happening,
        at: datetime,
        *,
        actor: str,
        facts: Mapping[str, str],
    ) -> None:
        self.entries += 1
        self.fresh.append(
            Entry(self.entries, at, happening, self.state, actor, dict(facts))
        )
