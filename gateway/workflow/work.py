"""What every verb is given: store, clock, identities, signer, and the workbench."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gateway.domain.secrecy import OPEN
from gateway.ports import Arrivals, Clock, HubSigner, Ids, Store
from gateway.workflow.reads import Reads

T = TypeVar("T")


class Workbench(Protocol):
    """Where work on the processor is done."""

    async def run(self, size: int, work: Callable[[], T]) -> T:
        """Do it at once where `size` bytes are few, in a worker thread above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The hub's means, handed to each verb."""

    store: Store
    clock: Clock
    ids: Ids
    signer: HubSigner
    arrivals: Arrivals
    bench: Workbench
    carries: str = OPEN
    """The highest level of secrecy of the letters that are taken."""
    reads: Reads = field(default_factory=Reads)
    """Of this process, which begins with none."""
