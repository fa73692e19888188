"""The closed table of error codes: whose move each is, and what mends it.

One row per code; its Thai and English words stand in the class that has it. No other
code is ever told to a peer, and none stands in the log. `docs/errors.md` is made from
this table.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Move(StrEnum):
    """Who can mend it."""

    SENDER = "sender"
    """The office that sent the request: a person there reads the letter again."""
    VENDOR = "vendor"
    """Who builds or sets up the office's system."""
    OPERATOR = "operator"
    """Who runs the hub."""
    NOBODY = "nobody"
    """Time does; the same request may be sent again."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """Whose move an error is, and what to do."""

    move: Move
    what: str


_LOOK: Final = "Look into the log under this code, then run gateway check"

REMEDIES: Final[dict[str, Remedy]] = {
    # What a peer may be told.
    "access-denied": Remedy(Move.OPERATOR, "Let the office in at its own address"),
    "already-registered": Remedy(
        Move.SENDER, "Correct or dispute its number instead; it keeps one"
    ),
    "already-returned": Remedy(
        Move.SENDER, "Ask the sender to send it anew under a number that was freed"
    ),
    "bytes-purged": Remedy(
        Move.OPERATOR, "Look it up in its archive: gateway archive list"
    ),
    "certificate-expired": Remedy(
        Move.VENDOR, "Sign with a valid certificate, and have it registered"
    ),
    "access-unknown": Remedy(
        Move.OPERATOR, "Take its id from gateway directory access list"
    ),
    "certificate-revoked": Remedy(
        Move.VENDOR, "Sign with a certificate that is in force, and have it registered"
    ),
    "certificate-taken": Remedy(
        Move.OPERATOR, "Ask both offices whose it is; each needs one of its own"
    ),
    "certificate-untrusted": Remedy(
        Move.OPERATOR, "Register the certificate of the office, or have it sign by it"
    ),
    "certificate-unknown": Remedy(
        Move.OPERATOR, "Take its fingerprint from gateway directory certificate list"
    ),
    "dead-letter-settled": Remedy(
        Move.OPERATOR, "Look how it ended: gateway dead show"
    ),
    "dead-letter-unknown": Remedy(
        Move.OPERATOR, "Take its id from gateway dead list --each"
    ),
    "date-in-future": Remedy(Move.SENDER, "Correct the date of the letter"),
    "entry-unknown": Remedy(Move.OPERATOR, "Take the ProcessID from the inbox list"),
    "envelope-unreadable": Remedy(Move.VENDOR, "Compare the envelope with the schemas"),
    "incident-unknown": Remedy(
        Move.OPERATOR, "Take its id from gateway incidents list --all"
    ),
    "internal-error": Remedy(
        Move.OPERATOR, "Look into the log under the id that was told"
    ),
    "letter-unknown": Remedy(
        Move.SENDER, "Compare number and date with the letter as it came"
    ),
    "limit-exceeded": Remedy(
        Move.SENDER, "Send fewer or smaller files; the operator sets the limit"
    ),
    "malformed-envelope": Remedy(
        Move.VENDOR, "Escape what XML reserves, and send the whole envelope in UTF-8"
    ),
    "not-answered": Remedy(Move.OPERATOR, _LOOK),
    "not-possible-now": Remedy(Move.SENDER, "Look how far the letter is, then decide"),
    "not-a-secret-registrar": Remedy(
        Move.OPERATOR,
        "Have a secret registrar do it, or appoint one: gateway directory person",
    ),
    "number-taken": Remedy(
        Move.SENDER, "Use another number, or free this one first (operation 9)"
    ),
    "number-unknown": Remedy(
        Move.SENDER, "Compare the number with the one the receiver gave"
    ),
    "operation-unknown": Remedy(Move.VENDOR, "Use the elements of the WSDL"),
    "organization-exists": Remedy(Move.OPERATOR, "Look at the one that is there"),
    "organization-unknown": Remedy(Move.OPERATOR, "Take its code from the directory"),
    "poison-message": Remedy(
        Move.OPERATOR, "Find in the log what ended the process, and have it corrected"
    ),
    "receiver-unknown": Remedy(
        Move.SENDER, "Take the receiver's code from the list of organizations"
    ),
    "refused": Remedy(Move.SENDER, "Read the description"),
    "schema-violated": Remedy(
        Move.VENDOR, "Correct the element that the description names"
    ),
    "secrecy-not-carried": Remedy(
        Move.SENDER, "Send it on paper, or ask the operator which levels are carried"
    ),
    "sender-not-of-this-door": Remedy(
        Move.VENDOR, "Send at the address of the sender's own organization"
    ),
    "sender-suspended": Remedy(Move.OPERATOR, "Ask why it was suspended"),
    "sender-unknown": Remedy(
        Move.OPERATOR, "Enter the office, or correct the address its system uses"
    ),
    "secrets-closed": Remedy(
        Move.OPERATOR, "Bring back the file that the setting secret_key_file names"
    ),
    "signature-invalid": Remedy(
        Move.VENDOR, "Sign last, and change nothing of the letter afterwards"
    ),
    "signature-missing": Remedy(
        Move.VENDOR, "Sign the letter, or have the record of the office changed"
    ),
    "signed-part-missing": Remedy(
        Move.VENDOR, "Sign the element with the ID Letter, and only once"
    ),
    "temporarily-unavailable": Remedy(Move.NOBODY, "Send the same request again"),
    "too-many-failures": Remedy(
        Move.NOBODY, "Show what the operator gave out, and call again after a minute"
    ),
    # What stays inside.
    "address-forbidden": Remedy(
        Move.OPERATOR, "Look at its address and networks: gateway check endpoint CODE"
    ),
    "broker-refused": Remedy(
        Move.OPERATOR, "Mend user, password or rights at the broker: gateway check"
    ),
    "broker-unavailable": Remedy(Move.NOBODY, "Wait, then run gateway check"),
    "certificate-unfit": Remedy(
        Move.OPERATOR, "Ask the office for another certificate; the reason is told"
    ),
    "chain-broken": Remedy(
        Move.OPERATOR, "Put its authority into the folder, or ask for another one"
    ),
    "claim-lost": Remedy(Move.NOBODY, "Nothing; the message comes again"),
    "code-unknown": Remedy(Move.VENDOR, "Use a code of the list"),
    "command-failed": Remedy(Move.OPERATOR, "Read what the command said"),
    "concurrent-change": Remedy(Move.NOBODY, "Nothing; it is done again"),
    "credentials-missing": Remedy(
        Move.OPERATOR, "Mend the file that is named: gateway check endpoint CODE"
    ),
    "delivery-failed": Remedy(Move.OPERATOR, "Run gateway check endpoint CODE"),
    "endpoint-busy": Remedy(Move.NOBODY, "Wait; it is tried again by itself"),
    "endpoint-misbehaved": Remedy(
        Move.VENDOR, "Show the answer to its vendor: gateway check endpoint CODE"
    ),
    "endpoint-refused": Remedy(
        Move.OPERATOR, "Ask the office why, then replay: gateway dead list"
    ),
    "endpoint-rests": Remedy(Move.NOBODY, "Wait; its letters are kept and go on then"),
    "endpoint-silent": Remedy(
        Move.OPERATOR, "Ask whether its system hangs: gateway check endpoint CODE"
    ),
    "endpoint-unknown": Remedy(
        Move.OPERATOR, "Set one: gateway directory endpoint set --help"
    ),
    "endpoint-unreachable": Remedy(
        Move.OPERATOR, "Find where the way ends: gateway check endpoint CODE"
    ),
    "endpoint-untrusted": Remedy(
        Move.OPERATOR, "Look at the certificates: gateway check endpoint CODE"
    ),
    "head-unreadable": Remedy(
        Move.OPERATOR, "Look at the file of the setting journal_head"
    ),
    "hub-died": Remedy(Move.OPERATOR, "Read its last lines, and serve it again"),
    "illegal-transition": Remedy(Move.OPERATOR, _LOOK),
    "no-such-certificate": Remedy(
        Move.OPERATOR, "Take its fingerprint from gateway keys list"
    ),
    "no-such-letter": Remedy(Move.OPERATOR, "Take the number from gateway letters"),
    "several-receivers": Remedy(Move.OPERATOR, "Name one of them with --receiver"),
    "secret-stays": Remedy(
        Move.OPERATOR, "Have a secret registrar read it: gateway letters show"
    ),
    "archive-damaged": Remedy(
        Move.OPERATOR, "Verify another copy of it: gateway archive verify"
    ),
    "archive-unknown": Remedy(
        Move.OPERATOR, "Compare its digest with gateway archive list"
    ),
    "keys-busy": Remedy(Move.NOBODY, "Look at gateway keys list, then try again"),
    "key-in-order": Remedy(Move.OPERATOR, "Change it by gateway keys rotate"),
    "key-not-changed": Remedy(Move.OPERATOR, "Look at gateway keys list"),
    "key-waits": Remedy(
        Move.OPERATOR, "Install its certificate: gateway keys install FILE"
    ),
    "no-key-waits": Remedy(Move.OPERATOR, "Make one: gateway keys new"),
    "nothing-eligible": Remedy(
        Move.OPERATOR, "Read in the plan why each is held back; mend that"
    ),
    "not-in-force": Remedy(Move.OPERATOR, "Ask its authority for one that is valid"),
    "not-of-this-key": Remedy(
        Move.OPERATOR, "Hand the authority the request of the key that waits"
    ),
    "not-a-day": Remedy(Move.VENDOR, "Write a day as yyyy-MM-dd"),
    "not-base64": Remedy(Move.VENDOR, "Encode the file as base64"),
    "not-in-order": Remedy(Move.OPERATOR, "Mend what the report names"),
    "not-of-the-standard": Remedy(Move.VENDOR, "Compare the value with the schemas"),
    "plan-changed": Remedy(Move.OPERATOR, "Make a new plan: gateway dead replay"),
    "plan-expired": Remedy(Move.OPERATOR, "Make a new plan: gateway dead replay"),
    "plan-started": Remedy(
        Move.OPERATOR, "Look what came of it: gateway dead replay report"
    ),
    "queue-differs": Remedy(
        Move.OPERATOR,
        "Let it run empty, delete it at the broker, then gateway broker declare",
    ),
    "queue-error": Remedy(Move.OPERATOR, _LOOK),
    "signer-unavailable": Remedy(
        Move.OPERATOR, "Look whether the token is there and answers: gateway check"
    ),
    "receipt-algorithm": Remedy(Move.OPERATOR, "Ask the hub for the receipt anew"),
    "receipt-altered": Remedy(Move.OPERATOR, "Ask the hub for the receipt anew"),
    "receipt-certificate-not-in-force": Remedy(
        Move.OPERATOR, "Ask the hub's operator; such a receipt proves nothing"
    ),
    "receipt-newer": Remedy(
        Move.OPERATOR, "Verify it with the version that the hub has"
    ),
    "receipt-of-another": Remedy(
        Move.OPERATOR, "Verify it with the certificate that the receipt names"
    ),
    "receipt-of-other-bytes": Remedy(
        Move.OPERATOR, "Compare it with the letter as it was sent or fetched"
    ),
    "receipt-refused": Remedy(Move.OPERATOR, "Read the reason"),
    "receipt-unreadable": Remedy(Move.OPERATOR, "Ask the hub for the receipt anew"),
    "replay-not-running": Remedy(
        Move.OPERATOR, "Look where it stands: gateway dead replay list"
    ),
    "replay-unknown": Remedy(
        Move.OPERATOR, "Take its id from gateway dead replay list"
    ),
    "settings-wrong": Remedy(Move.OPERATOR, "Mend the setting that is named"),
    "stamped-not-agreed": Remedy(
        Move.OPERATOR, "Read in the plan how many are stamped, and say that number"
    ),
    "store-error": Remedy(Move.OPERATOR, _LOOK),
    "store-unavailable": Remedy(Move.NOBODY, "Wait, then run gateway check"),
    "unknown-queue": Remedy(Move.OPERATOR, _LOOK),
    "vault-damaged": Remedy(Move.OPERATOR, "Run gateway check books"),
}
"""By code, in two groups: what a peer may be told, and what stays inside."""
