"""What the BOI client writes (docs/protocol/ecms.md, H1 and F1)."""

from typing import Final

from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    Letter,
    Notifier,
    Party,
)
from gateway.simulation.writing import (
    ENVELOPE,
    GOVERNMENT_DOCUMENT,
    as_it_is,
    binary_object,
    correspondence_letter,
    element,
    reference,
    signer_block,
)

CONTENT_TYPE: Final = "text/xml"
POLLS_PER_PAGE: Final = 20
"""Opening the inbound page polls this often, empty or not, without a pause (Q-B19)."""

_ADDRESSING: Final = "http://w3.org/2005/08/addressing"
PLAIN: Final = '<?xml version="1.0" encoding="UTF-8"?>'
STANDALONE: Final = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
_PROLOGUES: Final = {INVALID_LETTER: "", INVALID_ACCEPT_ID: PLAIN}
"""Three prologues, by builder (B2)."""


def send_request(
    letter: Letter, *, own_url: str, signer: Party, type_code: str = ""
) -> str:
    """Write a letter; `wsa:to` names the sender's own node (Q-B3).

    The signer is a setting: no node compares him with the sender (C2).
    """
    files = binary_object("ram:MainLetterBinaryObject", letter.main) + "".join(
        binary_object("ram:AttachmentBinaryObject", file) for file in letter.attachments
    )
    references = "".join(reference(one, as_it_is) for one in letter.references)
    document = correspondence_letter(letter, as_it_is, files, references)
    document += signer_block(signer, type_code, as_it_is, "")
    return envelope(
        element(
            "CorrespondenceLetterOutboundRequest",
            f"{GOVERNMENT_DOCUMENT}{document}</rsm:GovernmentDocument>",
        ),
        prologue=PLAIN,
        to=own_url,
        between=" ",
    )


def poll_request() -> str:
    """Write the question for the head of the queue."""
    return envelope("<CorrespondenceLetterInboundRequest />")


def delete_request(process_id: str) -> str:
    """Write that an entry may go."""
    return envelope(
        element("CorrespondenceLetterDeleteRequest", element("ProcessID", process_id))
    )


def notifier_request(notifier: Notifier) -> str:
    """Write a notifier; values are not escaped (Q-B6)."""
    fields = element("LetterID", notifier.number)
    if notifier.kind in (ACCEPT, INVALID_ACCEPT_ID):
        fields += element("AcceptID", notifier.accept_id)
    fields += element("CorrespondenceDate", notifier.date)
    fields += element("Subject", notifier.subject)
    return envelope(
        element("CorrespondenceLetterOutboundRequest", element(notifier.kind, fields)),
        prologue=_PROLOGUES.get(notifier.kind, STANDALONE),
    )


def envelope(
    body: str, *, prologue: str = STANDALONE, to: str = "", between: str = ""
) -> str:
    """Put what stands in Body into an envelope with an empty MessageID (Q-B2)."""
    return (
        f"{prologue}{ENVELOPE}<SOAP-ENV:Header>"
        f'<wsa:MessageID xmlns:wsa="{_ADDRESSING}"></wsa:MessageID>{between}'
        f'<wsa:to xmlns:wsa="{_ADDRESSING}">{to}</wsa:to></SOAP-ENV:Header>'
        f"<SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
