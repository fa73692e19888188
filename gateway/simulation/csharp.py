"""What the C# client writes (docs/protocol/ecms.md, H2 and F2)."""

from typing import Final

from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    Letter,
    Notifier,
    Party,
    Reference,
)
from gateway.simulation.signing import Signer
from gateway.simulation.writing import (
    ENVELOPE,
    GOVERNMENT_DOCUMENT,
    binary_object,
    correspondence_letter,
    element,
    escaped,
    reference,
    signer_block,
)

CONTENT_TYPE: Final = "text/xml; encoding='utf-8'"

_ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
_BLANK_FILE: Final = '<ram:AttachmentBinaryObject mimeCode="" />'


def send_request(letter: Letter, *, message_id: str, to: str) -> str:
    """Write a letter as the client does: unsigned, no GovernmentSignature (Q-C5).

    References and files come out last first (Q-C4), and where there are none a
    blank one stands in their place (Q-C3).
    """
    return _outbound(document_of(letter), message_id=message_id, to=to, body_id=True)


def signed_send_request(
    letter: Letter, *, message_id: str, to: str, signer: Signer, signed_by: Party
) -> str:
    """Write a letter in the same form, with its sender's own signature."""
    unsigned = document_of(letter, without_end=True)
    signature = signer.signature_of(f"{unsigned}</rsm:GovernmentDocument>")
    block = signer_block(signed_by, "DSIG", escaped, signature)
    return _outbound(
        f"{unsigned}{block}</rsm:GovernmentDocument>",
        message_id=message_id,
        to=to,
        body_id=True,
    )


def document_of(letter: Letter, *, without_end: bool = False) -> str:
    """Write rsm:GovernmentDocument, or all of it but its end tag."""
    attachments = [
        binary_object("ram:AttachmentBinaryObject", file)
        for file in reversed(letter.attachments)
    ]
    files = binary_object("ram:MainLetterBinaryObject", letter.main)
    files += "".join(attachments) or _BLANK_FILE
    content = correspondence_letter(letter, escaped, files, references_of(letter))
    end = "" if without_end else "</rsm:GovernmentDocument>"
    return f"{GOVERNMENT_DOCUMENT}{content}{end}"


def references_of(letter: Letter) -> str:
    """Write the references, last first, or a blank one."""
    earlier = tuple(reversed(letter.references)) or (Reference("", "", ""),)
    return "".join(reference(one, escaped) for one in earlier)


def poll_request(*, message_id: str, own_url: str) -> str:
    """Write the question for the head of the queue."""
    return envelope(
        "<CorrespondenceLetterInboundRequest />", message_id=message_id, to=own_url
    )


def delete_request(process_id: str, *, message_id: str, own_url: str) -> str:
    """Write that an entry may go; the number goes out as it was read (Q-C18)."""
    return envelope(
        element("CorrespondenceLetterDeleteRequest", element("ProcessID", process_id)),
        message_id=message_id,
        to=own_url,
    )


def notifier_request(notifier: Notifier, *, message_id: str, to: str) -> str:
    """Write a notifier; `to` is the node of the other side (H2.4, H2.7)."""
    fields = element("LetterID", escaped(notifier.number))
    if notifier.kind in (ACCEPT, INVALID_ACCEPT_ID):
        fields += element("AcceptID", escaped(notifier.accept_id))
    fields += element("CorrespondenceDate", escaped(notifier.date))
    fields += element("Subject", escaped(notifier.subject))
    return _outbound(element(notifier.kind, fields), message_id=message_id, to=to)


def _outbound(content: str, *, message_id: str, to: str, body_id: bool = False) -> str:
    return envelope(
        element("CorrespondenceLetterOutboundRequest", content),
        message_id=message_id,
        to=to,
        body_id=body_id,
    )


def envelope(body: str, *, message_id: str, to: str, body_id: bool = False) -> str:
    """Put what stands in Body into an envelope; `body_id` marks it (Q-C2)."""
    attribute = ' ID="Body"' if body_id else ""
    return (
        f"{ENVELOPE}<SOAP-ENV:Header>"
        f'<wsa:MessageID xmlns:wsa="{_ADDRESSING}">{escaped(message_id)}'
        f'</wsa:MessageID><wsa:To xmlns:wsa="{_ADDRESSING}">{to}</wsa:To>'
        f"</SOAP-ENV:Header><SOAP-ENV:Body{attribute}>{body}"
        f"</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
