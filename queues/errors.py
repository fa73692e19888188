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


class BrokerRefused(BrokerUnavailable):
    """The broker does not let the hub in, or not at what it needs."""

    # Temporary, though an operator has to mend it: he mends it at the broker, and
    # meanwhile the hub takes letters.
    code = "broker-refused"


class QueueDiffers(BrokerUnavailable):
    """A queue of this name is at the broker, but made in another way."""

    code = "queue-differs"


class ClaimLost(QueueError):
    """The claim on a message was lost; the message will come again."""

    code = "claim-lost"
    temporary = True


class UnknownQueue(QueueError):
    """No queue of this name was declared."""

    code = "unknown-queue"
