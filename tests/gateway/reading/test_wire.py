import os
import pickle
from collections.abc import Iterator
from datetime import timedelta

import pytest

from envelopes.decoder import decode
from envelopes.dialects import BOI, CSHARP, Dialect
from envelopes.errors import EnvelopeError, SignatureInvalid
from envelopes.notifier import NotifierKind
from envelopes.requests import AskAgain, Poll, SendNotifier
from gateway.domain.consignment import Signed
from gateway.reading import wire
from gateway.workflow.reading import Reading, Told, read_letter, tell
from schemas.catalog import Operation
from tests.asked import OWN, POLL, asked, given
from tests.doubles.pki import AT
from tests.letters import SENDER, a_letter, as_wire, document_in


def there_and_back(told: wire.Answer) -> wire.Answer:
    frame = wire.answer(told)
    (length,) = wire.LENGTH.unpack_from(frame)
    assert len(frame) == wire.LENGTH.size + length
    return wire.answer_in(frame[wire.LENGTH.size :])


def errors(kind: type[EnvelopeError] = EnvelopeError) -> Iterator[type[EnvelopeError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from errors(narrower)


@pytest.mark.parametrize("kind", list(errors()), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("where", ["", "ram:Subject/ก\x00"])
@pytest.mark.parametrize("operation", [None, Operation.SEND_LETTER])
def test_an_error_stays_what_it_is(
    kind: type[EnvelopeError], where: str, operation: Operation | None
) -> None:
    error = kind(where, detail="libxml2 error 5")
    error.operation = operation

    back = there_and_back(error)

    assert type(back) is kind
    assert (back.where, back.detail, back.operation, str(back), back.args) == (
        where,
        "libxml2 error 5",
        operation,
        str(error),
        error.args,
    )


@pytest.mark.parametrize("signs", [True, False])
@pytest.mark.parametrize("dialect", [BOI, CSHARP])
def test_a_reading_stays_what_it_is(dialect: Dialect, *, signs: bool) -> None:
    body = as_wire(
        a_letter(),
        dialect,
        signed_by=OWN if signs else None,
        message_id="XmlValue-1",
        to="http://x/",
    )
    signing = Signed.OWN if signs else Signed.HOSTED
    payload = wire.request(asked(body, signing))[wire.LENGTH.size :]

    back = there_and_back(tell(wire.asked_in(payload)))

    assert isinstance(back, Told)
    assert isinstance(back.asks, Reading)
    assert back.asks == read_letter(document_in(body), given(signing), AT)
    assert (back.message_id, back.to) == ("XmlValue-1", "http://x/")
    assert back.dialect == decode(body).dialect.name == dialect.name


def test_why_a_letter_is_refused_comes_with_what_its_envelope_says() -> None:
    body = as_wire(a_letter(), signed_by=OWN).replace("ฝึกอบรม".encode(), b"x")

    back = there_and_back(tell(asked(body)))

    assert isinstance(back, Told)
    assert isinstance(back.asks, SignatureInvalid)
    assert back.operation is Operation.SEND_LETTER


NOTICE = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    b"<CorrespondenceLetterOutboundRequest><AcceptLetterNotifier>"
    b"<LetterID>1</LetterID><AcceptID>2</AcceptID>"
    b"<CorrespondenceDate>2026-11-20</CorrespondenceDate><Subject>x</Subject>"
    b"</AcceptLetterNotifier></CorrespondenceLetterOutboundRequest>"
    b"</e:Body></e:Envelope>"
)


@pytest.mark.parametrize("body", [NOTICE, POLL])
def test_other_requests_stay_what_they_are(body: bytes) -> None:
    back = there_and_back(tell(asked(body)))

    assert isinstance(back, Told)
    assert back.asks == decode(body).request
    assert isinstance(back.asks, SendNotifier | Poll)


def test_every_kind_of_request_can_be_told() -> None:
    kind = AskAgain(NotifierKind.REGISTERED, a_letter().id, SENDER, SENDER)
    told = Told("", "", "unknown", Operation.SPECIAL_REQUEST, kind)

    assert there_and_back(told) == told


class Evil:
    def __init__(self, *call: object) -> None:
        self.call = call

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize(
    "payload",
    [
        pickle.dumps(Evil(os.system, "touch /nowhere/at-all")),
        pickle.dumps(Evil(getattr, Told, "__init__")),
        pickle.dumps(AT),
        pickle.dumps(AT - timedelta(1)),
        pickle.dumps("a text"),
        b"\x80\x04cenvelopes.letter\nhashlib\n.",
        b"\x80\x04\x8c\x10envelopes.letter\x8c\x0ehashlib.sha256\x93.",
        b"no pickle",
        b"",
    ],
)
def test_nothing_else_is_made_of_what_a_process_says(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        wire.answer_in(payload)
