"""Whatever is repaired, tags stay as they were, and texts are what was meant."""

import re

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from envelopes.decoder import decode
from envelopes.dialects import BOI
from envelopes.errors import EnvelopeError
from envelopes.repair import declared, repaired
from envelopes.requests import SendLetter
from schemas.vocabulary import element_names
from tests.properties.promises import judged
from tests.wire import REQUESTS, UNDECLARED, UNESCAPED, sample

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MEANT = "บันทึกข้อตกลงระหว่างบริษัท ก & ข ว่าด้วยมูลค่า < 5 ล้านบาท"
HEAD, _, TAIL = sample(UNESCAPED).decode().partition(MEANT)

PIECES = st.sampled_from(
    [
        "&",
        "<",
        ">",
        "&amp;",
        "&lt;",
        "&#3585;",
        "&nbsp;",
        "ก",
        "5",
        " ",
        "a<b",
        "<b>",
        "</b>",
        "<ID>",
        "</ram:Subject>",
        "<ram:Subject>",
        "<ram:SecretCode>001</ram:SecretCode>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?x",
        '"',
        "='",
        "/>",
        "</",
        "<ds:Signature>",
    ]
)
SPOILED = st.lists(PIECES, max_size=12).map("".join)
WORDS = st.text(
    st.characters(
        exclude_categories=("Cc", "Cs"), exclude_characters="&<>\ufffe\uffff"
    ),
    max_size=30,
)


@quick
@given(SPOILED)
@example("& <ID>")
@example("<b>&</b>")
def test_spoiled_subjects(subject: str) -> None:
    judged(f"{HEAD}{subject}{TAIL}".encode())


@quick
@given(st.lists(st.sampled_from(["&", "<", " ", "<5", "&x"]) | WORDS, min_size=1))
def test_what_was_meant_is_read(pieces: list[str]) -> None:
    subject = "".join(pieces)
    assume("<!" not in subject and "<?" not in subject and subject.strip())
    assume(not re.search(r"<[^<\s]*:", subject))
    assume(not re.search(r"&\w+;|signature|xmldsig", subject, re.IGNORECASE))
    assume(not {word.lower() for word in re.findall(r"</?([\w.-]+)", subject)} & KNOWN)
    body = f"{HEAD}{subject}{TAIL}".encode()
    mended = repaired(body)
    if mended is None:
        assert etree.fromstring(body) is not None
        return

    found = etree.fromstring(mended).find(".//{*}Subject")

    assert found is not None
    assert found.text == subject


KNOWN = {name.lower() for name in element_names()}


@quick
@given(st.data())
def test_samples_with_other_bytes(data: st.DataObject) -> None:
    body = bytearray(sample(data.draw(st.sampled_from([*REQUESTS, UNESCAPED]))))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from(
                [b"&", b"<", b"&lt", b"<a", b"</", b">", b'"', b"\0", b"\xff"]
            )
        )

    judged(bytes(body))


@quick
@given(st.data())
def test_status_requests_with_other_bytes(data: st.DataObject) -> None:
    body = bytearray(sample(UNDECLARED))
    place = data.draw(st.integers(0, len(body)))
    body[place : place + data.draw(st.integers(0, 8))] = data.draw(
        st.binary(max_size=4)
    )
    if (meant := declared(bytes(body))) is not None:
        assert (
            meant.replace(
                b' xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"', b""
            )
            == body
        )


@quick
@given(SPOILED, st.binary(max_size=100))
def test_a_dialect_that_repairs_survives_any_bytes(subject: str, rest: bytes) -> None:
    for body in (f"{HEAD}{subject}{TAIL}".encode(), rest, rest + sample(UNESCAPED)):
        try:
            envelope = decode(body, dialect=BOI)
        except EnvelopeError:
            continue
        if isinstance(envelope.request, SendLetter):
            assert envelope.request.document.came == body
            assert envelope.request.document.repaired == envelope.repaired
