"""Who says what of whom: senders at others' doors, notifiers about others' letters."""

from collections.abc import Iterator
from typing import Final

from schemas import names
from tests.hostile.making import (
    DATE,
    SUBJECT,
    by_lands,
    number_of,
    plain,
    spoiled,
    unsigned,
)
from tests.hostile.offices import (
    CHIANG_MAI,
    CLOSED,
    HEALTH,
    LANDS,
    LOEI,
    MINISTRY,
    NOBODY,
    lands,
    loei,
)
from tests.hostile.signing import signed
from tests.hostile.vector import Carried, Kind, Refused, Unmoved, Vector, Verdict

SEED: Final = "seed"
"""A letter of the ministry that waits in the inbox of the ministry of health."""
SEED_DONE: Final = "seed done"
"""One that has been registered there."""
SEED_NUMBERED: Final = "seed numbered"
"""One that is given one number after another."""
SEED_SIGNED: Final = "seed signed"
"""One that the office of lands has signed and sent to the same."""
SEED_NUMBER: Final = "๑๒๓/๒๕๖๙"
ENTRY: Final = "ENTRY-OF-ANOTHER"
"""Written into a vector; the judge puts the ProcessID of the seed's entry here."""

SCHEMA = Refused("schema-violated")
NOT_HERE = Refused("sender-not-of-this-door")
UNKNOWN = Refused("letter-unknown")
SAME = Carried(SUBJECT)

_ID = "<ram:DepartmentOrganization><ram:ID>{}</ram:ID></ram:DepartmentOrganization>"
_REQUEST = (
    f'<e:Envelope xmlns:e="{names.SOAP}"><e:Header>'
    '<a:To xmlns:a="http://www.w3.org/2005/08/addressing"/>'
    "</e:Header><e:Body>{}</e:Body></e:Envelope>"
)


def seeds() -> dict[str, bytes]:
    """Return what the hub holds before anything hostile comes."""
    return {
        SEED: plain(SEED, receiver=HEALTH),
        SEED_DONE: plain(SEED_DONE, receiver=HEALTH),
        SEED_NUMBERED: plain(SEED_NUMBERED, receiver=HEALTH),
        SEED_SIGNED: by_lands(SEED_SIGNED, receiver=HEALTH),
    }


def vectors() -> Iterator[Vector]:
    """Yield the vectors of both classes."""
    for name, (wrong, content, verdict, door) in _parties().items():
        yield Vector(name, Kind.PARTIES, wrong, content, verdict, door=door)
    for name, (wrong, content, verdict, door) in _notifiers().items():
        yield Vector(name, Kind.NOTIFIERS, wrong, content, verdict, door=door)


_Case = tuple[str, bytes, Verdict, str]


