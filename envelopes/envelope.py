"""Envelope, MessageId, Operation: one SOAP message with one operation.

An envelope is what was read of a request before anybody asked who signed it: the
letter in a `SendLetter` is still a `Document`, which only `envelopes.signature`
opens.
"""

from dataclasses import dataclass

from envelopes.dialects import Dialect
from envelopes.requests import Request
from schemas.catalog import Operation


@dataclass(frozen=True, slots=True)
class MessageId:
    """What stands in wsa:MessageID: any text, often empty, repeated freely (B1).

    Good for a log line and nothing else; never used to find duplicates.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Envelope:
    """One request: header fields, operation, and what it asks for."""

    message_id: MessageId
    to: str
    """The URL in wsa:To or wsa:to; a hint where several letters fit (E2), no more."""
    dialect: Dialect
    """What its header and shape say about the client that wrote it."""
    operation: Operation
    request: Request
    repaired: bool = False
    """Whether bare `&` or `<` had to be escaped before it could be read (Q-B6)."""
