"""Every field of a signed receipt, as a table: `docs/receipts.md` is made from it.

1. A reader ignores fields it does not know, at every depth.
2. A field of this table never changes its name, its form or its meaning.
3. A receipt that lacks a field was made before there was one: it reads as empty.
   Only `NEEDED` always stand there.
4. A new field is a new row here, and leaves the version alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

NEEDED: Final = ("version", "id", "kind", "made_at")


class Form(StrEnum):
    """What may stand in a field, and what is there while nothing is known."""

    TEXT = 'text, or `""`'
    NUMBER = "whole number, or `null`"
    FLAG = "`true`, `false`, or `null`"
    MOMENT = "moment of ISO 8601 with its zone"
    TEXTS = "list of texts"
    FILES = "list of objects"


@dataclass(frozen=True, slots=True)
class Field:
    """One field."""

    form: Form
    meaning: str


def _text(meaning: str) -> Field:
    return Field(Form.TEXT, meaning)


def _number(meaning: str) -> Field:
    return Field(Form.NUMBER, meaning)


def _flag(meaning: str) -> Field:
    return Field(Form.FLAG, meaning)


FIELDS: Final[Mapping[str, Field]] = {
    "version": _number("1; raised only where a reader of the one before must refuse."),
    "id": _text("The receipt's own id; with `custody-by-hub`, of the consignment."),
    "kind": _text("What it proves, see above. A reader shows one it does not know."),
    "event": _text("The event of ETSI EN 319 522-1 it corresponds to."),
    "test": _flag("Whether the letter only tries the system out."),
    "made_at": Field(Form.MOMENT, "When the hub wrote this receipt, by its clock."),
    "happened_at": Field(Form.MOMENT, "When what it proves happened, by its clock."),
    "said_by": _text("Code of the organization that said it; empty for the hub."),
    "hub.name": _text("The hub's name, from its certificate."),
    "hub.certificate": _text("SHA-256 of the certificate it is signed by, in hex."),
    "sender.organization": _text("Code of the sender."),
    "sender.th_name": _text("Its name in Thai, in the directory when it was made."),
    "sender.en_name": _text("Its name in English, likewise."),
    "sender.register": _text("The sender's register of letters that go out."),
    "sender.number": _text("The letter's number, in the sender's own characters."),
    "sender.date": _text("The letter's date, as the sender wrote it, in either era."),
    "sender.time": _text("The time of its entry there, `hh:mm:ss` in Bangkok."),
    "sender.person": _text("Who entered it there."),
    "receiver.organization": _text("Code of the receiver."),
    "receiver.th_name": _text("Its name in Thai, in the directory when it was made."),
    "receiver.en_name": _text("Its name in English, likewise."),
    "receiver.register": _text("`received`: the register of letters that come in."),
    "receiver.number": _text(
        "The number given, as its office wrote it; with `disputed`, the one doubted."
    ),
    "receiver.date": _text("The day of entry in Bangkok, Gregorian `yyyy-mm-dd`."),
    "receiver.time": _text("The time of entry, `hh:mm:ss` in Bangkok."),
    "receiver.person": _text("Who registered it, where one is known."),
    "receiver.stamp": _text("The receiving stamp as text, where one is known."),
    "letter.id": _text(
        "The hub's id of the letter; all copies of a circular share it."
    ),
    "letter.consignment": _text("The hub's id of this letter for this receiver."),
    "letter.secrecy": _text("Level of secrecy, as its code."),
    "letter.speed": _text("Level of speed, as its code."),
    "letter.envelope.sha256": _text("Of the whole request in which it came, in hex."),
    "letter.envelope.size": _number("Bytes of that."),
    "letter.delivered.sha256": _text(
        "Of the GovernmentDocument that lay in the receiver's inbox, byte for byte as "
        "it stands in the answer that brings it; empty before it lay there, and where "
        "it may have been one of several."
    ),
    "letter.delivered.size": _number("Bytes of that."),
    "letter.files": Field(
        Form.FILES,
        "Per file `role` (`main`, `attachment`), `mime`, `size` in bytes, and `sha256` "
        "of the decoded content, in hex; in the letter's order.",
    ),
    "signature.signed": _text(
        "Who signed the letter as it came: `own`, `hosted` or `none`."
    ),
    "signature.intact": _flag("Whether the letter is what was signed."),
    "signature.valid": _flag("Whether the signature held, by a certificate in force."),
    "signature.trusted": _flag("Whether that certificate is the sender's registered."),
    "signature.reasons": Field(Form.TEXTS, "Why, as codes."),
    "signature.certificate": _text("SHA-256 of the signer's certificate, in hex."),
    "signature.algorithm": _text("URI of the signature method."),
    "process.sender": _text("ProcessID that the sender was answered."),
    "process.inbox": _text("ProcessID under which the receiver's inbox had it."),
    "process.receipt": _text("ProcessID that whoever said it was answered."),
    "registration.id": _text("The hub's id of the entry in the receiver's register."),
    "registration.replaces": _text("Id of the entry whose number this one corrects."),
    "registration.numbered_by": _text("`office`, or `hub` for a book the hub keeps."),
    "registration.year": _number("Buddhist year of the book."),
    "registration.serial": _number("Its running number in a book the hub keeps."),
    "order": _number("1, 2, 3 … among the receipts of this consignment."),
    "earlier": Field(Form.TEXTS, "Ids of the receipts before it, oldest first."),
}
"""By name; a dot parts the names of objects."""


def faults(payload: Mapping[str, Any]) -> Iterator[str]:
    """Name the known fields whose form is not that of the table."""
    for name in NEEDED:
        if name not in payload:
            yield name
    for name, known in FIELDS.items():
        if not _fits(known.form, found := _at(payload, name), missing=found is _GONE):
            yield name


def text_of(payload: Mapping[str, Any], name: str) -> str:
    """Return the text of a field; empty where it is not there."""
    found = _at(payload, name)
    return found if isinstance(found, str) else ""


_GONE: Final = object()
_FILE: Final = {"role": str, "mime": str, "size": int, "sha256": str}


def _at(payload: Mapping[str, Any], name: str) -> object:
    found: object = payload
    for part in name.split("."):
        if found is _GONE:
            return _GONE
        if not isinstance(found, Mapping):
            return None
        found = found.get(part, _GONE)
    return found


def _fits(form: Form, found: object, *, missing: bool) -> bool:
    return missing or _FITTING[form](found)


def _is_text(found: object) -> bool:
    return isinstance(found, str)


def _is_number(found: object) -> bool:
    return found is None or type(found) is int


def _is_flag(found: object) -> bool:
    return found is None or isinstance(found, bool)


def _is_moment(found: object) -> bool:
    try:
        at = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return False
    return at is not None and at.tzinfo is not None


def _are_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(one, str) for one in found)


def _are_files(found: object) -> bool:
    return isinstance(found, list) and all(map(_is_file, found))


def _is_file(found: object) -> bool:
    return isinstance(found, Mapping) and all(
        type(found.get(name, form())) is form for name, form in _FILE.items()
    )


_FITTING: Final[Mapping[Form, Callable[[object], bool]]] = {
    Form.TEXT: _is_text,
    Form.NUMBER: _is_number,
    Form.FLAG: _is_flag,
    Form.MOMENT: _is_moment,
    Form.TEXTS: _are_texts,
    Form.FILES: _are_files,
}
