"""A part that somebody vouches for → the Letter in it.

Everything is read by its path from ram:CorrespondenceLetter (C1), so nothing that
stands beside it or deeper in it is ever mistaken for a field. Blank references and
blank attachments were never entered and are left out (Q-C3); the order is as received
(Q-C4).
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from lxml import etree

from envelopes.errors import SchemaViolated
from envelopes.letter import (
    Attachment,
    Letter,
    LetterId,
    OrganizationCode,
    Party,
    Reference,
)
from schemas import codes, names
from schemas.codes import Code
from schemas.errors import CodeUnknown, NotBase64
from schemas.lexical import decoded, text_of

_MIME_CODE: Final = "mimeCode"


class Part(Protocol):
    """What a letter can be read from: `SignedPart`, or the marked `UnsignedPart`.

    Both are of `envelopes.signature`, which alone makes them.
    """

    @property
    def tree(self) -> etree._Element:
        """The ram:CorrespondenceLetter."""


def letter_from(part: Part) -> Letter:
    """Read the letter in a part.

    Raises `SchemaViolated` where a field that must be there is not, or cannot be
    read; after `decode` of the same envelope that does not happen.
    """
    letter = part.tree
    return Letter(
        id=LetterId(_required(letter, "ID"), _required(letter, "CorrespondenceDate")),
        subject=_text(letter, "Subject"),
        secrecy=_code(letter, "SecretCode", codes.secrecy),
        speed=_code(letter, "SpeedCode", codes.speed),
        sender=_party(letter, "SenderParty"),
        receiver=_party(letter, "ReceiverParty"),
        references=_references(letter),
        attachment_text=_text(letter, "Attachment"),
        send_date=_text(letter, "SendDate"),
        description=_text(letter, "Description"),
        main=next(_files(letter, names.MAIN_LETTER_BINARY_OBJECT), None),
        attachments=tuple(_files(letter, names.ATTACHMENT_BINARY_OBJECT)),
    )


def _party(letter: etree._Element, name: str) -> Party:
    code = _required(letter, name, "DepartmentOrganization", "ID")
    try:
        organization = OrganizationCode.parse(code)
    except ValueError as error:
        raise _wrong(name, "DepartmentOrganization", "ID") from error
    return Party(
        given_name=_text(letter, name, "GivenName"),
        family_name=_text(letter, name, "FamilyName"),
        job_title=_text(letter, name, "JobTitle"),
        ministry=_text(letter, name, "MinistryOrganization", "ID"),
        organization=organization,
    )


def _references(letter: etree._Element) -> tuple[Reference, ...]:
    found = (
        Reference(
            number=_text(element, "ID"),
            date=_text(element, "CorrespondenceDate"),
            subject=_text(element, "Subject"),
        )
        for element in letter.findall(_path("ReferenceCorrespondence"))
    )
    blank = Reference("", "", "")
    return tuple(reference for reference in found if reference != blank)


def _files(letter: etree._Element, tag: str) -> Iterator[Attachment]:
    """Yield the files that are there; each text is let go before the next is read."""
    for element in letter.findall(tag):
        try:
            content = decoded(text_of(element))
        except NotBase64 as error:
            raise _wrong(etree.QName(tag).localname) from error
        if content:
            yield Attachment(element.get(_MIME_CODE, "").strip(), content)


def _code(letter: etree._Element, name: str, read: Callable[[str], Code]) -> str:
    try:
        return read(_text(letter, name)).value
    except CodeUnknown as error:
        raise _wrong(name) from error


def _required(element: etree._Element, *steps: str) -> str:
    if text := _text(element, *steps):
        return text
    raise _wrong(*steps)


def _text(element: etree._Element, *steps: str) -> str:
    found = element.find(_path(*steps))
    return "" if found is None else text_of(found).strip()


def _path(*steps: str) -> str:
    return "/".join(f"{{{names.RAM}}}{name}" for name in steps)


def _wrong(*steps: str) -> SchemaViolated:
    path = "/".join(f"ram:{name}" for name in ("CorrespondenceLetter", *steps))
    return SchemaViolated(f"{path}: is missing or cannot be read")
