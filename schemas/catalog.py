"""Which schema file and root element belong to which operation and version.

The operations are those of table B4 of docs/protocol/ecms.md. Operations 2 to 6
share one request element with operation 1 and differ in its first child.
"""

from enum import Enum
from typing import Final

from schemas import names


class Operation(Enum):
    """What an envelope asks for; the value is its number in table B4."""

    SEND_LETTER = 1
    SEND_RECEIVE_NOTIFIER = 2
    SEND_ACCEPT_NOTIFIER = 3
    SEND_REJECT_NOTIFIER = 4
    SEND_INVALID_LETTER_NOTIFIER = 5
    SEND_INVALID_ACCEPT_ID_NOTIFIER = 6
    POLL = 7
    DELETE_ENTRY = 8
    DELETE_GOVERNMENT_DOCUMENT = 9
    SPECIAL_REQUEST = 10
    OUTBOUND_STATUS = 11
    TIME_CHECK = 12
    MINISTRY_LIST = 13
    ORGANIZATION_LIST = 14
    SECRECY_CODES = 15
    SPEED_CODES = 16
    MIME_CODES = 17

    @property
    def request_element(self) -> str:
        """The local name of the first element in Body."""
        return _ELEMENTS[self][0]

    @property
    def response_element(self) -> str:
        """The local name of the answer's element, where an ErrorDetail stands too."""
        return _ELEMENTS[self][1]

    @property
    def schema_file(self) -> str:
        """The file in `schemas/xsd` whose root element is the request element."""
        return _SCHEMAS[self.request_element]

    @property
    def content_element(self) -> str | None:
        """The tag of the request's first child where that tells operations apart."""
        return _CONTENT.get(self)


_OUTBOUND: Final = (names.OUTBOUND_REQUEST, names.OUTBOUND_RESPONSE)

_ELEMENTS: Final = {
    Operation.SEND_LETTER: _OUTBOUND,
    Operation.SEND_RECEIVE_NOTIFIER: _OUTBOUND,
    Operation.SEND_ACCEPT_NOTIFIER: _OUTBOUND,
    Operation.SEND_REJECT_NOTIFIER: _OUTBOUND,
    Operation.SEND_INVALID_LETTER_NOTIFIER: _OUTBOUND,
    Operation.SEND_INVALID_ACCEPT_ID_NOTIFIER: _OUTBOUND,
    Operation.POLL: (names.INBOUND_REQUEST, names.INBOUND_RESPONSE),
    Operation.DELETE_ENTRY: (names.DELETE_REQUEST, names.DELETE_RESPONSE),
    Operation.DELETE_GOVERNMENT_DOCUMENT: (
        names.DELETE_DOCUMENT_REQUEST,
        names.DELETE_DOCUMENT_RESPONSE,
    ),
    # What answers it is unknown; the hub answers it as it answers a poll (G5).
    Operation.SPECIAL_REQUEST: (names.SPECIAL_REQUEST, names.INBOUND_RESPONSE),
    Operation.OUTBOUND_STATUS: (names.STATUS_REQUEST, names.STATUS_RESPONSE),
    Operation.TIME_CHECK: (names.TIME_REQUEST, names.TIME_RESPONSE),
    Operation.MINISTRY_LIST: (names.MINISTRIES_REQUEST, names.MINISTRIES_RESPONSE),
    Operation.ORGANIZATION_LIST: (
        names.ORGANIZATIONS_REQUEST,
        names.ORGANIZATIONS_RESPONSE,
    ),
    Operation.SECRECY_CODES: (names.SECRECY_REQUEST, names.SECRECY_RESPONSE),
    Operation.SPEED_CODES: (names.SPEED_REQUEST, names.SPEED_RESPONSE),
    Operation.MIME_CODES: (names.MIME_REQUEST, names.MIME_RESPONSE),
}

_SCHEMAS: Final = {
    names.OUTBOUND_REQUEST: "outbound.xsd",
    names.INBOUND_REQUEST: "inbound.xsd",
    names.DELETE_REQUEST: "delete.xsd",
    names.DELETE_DOCUMENT_REQUEST: "delete-document.xsd",
    names.SPECIAL_REQUEST: "special.xsd",
    names.STATUS_REQUEST: "look-ups.xsd",
    names.TIME_REQUEST: "look-ups.xsd",
    names.MINISTRIES_REQUEST: "look-ups.xsd",
    names.ORGANIZATIONS_REQUEST: "look-ups.xsd",
    names.SECRECY_REQUEST: "look-ups.xsd",
    names.SPEED_REQUEST: "look-ups.xsd",
    names.MIME_REQUEST: "look-ups.xsd",
}

_CONTENT: Final = {
    Operation.SEND_LETTER: names.GOVERNMENT_DOCUMENT,
    Operation.SEND_RECEIVE_NOTIFIER: names.RECEIVE_LETTER_NOTIFIER,
    Operation.SEND_ACCEPT_NOTIFIER: names.ACCEPT_LETTER_NOTIFIER,
    Operation.SEND_REJECT_NOTIFIER: names.REJECT_LETTER_NOTIFIER,
    Operation.SEND_INVALID_LETTER_NOTIFIER: names.INVALID_LETTER_NOTIFIER,
    Operation.SEND_INVALID_ACCEPT_ID_NOTIFIER: names.INVALID_ACCEPT_ID_NOTIFIER,
}
