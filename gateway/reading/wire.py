"""What the hub and its reading processes say to each other, as frames on a socket.

What a reading process says was made of bytes from outside, by libraries in C: only
the values listed here are made of it, whatever it says.
"""

import io
import pickle
import struct
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from envelopes import errors, letter, notifier, parts, requests
from gateway.domain.consignment import Judgement, Signed
from gateway.workflow.reading import Asked, Reading, Told
from schemas.catalog import Operation
from schemas.codes import CodeList

LENGTH: Final = struct.Struct(">I")
READY: Final = LENGTH.pack(0)
"""An empty frame: the process has loaded all, and waits for requests."""

Answer = Told | errors.EnvelopeError | None
"""What was read; or why it cannot be decoded; or None: it is to be read elsewhere."""


def request(asked: Asked) -> bytes:
    """Return what is to be read as a frame."""
    return _framed(asked)


def asked_in(payload: bytes) -> Asked:
    """Return what is to be read; for a reading process, which trusts its hub."""
    asked = pickle.loads(payload)  # noqa: S301 - the hub's own, by its own socket
    if not isinstance(asked, Asked):
        raise TypeError(type(asked))
    return asked


def answer(told: Answer) -> bytes:
    """Return what was read as a frame."""
    return _framed(told)


def answer_in(payload: bytes) -> Answer:
    """Return what was read; raises `ValueError` for what no reading process says."""
    try:
        told = _Values(io.BytesIO(payload)).load()
    except Exception as error:
        raise ValueError(type(error).__name__) from error
    if told is None or isinstance(told, Told | errors.EnvelopeError):
        return told
    raise ValueError(type(told).__name__)


def _framed(value: object) -> bytes:
    payload = io.BytesIO()
    _Writer(payload, pickle.HIGHEST_PROTOCOL).dump(value)
    return LENGTH.pack(payload.tell()) + payload.getbuffer()


class _Writer(pickle.Pickler):
    """Writes a member of an enumeration as its class and value.

    Python before 3.11.4 would have the reader call `getattr`, which must not be called
    for what comes from outside.
    """

    def reducer_override(self, value: object) -> Any:  # noqa: ANN401 - as pickle has it
        """Say how to make a value; `NotImplemented` for pickle's own way."""
        if isinstance(value, Enum):
            return type(value), (value.value,)
        return NotImplemented


def _family(
    kind: type[errors.EnvelopeError],
) -> Iterator[type[errors.EnvelopeError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _family(narrower)


_KINDS: Final = (
    *_family(errors.EnvelopeError),
    *(Told, Reading, Judgement, Signed, Operation, CodeList),
    *(letter.Letter, letter.LetterId, letter.Party, letter.OrganizationCode),
    *(letter.Attachment, letter.Reference, parts.Parts, parts.Cut),
    *(notifier.Notifier, notifier.NotifierKind),
    *(requests.SendNotifier, requests.Poll, requests.DeleteEntry),
    *(requests.DeleteLetter, requests.AskAgain, requests.AskStatus, requests.AskTime),
    *(requests.AskMinistries, requests.AskOrganizations, requests.AskCodes),
)
_KNOWN: Final = {(kind.__module__, kind.__qualname__): kind for kind in _KINDS}


class _Values(pickle.Unpickler):
    """Makes values of the classes above, and nothing else."""

    def find_class(self, module: str, name: str, /) -> type:
        """Return a class by its name; raises `UnpicklingError` for any other."""
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError from None
