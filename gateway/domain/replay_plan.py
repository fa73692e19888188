"""What a replay may send again: the choice, and the verdict on each dead letter.

The first rule that applies gives the verdict; only ELIGIBLE is sent.

| | what the records say | verdict |
|---|---|---|
| 1 | the dead letter is settled | SETTLED |
| 2 | its inbox entry was taken all the same | ALREADY_HELD |
| 3 | its letter has a number | STAMPED; where it never lay in an inbox, ANSWERED |
| 4 | its letter was delivered or received all the same | ALREADY_HELD |
| 5 | its letter is not failed any more: returned, taken back | ANSWERED |
| 6 | the same letter, sent anew, has a number | STAMPED |
| 7 | the same letter, sent anew, was taken and not sent back | ALREADY_HELD |
| 8 | the hub is to hand it over, and its endpoint rests | ENDPOINT_RESTS |
| 9 | nothing of that | ELIGIBLE |

Rules 3 to 7 do not ask of a notifier: what it tells stays true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain import delivery
from gateway.domain.deadletter import DeadLetter
from gateway.domain.endpoint import Endpoint
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.domain.replay import Item, Outcome, Verdict

_HELD: Final = (State.DELIVERED, State.RECEIVED)
_STAMPED: Final = (State.REGISTERED, State.DISPUTED)

PASSING: Final = frozenset(
    error.code
    for error in (
        delivery.EndpointUnreachable,
        delivery.EndpointUntrusted,
        delivery.EndpointSilent,
        delivery.EndpointBusy,
    )
)
"""Causes that say time or reachability: the hub may replay them by itself."""

AGES: Final = (
    (timedelta(hours=1), "<1h"),
    (timedelta(days=1), "<1d"),
    (timedelta(days=7), "<7d"),
)
OLDER: Final = ">=7d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which dead letters are meant; all that is said must hold."""

    incident: UUID | None = None
    cause: str = ""
    endpoint: OrganizationCode | None = None
    stage: Stage | None = None
    since: datetime | None = None
    """Given up then or later."""
    until: datetime | None = None
    """Given up before."""
    everything: bool = False
    """Whether all are meant; must be said, nothing never means all."""

    def __post_init__(self) -> None:
        if not (self.everything or self.text):
            raise ValueError("a choice of nothing")

    @property
    def text(self) -> str:
        """The choice as it is written at the command line."""
        said = {
            "--incident": self.incident,
            "--cause": self.cause,
            "--endpoint": self.endpoint,
            "--stage": self.stage,
            "--since": self.since.isoformat() if self.since else "",
            "--until": self.until.isoformat() if self.until else "",
        }
        options = [f"{option} {value}" for option, value in said.items() if value]
        return " ".join(options) or ("--all" if self.everything else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A dead letter with what the records say of its letter now."""

    dead_letter: DeadLetter
    sender: OrganizationCode
    accepted_at: datetime
    """When its letter came: oldest first."""
    state: State
    """Of its consignment."""
    fetched: bool
    """Whether the inbox entry that brings it was taken."""
    stamped_anew: bool
    """Whether the same letter, sent anew to its receiver, has a number."""
    held_anew: bool
    """Whether that one was taken by its receiver."""
    endpoint: Endpoint | None
    """Of who does not get it."""
    replayed: bool
    """Whether the same work was replayed before."""

    @property
    def is_letter(self) -> bool:
        """Whether it is about a letter, not a notifier."""
        return self.dead_letter.receipt is None

    @property
    def is_overtaken(self) -> bool:
        """Whether its own letter was fetched or answered all the same."""
        if self.is_letter:
            return self.state is not State.FAILED
        return self.fetched


def verdict_on(candidate: Candidate, now: datetime) -> Verdict:
    """Say whether a dead letter may be sent again, by the first rule that applies."""
    if not candidate.dead_letter.is_open:
        return Verdict.SETTLED
    if candidate.fetched:
        return Verdict.ALREADY_HELD
    if candidate.is_letter and (verdict := _on_letter(candidate)):
        return verdict
    return Verdict.ENDPOINT_RESTS if _rests(candidate, now) else Verdict.ELIGIBLE


def _on_letter(candidate: Candidate) -> Verdict | None:
    """Apply rules 3 to 7."""
    if candidate.state in _STAMPED:
        routed = candidate.dead_letter.stage is not Stage.ROUTE
        return Verdict.STAMPED if routed else Verdict.ANSWERED
    if candidate.state in _HELD:
        return Verdict.ALREADY_HELD
    if candidate.state is not State.FAILED:
        return Verdict.ANSWERED
    if candidate.stamped_anew:
        return Verdict.STAMPED
    return Verdict.ALREADY_HELD if candidate.held_anew else None


def _rests(candidate: Candidate, now: datetime) -> bool:
    endpoint = candidate.endpoint
    delivers = candidate.dead_letter.stage is Stage.DELIVER
    return bool(delivers and endpoint and endpoint.pushes and endpoint.rests(now))


def may_go_by_itself(candidate: Candidate, now: datetime) -> bool:
    """Say whether the hub replays it without being told (rule 8 of replay.py).

    It takes again where its last success came after this was given up.
    """
    endpoint, dead = candidate.endpoint, candidate.dead_letter
    if endpoint is None or not endpoint.replays or endpoint.last_success_at is None:
        return False
    return (
        dead.stage is Stage.DELIVER
        and dead.cause in PASSING
        and not candidate.replayed
        and endpoint.failures == 0
        and endpoint.last_success_at > dead.at
        and verdict_on(candidate, now) is Verdict.ELIGIBLE
    )


def in_order(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return them as they are sent: oldest letter first, its notifiers behind it."""
    return sorted(
        candidates, key=lambda c: (c.accepted_at, c.dead_letter.at, c.dead_letter.id)
    )


def items_of(candidates: Sequence[Candidate], now: datetime) -> list[Item]:
    """Return the letters of a plan, numbered in the order in which they are sent."""
    items = []
    for position, candidate in enumerate(in_order(candidates), start=1):
        dead_letter = candidate.dead_letter
        verdict = verdict_on(candidate, now)
        waits = verdict is Verdict.ELIGIBLE
        items.append(
            Item(
                position=position,
                dead_letter=dead_letter.id,
                consignment=dead_letter.consignment,
                endpoint=dead_letter.endpoint,
                verdict=verdict,
                outcome=Outcome.WAITING if waits else Outcome.HELD_BACK,
            )
        )
    return items


def age(given_up_at: datetime, now: datetime) -> str:
    """Return how long ago it was given up, in one of four words."""
    passed = now - given_up_at
    return next((word for limit, word in AGES if passed < limit), OLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What the records say of a letter that a replay has sent."""

    position: int
    stage: Stage
    is_letter: bool
    state: State
    """Of its consignment."""
    queued: bool
    """Whether an inbox entry brings it."""
    fetched: bool
    """Whether that was taken."""
    cause: str
    """Of the dead letter that it became again; empty for none."""


def outcome_of(trace: Trace) -> Outcome:
    """Say what came of it: the stage it was sent back to was passed, or not."""
    if trace.cause:
        return Outcome.FAILED_AGAIN
    return Outcome.DONE if _PASSED[trace.stage](trace) else Outcome.SENT


def _was_routed(trace: Trace) -> bool:
    return trace.state not in {State.ACCEPTED, State.FAILED}


def _was_queued(trace: Trace) -> bool:
    return trace.queued


def _was_taken(trace: Trace) -> bool:
    """Say whether it was; that a letter was answered is enough, a number is not.

    One that had its number before is handed over again all the same.
    """
    open_yet = (State.WAITING, State.FAILED, *_STAMPED)
    return trace.fetched or (trace.is_letter and trace.state not in open_yet)


_PASSED: Final = {
    Stage.ROUTE: _was_routed,
    Stage.NOTIFY: _was_queued,
    Stage.DELIVER: _was_taken,
}
