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
_RAM: Final = f"{{{names.RAM}}}"
_REFERENCE: Final = f"{_RAM}ReferenceCorrespondence"
_BLANK: Final = Reference("", "", "")


class Part(Protocol):
    """What a letter can be read from: `SignedPart`, or the marked `UnsignedPart`.

    Both are of `envelopes.signature`, which alone makes them.
    """

    @property
    def tree(self) -> etree._Element:
        """The ram:CorrespondenceLetter."""


class _Fields:
    """The children of an element by their names: of each name the first.

    One walk finds them all; a search for each of twenty is several times as long.
    """

    __slots__ = ("_first", "_path")

    def __init__(self, element: etree._Element | None, *path: str) -> None:
        self._path = path
        self._first: dict[str, etree._Element] = {}
        for child in () if element is None else element:
            self._first.setdefault(child.tag, child)

    def inside(self, name: str) -> "_Fields":
        """Return those of a child; none where it is not there."""
        return _Fields(self._first.get(_RAM + name), *self._path, name)

    def text(self, name: str) -> str:
        """Return a child's text; empty where it is not there."""
        found = self._first.get(_RAM + name)
        return "" if found is None else text_of(found).strip()

    def required(self, name: str) -> str:
        """Return a child's text, which may not be empty."""
        if text := self.text(name):
            return text
        raise self.wrong(name)

    def code(self, name: str, read: Callable[[str], Code]) -> str:
        """Return a code as it is known by now."""
        try:
            return read(self.text(name)).value
        except CodeUnknown as error:
            raise self.wrong(name) from error

    def wrong(self, name: str) -> SchemaViolated:
        """Return what says that a child is missing or cannot be read."""
        return _wrong(*self._path, name)


def letter_from(part: Part) -> Letter:
    """Read the letter in a part.

    Raises `SchemaViolated` where a field that must be there is not, or cannot be
    read; after `decode` of the same envelope that does not happen.
    """
    letter = part.tree
    fields = _Fields(letter)
    return Letter(
        id=LetterId(fields.required("ID"), fields.required("CorrespondenceDate")),
        subject=fields.text("Subject"),
        secrecy=fields.code("SecretCode", codes.secrecy),
        speed=fields.code("SpeedCode", codes.speed),
        sender=_party(fields.inside("SenderParty")),
        receiver=_party(fields.inside("ReceiverParty")),
        references=_references(letter),
        attachment_text=fields.text("Attachment"),
        send_date=fields.text("SendDate"),
        description=fields.text("Description"),
        main=next(_files(letter, names.MAIN_LETTER_BINARY_OBJECT), None),
        attachments=tuple(_files(letter, names.ATTACHMENT_BINARY_OBJECT)),
    )


def _party(person: _Fields) -> Party:
    office = person.inside("DepartmentOrganization")
    code = office.required("ID")
    try:
        organization = OrganizationCode.parse(code)
    except ValueError as error:
        raise office.wrong("ID") from error
    return Party(
        given_name=person.text("GivenName"),
        family_name=person.text("FamilyName"),
        job_title=person.text("JobTitle"),
        ministry=person.inside("MinistryOrganization").text("ID"),
        organization=organization,
    )


def _references(letter: etree._Element) -> tuple[Reference, ...]:
    found = (
        Reference(
            number=reference.text("ID"),
            date=reference.text("CorrespondenceDate"),
            subject=reference.text("Subject"),
        )
        for reference in map(_Fields, letter.iterchildren(_REFERENCE))
    )
    return tuple(reference for reference in found if reference != _BLANK)


def _files(letter: etree._Element, tag: str) -> Iterator[Attachment]:
    """Yield the files that are there; each text is let go before the next is read."""
    for element in letter.iterchildren(tag):
        try:
            content = decoded(text_of(element))
        except NotBase64 as error:
            raise _wrong(etree.QName(tag).localname) from error
        if content:
            yield Attachment(element.get(_MIME_CODE, "").strip(), content)


def _wrong(*steps: str) -> SchemaViolated:
    path = "/".join(f"ram:{name}" for name in ("CorrespondenceLetter", *steps))
    return SchemaViolated(f"{path}: is missing or cannot be read")
