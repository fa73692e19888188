"""What the C# client writes to ask its node (docs/protocol/ecms.md, B4 and B5)."""

from typing import Final

from gateway.simulation.csharp import envelope
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
)
from gateway.simulation.writing import element, escaped

STATUS: Final = "OutboundStatusRequest"
TIME: Final = "TimeCheckRequest"
MINISTRIES: Final = "GetMinistryOrganizationList"
ORGANIZATIONS: Final = "GetOrganizationList"
SECRECY: Final = "GetSecretCodes"
SPEED: Final = "GetSpeedCodes"
MIME: Final = "GetMimeCodes"

LETTER: Final = "GovernmentDocument"
"""What a special re-request calls the letter itself, without a namespace."""
ASKED_AGAIN: Final = (
    LETTER,
    RECEIVE,
    ACCEPT,
    REJECT,
    INVALID_LETTER,
    INVALID_ACCEPT_ID,
)
"""What can be asked for again: six builders, which no page calls."""


def question(name: str, *, message_id: str, own_url: str) -> str:
    """Write a request that consists of its name."""
    return envelope(f"<{name} />", message_id=message_id, to=own_url)


def delete_letter_request(
    number: str, date: str, *, sender: str, receiver: str, message_id: str, own_url: str
) -> str:
    """Write that a letter's number may be used again (H2.6')."""
    return envelope(
        element(
            "CorrespondenceDeleteGovernmentDocumentRequest",
            _which(number, date, sender, receiver),
        ),
        message_id=message_id,
        to=own_url,
    )


def ask_again_request(
    what: str,
    number: str,
    date: str,
    *,
    sender: str,
    receiver: str,
    message_id: str,
    own_url: str,
) -> str:
    """Ask for a letter or a notifier once more; `what` is one of `ASKED_AGAIN`."""
    return envelope(
        element(
            "CorrespondenceLetterInboundSpecialRequest",
            element(what, _which(number, date, sender, receiver)),
        ),
        message_id=message_id,
        to=own_url,
        body_id=True,
    )


def _which(number: str, date: str, sender: str, receiver: str) -> str:
    return (
        element("LetterID", escaped(number))
        + element("CorrespondenceDate", escaped(date))
        + element("SenderDepartment", element("Code", sender))
        + element("AcceptDepartment", element("Code", receiver))
    )
