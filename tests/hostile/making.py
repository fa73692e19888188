"""Honest requests, which vectors spoil: the number follows from the vector's name."""

import zlib
from dataclasses import replace
from typing import Any, Final

from envelopes.encoder import encode_document
from envelopes.letter import Attachment, Letter, LetterId, OrganizationCode, Party
from tests.hostile.keys import Signer
from tests.hostile.offices import CHIANG_MAI, LANDS, MINISTRY, lands
from tests.hostile.signing import Recipe, signed
from tests.letters import in_envelope

DATE: Final = "2026-11-20"
SUBJECT: Final = "ขอเชิญประชุม"
EVIL: Final = "โอนเงินทั้งหมด"
"""The subject of what nobody signed."""
PDF: Final = b"%PDF-1.4\n%%EOF\n"


def number_of(name: str) -> str:
    """Return the number of the letter of a vector."""
    return f"ทด 0210.3/{zlib.crc32(name.encode())}"


def a_letter(
    name: str,
    *,
    sender: str | Party = MINISTRY,
    receiver: str | Party = CHIANG_MAI,
    **changes: Any,
) -> Letter:
    """Return the letter of a vector; parties may be given by their codes."""
    letter = Letter(
        id=LetterId(number_of(name), DATE),
        subject=SUBJECT,
        secrecy="001",
        speed="001",
        sender=_party(sender, "ธนา", "พูนทรัพย์", "นักจัดการงานทั่วไป"),
        receiver=_party(receiver, "", "", "ผู้ว่าราชการจังหวัด"),
        references=(),
        attachment_text="-",
        send_date="2026-11-21T10:00:00",
        description="เพื่อโปรดทราบ",
        main=Attachment("application/pdf", PDF),
        attachments=(),
    )
    return replace(letter, **changes)


def _party(given: str | Party, *person: str) -> Party:
    if isinstance(given, Party):
        return given
    code = OrganizationCode(given)
    return Party(person[0], person[1], person[2], code.ministry, code)


def plain(name: str, **changes: Any) -> bytes:
    """Return a request with the letter of a vector, which nobody signed."""
    return in_envelope(encode_document(a_letter(name, **changes), signer=None))


def unsigned(name: str, **changes: Any) -> bytes:
    """Return one with a place for a signature, and none in it."""
    letter = a_letter(name, **{"sender": LANDS, **changes})
    return in_envelope(encode_document(letter, signer=letter.sender))


def by_lands(
    name: str, recipe: Recipe | None = None, *, by: Signer | None = None, **changes: Any
) -> bytes:
    """Return one that the office signed that must sign."""
    return signed(unsigned(name, **changes), by or lands(), recipe)


def spoiled(
    wire: bytes, old: str | bytes, new: str | bytes, *, count: int = 1
) -> bytes:
    """Replace what must be there; -1 replaces it everywhere."""
    was = old.encode() if isinstance(old, str) else old
    becomes = new.encode() if isinstance(new, str) else new
    if was not in wire:
        raise ValueError(f"{old!r} is not there")
    return wire.replace(was, becomes, count)


def part_of(wire: bytes, tag: str) -> bytes:
    """Cut out the first element of this name, its tags included."""
    start = wire.index(b"<" + tag.encode())
    end = b"</" + tag.encode() + b">"
    return wire[start : wire.index(end, start) + len(end)]


def evil_letter(name: str, identifier: str = "") -> bytes:
    """Return the letter that a wrapper wants to be read, with this ID attribute."""
    letter = part_of(unsigned(name, subject=EVIL), "ram:CorrespondenceLetter")
    return letter.replace(b' ID="Letter"', identifier.encode())
