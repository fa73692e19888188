"""Namespaces and element names, each spelled once.

Names are those of the e-CMS wire protocol (docs/protocol/ecms.md, sections B and
C). Operation elements and their fields stand in no namespace; only the
GovernmentDocument subtree is qualified.
"""

from typing import Final

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
"""The addressing namespace as the C# client and the v2 document write it (B1)."""
ADDRESSING_V1: Final = "http://w3.org/2005/08/addressing"
"""The same without `www.`, as the v1 document and BOI write it (Q-B1)."""
RAM: Final = (
    "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1"
)
RSM: Final = "urn:th:gov:egif:data:standard:GovernmentDocument:1.0"
DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"

LETTER_ID_ATTRIBUTE: Final = "ID"
LETTER_ID: Final = "Letter"
"""The value of the ID attribute of what is signed: `URI="#Letter"` (C3)."""

GOVERNMENT_DOCUMENT: Final = f"{{{RSM}}}GovernmentDocument"
CORRESPONDENCE_LETTER: Final = f"{{{RAM}}}CorrespondenceLetter"
GOVERNMENT_SIGNATURE: Final = f"{{{RAM}}}GovernmentSignature"
MAIN_LETTER_BINARY_OBJECT: Final = f"{{{RAM}}}MainLetterBinaryObject"
ATTACHMENT_BINARY_OBJECT: Final = f"{{{RAM}}}AttachmentBinaryObject"
SIGNATURE: Final = f"{{{DSIG}}}Signature"

OUTBOUND_REQUEST: Final = "CorrespondenceLetterOutboundRequest"
OUTBOUND_RESPONSE: Final = "CorrespondenceLetterOutboundResponse"
INBOUND_REQUEST: Final = "CorrespondenceLetterInboundRequest"
INBOUND_RESPONSE: Final = "CorrespondenceLetterInboundResponse"
DELETE_REQUEST: Final = "CorrespondenceLetterDeleteRequest"
DELETE_RESPONSE: Final = "CorrespondenceLetterDeleteResponse"
DELETE_DOCUMENT_REQUEST: Final = "CorrespondenceDeleteGovernmentDocumentRequest"
DELETE_DOCUMENT_RESPONSE: Final = "CorrespondenceDeleteGovernmentDocumentResponse"
SPECIAL_REQUEST: Final = "CorrespondenceLetterInboundSpecialRequest"
STATUS_REQUEST: Final = "OutboundStatusRequest"
STATUS_RESPONSE: Final = "OutboundStatusResponse"
TIME_REQUEST: Final = "TimeCheckRequest"
TIME_RESPONSE: Final = "TimeCheckResponse"
MINISTRIES_REQUEST: Final = "GetMinistryOrganizationList"
MINISTRIES_RESPONSE: Final = "MinistryOrganizationList"
ORGANIZATIONS_REQUEST: Final = "GetOrganizationList"
ORGANIZATIONS_RESPONSE: Final = "OrganizationList"
SECRECY_REQUEST: Final = "GetSecretCodes"
SECRECY_RESPONSE: Final = "SecretCodes"
SPEED_REQUEST: Final = "GetSpeedCodes"
SPEED_RESPONSE: Final = "SpeedCodes"
MIME_REQUEST: Final = "GetMimeCodes"
MIME_RESPONSE: Final = "MimeCodes"

RECEIVE_LETTER_NOTIFIER: Final = "ReceiveLetterNotifier"
ACCEPT_LETTER_NOTIFIER: Final = "AcceptLetterNotifier"
REJECT_LETTER_NOTIFIER: Final = "RejectLetterNotifier"
INVALID_LETTER_NOTIFIER: Final = "InvalidLetterNotifier"
INVALID_ACCEPT_ID_NOTIFIER: Final = "InvalidAcceptIDNotifier"
