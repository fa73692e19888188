"""How known clients deviate, and how each is told from the others.

One row per client generation (docs/protocol/ecms.md, B1 and F). A dialect says
what an envelope looks like, never who sent it.
"""

from dataclasses import dataclass
from typing import Final

from schemas import names


@dataclass(frozen=True, slots=True)
class Dialect:
    """One client generation: how it writes."""

    name: str
    addressing: str
    """The namespace of its wsa header elements."""
    destination: str
    """The local name of its destination element: `to` or `To`."""


BOI: Final = Dialect("boi", names.ADDRESSING_V1, "to")
CSHARP: Final = Dialect("csharp", names.ADDRESSING, "To")
UNKNOWN: Final = Dialect("unknown", "", "")

DIALECTS: Final = (BOI, CSHARP)


def dialect_of(addressing: str, destination: str) -> Dialect:
    """Return the dialect that writes such a destination element, or UNKNOWN."""
    for dialect in DIALECTS:
        if (dialect.addressing, dialect.destination) == (addressing, destination):
            return dialect
    return UNKNOWN
