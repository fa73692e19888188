"""Who was not let in: a few lines in the log, a few acts in the journal, never more.

1. Calls from one address for one door are one group, counted until it is written.
2. The log tells of the first of each group at once, and of at most `LINES` groups
   between two writings; all others are counted.
3. A writing adds at most `ACTS` acts, of organizations of the directory first, and
   one for all others together: strangers cannot fill the database.
4. Of more groups than `GROUPS` the rest is one group, of no address and no door.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.domain.access import Denial
from gateway.domain.act import Act, Who
from gateway.telemetry import count, emit
from gateway.workflow.work import Work

ACTS: Final = 20
LINES: Final = 60
GROUPS: Final = 500

WHAT: Final = "access denied"
"""The act."""

_CODE: Final = "access-denied"
_NOBODY: Final = ("", None)

_Key = tuple[str, OrganizationCode | None]


@dataclass(frozen=True, slots=True)
class _Group:
    """Denials from one address for one door."""

    last: Denial
    first_at: datetime
    count: int = 1

    def and_then(self, other: "_Group") -> "_Group":
        """Return both as one."""
        return replace(
            self,
            last=max(self.last, other.last, key=lambda denial: denial.at),
            first_at=min(self.first_at, other.first_at),
            count=self.count + other.count,
        )


class Denials:
    """Denials since they were last written."""

    def __init__(self) -> None:
        self._groups: dict[_Key, _Group] = {}
        self._lines = 0

    def note(self, denial: Denial) -> None:
        """Note a call that was not let in."""
        key = (denial.peer, denial.organization)
        if key in self._groups or self._lines >= LINES:
            count("access denied")
        else:
            self._lines += 1
            emit("access denied", code=_CODE, detail=denial.reason, peer=denial.peer)
        self._add(key, _Group(denial, denial.at))

    async def write(self, work: Work) -> None:
        """Write down what was gathered, in one transaction."""
        groups, self._groups, self._lines = self._groups, {}, 0
        if not groups:
            return
        try:
            await _keep(work, groups)
        except BaseException:
            for key, group in groups.items():
                self._add(key, group)
            raise

    def _add(self, key: _Key, group: _Group) -> None:
        if key not in self._groups and len(self._groups) >= GROUPS:
            key = _NOBODY
        known = self._groups.get(key)
        self._groups[key] = known.and_then(group) if known else group


async def _keep(work: Work, groups: dict[_Key, _Group]) -> None:
    known: dict[_Key, _Group] = {}
    for (peer, code), group in groups.items():
        there = code is not None and await work.store.organization(code) is not None
        key = (peer, code if there else None)
        known[key] = known[key].and_then(group) if key in known else group
    ranked = sorted(
        known.items(), key=lambda one: (one[0][1] is None, -one[1].count, one[0][0])
    )
    async with work.store.unit() as unit:
        for (peer, code), group in ranked[:ACTS]:
            facts = {"peer": peer, "reason": group.last.reason}
            await unit.acts.add(_act(work, code, group, facts))
        if others := ranked[ACTS:]:
            together = others[0][1]
            for _, group in others[1:]:
                together = together.and_then(group)
            peers = Counter(peer for (peer, _), _ in others)
            facts = {"peers": str(len(peers)), "reason": "others"}
            await unit.acts.add(_act(work, None, together, facts))
        await unit.commit()


def _act(
    work: Work,
    code: OrganizationCode | None,
    group: _Group,
    facts: dict[str, str],
) -> Act:
    return Act(
        id=work.ids.new(),
        at=group.last.at,
        what=WHAT,
        who=Who(account=""),
        organization=code,
        after={
            **facts,
            "count": str(group.count),
            "since": group.first_at.isoformat(),
        },
    )
