"""Where a consignment goes, and in what form.

1. Every receiver known today pulls: its consignment goes into its inbox.
2. A letter its sender signed goes on as its sender wrote it, byte for byte, if its
   signature holds in another envelope; else it is written anew and signed by the
   hub, and the original stays in the vault as evidence (C3).
3. A letter that came unsigned is written anew from its values, complete and in the
   order of C1 (old readers stop at the first field that is missing, Q-B10): signed
   by the hub where the sender's record says `hosted`, unsigned where it says `none`.
"""

from dataclasses import dataclass
from enum import Enum, auto

from envelopes.letter import OrganizationCode
from gateway.domain.consignment import Consignment, Signed


class Way(Enum):
    """How a consignment reaches its endpoint."""

    PULL = auto()


class Form(Enum):
    """What the receiver gets."""

    AS_SIGNED = auto()
    WRITTEN_ANEW_SIGNED_BY_HUB = auto()
    WRITTEN_ANEW_UNSIGNED = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """The decision: this consignment, to that endpoint, in this way and form."""

    endpoint: OrganizationCode
    way: Way
    form: Form


_FORMS = {
    Signed.OWN: Form.AS_SIGNED,
    Signed.HOSTED: Form.WRITTEN_ANEW_SIGNED_BY_HUB,
    Signed.NONE: Form.WRITTEN_ANEW_UNSIGNED,
}


def choose_route(consignment: Consignment) -> Route:
    """Decide where a consignment goes; the consignment's receiver alone counts."""
    return Route(consignment.receiver, Way.PULL, _FORMS[consignment.signed])
