"""What can go wrong with a broker. Time's move, or ours."""

from typing import ClassVar


class QueueError(Exception):
    """The broker could not do what was asked."""

    code: ClassVar[str] = "queue-error"
    temporary: ClassVar[bool] = False


class BrokerUnavailable(QueueError):
    """The broker cannot be reached, or it is not known whether it stored a message."""

    code = "broker-unavailable"
    temporary = True


class ClaimLost(QueueError):
    """The claim on a message was lost; the message will come again."""

    code = "claim-lost"
    temporary = True


class UnknownQueue(QueueError):
    """No queue of this name was declared."""

    code = "unknown-queue"
