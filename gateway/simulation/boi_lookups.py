"""What the BOI client writes to ask its node (docs/protocol/ecms.md, B4 and Q-B16)."""

from typing import Final

from gateway.simulation.boi import PLAIN, STANDALONE, envelope
from gateway.simulation.writing import element

MINISTRIES: Final = "GetMinistryOrganizationList"
ORGANIZATIONS: Final = "GetOrganizationList"


def delete_letter_request(number: str, date: str, *, sender: str, receiver: str) -> str:
    """Write that a letter's number may be used again; values are not escaped."""
    return envelope(
        element(
            "CorrespondenceDeleteGovernmentDocumentRequest",
            element("LetterID", number)
            + element("CorrespondenceDate", date)
            + element("SenderDepartment", element("Code", sender))
            + element("AcceptDepartment", element("Code", receiver)),
        ),
        prologue=STANDALONE,
    )


def status_request(*, own_url: str) -> str:
    """Ask how far the letters are, with a prefix that nothing declares (Q-B16)."""
    written = envelope("<OutboundStatusRequest />", prologue=PLAIN, to=own_url)
    return (
        written.replace("SOAP-ENV:Envelope", "env:Envelope")
        .replace("xmlns:SOAP-ENV", "xmlns:env")
        .replace("<SOAP-ENV:Body>", '<env:Body ID="Body">')
        .replace("</SOAP-ENV:Body>", "</env:Body>")
    )


def list_request(name: str) -> str:
    """Ask for a list; there is no blank before the slash here."""
    return envelope(f"<{name}/>", prologue=PLAIN)
