"""Another node's e-CMS address: the hub acts as a client of that node.

1. A letter is operation 1, a notifier one of operations 2 to 6, as the C# client
   writes them; the signed document goes in byte for byte.
2. A process number in the answer is custody taken, also where it is the one of before:
   a repeat is answered alike.
3. An ErrorDetail is a refusal, unless its code is one that time mends (`TIMES_MOVE`).
4. What cannot be read, and an answer without a process number, is no custody.
"""

import re
from datetime import datetime
from typing import Final

from envelopes import asking
from envelopes.answered import Answered, read_answer
from envelopes.errors import EnvelopeError
from gateway.domain.delivery import (
    Answer,
    EndpointBusy,
    EndpointMisbehaved,
    EndpointRefused,
    Parcel,
)
from gateway.domain.register import BANGKOK
from schemas import names
from schemas.limits import Limits

HEADERS: Final = {"Content-Type": asking.CONTENT_TYPE}

TIMES_MOVE: Final = frozenset(
    {"internal-error", "temporarily-unavailable", "too-many-failures"}
)
"""Codes after which the same request may be taken. The protocol knows none (G1): they
are those of this hub, which may be the node at the other end."""

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SECONDS: Final = len("yyyy-MM-ddTHH:mm:ss")


def request_of(parcel: Parcel, url: str) -> bytes:
    """Write what hands a parcel over."""
    # The C# client writes the number of a row; the entry's own number is one too.
    number = parcel.process_id
    if parcel.notifier is not None:
        return asking.send_notifier(parcel.notifier, message_id=number, to=url)
    return asking.send_letter(parcel.document, message_id=number, to=url)


def process_id_in(answer: Answer, body: bytes) -> str:
    """Return the number under which the node took custody.

    Raises `EndpointRefused`, `EndpointBusy`, or `EndpointMisbehaved`.
    """
    found = read(answer, body, names.OUTBOUND_RESPONSE)
    if not found.process_id:
        raise EndpointMisbehaved("no ProcessID", answer=answer)
    return found.process_id


def read(answer: Answer, body: bytes, response: str) -> Answered:
    """Read an answer without an error; raises as `process_id_in`."""
    try:
        found = read_answer(body, response, Limits(body=max(len(body), 1)))
    except EnvelopeError as error:
        raise EndpointMisbehaved(f"{error.code}: {error}", answer=answer) from error
    if found.errors:
        codes = ", ".join(_told(error.code) for error in found.errors)
        time_mends = all(error.code in TIMES_MOVE for error in found.errors)
        meaning = EndpointBusy if time_mends else EndpointRefused
        raise meaning(f"ErrorDetail: {codes}", answer=answer)
    return found


def _told(code: str) -> str:
    """Return a code where it is one: a node may write a subject in its place."""
    return code if _CODE.fullmatch(code) else "a code that is none"


def clock_of(found: Answered) -> datetime | None:
    """Return the node's time: Bangkok's, to the second, without a zone (C5)."""
    try:
        read_time = datetime.fromisoformat(found.time[:_SECONDS])
    except ValueError:
        return None
    return read_time.replace(tzinfo=BANGKOK)
