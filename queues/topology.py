"""What is declared on RabbitMQ, as data: each queue, its dead queue, their arguments.

1. Quorum queues only, durable, named by us: nothing transient, nothing mirrored.
2. Each queue has a dead queue of its own, bound by name to the default exchange: no
   exchange and no binding is declared, so none can be missing.
3. Each queue has a delivery limit of our own. RabbitMQ 4 would take 20, and a store
   that is away for an hour returns a message more often than that.
4. What goes over the limit reaches the dead queue at least once, not at most.
5. A dead queue has no limit worth the name: behind it there is nothing.
6. A queue whose name has a dot is one endpoint's, and one consumer at a time has it: of
   several processes one empties it, and another goes on where that one ends.
7. No policy, no global prefetch, no expiry, no length limit.

`deploy/rabbitmq/definitions.json` is made from this file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

Argument = str | int | bool

DELIVERY_LIMIT: Final = 10_000
"""Returns after which a message is set aside. Of those there is one each time that a
handler meets a temporary error, every 15 seconds at worst: 40 hours for one process.
What it is for is a message that kills its process each time."""

NO_LIMIT: Final = 2**31 - 1
"""RabbitMQ 4 would drop what was looked at 20 times; 3.10 knows no word for never."""

_DEAD: Final = ".dead"
_DEFAULT_EXCHANGE: Final = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """One queue as it is declared; always durable."""

    name: str
    arguments: Mapping[str, Argument]


def dead_queue(queue: str) -> str:
    """Return the name of the queue in which the dead messages of another lie."""
    return queue + _DEAD


def topology(
    queues: Iterable[str], delivery_limit: int = DELIVERY_LIMIT
) -> tuple[Declared, ...]:
    """Return what is declared for queues, each dead queue before its queue."""
    return tuple(
        declared
        for queue in queues
        for declared in (_dead(queue), _queue(queue, delivery_limit))
    )


def definitions(queues: Iterable[str], vhost: str) -> dict[str, object]:
    """Return the same as a definitions file of RabbitMQ, for its own tools.

    Without users: passwords stand in no file of ours.
    """
    return {
        "vhosts": [{"name": vhost}],
        "queues": [
            {
                "name": declared.name,
                "vhost": vhost,
                "durable": True,
                "auto_delete": False,
                "arguments": dict(declared.arguments),
            }
            for declared in topology(queues)
        ],
        "exchanges": [],
        "bindings": [],
        "policies": [],
    }


def _queue(queue: str, delivery_limit: int) -> Declared:
    alone = {"x-single-active-consumer": True} if "." in queue else {}
    return Declared(
        queue,
        {
            **alone,
            "x-queue-type": "quorum",
            "x-delivery-limit": delivery_limit,
            "x-dead-letter-exchange": _DEFAULT_EXCHANGE,
            "x-dead-letter-routing-key": dead_queue(queue),
            "x-dead-letter-strategy": "at-least-once",
            # The strategy asks for it; there is no length that could overflow.
            "x-overflow": "reject-publish",
        },
    )


def _dead(queue: str) -> Declared:
    return Declared(
        dead_queue(queue),
        {"x-queue-type": "quorum", "x-delivery-limit": NO_LIMIT},
    )
