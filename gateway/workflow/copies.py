"""A receipt → the notifier that tells of it, in the sender's own words (I2.6)."""

from envelopes.notifier import NotifierCopy
from gateway.domain.consignment import Consignment
from gateway.domain.receipts import Receipt
from gateway.domain.register import BANGKOK


def notifier_copy(consignment: Consignment, receipt: Receipt) -> NotifierCopy:
    """Write the notifier of a receipt; raises `ValueError` where it has none."""
    if receipt.notifier is None:
        raise ValueError(f"a {receipt.kind} receipt has no notifier")
    return NotifierCopy(
        kind=receipt.notifier,
        letter_id=consignment.letter.letter_id,
        subject=consignment.letter.subject,
        accept_id=receipt.number if receipt.notifier.carries_number else None,
        accept_date=receipt.accept_at.astimezone(BANGKOK).strftime("%Y-%m-%dT%H:%M:%S"),
        accept_organization=consignment.receiver,
    )
