"""Takes up NOTIFY: receipts, on their way to who is told.

Notifiers about one consignment are queued in the order of their receipts: a sender
reads "received" before "registered".
"""

import asyncio
from functools import partial

from gateway.domain.promise import Stage
from gateway.runners.runner import Runner
from gateway.workflow.give_up import give_up
from gateway.workflow.notify import notify
from gateway.workflow.work import Work
from queues.broker import Broker


def notifier(work: Work, broker: Broker, *, stop: asyncio.Event) -> Runner:
    """Return the runner that notifies."""
    return Runner(
        "notifier",
        broker,
        Stage.NOTIFY,
        partial(notify, work),
        give_up=partial(give_up, work),
        stop=stop,
    )
