"""The life of a consignment: every state, and every way from one to the next.

Rule 1: this table is the only place that knows which transitions exist.
Rule 2: it knows nothing of SQL, queues or SOAP; it is told what happened.
Rule 3: a happening that leaves the state alone is a *fact*; it stands here too.
`docs/lifecycle.svg` is drawn from it by `tools/draw_lifecycle.py`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.errors import IllegalTransition


class State(StrEnum):
    """Where a consignment stands."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    DELIVERED = "delivered"
    RECEIVED = "received"
    REGISTERED = "registered"
    DISPUTED = "disputed"
    RETURNED = "returned"
    RETURNED_AS_WRONG = "returned-as-wrong"
    RECALLED = "recalled"
    FAILED = "failed"


class Happening(StrEnum):
    """What can happen to a consignment; each is one kind of journal entry."""

    LETTER_ACCEPTED = "letter-accepted"
    ROUTE_CHOSEN = "route-chosen"
    ENTRY_SHOWN = "entry-shown"
    ENDPOINT_TOOK_IT = "endpoint-took-it"
    RECEIVER_CONFIRMED = "receiver-confirmed"
    NUMBER_GIVEN = "number-given"
    NUMBER_CORRECTED = "number-corrected"
    NUMBER_DISPUTED = "number-disputed"
    RECEIVER_RETURNED = "receiver-returned"
    RECEIVER_CALLED_IT_WRONG = "receiver-called-it-wrong"
    SENDER_RECALLED = "sender-recalled"
    NUMBER_FREED = "number-freed"
    COPY_FITTED = "copy-fitted"
    ENTRY_SET_BEHIND = "entry-set-behind"
    ENTRY_PARKED = "entry-parked"
    ENTRY_CAME_BACK = "entry-came-back"
    ENTRY_HELD = "entry-held"
    ENTRY_RELEASED = "entry-released"
    ENTRY_ASKED_AGAIN = "entry-asked-again"
    NOTIFIER_QUEUED = "notifier-queued"
    NOTIFIER_SHOWN = "notifier-shown"
    NOTIFIER_TAKEN = "notifier-taken"
    DELIVERY_BEGUN = "delivery-begun"
    DELIVERY_FAILED = "delivery-failed"
    NOTIFIER_FAILED = "notifier-failed"
    WORK_GIVEN_UP = "work-given-up"
    NOTIFIER_GIVEN_UP = "notifier-given-up"
    OPERATOR_REPLAYED = "operator-replayed"
    DELIVERY_RESUMED = "delivery-resumed"
    NOTIFIER_RESUMED = "notifier-resumed"
    DEAD_LETTER_DISCARDED = "dead-letter-discarded"
    DEAD_LETTER_OVERTAKEN = "dead-letter-overtaken"
    BYTES_PURGED = "bytes-purged"


class Turn(StrEnum):
    """Whose move it is."""

    HUB = "hub"
    RECEIVER_SYSTEM = "receiver-system"
    RECEIVER = "receiver"
    SENDER = "sender"
    OPERATOR = "operator"
    NOBODY = "nobody"

    @property
    def thai(self) -> str:
        """The words on screen."""
        return _TURN_THAI[self]


