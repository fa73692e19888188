"""Values → canonical bytes: the GovernmentDocument as every known client reads it.

1. Every element of C1 is there, in its order, empty where there is nothing to say:
   old readers stop at the first that is missing (Q-B10).
2. The prefixes are literally `ram`, `rsm` and `ds`, declared on the root alone, `ram`
   first; `mimeCode` is the only attribute of a file (F4.3).
3. No white space between elements or in base64 texts, no comment, no CDATA (I2.2).

What a sender signed is never written anew: `excerpt_of` finds it in the envelope it
came in, and `stand_alone` writes it out only where it leans on that envelope.
"""

import hashlib
from typing import Final

import pybase64
from lxml import etree

from envelopes.letter import Attachment, Letter, Party, Reference
from envelopes.markup import Markup, element, text
from envelopes.requests import Document
from envelopes.written_form import has_known_prefixes
from schemas import names

_TYPE_CODE: Final = "DSIG"

_PREFIX: Final = "rsm"
_BEGINS: Final = b"<rsm:GovernmentDocument"
_ENDS: Final = b"</rsm:GovernmentDocument>"
_TAG_NAME_ENDS: Final = (b" ", b">", b"\t", b"\r", b"\n")
_DECLARATION_STANDS: Final = 3
"""Where a `<?` may stand at most: behind a byte order mark."""


def encode_document(letter: Letter, *, signer: Party | None) -> bytes:
    """Write a letter as a GovernmentDocument, ready to be signed where it has a signer.

    With a signer it ends in a ram:GovernmentSignature that names the person and
    leaves the place for `envelopes.signature.sign`.
    """
    root = element("rsm:GovernmentDocument", _letter(letter), _signature(signer))
    declared = (
        f'<rsm:GovernmentDocument xmlns:ram="{names.RAM}" xmlns:rsm="{names.RSM}">'
    )
    return b"".join([declared.encode(), *root[1:]])


def excerpt_of(document: Document) -> tuple[int, int] | None:
    """Find the bytes of the document in its envelope, where they can stand alone.

    Returns start and stop in `document.source`, or None where the slice would not
    be read elsewhere as it is here: another encoding than UTF-8, a namespace
    declared further out, other prefixes than the clients know, or an envelope that
    had to be repaired, whose bytes are not those that are kept.
    """
    if document.repaired:
        return None
    source = document.source
    start, stop = source.find(_BEGINS), source.rfind(_ENDS) + len(_ENDS)
    if start < 0 or stop < len(_ENDS) or not _is_single(source, start, stop):
        return None
    if not has_known_prefixes(document.tree):
        return None
    same = _is_plain(document, start, stop) or _reads_alike(document, start, stop)
    return (start, stop) if same else None


def stand_alone(document: Document) -> bytes:
    """Write the document with every namespace it uses declared on itself.

    What is digested by exclusive canonicalisation stays what it was, so such a
    signature holds in any envelope; an inclusive one holds only where it came.
    """
    written: str = etree.tostring(document.tree, encoding="unicode", with_tail=False)
    return written.encode()


def _letter(letter: Letter) -> Markup:
    return element(
        "ram:CorrespondenceLetter",
        _field("ID", letter.id.number),
        _field("CorrespondenceDate", letter.id.date),
        _field("Subject", letter.subject),
        _field("SecretCode", letter.secrecy),
        _field("SpeedCode", letter.speed),
        _party("SenderParty", letter.sender),
        _party("ReceiverParty", letter.receiver),
        *(_reference(reference) for reference in letter.references),
        _field("Attachment", letter.attachment_text),
        _field("SendDate", letter.send_date),
        _field("Description", letter.description),
        _file("MainLetterBinaryObject", letter.main or Attachment("", b"")),
        *(_file("AttachmentBinaryObject", file) for file in letter.attachments),
        **{names.LETTER_ID_ATTRIBUTE: names.LETTER_ID},
    )


def _party(name: str, party: Party) -> Markup:
    return _ram(
        name,
        _field("GivenName", party.given_name),
        _field("FamilyName", party.family_name),
        _field("JobTitle", party.job_title),
        _ram("MinistryOrganization", _field("ID", party.ministry)),
        _ram("DepartmentOrganization", _field("ID", party.organization.text)),
    )


def _reference(reference: Reference) -> Markup:
    return _ram(
        "ReferenceCorrespondence",
        _field("ID", reference.number),
        _field("CorrespondenceDate", reference.date),
        _field("Subject", reference.subject),
    )


def _file(name: str, file: Attachment) -> Markup:
    content = [pybase64.b64encode(file.content)]
    return element(f"ram:{name}", content, mimeCode=file.mime_code)


def _signature(signer: Party | None) -> Markup:
    """Write the signer in the Code form, which the reader and the live node know."""
    if signer is None:
        return []
    return _ram(
        "GovernmentSignature",
        _field("TypeCode", _TYPE_CODE),
        _ram(
            "SignerParty",
            _field("GivenName", signer.given_name),
            _field("FamilyName", signer.family_name),
            _field("Title", signer.job_title),
            _field("MinistryCode", signer.organization.ministry),
            _field("DepartmentCode", signer.organization.text),
        ),
    )


def _ram(name: str, *content: Markup) -> Markup:
    return element(f"ram:{name}", *content)


def _field(name: str, value: str) -> Markup:
    return element(f"ram:{name}", text(value))


def _is_single(source: bytes, start: int, stop: int) -> bool:
    """Say whether no second document, real or in a comment, stands in the source."""
    again = source.find(_BEGINS, start + 1)
    before = source.find(_ENDS, 0, stop - 1)
    return again < 0 and before < 0


def _is_plain(document: Document, start: int, stop: int) -> bool:
    """Say whether the bytes show that they are the document, alone as in the source.

    Where every `<` of UTF-8 begins a tag, the one start tag of this name is that of
    the element with this name; and what no prefix and no default namespace from
    further out comes into is read alone as it is read there. What this says no to may
    still read alike.
    """
    source, tree = document.source, document.tree
    ends = source[start + len(_BEGINS) : start + len(_BEGINS) + 1]
    encoding = tree.getroottree().docinfo.encoding or ""
    if (
        tree.tag != names.GOVERNMENT_DOCUMENT
        or tree.prefix != _PREFIX
        or ends not in _TAG_NAME_ENDS
        or encoding.upper() != "UTF-8"
        or b"\0" in source
        or b"<!" in source
        or source.rfind(b"<?") > _DECLARATION_STANDS
    ):
        return False
    envelope = tree.getparent()
    outside = {} if envelope is None else envelope.nsmap
    return None not in outside and not any(
        source.find(f"{prefix}:".encode(), start, stop) >= 0 for prefix in outside
    )


def _reads_alike(document: Document, start: int, stop: int) -> bool:
    """Say whether the slice, parsed alone, is what it is in the envelope."""
    try:
        alone = etree.fromstring(document.source[start:stop], _parser())
    except etree.XMLSyntaxError:
        return False
    if not has_known_prefixes(alone):
        return False
    return _canonical_digest(alone) == _canonical_digest(document.tree)


class _Digester:
    """Takes canonical bytes as they come, so that no large text is held twice."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self.digest.update(piece)
        return len(piece)


def _canonical_digest(tree: etree._Element) -> bytes:
    digester = _Digester()
    # lxml-stubs know neither the argument nor that any object with `write` will do.
    etree.ElementTree(tree).write_c14n(  # type: ignore[call-arg]
        digester,  # type: ignore[arg-type]
        exclusive=True,
    )
    return digester.digest.digest()


def _parser() -> etree.XMLParser:
    return etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
