"""A replay is watched until it ends: a bar on a terminal, lines in a pipe."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.cli.progress import progress
from gateway.cli.replay_found import Found, line_document
from gateway.cli.replay_report import OUTCOMES, PROGRESS
from gateway.cli.screen import is_terminal, say, show_json_line, show_line
from gateway.cli.thai import thai_second
from gateway.domain.replay import Outcome, Progress

PAUSE: Final = 1.0
"""Seconds between two looks."""

_WORDS: Final = "ส่งซ้ำ / replaying"
_UNKNOWN: Final = (Outcome.WAITING, Outcome.SENT)


async def watch(
    look: Callable[[], Awaitable[Found]],
    *,
    as_json: bool,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Found:
    """Tell how far a replay is, until it goes on no longer; return how it ended.

    In a pipe, and as JSON, a line is written whenever something has changed.
    """
    told: object = None
    with progress(_WORDS) as advance:
        while True:
            found = await look()
            counts = found.outcomes
            total = counts.total() - counts[Outcome.HELD_BACK]
            advance(total - sum(counts[outcome] for outcome in _UNKNOWN), total)
            state = (found.progress, found.replay.rate, dict(counts))
            if state != told and (as_json or not is_terminal()):
                _line(found, as_json=as_json)
            told = state
            if found.progress is not Progress.RUNNING:
                break
            await pause(PAUSE)
    if is_terminal() and not as_json:
        say(f"{PROGRESS[found.progress]}: {_counts(found)}")
    return found


def _line(found: Found, *, as_json: bool) -> None:
    if as_json:
        show_json_line(line_document(found.replay, found.outcomes, found.now))
        return
    show_line((thai_second(found.now), found.progress.value, _counts(found)))


def _counts(found: Found) -> str:
    return ", ".join(
        f"{OUTCOMES[outcome].partition(' / ')[2]} {count}"
        for outcome, count in sorted(found.outcomes.items())
    )
