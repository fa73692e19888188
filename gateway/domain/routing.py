"""Where a consignment goes, and in what form.

1. A consignment goes into its receiver's inbox; who empties that, its client or the
   hub, is the endpoint's (`gateway/domain/endpoint.py`) and may change while it waits.
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


class Form(Enum):
    """What the receiver gets."""

    AS_SIGNED = auto()
    WRITTEN_ANEW_SIGNED_BY_HUB = auto()
    WRITTEN_ANEW_UNSIGNED = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """The decision: this consignment, to that endpoint, in this form."""

    endpoint: OrganizationCode
    form: Form


_FORMS = {
    Signed.OWN: Form.AS_SIGNED,
    Signed.HOSTED: Form.WRITTEN_ANEW_SIGNED_BY_HUB,
    Signed.NONE: Form.WRITTEN_ANEW_UNSIGNED,
}


def choose_route(consignment: Consignment) -> Route:
    """Decide where a consignment goes; the consignment's receiver alone counts."""
    return Route(consignment.receiver, _FORMS[consignment.signed])
