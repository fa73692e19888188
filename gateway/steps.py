"""Crash points: the steps at which a demo hub can be told to kill itself.

Each lies where what is durable and what is promised to someone differ for a moment.
The journeys stop a hub at every one of them, start it again, and look at the books.
`GATEWAY_STOP_AT=receive:after-commit#3` kills the process, as `kill -9` would, when it
passes that step for the third time; `GATEWAY_SET_BACK_AT` sets the hub's clock back by
an hour there, or from its start. Only a hub made by `init --demo` obeys.
"""

import os
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

VARIABLE: Final = "GATEWAY_STOP_AT"

SET_BACK: Final = "GATEWAY_SET_BACK_AT"
"""A step as above, or `start`: from then on the clock is an hour behind."""

START: Final = "start"

HOUR: Final = timedelta(hours=1)

STEPS: Final[Mapping[str, str]] = {
    "receive:before-commit": "a letter is written down, nothing is committed",
    "receive:after-commit": "a letter is in custody, its sender has no answer yet",
    "relay:before-publish": "promises are due, the broker has none of them",
    "relay:after-publish": "the broker has the promises, the outbox does not know",
    "runner:claimed": "a message is claimed, its handling has not begun",
    "route:before-commit": "a letter is in an inbox, nothing is committed",
    "route:after-commit": "a letter is in an inbox, the runner does not know",
    "notify:before-commit": "a notifier is in an inbox, nothing is committed",
    "notify:after-commit": "a notifier is in an inbox, the runner does not know",
    "deliver:before-send": "a parcel is ready, its endpoint has heard nothing of it",
    "deliver:answered": "an endpoint has answered, nothing is written down",
    "deliver:before-commit": "what an endpoint answered is noted, not committed",
    "deliver:after-commit": "an endpoint's answer is kept, the runner does not know",
    "deliver:given-up": "what was not taken is a dead letter, the runner knows not",
    "give-up:before-commit": "work is given up, nothing is committed",
    "give-up:after-commit": "a dead letter is there, the runner does not know",
    "replay:before-commit": "a dead letter is promised again, nothing is committed",
    "replay:after-commit": "a dead letter is promised again, the replayer knows not",
    "runner:handled": "a message's effects are committed, it is not acknowledged",
    "look:before-commit": "a head was found, that it was shown is not committed",
    "look:before-answer": "a head is noted as shown, its reader has not seen it",
    "confirm:before-commit": "an entry is taken, nothing is committed",
    "confirm:after-commit": "an entry is taken, its deleter has no answer yet",
    "notice:before-commit": "an arrival or a return is noted, nothing is committed",
    "notice:after-commit": "an arrival or a return is noted, its teller unanswered",
    "free:before-commit": "a number is freed, nothing is committed",
    "free:after-commit": "a number is freed, its sender has no answer yet",
    "register:before-commit": "a number is entered, nothing is committed",
    "register:after-commit": "a number is entered, who gave it has no answer yet",
    "seal:after-commit": "the journal is sealed, its head stands nowhere else yet",
    "attest:signed": "receipts are signed, none of them is kept",
    "attest:after-commit": "receipts are signed and kept",
}
"""Every step, and what is true when it is passed."""


class _Point:
    """A step at which something is to happen once, if anywhere."""

    __slots__ = ("act", "left", "step")

    def __init__(self) -> None:
        self.arm("", _kill)

    def arm(self, wanted: str, act: Callable[[], None]) -> None:
        """Wait for `STEP#COUNT`, or for nothing where that is empty."""
        self.step, self.left = _parsed(wanted) if wanted else ("", 0)
        self.act = act

    def passed(self) -> None:
        """Count a passing, and act where it is the one."""
        self.left -= 1
        if self.left == 0:
            self.act()


class _Clock:
    """How far the clock is behind."""

    __slots__ = ("behind",)

    def __init__(self) -> None:
        self.behind = timedelta()

    def set_back(self) -> None:
        self.behind = HOUR


def arm(
    *,
    demo: bool,
    environment: Mapping[str, str] = os.environ,
    end: Callable[[], None] | None = None,
) -> None:
    """Obey the two variables from now on, or nothing where they are not set.

    A hub that is no demo hub ignores them. `end` is what stands for the kill in tests.
    Raises `ValueError` for an unknown step, or a count that is no positive number.
    """
    stop_at = environment.get(VARIABLE, "") if demo else ""
    back_at = environment.get(SET_BACK, "") if demo else ""
    _stop.arm(stop_at, end or _kill)
    _clock.behind = HOUR if back_at == START else timedelta()
    _back.arm("" if back_at == START else back_at, _clock.set_back)


def passed(step: str) -> None:
    """Note that the process passes a step; returns unless it is to end here."""
    if step == _back.step:
        _back.passed()
    if step == _stop.step:
        _stop.passed()


def behind() -> timedelta:
    """Return how far the clock is to be behind that of the machine."""
    return _clock.behind


def _parsed(wanted: str) -> tuple[str, int]:
    step, _, count = wanted.partition("#")
    if step not in STEPS:
        raise ValueError(f"{VARIABLE}, {SET_BACK}: no step {step!r}")
    times = int(count) if count else 1
    if times < 1:
        raise ValueError(f"{VARIABLE}, {SET_BACK}: counted from 1, not {times}")
    return step, times


def _kill() -> None:
    """End at once: no handler, no flush, no farewell."""
    os.kill(os.getpid(), signal.SIGKILL)


_stop: Final = _Point()
_back: Final = _Point()
_clock: Final = _Clock()