def _parties() -> dict[str, _Case]:
    return {
        "another-sender": (
            "The sender is another office than that of the door",
            plain("another-sender", sender=LOEI),
            NOT_HERE,
            MINISTRY,
        ),
        "another-door": (
            "An office that must sign, named at the door of one that need not",
            plain("another-door", sender=LANDS),
            NOT_HERE,
            MINISTRY,
        ),
        "replayed": (
            "A letter that its own office signed, sent again at another door",
            by_lands(SEED_SIGNED, receiver=HEALTH),
            Refused("certificate-untrusted"),
            LOEI,
        ),
        "replayed-at-home": (
            "The same sent again at its own door: it is the same letter",
            by_lands(SEED_SIGNED, receiver=HEALTH),
            Unmoved(),
            LANDS,
        ),
        "number-taken": (
            "The number of a letter that was sent, another subject",
            plain(SEED, receiver=HEALTH, subject="อื่น"),
            Refused("number-taken"),
            MINISTRY,
        ),
        "number-taken-alike": (
            "The same number with Thai digits and a blank: it is the same number",
            spoiled(plain(SEED, receiver=HEALTH, subject="อื่น"), "0210.3/", "๐๒๑๐.๓ / "),
            Refused("number-taken"),
            MINISTRY,
        ),
        "signed-by-the-door": (
            "Another office as sender, signed by the office of the door",
            signed(unsigned("signed-by-the-door", sender=LOEI), lands()),
            NOT_HERE,
            LANDS,
        ),
        "signed-by-another": (
            "The office of the door as sender, signed by another office",
            signed(unsigned("signed-by-another", sender=MINISTRY), loei()),
            Refused("certificate-untrusted"),
            MINISTRY,
        ),
        "suspended": (
            "An office that was suspended",
            plain("suspended", sender=CLOSED),
            Refused("sender-suspended"),
            CLOSED,
        ),
        "sender-unknown": (
            "A sender nobody knows",
            _sender("sender-unknown", NOBODY),
            Refused("sender-unknown"),
            MINISTRY,
        ),
        "sender-unit": (
            "A unit of the office that is not in the directory",
            _sender("sender-unit", "1500200001"),
            Refused("sender-unknown"),
            MINISTRY,
        ),
        "sender-v1": (
            "The sender's code in five digits, which names the same office",
            _sender("sender-v1", "15002"),
            SAME,
            MINISTRY,
        ),
        "sender-blanks": (
            "Blanks around the sender's code",
            _sender("sender-blanks", f"\n  {MINISTRY} "),
            SAME,
            MINISTRY,
        ),
        "sender-thai-digits": (
            "The sender's code in Thai digits",
            _sender("sender-thai-digits", "๑๕๐๐๒๐๐๐๐๐"),
            SCHEMA,
            MINISTRY,
        ),
        "sender-wide-digits": (
            "The sender's code in full-width digits",
            _sender("sender-wide-digits", "１５００２０００００"),
            SCHEMA,
            MINISTRY,
        ),
        "sender-blank-inside": (
            "A blank inside the sender's code",
            _sender("sender-blank-inside", "15002 00000"),
            SCHEMA,
            MINISTRY,
        ),
        "sender-long": (
            "Eleven digits",
            _sender("sender-long", f"{MINISTRY}0"),
            SCHEMA,
            MINISTRY,
        ),
        "sender-empty": (
            "No sender's code",
            _sender("sender-empty", ""),
            SCHEMA,
            MINISTRY,
        ),
        "sender-comment": (
            "A comment in the sender's code: the code is what is left",
            _sender("sender-comment", f"{MINISTRY[:5]}<!-- {LOEI} -->{MINISTRY[5:]}"),
            SAME,
            MINISTRY,
        ),
        "two-senders": (
            "Two SenderParty, the second of another office",
            _twice("two-senders", "SenderParty", MINISTRY, LOEI),
            SCHEMA,
            MINISTRY,
        ),
        "two-receivers": (
            "Two ReceiverParty",
            _twice("two-receivers", "ReceiverParty", CHIANG_MAI, LOEI),
            SCHEMA,
            MINISTRY,
        ),
        "two-codes": (
            "Two codes in one sender",
            _sender("two-codes", f"{MINISTRY}</ram:ID><ram:ID>{LOEI}"),
            SCHEMA,
            MINISTRY,
        ),
        "receiver-unknown": (
            "A receiver nobody knows",
            plain("receiver-unknown", receiver=NOBODY),
            Refused("receiver-unknown"),
            MINISTRY,
        ),
        "receiver-suspended": (
            "A receiver that was suspended",
            plain("receiver-suspended", receiver=CLOSED),
            Refused("receiver-unknown"),
            MINISTRY,
        ),
        "lying-ministry": (
            "The ministry's code of another ministry: it says nothing",
            spoiled(
                plain("lying-ministry"),
                "<ram:MinistryOrganization><ram:ID>15",
                "<ram:MinistryOrganization><ram:ID>21",
            ),
            SAME,
            MINISTRY,
        ),
        "lying-signer": (
            "Another office as SignerParty, which no signature covers",
            _lying_signer("lying-signer"),
            SAME,
            LANDS,
        ),
        "door-unknown": (
            "A door that is nobody's",
            plain("door-unknown"),
            Refused("access-denied", 401),
            NOBODY,
        ),
        "secrecy-not-on-a-wire": (
            "ลับที่สุด, which goes on no wire",
            plain("secrecy-not-on-a-wire", secrecy="004"),
            Refused("secrecy-not-carried"),
            MINISTRY,
        ),
        "secrecy-without-a-key": (
            "ลับ, at a hub without a key for secret letters",
            plain("secrecy-without-a-key", secrecy="002"),
            Refused("secrecy-not-carried"),
            MINISTRY,
        ),
        "future": (
            "A letter of next year",
            spoiled(plain("future"), DATE, "2027-11-20"),
            Refused("date-in-future"),
            MINISTRY,
        ),
    }


def _sender(name: str, code: str) -> bytes:
    return spoiled(plain(name), _ID.format(MINISTRY), _ID.format(code))


def _twice(name: str, party: str, own: str, other: str) -> bytes:
    wire = plain(name).decode()
    start = wire.index(f"<ram:{party}>")
    end = wire.index(f"</ram:{party}>") + len(f"</ram:{party}>")
    one = wire[start:end]
    return (wire[:end] + one.replace(own, other) + wire[end:]).encode()


def _lying_signer(name: str) -> bytes:
    wire = by_lands(name).decode()
    head, signer, rest = wire.partition("<ram:SignerParty>")
    return (head + signer + rest.replace(LANDS, LOEI, 1)).encode()


def notice(kind: str, name: str, accept_id: str = "", *, number: str = "") -> bytes:
    """Return a notifier about the letter of this name."""
    given = f"<AcceptID>{accept_id}</AcceptID>" if accept_id else ""
    content = (
        f"<{kind}><LetterID>{number or number_of(name)}</LetterID>{given}"
        f"<CorrespondenceDate>{DATE}</CorrespondenceDate>"
        f"<Subject>{SUBJECT}</Subject></{kind}>"
    )
    return _outbound(content)


