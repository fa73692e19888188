"""A letter → the copy for a receiver that cannot take the sender's own form.

What fits goes on byte for byte; only what would block or break the receiver's client
is changed (docs/protocol/ecms.md, actions A of table F), as its row in
`envelopes.dialects` says. A copy that was fitted fits, so fitting twice is fitting
once. The sender's bytes stay as evidence, whatever is delivered.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from envelopes.dialects import Dialect
from envelopes.letter import Attachment, Letter, LetterId, Party, Reference
from envelopes.plain_dates import plain_day, plain_moment
from envelopes.requests import Document
from envelopes.sniffing import UNKNOWN_KIND, mime_code_of
from envelopes.written_form import can_be_read

_Rewriting: TypeAlias = Callable[[str], str]

_ELLIPSIS: Final = "…"
_NOTHING: Final = "-"
"""What offices write into a field that must not be empty (Q-C6)."""


def fitted(letter: Letter, dialect: Dialect) -> Letter:
    """Return the letter with everything changed that this dialect cannot take."""
    lengths = dialect.lengths
    day, moment = _dates(dialect)
    return replace(
        letter,
        id=LetterId(_cut(letter.id.number, lengths.number), day(letter.id.date)),
        subject=_cut(letter.subject, lengths.subject),
        sender=_party(letter.sender, dialect),
        receiver=_party(letter.receiver, dialect),
        references=_references(letter.references, dialect),
        send_date=moment(letter.send_date),
        main=_file(letter.main, dialect) if letter.main else None,
        attachments=tuple(
            _file(file, dialect)
            for file in letter.attachments
            if file.content or not dialect.drops_blank_parts
        ),
    )


def needs_fitting(
    letter: Letter, dialect: Dialect, *, document: Document | None = None
) -> bool:
    """Say whether a receiver needs another copy than what its sender wrote.

    `document` is what would go on byte for byte, where something would: then its
    written form counts too, blank parts that no Letter holds among it.
    """
    if fitted(letter, dialect) != letter:
        return True
    return document is not None and not can_be_read(document, dialect)


def is_cut_from(number: str, own: str) -> bool:
    """Say whether a number is what a copy may have left of its sender's own.

    A receiver whose column is shorter answers with what it got (Q-B13, E2).
    """
    kept = number.removesuffix(_ELLIPSIS)
    return kept != number and bool(kept) and own.startswith(kept)


def _party(party: Party, dialect: Dialect) -> Party:
    lengths = dialect.lengths
    ministry = party.organization.ministry if dialect.needs_ministry else party.ministry
    return replace(
        party,
        given_name=_cut(party.given_name, lengths.name),
        family_name=_cut(party.family_name, lengths.name),
        job_title=_cut(party.job_title, lengths.job_title),
        ministry=ministry,
    )


def _references(
    references: tuple[Reference, ...], dialect: Dialect
) -> tuple[Reference, ...]:
    """Drop what names no earlier letter; a date that is missing cannot be made up."""
    kept = []
    for reference in references:
        blank = not (reference.number or reference.date or reference.subject)
        if blank and dialect.drops_blank_parts:
            continue
        if not reference.date and "date" in dialect.needs_in_references:
            continue
        kept.append(_reference(reference, dialect))
    return tuple(kept)


def _reference(reference: Reference, dialect: Dialect) -> Reference:
    needed = dialect.needs_in_references
    day, _ = _dates(dialect)
    anywhere = str.maketrans(dict(dialect.reference_characters))
    in_numbers = str.maketrans(dict(dialect.number_characters))
    number = reference.number.translate(in_numbers).translate(anywhere)
    subject = reference.subject.translate(anywhere)
    return Reference(
        number=_cut(
            number or (_NOTHING if "number" in needed else ""),
            dialect.lengths.reference_number,
        ),
        date=day(reference.date),
        subject=subject or (_NOTHING if "subject" in needed else ""),
    )


def _file(file: Attachment, dialect: Dialect) -> Attachment:
    code = file.mime_code
    if not code and dialect.needs_mime_codes:
        code = mime_code_of(file.content)
    code = dialect.mime_codes.get(code.lower(), code)
    if dialect.mime_length is not None and len(code) > dialect.mime_length:
        code = UNKNOWN_KIND
    return file if code == file.mime_code else replace(file, mime_code=code)


def _cut(text: str, most: int | None) -> str:
    """Cut a text to so many UTF-16 units, the last an ellipsis, between characters.

    Thai vowels and tone marks stay with their consonant, or go with it.
    """
    if most is None or _units(text) <= most:
        return text
    kept = text[: most - len(_ELLIPSIS)]
    while _units(kept) > most - len(_ELLIPSIS):
        kept = kept[:-1]
    while kept and unicodedata.category(text[len(kept)]) in {"Mn", "Mc", "Me"}:
        kept = kept[:-1]
    return f"{kept.rstrip()}{_ELLIPSIS}"


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _as_written(text: str) -> str:
    return text


def _dates(dialect: Dialect) -> tuple[_Rewriting, _Rewriting]:
    """Return how it wants a day written, and how a moment."""
    if dialect.plain_dates:
        return plain_day, plain_moment
    return _as_written, _as_written
