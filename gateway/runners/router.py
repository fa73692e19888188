"""Takes up ROUTE: consignments in custody, on their way to an endpoint.

Consignments are routed side by side: two that came shortly after one another may
lie in an inbox in the other order, as they might in any post.
"""

import asyncio
from functools import partial

from gateway.domain.promise import Stage
from gateway.runners.runner import Runner
from gateway.workflow.give_up import give_up
from gateway.workflow.route import route
from gateway.workflow.work import Work
from queues.broker import Broker


def router(work: Work, broker: Broker, *, stop: asyncio.Event) -> Runner:
    """Return the runner that routes."""
    return Runner(
        "router",
        broker,
        Stage.ROUTE,
        partial(route, work),
        give_up=partial(give_up, work),
        stop=stop,
    )