_TURN_THAI: Final = {
    Turn.HUB: "ศูนย์กลาง",
    Turn.RECEIVER_SYSTEM: "ระบบของผู้รับ",
    Turn.RECEIVER: "ผู้รับ",
    Turn.SENDER: "ผู้ส่ง",
    Turn.OPERATOR: "ผู้ดูแลระบบ",
    Turn.NOBODY: "-",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a state means to a person."""

    thai: str
    english: str
    turn: Turn
    green: bool
    next_step: str
    """The next thing that happens by itself, or what is waited for."""


MEANINGS: Final[dict[State, Meaning]] = {
    State.ACCEPTED: Meaning(
        "ศูนย์รับไว้แล้ว",
        "taken into custody",
        Turn.HUB,
        green=False,
        next_step="the hub routes it within seconds",
    ),
    State.WAITING: Meaning(
        "รออยู่ในกล่องขาเข้าปลายทาง",
        "waiting in the receiver's inbox",
        Turn.RECEIVER_SYSTEM,
        green=False,
        next_step="the receiver's system fetches it, or its clerk registers it",
    ),
    State.DELIVERED: Meaning(
        "ส่งถึงระบบปลายทาง (ยังไม่ตอบรับ)",
        "fetched by the receiver's system, not answered",
        Turn.RECEIVER,
        green=False,
        next_step="the receiver confirms, registers or returns it",
    ),
    State.RECEIVED: Meaning(
        "ปลายทางได้รับหนังสือ",
        "the receiver confirmed that it came",
        Turn.RECEIVER,
        green=False,
        next_step="the receiver registers or returns it",
    ),
    State.REGISTERED: Meaning(
        "ปลายทางลงเลขรับแล้ว",
        "registered under a number",
        Turn.NOBODY,
        green=True,
        next_step="nothing",
    ),
    State.DISPUTED: Meaning(
        "แจ้งเลขรับผิด",
        "the sender says the number is wrong",
        Turn.RECEIVER,
        green=False,
        next_step="the receiver answers with a number",
    ),
    State.RETURNED: Meaning(
        "ปลายทางปฏิเสธ / ตีกลับ",
        "sent back by the receiver",
        Turn.SENDER,
        green=False,
        next_step="the sender reads why and sends anew",
    ),
    State.RETURNED_AS_WRONG: Meaning(
        "ปลายทางแจ้งหนังสือผิด",
        "the receiver says it is the wrong letter",
        Turn.SENDER,
        green=False,
        next_step="the sender corrects and sends anew",
    ),
    State.RECALLED: Meaning(
        "ผู้ส่งดึงกลับ",
        "taken back by the sender",
        Turn.NOBODY,
        green=False,
        next_step="nothing; a number that still comes is kept",
    ),
    State.FAILED: Meaning(
        "ส่งไม่สำเร็จ",
        "could not be handed over",
        Turn.OPERATOR,
        green=False,
        next_step="an operator mends the cause and replays it: gateway dead list",
    ),
}

_FACTS: Final = (
    Happening.ENTRY_SHOWN,
    Happening.COPY_FITTED,
    Happening.ENTRY_SET_BEHIND,
    Happening.ENTRY_PARKED,
    Happening.ENTRY_CAME_BACK,
    Happening.ENTRY_HELD,
    Happening.ENTRY_RELEASED,
    Happening.ENTRY_ASKED_AGAIN,
    Happening.NOTIFIER_QUEUED,
    Happening.NOTIFIER_SHOWN,
    Happening.NOTIFIER_TAKEN,
    Happening.DELIVERY_BEGUN,
    Happening.DELIVERY_FAILED,
    Happening.NOTIFIER_FAILED,
    Happening.NOTIFIER_GIVEN_UP,
    Happening.NOTIFIER_RESUMED,
    Happening.DEAD_LETTER_DISCARDED,
    Happening.DEAD_LETTER_OVERTAKEN,
    Happening.BYTES_PURGED,
)


def _table(
    moves: dict[State, dict[Happening, State]],
) -> dict[State, dict[Happening, State]]:
    """Add to each state the facts that never change it."""
    return {s: {**dict.fromkeys(_FACTS, s), **moves[s]} for s in moves}


TRANSITIONS: Final[dict[State, dict[Happening, State]]] = _table(
    {
        State.ACCEPTED: {
            Happening.ROUTE_CHOSEN: State.WAITING,
            Happening.SENDER_RECALLED: State.RECALLED,
            Happening.WORK_GIVEN_UP: State.FAILED,
        },
        State.WAITING: {
            Happening.ENDPOINT_TOOK_IT: State.DELIVERED,
            # A notifier is welcome while the entry still waits: some clients
            # answer before they delete, one never deletes (Q-J10).
            Happening.RECEIVER_CONFIRMED: State.RECEIVED,
            Happening.NUMBER_GIVEN: State.REGISTERED,
            Happening.RECEIVER_RETURNED: State.RETURNED,
            Happening.RECEIVER_CALLED_IT_WRONG: State.RETURNED_AS_WRONG,
            Happening.SENDER_RECALLED: State.RECALLED,
            Happening.WORK_GIVEN_UP: State.FAILED,
        },
        State.DELIVERED: {
            Happening.RECEIVER_CONFIRMED: State.RECEIVED,
            # BOI never confirms: delivered, then registered (E1, G13).
            Happening.NUMBER_GIVEN: State.REGISTERED,
            Happening.RECEIVER_RETURNED: State.RETURNED,
            Happening.RECEIVER_CALLED_IT_WRONG: State.RETURNED_AS_WRONG,
            Happening.SENDER_RECALLED: State.RECALLED,
            # Asked again (operation 10), it is fetched a second time.
            Happening.ENDPOINT_TOOK_IT: State.DELIVERED,
        },
        State.RECEIVED: {
            Happening.ENDPOINT_TOOK_IT: State.RECEIVED,
            Happening.NUMBER_GIVEN: State.REGISTERED,
            Happening.RECEIVER_RETURNED: State.RETURNED,
            Happening.RECEIVER_CALLED_IT_WRONG: State.RETURNED_AS_WRONG,
            Happening.SENDER_RECALLED: State.RECALLED,
        },
        State.REGISTERED: {
            Happening.ENDPOINT_TOOK_IT: State.REGISTERED,
            Happening.RECEIVER_CONFIRMED: State.REGISTERED,
            Happening.NUMBER_CORRECTED: State.REGISTERED,
            Happening.NUMBER_DISPUTED: State.DISPUTED,
            # Handed over again although it is stamped, since that was said in words.
            Happening.DELIVERY_RESUMED: State.REGISTERED,
        },
        State.DISPUTED: {
            Happening.ENDPOINT_TOOK_IT: State.DISPUTED,
            Happening.RECEIVER_CONFIRMED: State.DISPUTED,
            Happening.NUMBER_CORRECTED: State.REGISTERED,
            Happening.NUMBER_DISPUTED: State.DISPUTED,
            Happening.DELIVERY_RESUMED: State.DISPUTED,
        },
        State.RETURNED: {
            Happening.ENDPOINT_TOOK_IT: State.RETURNED,
            Happening.NUMBER_FREED: State.RETURNED,
        },
        State.RETURNED_AS_WRONG: {
            Happening.ENDPOINT_TOOK_IT: State.RETURNED_AS_WRONG,
            Happening.NUMBER_FREED: State.RETURNED_AS_WRONG,
        },
        State.RECALLED: {
            Happening.ENDPOINT_TOOK_IT: State.RECALLED,
            Happening.RECEIVER_CONFIRMED: State.RECALLED,
            # The receiver had it already: a number that still comes is kept.
            Happening.NUMBER_GIVEN: State.REGISTERED,
            Happening.RECEIVER_RETURNED: State.RETURNED,
            Happening.RECEIVER_CALLED_IT_WRONG: State.RETURNED_AS_WRONG,
        },
        State.FAILED: {
            # Given up before it was routed, it is routed anew; given up while it was
            # handed over, its entry is handed over again.
            Happening.OPERATOR_REPLAYED: State.ACCEPTED,
            Happening.DELIVERY_RESUMED: State.WAITING,
            # The endpoint may have had it all the same, and only its answer was lost.
            Happening.ENDPOINT_TOOK_IT: State.DELIVERED,
            Happening.RECEIVER_CONFIRMED: State.RECEIVED,
            Happening.NUMBER_GIVEN: State.REGISTERED,
            Happening.RECEIVER_RETURNED: State.RETURNED,
            Happening.RECEIVER_CALLED_IT_WRONG: State.RETURNED_AS_WRONG,
            Happening.SENDER_RECALLED: State.RECALLED,
        },
    }
)


ERDS_EVENTS: Final[dict[Happening, str]] = {
    Happening.LETTER_ACCEPTED: "SubmissionAcceptance",
    Happening.ROUTE_CHOSEN: "NotificationForAcceptance",
    Happening.ENTRY_SHOWN: "ContentAccessTracking",
    Happening.ENDPOINT_TOOK_IT: "ContentHandover",
    Happening.RECEIVER_CONFIRMED: "ConsignmentAcceptance",
    Happening.NUMBER_GIVEN: "ConsignmentAcceptance",
    Happening.NUMBER_CORRECTED: "ConsignmentAcceptance",
    Happening.NUMBER_DISPUTED: "ConsignmentNotification",
    Happening.RECEIVER_RETURNED: "ConsignmentRejection",
    Happening.RECEIVER_CALLED_IT_WRONG: "ConsignmentRejection",
    Happening.SENDER_RECALLED: "SubmissionRejection",
    Happening.NUMBER_FREED: "SubmissionRejection",
    Happening.COPY_FITTED: "ContentConsignment",
    Happening.ENTRY_SET_BEHIND: "ContentHandoverFailure",
    Happening.ENTRY_PARKED: "ContentHandoverFailure",
    Happening.ENTRY_CAME_BACK: "ContentConsignment",
    Happening.ENTRY_HELD: "ConsignmentNotificationFailure",
    Happening.ENTRY_RELEASED: "ConsignmentNotification",
    Happening.ENTRY_ASKED_AGAIN: "ContentConsignment",
    Happening.NOTIFIER_QUEUED: "ConsignmentNotification",
    Happening.NOTIFIER_SHOWN: "NotificationAccessTracking",
    Happening.NOTIFIER_TAKEN: "NotificationDelivered",
    Happening.DELIVERY_BEGUN: "ContentConsignment",
    Happening.DELIVERY_FAILED: "ContentHandoverFailure",
    Happening.NOTIFIER_FAILED: "ConsignmentNotificationFailure",
    Happening.WORK_GIVEN_UP: "RelayFailure",
    Happening.NOTIFIER_GIVEN_UP: "ConsignmentNotificationFailure",
    Happening.OPERATOR_REPLAYED: "ContentConsignment",
    Happening.DELIVERY_RESUMED: "ContentConsignment",
    Happening.NOTIFIER_RESUMED: "ConsignmentNotification",
    Happening.DEAD_LETTER_DISCARDED: "ContentConsignmentFailure",
    Happening.DEAD_LETTER_OVERTAKEN: "ContentHandover",
    Happening.BYTES_PURGED: "ContentConsignment",
}
"""The event of ETSI EN 319 522-1 that each happening corresponds to."""

FIRST: Final = State.ACCEPTED


def after(state: State, happening: Happening) -> State:
    """Return the state that follows, or raise `IllegalTransition`."""
    try:
        return TRANSITIONS[state][happening]
    except KeyError:
        raise IllegalTransition(f"{happening} in state {state}") from None


def allows(state: State, happening: Happening) -> bool:
    """Say whether this may happen in this state."""
    return happening in TRANSITIONS[state]
