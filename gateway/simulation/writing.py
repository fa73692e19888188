"""The parts of a message that every client writes alike, as strings.

The clients put their messages together from strings or write them by a library; both
give these bytes (docs/protocol/ecms.md, B1, C1).
"""

from collections.abc import Callable
from typing import Final

from gateway.simulation.letter import File, Letter, Party, Reference

ENVELOPE: Final = (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
)
GOVERNMENT_DOCUMENT: Final = (
    "<rsm:GovernmentDocument"
    ' xmlns:ram="urn:th:gov:egif:data:standard'
    ':ReusableAggregateBusinessInformationEntity:1"'
    ' xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0">'
)

Write = Callable[[str], str]
"""How a client puts a value between tags: escaped, or as it is."""


def as_it_is(value: str) -> str:
    """Put a value between tags unescaped, as BOI does (Q-B6)."""
    return value


def escaped(value: str) -> str:
    """Put a value between tags as a library does; line breaks vanish (Q-C1)."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("\r", "").replace("\n", "")


def element(name: str, value: str) -> str:
    """Return a start tag, what is inside, and an end tag."""
    return f"<{name}>{value}</{name}>"


def correspondence_letter(
    letter: Letter, write: Write, files: str, references: str
) -> str:
    """Return ram:CorrespondenceLetter, given its references and files as written."""
    return (
        '<ram:CorrespondenceLetter ID="Letter">'
        + element("ram:ID", write(letter.number))
        + element("ram:CorrespondenceDate", write(letter.date))
        + element("ram:Subject", write(letter.subject))
        + element("ram:SecretCode", write(letter.secrecy))
        + element("ram:SpeedCode", write(letter.speed))
        + element("ram:SenderParty", party(letter.sender, write))
        + element("ram:ReceiverParty", party(letter.receiver, write))
        + references
        + element("ram:Attachment", write(letter.attachment_text))
        + element("ram:SendDate", write(letter.send_date))
        + element("ram:Description", write(letter.description))
        + files
        + "</ram:CorrespondenceLetter>"
    )


def party(someone: Party, write: Write) -> str:
    """Return the five fields of a party."""
    return (
        element("ram:GivenName", write(someone.given_name))
        + element("ram:FamilyName", write(someone.family_name))
        + element("ram:JobTitle", write(someone.job_title))
        + element(
            "ram:MinistryOrganization", element("ram:ID", write(someone.ministry))
        )
        + element(
            "ram:DepartmentOrganization", element("ram:ID", write(someone.organization))
        )
    )


def reference(earlier: Reference, write: Write) -> str:
    """Return a reference."""
    return element(
        "ram:ReferenceCorrespondence",
        element("ram:ID", write(earlier.number))
        + element("ram:CorrespondenceDate", write(earlier.date))
        + element("ram:Subject", write(earlier.subject)),
    )


def binary_object(name: str, file: File) -> str:
    """Return a file."""
    return f'<{name} mimeCode="{file.mime_code}">{file.base64}</{name}>'


def signer_block(signer: Party, type_code: str, write: Write, signature: str) -> str:
    """Return ram:GovernmentSignature in the Code form of the live sample (C2, C3)."""
    return element(
        "ram:GovernmentSignature",
        element("ram:TypeCode", type_code)
        + element(
            "ram:SignerParty",
            element("ram:GivenName", write(signer.given_name))
            + element("ram:FamilyName", write(signer.family_name))
            + element("ram:Title", write(signer.job_title))
            + element("ram:MinistryCode", write(signer.ministry))
            + element("ram:DepartmentCode", write(signer.organization)),
        )
        + signature,
    )