def _outbound(content: str) -> bytes:
    name = names.OUTBOUND_REQUEST
    return _REQUEST.format(f"<{name}>{content}</{name}>").encode()


def _named(
    element: str, name: str, sender: str, receiver: str, *, around: str = ""
) -> bytes:
    content = (
        f"<{element}><LetterID>{number_of(name)}</LetterID>"
        f"<CorrespondenceDate>{DATE}</CorrespondenceDate>"
        f"<SenderDepartment><Code>{sender}</Code></SenderDepartment>"
        f"<AcceptDepartment><Code>{receiver}</Code></AcceptDepartment></{element}>"
    )
    if around:
        content = f"<{around}>{content}</{around}>"
    return _REQUEST.format(content).encode()


def deletion(process_id: str) -> bytes:
    """Return a request to delete an entry."""
    name = "CorrespondenceLetterDeleteRequest"
    content = f"<{name}><ProcessID>{process_id}</ProcessID></{name}>"
    return _REQUEST.format(content).encode()


def _notifiers() -> dict[str, _Case]:
    accept, receive = "AcceptLetterNotifier", "ReceiveLetterNotifier"
    reject, invalid = "RejectLetterNotifier", "InvalidLetterNotifier"
    wrong = "InvalidAcceptIDNotifier"
    delete = "CorrespondenceDeleteGovernmentDocumentRequest"
    special = "CorrespondenceLetterInboundSpecialRequest"
    made: dict[str, _Case] = {
        f"{what}-of-another": (
            f"{kind} about a letter in another office's inbox",
            notice(kind, SEED, number),
            UNKNOWN,
            LOEI,
        )
        for what, kind, number in (
            ("receipt", receive, ""),
            ("number", accept, "1/2569"),
            ("rejection", reject, ""),
            ("return", invalid, ""),
        )
    }
    made |= {
        "doubt-of-another": (
            "A number is doubted by an office that did not send the letter",
            notice(wrong, SEED_DONE, SEED_NUMBER),
            UNKNOWN,
            LOEI,
        ),
        "number-by-the-sender": (
            "The sender itself says that its letter was registered",
            notice(accept, SEED, "1/2569"),
            UNKNOWN,
            MINISTRY,
        ),
        "return-by-the-sender": (
            "The sender itself returns its letter",
            notice(reject, SEED),
            UNKNOWN,
            MINISTRY,
        ),
        "doubt-by-the-receiver": (
            "The receiver doubts the number it gave",
            notice(wrong, SEED_DONE, SEED_NUMBER),
            UNKNOWN,
            HEALTH,
        ),
        "doubt-of-no-number": (
            "The sender doubts a number that nobody gave",
            notice(wrong, SEED_DONE, "999/2569"),
            Refused("number-unknown"),
            MINISTRY,
        ),
        "return-when-registered": (
            "The receiver returns a letter that it has registered",
            notice(reject, SEED_DONE),
            Refused("already-registered"),
            HEALTH,
        ),
        "any-number": (
            "A pattern for a number: it stands for itself",
            notice(accept, SEED, "1/2569", number="%"),
            UNKNOWN,
            HEALTH,
        ),
        "number-missing": (
            "AcceptLetterNotifier without a number",
            notice(accept, SEED),
            SCHEMA,
            HEALTH,
        ),
        "kind-unknown": (
            "A notifier that no standard knows",
            notice("DeleteLetterNotifier", SEED),
            Refused("operation-unknown"),
            HEALTH,
        ),
        "entry-of-another": (
            "An entry of another office's inbox is deleted: nothing is",
            deletion(ENTRY),
            Unmoved(),
            LOEI,
        ),
        "entry-pattern": (
            "A pattern for an entry is deleted: nothing is",
            deletion("%' OR 1=1 --"),
            Unmoved(),
            HEALTH,
        ),
        "freed-by-another": (
            "Another office frees the number of a letter, as its sender",
            _named(delete, SEED, MINISTRY, HEALTH),
            NOT_HERE,
            LOEI,
        ),
        "freed-under-own-name": (
            "Another office frees the number of a letter, as its own",
            _named(delete, SEED, LOEI, HEALTH),
            UNKNOWN,
            LOEI,
        ),
        "freed-when-registered": (
            "The sender frees the number of a letter that was registered",
            _named(delete, SEED_DONE, MINISTRY, HEALTH),
            Refused("already-registered"),
            MINISTRY,
        ),
        "asked-by-another": (
            "Another office asks for a letter to come once more",
            _named("GovernmentDocument", SEED, MINISTRY, HEALTH, around=special),
            UNKNOWN,
            LOEI,
        ),
        "number-asked-by-another": (
            "Another office asks for the notifier with a number",
            _named(accept, SEED_DONE, MINISTRY, HEALTH, around=special),
            UNKNOWN,
            LOEI,
        ),
    }
    return made
