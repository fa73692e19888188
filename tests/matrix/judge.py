"""What became of the letters: as their clients saw it, and as the hub's books say.

1. A letter that was answered with a ProcessID is in the hub under it, and nothing
   else is: whoever sent again was told the same.
2. It is in its receiver's hands once, and what its sender wrote came.
3. Its sender was told one number, once.
4. A receiver's numbers are 1, 2, 3 … without a gap or a twin.
5. What one office sent to another came in the order in which it was sent; not
   judged where some of it was given up and replayed, which comes later by design.
6. `gateway check books` finds nothing; `gateway broker show` finds no work left.
"""

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envelopes.letter import OrganizationCode
from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.inbox import Standing
from gateway.simulation.letter import Letter
from tests.journeys.conftest import gateway
from tests.matrix.traffic import Lane, Seen


@dataclass(slots=True)
class Verdict:
    """The counts of one row, and a sentence for each thing that is not right."""

    lost: int = 0
    twice: int = 0
    out_of_order: int = 0
    order_judged: bool = True
    books: bool = False
    queues: bool = False
    findings: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything is as it has to be."""
        return not self.findings

    def miss(self, what: str) -> None:
        """Count a letter that is not where it has to be."""
        self.lost += 1
        self.findings.append(what)

    def doubled(self, what: str) -> None:
        """Count what there is more often than once."""
        self.twice += 1
        self.findings.append(what)


def judge_clients(seen: Seen, verdict: Verdict) -> None:
    """Judge by what the clients saw alone: rules 2 to 5."""
    verdict.order_judged = seen.in_order
    if not seen.complete:
        verdict.findings.append("time was over before all numbers were back")
    for lane in seen.lanes:
        _judge_lane(lane, seen, verdict)
    for receiver in sorted({lane.receiver for lane in seen.lanes}):
        _judge_numbers(receiver, seen, verdict)


def _judge_lane(lane: Lane, seen: Seen, verdict: Verdict) -> None:
    mine = {letter.number: letter for letter in lane.letters}
    got = [x for _, x in seen.received.get(lane.receiver, []) if x.number in mine]
    often = Counter(letter.number for letter in got)
    for number, letter in mine.items():
        if number not in lane.taken:
            verdict.miss(f"{number}: never answered")
        if not often[number]:
            verdict.miss(f"{number}: not in its receiver's hands")
        elif often[number] > 1:
            verdict.doubled(f"{number}: came {often[number]} times")
        told = lane.numbers.get(number, [])
        if not told:
            verdict.miss(f"{number}: its sender was told no number")
        elif len(told) > 1:
            verdict.doubled(f"{number}: its sender was told {' and '.join(told)}")
        if any(x.number == number and x.main != letter.main for x in got):
            verdict.findings.append(f"{number}: another file came")
    if seen.in_order:
        _judge_order(lane, got, verdict)


def _judge_order(lane: Lane, got: Sequence[Letter], verdict: Verdict) -> None:
    mine = {letter.number: letter for letter in lane.letters}
    places = [list(mine).index(letter.number) for letter in got]
    for before, after in itertools.pairwise(places):
        if after < before:
            verdict.out_of_order += 1
            early, late = lane.letters[before].number, lane.letters[after].number
            verdict.findings.append(f"{early} came before {late}")


def _judge_numbers(receiver: str, seen: Seen, verdict: Verdict) -> None:
    told = [
        number
        for lane in seen.lanes
        if lane.receiver == receiver
        for numbers in lane.numbers.values()
        for number in numbers
    ]
    serials = sorted(int(number.partition("/")[0]) for number in told)
    if len(set(serials)) < len(serials):
        verdict.doubled(f"{receiver}: a number was given twice")
    if set(serials) != set(range(1, len(set(serials)) + 1)):
        verdict.findings.append(f"{receiver}: the numbers have a gap")


async def judge_hub(data: Path, seen: Seen, verdict: Verdict) -> None:
    """Judge by what lies in the hub: rule 1, and what stands in its inboxes."""
    async with open_hub(load(data)) as hub:
        for sender in sorted({lane.sender for lane in seen.lanes}):
            lanes = [lane for lane in seen.lanes if lane.sender == sender]
            count = sum(len(lane.letters) for lane in lanes)
            code = OrganizationCode.parse(sender)
            lines = await hub.store.views.outbound(code, limit=2 * count + 1)
            there = Counter(line.process_id for line in lines)
            answered = Counter(p for lane in lanes for p in lane.taken.values())
            for process_id in answered - there:
                verdict.miss(f"{sender}: {process_id} was answered and is not there")
            for process_id in there - answered:
                verdict.doubled(f"{sender}: {process_id} is there and never answered")
        for line in await hub.store.views.aside(None):
            if line.entry.standing is Standing.PARKED:
                verdict.findings.append(f"parked: {line.letter.letter_id}")


def judge_books(data: Path, verdict: Verdict) -> None:
    """Judge by `gateway check books`."""
    checked = gateway("check", "books", "--json", "--data", str(data))
    verdict.books = checked.returncode == 0
    if not verdict.books:
        words = (checked.stdout + checked.stderr)[-2000:]
        verdict.findings.append(f"gateway check books: {words}")


def work_left(data: Path) -> str:
    """Return what `gateway broker show` finds that is not done; empty for nothing."""
    shown = gateway("broker", "show", "--json", "--data", str(data))
    if shown.returncode:
        return shown.stderr[-500:]
    lines: list[dict[str, Any]] = json.loads(shown.stdout)
    left = [line for line in lines if line["waiting"] or line["dead"]]
    return ", ".join(f"{x['queue']} {x['waiting']}/{x['dead']}" for x in left)
