"""Words that stand nowhere but in secret letters, and the search for them.

Each word has a Thai half and an ASCII half, so that it is found in whatever form it
comes out: plain, as base64 at any offset, JSON- or percent-encoded, as a `repr`.
"""

import base64
import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gateway.simulation.letter import File, Letter, Party, Reference

WORDS: Final = {
    name: (f"พฤกษาลับ{thai}", f"zqx{name}qzx")
    for name, thai in {
        "subject": "เรื่อง",
        "given": "ชื่อ",
        "family": "สกุล",
        "title": "ตำแหน่ง",
        "receivergiven": "ผู้รับชื่อ",
        "receiverfamily": "ผู้รับสกุล",
        "receivertitle": "ผู้รับตำแหน่ง",
        "reference": "อ้างถึง",
        "referencenumber": "เลขอ้าง",
        "enclosed": "สิ่งที่ส่ง",
        "description": "รายละเอียด",
        "main": "เนื้อหา",
        "attachment": "แนบ",
        "mime": "ชนิด",
    }.items()
}
"""By what they stand for in a letter."""


def word(name: str) -> str:
    """Return a word as it stands in a letter."""
    return " ".join(WORDS[name])


def _forms(text: str) -> Iterator[bytes]:
    plain = text.encode()
    yield plain
    # At each of the three places in a group of four; its ends depend on neighbours.
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        yield coded[4 if before else 0 : len(coded) // 4 * 4 - 4]
    yield json.dumps(text)[1:-1].encode()
    yield urllib.parse.quote(text).encode()
    yield urllib.parse.quote(text).lower().encode()
    yield repr(plain)[2:-1].encode()
    yield "".join(f"&#{ord(sign)};" for sign in text).encode()
    yield "".join(f"&#x{ord(sign):x};" for sign in text).encode()
    yield text.encode("utf-16-le")
    if not text.isascii():
        yield text.encode("tis-620")


FORMS: Final = {
    name: tuple({form for half in halves for form in _forms(half)})
    for name, halves in WORDS.items()
}


def found_in(output: bytes | str) -> set[str]:
    """Return which words stand in an output, in any form."""
    written = (
        output.encode("utf-8", "surrogatepass") if isinstance(output, str) else output
    )
    return {
        name for name, forms in FORMS.items() if any(form in written for form in forms)
    }


def _file(name: str) -> File:
    content = f"%PDF-1.4 {word(name)} {word(name)} %%EOF".encode()
    return File(f"application/{WORDS['mime'][1]}", base64.b64encode(content).decode())


def wordy(letter: Letter, **changes: object) -> Letter:
    """Return a letter every text of which is one of the words, secret by default."""
    return replace(
        letter,
        **{
            "secrecy": "002",
            "subject": word("subject"),
            "sender": _person(letter.sender, ""),
            "receiver": _person(letter.receiver, "receiver"),
            "references": (
                Reference(word("referencenumber"), letter.date, word("reference")),
            ),
            "attachment_text": word("enclosed"),
            "description": word("description"),
            "main": _file("main"),
            "attachments": (_file("attachment"),),
            **changes,
        },  # type: ignore[arg-type]
    )


def _person(party: Party, whose: str) -> Party:
    return replace(
        party,
        given_name=word(f"{whose}given"),
        family_name=word(f"{whose}family"),
        job_title=word(f"{whose}title"),
    )
