"""The queue that another node keeps for an organization → letters and notices here.

Polled and deleted as a client of that node does (`gateway/domain/fetching.py`). No unit
is open while a node is asked; what was committed and not deleted comes again, and is
recognised by the same rules as at the door.
"""

from dataclasses import dataclass
from enum import Enum
from functools import partial

from envelopes.decoder import decode
from envelopes.dialects import UNKNOWN, dialect_named
from envelopes.envelope import Envelope
from envelopes.errors import EnvelopeError
from envelopes.letter import OrganizationCode
from envelopes.requests import SendLetter, SendNotifier
from gateway.domain import schedule
from gateway.domain.act import Act, Who
from gateway.domain.consignment import HUB
from gateway.domain.delivery import DeliveryError, EndpointMisbehaved, EndpointRefused
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.errors import Refusal
from gateway.domain.fetching import Fetched, Tries
from gateway.ports import NodeQueues
from gateway.telemetry import emit
from gateway.workflow.notice import take_notice
from gateway.workflow.receive import receive
from gateway.workflow.work import Work
from schemas.limits import Limits

SKIPPED = "entry of a node skipped"
"""The act."""


class Outcome(Enum):
    """What came of it."""

    RESTS = "rests"
    """The endpoint is left alone now, or nothing is fetched from it."""
    EMPTY = "empty"
    TAKEN = "taken"
    """There may be more."""
    REFUSED = "refused"
    """The same head will come again."""
    FAILED = "failed"
    """The node could not be asked."""


async def fetch(
    work: Work, queues: NodeQueues, tries: Tries, code: OrganizationCode
) -> Outcome:
    """Fetch the head of a node's queue, take it in, and delete it there."""
    async with work.store.unit() as unit:
        endpoint = await unit.endpoints.find(code)
    if endpoint is None or not is_fetched_from(endpoint):
        return Outcome.RESTS
    if endpoint.rests(work.clock.now()):
        return Outcome.RESTS
    try:
        fetched = await queues.head(endpoint)
        outcome = await _Fetch(work, queues, tries, endpoint).settle(fetched)
    except DeliveryError as error:
        await _fares(work, code, error)
        emit(
            "node not asked",
            organization=code,
            code=error.code,
            detail=error.detail,
            seconds=error.answer.seconds,
        )
        return Outcome.FAILED
    if endpoint.failures or endpoint.last_failure:
        await _fares(work, code, None)
    return outcome


def is_fetched_from(endpoint: Endpoint) -> bool:
    """Say whether the hub empties a queue for this endpoint at all."""
    return endpoint.polled and endpoint.way is Way.ECMS


@dataclass(frozen=True, slots=True)
class _Fetch:
    """One look at one node's queue."""

    work: Work
    queues: NodeQueues
    tries: Tries
    endpoint: Endpoint

    @property
    def code(self) -> OrganizationCode:
        return self.endpoint.organization

    async def settle(self, fetched: Fetched | None) -> Outcome:
        """Take in what was fetched, and delete it there."""
        if fetched is None:
            self.tries.forget(self.code)
            return Outcome.EMPTY
        try:
            kind = await _take_in(self.work, self.code, fetched)
        except (EnvelopeError, Refusal) as error:
            return await self._refuse(fetched, error)
        # Only now: it is committed here.
        await self.queues.delete(self.endpoint, fetched.process_id)
        self.tries.forget(self.code)
        emit("entry fetched", organization=self.code, kind=kind)
        return Outcome.TAKEN

    async def _refuse(
        self, fetched: Fetched, error: EnvelopeError | Refusal
    ) -> Outcome:
        """Leave a head where it is, until it is skipped (rules 2 and 3)."""
        now = self.work.clock.now()
        attempt = self.tries.note(self.code, fetched.process_id, now)
        emit(
            "entry not fetched",
            organization=self.code,
            code=error.code,
            attempt=attempt,
        )
        if not self.tries.are_enough(self.code, now):
            return Outcome.REFUSED
        await self._write_down(fetched, error)
        await self._give_back(fetched)
        self.tries.forget(self.code)
        emit("entry skipped", organization=self.code, code=error.code, attempt=attempt)
        return Outcome.TAKEN

    async def _write_down(
        self, fetched: Fetched, error: EnvelopeError | Refusal
    ) -> None:
        async with self.work.store.unit() as unit:
            await unit.acts.add(
                Act(
                    id=self.work.ids.new(),
                    at=self.work.clock.now(),
                    what=SKIPPED,
                    who=Who("", HUB),
                    organization=self.code,
                    after={"entry": fetched.process_id, "code": error.code},
                )
            )
            await unit.commit()

    async def _give_back(self, fetched: Fetched) -> None:
        """Tell the sender that its letter was not taken, and delete it there."""
        if fetched.letter_id is not None:
            try:
                await self.queues.give_back(self.endpoint, fetched)
            except EndpointRefused:
                # Some nodes hear of a letter only once it is out of the queue.
                await self.queues.delete(self.endpoint, fetched.process_id)
                await self.queues.give_back(self.endpoint, fetched)
                return
        await self.queues.delete(self.endpoint, fetched.process_id)


async def _take_in(work: Work, code: OrganizationCode, fetched: Fetched) -> str:
    """Take what was fetched through its organization's own door.

    Raises `EnvelopeError` or `Refusal`, as the door would answer.
    """
    known = await work.store.organization(code)
    dialect = dialect_named(known.dialect) if known else UNKNOWN
    body = fetched.envelope
    read = partial(decode, body, Limits(body=max(len(body), 1)), dialect=dialect)
    envelope: Envelope = await work.bench.run(len(body), read)
    match envelope.request:
        case SendLetter(document):
            await receive(work, code, document)
            return "letter"
        case SendNotifier(notifier):
            await take_notice(work, code, notifier, to="")
            return notifier.kind.value
        case _:
            raise TypeError("what is fetched is a letter or a notifier")


async def _fares(
    work: Work, code: OrganizationCode, error: DeliveryError | None
) -> None:
    """Write down how the endpoint fares; its circuit is that of handing over too."""
    now = work.clock.now()
    async with work.store.unit() as unit:
        endpoint = await unit.endpoints.find(code)
        if endpoint is None:
            return
        if error is None:
            fares = schedule.after_success(endpoint, now)
        elif error.temporary and not isinstance(error, EndpointMisbehaved):
            # No jitter: what failed here is one question, and nothing came together.
            fares = schedule.after_failure(endpoint, error, now, 0.0, next_at=now)
        else:
            # It answers: letters are handed over to it all the same.
            fares = schedule.after_refusal(endpoint, error)
        if fares != endpoint:
            await unit.endpoints.note(fares)
            await unit.commit()
