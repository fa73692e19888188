"""Requests as the C# client writes them: what the hub sends where it is the client.

Of the clients of the field it is the one that every node has met last, escapes what it
writes, and reads both kinds of process numbers (docs/protocol/ecms.md, H2). No XML
declaration, each `wsa` declared on its own element, Body marked where a letter is sent.
A GovernmentDocument goes in byte for byte.
"""

from collections.abc import Mapping
from typing import Final

from envelopes.markup import Markup, element, text
from envelopes.notifier import NotifierCopy
from schemas import names

CONTENT_TYPE: Final = "text/xml; encoding='utf-8'"
"""As the client says it (A3); no node decides a charset by it."""


def send_letter(document: bytes, *, message_id: str, to: str) -> bytes:
    """Write operation 1 around a GovernmentDocument that declares its namespaces."""
    content = element(names.OUTBOUND_REQUEST, [document])
    return _envelope(content, message_id, to, ID="Body")


def send_notifier(copy: NotifierCopy, *, message_id: str, to: str) -> bytes:
    """Write operations 2 to 6: what the node adds by itself is not in a request."""
    number: Markup = []
    if copy.kind.carries_number:
        number = element("AcceptID", text(copy.accept_id or ""))
    told = element(
        copy.kind.value,
        element("LetterID", text(copy.letter_id.number)),
        number,
        element("CorrespondenceDate", text(copy.letter_id.date)),
        element("Subject", text(copy.subject)),
    )
    return _envelope(element(names.OUTBOUND_REQUEST, told), message_id, to)


def poll(*, message_id: str, to: str) -> bytes:
    """Write operation 7: the head of the queue is asked for."""
    return _envelope(_empty(names.INBOUND_REQUEST), message_id, to)


def delete(process_id: str, *, message_id: str, to: str) -> bytes:
    """Write operation 8: an entry may go."""
    number = element("ProcessID", text(process_id))
    return _envelope(element(names.DELETE_REQUEST, number), message_id, to)


def time_check(*, message_id: str, to: str) -> bytes:
    """Write operation 12: what time is it there?"""
    return _envelope(_empty(names.TIME_REQUEST), message_id, to)


def as_sent(document: bytes, declared: Mapping[str, str]) -> bytes:
    """Write a document that was fetched as though its sender had sent it.

    `declared` are the namespaces that were declared further out where it came from,
    by their prefixes: an inclusive signature is over them too.
    """
    spaces = {f"xmlns:{prefix}": uri for prefix, uri in declared.items()}
    envelope = element(
        "SOAP-ENV:Envelope",
        element("SOAP-ENV:Body", element(names.OUTBOUND_REQUEST, [document])),
        **{"xmlns:SOAP-ENV": names.SOAP} | spaces,
    )
    return b"".join(envelope)


def _envelope(body: Markup, message_id: str, to: str, **marked: str) -> bytes:
    envelope = element(
        "SOAP-ENV:Envelope",
        element(
            "SOAP-ENV:Header",
            _addressed("wsa:MessageID", message_id),
            _addressed("wsa:To", to),
        ),
        element("SOAP-ENV:Body", body, **marked),
        **{"xmlns:SOAP-ENV": names.SOAP},
    )
    return b"".join(envelope)


def _addressed(name: str, value: str) -> Markup:
    return element(name, text(value), **{"xmlns:wsa": names.ADDRESSING})


def _empty(name: str) -> Markup:
    """Write an element without content as .NET does, with a blank before its end."""
    return [b"<%b />" % name.encode()]
