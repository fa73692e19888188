"""Crash points: the steps at which a demo hub can be told to kill itself.

Each lies where what is durable and what is promised to someone differ for a moment.
The journeys stop a hub at every one of them, start it again, and look at the books.
`GATEWAY_STOP_AT=receive:after-commit#3` kills the process, as `kill -9` would, when it
passes that step for the third time; only a hub made by `init --demo` obeys.
"""

import os
import signal
from collections.abc import Callable, Mapping
from typing import Final

VARIABLE: Final = "GATEWAY_STOP_AT"

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


class _Stop:
    """Where this process ends, if anywhere."""

    __slots__ = ("end", "left", "step")

    def __init__(self) -> None:
        self.step = ""
        self.left = 0
        self.end: Callable[[], None] = _kill


def arm(
    *,
    demo: bool,
    environment: Mapping[str, str] = os.environ,
    end: Callable[[], None] | None = None,
) -> None:
    """Obey `GATEWAY_STOP_AT` from now on, or nothing where it is not set.

    A hub that is no demo hub ignores it. `end` is what stands for the kill in tests.
    Raises `ValueError` for an unknown step, or a count that is no positive number.
    """
    wanted = environment.get(VARIABLE, "") if demo else ""
    _stop.step, _stop.left = _parsed(wanted) if wanted else ("", 0)
    _stop.end = end or _kill


def passed(step: str) -> None:
    """Note that the process passes a step; returns unless it is to end here."""
    if step == _stop.step:
        _stop.left -= 1
        if _stop.left == 0:
            _stop.end()


def _parsed(wanted: str) -> tuple[str, int]:
    step, _, count = wanted.partition("#")
    if step not in STEPS:
        raise ValueError(f"{VARIABLE}: no step {step!r}")
    times = int(count) if count else 1
    if times < 1:
        raise ValueError(f"{VARIABLE}: counted from 1, not {times}")
    return step, times


def _kill() -> None:
    """End at once: no handler, no flush, no farewell."""
    os.kill(os.getpid(), signal.SIGKILL)


_stop: Final = _Stop()
