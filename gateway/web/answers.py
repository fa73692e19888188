"""The only map from errors to what a peer may know.

A peer is told a stable code, and a description in Thai and English with the place
its error names. Never told: `detail`, the text of an exception of ours, a traceback.
What is ours to mend is told as `internal-error` with an id under which the operator
finds the rest in the log; what time mends, as `temporarily-unavailable`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from envelopes.answers import refused
from envelopes.errors import EnvelopeError
from gateway.domain.errors import Refusal
from gateway.telemetry import emit
from gateway.web.errors import DoorError, InternalError, TemporarilyUnavailable
from schemas.catalog import Operation

TOLD: Final[tuple[type[Exception], ...]] = (EnvelopeError, Refusal, DoorError)
"""The families whose own words are fit for a peer."""

_OK: Final = 200
_LONGEST: Final = 800
"""Characters of a place that are told."""


class Told(Protocol):
    """What stands in a class that is told to a peer."""

    code: str
    thai: str
    __doc__: str | None


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as it leaves the hub."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def closes(self) -> bool:
        """Whether the connection cannot be used again."""
        return self.status != _OK


def told_as(kind: type[Exception]) -> type[Exception]:
    """Return the class whose words a peer is told for an error of this class."""
    if issubclass(kind, TOLD):
        return kind
    if getattr(kind, "temporary", False):
        return TemporarilyUnavailable
    return InternalError


def description(kind: Told, where: str = "") -> str:
    """Write `THAI (English)`, and the place behind it where there is one."""
    english = (kind.__doc__ or "").splitlines()[0].rstrip(".")
    place = "".join(letter for letter in where if letter.isprintable())[:_LONGEST]
    return f"{kind.thai} ({english}){': ' if place else ''}{place}"


def answer_to(
    error: Exception,
    operation: Operation | None,
    new_id: Callable[[], object],
    *,
    size: int = 0,
) -> ErrorAnswer:
    """Say what the peer is told, and write down what it is not.

    The answer stands in the element of `operation`, or of the one the error itself
    knows of, or directly in Body. `size`, in bytes, is for the log.
    """
    operation = operation or getattr(error, "operation", None)
    kind = told_as(type(error))
    where = getattr(error, "where", "") if kind is type(error) else ""
    if kind is InternalError:
        where = where or str(new_id())
    _note(error, kind, operation, where=where, size=size)
    return ErrorAnswer(
        getattr(error, "status", _OK) if kind is type(error) else _OK,
        refused(operation, [(_told(kind).code, description(_told(kind), where))]),
        getattr(error, "headers", {}),
    )


def _told(kind: type[Exception]) -> Told:
    if not issubclass(kind, EnvelopeError | Refusal | DoorError):
        raise TypeError(kind)
    return kind


def _note(
    error: Exception,
    kind: type[Exception],
    operation: Operation | None,
    *,
    where: str,
    size: int,
) -> None:
    code = getattr(error, "code", type(error).__name__)
    detail = getattr(error, "detail", "")
    if kind is InternalError:
        emit("request failed", error=error, code=code, detail=detail, id=where)
    elif getattr(error, "status", _OK) == _OK:
        # Who was not let in is written down where that is settled.
        name = operation.name.lower() if operation else ""
        emit("request refused", code=code, detail=detail, operation=name, size=size)
