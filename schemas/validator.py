"""An element → the list of its violations, within limits.

libxml2 gives the verdict; only where it says no, `schemas.explanation` says where and
why. Both look at a slim copy, so that the caller's tree stays as it was signed.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, Final, cast

from lxml import etree

from schemas.catalog import Operation
from schemas.errors import NotADay
from schemas.lexical import check_day
from schemas.slim import Slim
from schemas.violation import Violation, violation

FOLDER: Final = Path(__file__).parent / "xsd"
"""Where the schemas lie; they include each other by relative names."""

_DAYS: Final = ("{*}CorrespondenceDate", "{*}SendDate")
_COPYS_PREFIXES: Final = re.compile(r"\bns\d+:")
# lxml keeps the log of the last validation in the schema itself, and libxml2 does not
# promise that threads may share one.
_LOCK: Final = Lock()


def violations(
    request: etree._Element, operation: Operation, *, most: int = 10
) -> list[Violation]:
    """Return at most so many violations of a request element, or none.

    The tree is not touched. It must have been bounded in depth and size before.
    """
    if _follows(Slim.of_small(request), operation):
        return []
    slim = Slim.of(request)
    if (verdict := _verdict(slim.root, operation)) is not None:
        return _explained(slim.root, operation, verdict, most)
    return list(islice(_beyond_schema(slim), most))


def schema_file(operation: Operation) -> Path:
    """Return the schema whose root element is the operation's request."""
    return FOLDER / operation.schema_file


def _follows(small: Slim | None, operation: Operation) -> bool:
    """Say whether a small request's copy says already that there are no violations."""
    return (
        small is not None
        and _verdict(small.root, operation) is None
        and next(_beyond_schema(small), None) is None
    )


def _verdict(root: etree._Element, operation: Operation) -> str | None:
    """Return None where a request follows its schema, else the way to what does not.

    libxml2 writes it with prefixes that the copy happens to have; they say nothing.
    """
    with _LOCK:
        schema = _compiled(schema_file(operation))
        if schema.validate(root):
            return None
        path = str(next(iter(cast("Any", schema.error_log))).path)
    return _COPYS_PREFIXES.sub("", path).removeprefix("/")


def _explained(
    root: etree._Element, operation: Operation, verdict: str, most: int
) -> list[Violation]:
    # Imported only for a refusal: it takes a quarter of a second.
    from schemas.explanation import explain  # noqa: PLC0415

    if reasons := explain(root, schema_file(operation), most=most):
        return [violation(place, reason) for place, reason in reasons]
    # Where the two disagree, the verdict stands: for `xmlschema` a no-break space is
    # a blank like others.
    return [Violation(verdict, "does not follow its schema")]


def _beyond_schema(slim: Slim) -> Iterator[Violation]:
    """Yield what the schema language cannot say: no base64, no such day."""
    for element in slim.bad_files:
        yield violation(element, "must be base64")
    for element in slim.root.iter(*_DAYS):
        if text := (element.text or "").strip():
            try:
                check_day(text)
            except NotADay:
                yield violation(element, "must be a day of the calendar")


@cache
def _compiled(file: Path) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(file))
