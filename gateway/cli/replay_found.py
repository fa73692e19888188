"""A replay as it is found by its id: its counts, and what `--json` says of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import documents
from gateway.domain import errors
from gateway.domain.replay import Outcome, Progress, Replay, Verdict, duration
from gateway.domain.replay_plan import age, outcome_of
from gateway.ports import ReplayLetter

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

Plan = Annotated[
    str,
    typer.Argument(
        metavar="PLAN", help="รหัสแผน หรือตอนต้นของรหัส / The plan's id, or how it begins."
    ),
]


@dataclass(frozen=True, slots=True)
class Found:
    """A replay, with all that its report says."""

    replay: Replay
    letters: Sequence[ReplayLetter]
    now: datetime

    @property
    def progress(self) -> Progress:
        """Where it stands now."""
        return self.replay.stands(self.now)

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many letters have each outcome."""
        return Counter(letter.item.outcome for letter in self.letters)

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many dead letters the plan judged so."""
        return Counter(letter.item.verdict for letter in self.letters)

    @property
    def ages(self) -> Counter[str]:
        """How many were given up how long before the plan."""
        at = self.replay.planned_at
        return Counter(age(letter.given_up_at, at) for letter in self.letters)

    @property
    def causes(self) -> Counter[str]:
        """Why letters failed again."""
        again = [x.item for x in self.letters if x.item.outcome is Outcome.FAILED_AGAIN]
        return Counter(item.cause for item in again)

    @property
    def seconds(self) -> timedelta:
        """How long it takes at least, at its rate."""
        eligible: Counter[OrganizationCode] = Counter(
            x.item.endpoint for x in self.letters if x.item.verdict is Verdict.ELIGIBLE
        )
        return duration(eligible, self.replay.rate)


def document(found: Found) -> documents.Document:
    """Say all that is known of a replay, for programs."""
    return {
        **line_document(found.replay, found.outcomes, found.now),
        "eligible": found.verdicts[Verdict.ELIGIBLE],
        "stamped": found.verdicts[Verdict.STAMPED],
        "verdicts": {v.value: n for v, n in found.verdicts.items()},
        "causes": dict(Counter(letter.cause for letter in found.letters)),
        "endpoints": dict(Counter(x.item.endpoint.text for x in found.letters)),
        "ages": dict(found.ages),
        "failed_again": dict(found.causes),
        "seconds": found.seconds.total_seconds(),
        "letters": [_letter_document(letter) for letter in found.letters],
    }


def line_document(
    replay: Replay, counts: Mapping[Outcome, int], now: datetime
) -> documents.Document:
    """Say where a replay stands, for programs."""
    by = replay.started_by
    return {
        "id": str(replay.id),
        "choice": replay.choice,
        "progress": replay.stands(now).value,
        "planned_at": documents.moment(replay.planned_at),
        "planned_by": replay.planned_by.name or replay.planned_by.account,
        "expires_at": documents.moment(replay.expires_at),
        "rate": replay.rate,
        "even_if_stamped": replay.even_if_stamped,
        "started_at": documents.moment(replay.started_at),
        "started_by": by.name or by.account if by else None,
        "why": replay.why or None,
        "ended_at": documents.moment(replay.ended_at),
        "ended_why": replay.ended_why or None,
        "outcomes": {outcome.value: counts.get(outcome, 0) for outcome in Outcome},
    }


def _letter_document(letter: ReplayLetter) -> documents.Document:
    item = letter.item
    return {
        "position": item.position,
        "dead_letter": str(item.dead_letter),
        "consignment": str(item.consignment),
        "number": letter.letter_id.number,
        "date": letter.letter_id.date,
        "brings": "letter" if letter.is_letter else "notifier",
        "endpoint": letter.item.endpoint.text,
        "cause": letter.cause,
        "given_up_at": documents.moment(letter.given_up_at),
        "verdict": item.verdict.value,
        "outcome": item.outcome.value,
        "ahead": item.canary,
        "sent_at": documents.moment(item.sent_at),
        "ended_at": documents.moment(item.ended_at),
        "failed_again": item.cause or None,
    }


async def found_of(hub: "Hub", known: Replay) -> Found:
    """Return a replay with its letters; of those on their way, what came of it now."""
    views = hub.store.replays
    letters = await views.letters(known.id)
    if any(letter.item.outcome is Outcome.SENT for letter in letters):
        traces = {trace.position: trace for trace in await views.traces(known.id)}
        letters = [
            replace(
                letter,
                item=replace(letter.item, outcome=outcome_of(trace), cause=trace.cause),
            )
            if (trace := traces.get(letter.item.position))
            else letter
            for letter in letters
        ]
    return Found(known, letters, hub.work.clock.now())


async def find(hub: "Hub", said: str) -> Found:
    """Return the one replay whose id begins so; raises `ReplayUnknown`."""
    return await found_of(hub, await known_as(hub, said))


async def known_as(hub: "Hub", said: str) -> Replay:
    """Return the one replay whose id begins so; raises `ReplayUnknown`."""
    found = await hub.store.replays.find(said)
    if len(found) != 1:
        raise errors.ReplayUnknown(said)
    return found[0]
