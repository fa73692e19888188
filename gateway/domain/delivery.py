"""What is handed to a push endpoint, what comes of it, and when it is tried again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierCopy
from gateway.domain.consignment import LetterFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is handed over: a letter, or a notifier about one."""

    id: UUID
    """Of the inbox entry, the same in each attempt: the idempotency key."""
    process_id: str
    """The entry's own number, as a client that polled would be told."""
    sender: OrganizationCode
    """Who sent the letter; of a notifier too."""
    receiver: OrganizationCode
    """Whose endpoint it is."""
    letter: LetterFacts
    document: bytes = field(default=b"", repr=False)
    """The GovernmentDocument that the receiver gets, XML as it is signed; empty where
    a notifier is handed over."""
    notifier: NotifierCopy | None = None
    told_by: OrganizationCode | None = None
    """Whose word the notifier is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint answered, as far as it did."""

    status: int | None = None
    """Of HTTP; None where nothing came."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    """Its beginning, 16 KiB at most."""
    seconds: float = 0.0
    """From the first byte sent, or from the attempt to connect."""
    process_id: str = ""
    """The number under which it took custody; empty where it named none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to hand an entry over, for operators and for the bundle."""

    promise: UUID
    """What it was made for; each promise has one attempt."""
    consignment: UUID
    entry: UUID
    endpoint: OrganizationCode
    at: datetime
    number: int
    """From 1."""
    outcome: str
    """`taken`, or the code of the error."""
    answer: Answer


class DeliveryError(Exception):
    """The endpoint did not take custody."""

    code: ClassVar[str] = "delivery-failed"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "ส่งให้ปลายทางไม่สำเร็จ"

    def __init__(
        self,
        detail: str = "",
        *,
        answer: Answer | None = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(detail or type(self).__doc__)
        self.detail = detail
        self.answer = answer or Answer()
        self.wait = wait
        """Seconds after which the endpoint asks to be tried again, a day at most."""


class EndpointUnreachable(DeliveryError):
    """The endpoint cannot be reached."""

    code = "endpoint-unreachable"
    temporary = True
    thai = "ติดต่อปลายทางไม่ได้"


class EndpointUntrusted(DeliveryError):
    """The endpoint's certificate does not hold."""

    code = "endpoint-untrusted"
    temporary = True
    thai = "ใบรับรองของปลายทางใช้ไม่ได้"


class CredentialsMissing(DeliveryError):
    """The hub has not what it must show to the endpoint."""

    code = "credentials-missing"
    temporary = True
    thai = "ศูนย์กลางไม่มีใบรับรองหรือรหัสผ่านที่ใช้กับปลายทางนี้"


class EndpointSilent(DeliveryError):
    """The endpoint did not answer in time; it may have the letter."""

    code = "endpoint-silent"
    temporary = True
    thai = "ปลายทางไม่ตอบภายในเวลา อาจได้รับหนังสือแล้ว"


class EndpointBusy(DeliveryError):
    """The endpoint asks to be tried again later."""

    code = "endpoint-busy"
    temporary = True
    thai = "ปลายทางไม่ว่าง ขอให้ส่งใหม่ภายหลัง"


class EndpointMisbehaved(DeliveryError):
    """The endpoint answered what the protocol does not know."""

    code = "endpoint-misbehaved"
    temporary = True
    thai = "ปลายทางตอบผิดรูปแบบ"


class EndpointRefused(DeliveryError):
    """The endpoint refused the letter."""

    code = "endpoint-refused"
    thai = "ปลายทางไม่รับหนังสือ"


class AddressForbidden(DeliveryError):
    """The endpoint's address is not one that its record allows."""

    code = "address-forbidden"
    thai = "ที่อยู่ของปลายทางอยู่ในเครือข่ายที่ไม่ได้อนุญาต"
