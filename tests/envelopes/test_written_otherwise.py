"""Letters written in ways no client writes them: the short ways let nothing more in."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from envelopes import encoder
from envelopes.dialects import BOI, CSHARP
from envelopes.errors import EnvelopeError
from envelopes.parsing import parse
from envelopes.requests import Document
from envelopes.written_form import has_known_prefixes
from schemas import names, validator
from schemas.catalog import Operation
from schemas.limits import Limits
from schemas.slim import Slim
from tests.doubles.pki import identity
from tests.letters import a_letter, as_wire

WIRES = [
    as_wire(a_letter(), dialect, signed_by=signer).decode()
    for dialect in (BOI, CSHARP)
    for signer in (None, identity("ec"))
]
FILE = "ram:AttachmentBinaryObject"
BETWEEN = [
    *(" ", "\n", "\u00a0", "text", "&#32;", "&lt;", "ram:", "rsm:", "x:", "SOAP-ENV:"),
    *("<!-- c -->", "<![CDATA[ ]]>", "<![CDATA[x]]>", "<?pi x?>", "<x/>", "<x>a</x>"),
    *("<!--<rsm:GovernmentDocument>-->", "<![CDATA[</rsm:GovernmentDocument>]]>"),
    *("<ram:Subject>b</ram:Subject>", f"<{FILE} mimeCode=''/>"),
    *(f"<{FILE} mimeCode=''>A!</{FILE}>", f"<{FILE} mimeCode=''>QQ==</{FILE}>"),
]
INSIDE = [
    *(" xmlns='urn:x'", " xmlns=''", " xmlns:x='urn:x'", " xmlns:SOAP-ENV='urn:y'"),
    *(f" xmlns='{names.RAM}'", f" xmlns:ram='{names.RAM}'", f" xmlns:r='{names.RAM}'"),
    *(
        " x:y='1'",
        " SOAP-ENV:y='1'",
        " y='1'",
        " xml:lang='th'",
        " xml:space='default'",
    ),
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='x'",
]
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just(r"(?=<)|(?<=>)"), st.sampled_from(BETWEEN)),
        st.tuples(st.just(r"(?<=[A-Za-z])(?=/?>|\s)"), st.sampled_from(INSIDE)),
        st.tuples(
            st.just(r"(?<=>)[^<]+"), st.sampled_from(["", " ", "é", "2020-02-30"])
        ),
        st.tuples(
            st.just(r"(?<=[</])(ram|rsm|ds)(?=:)"), st.sampled_from(["x", "ram"])
        ),
    ),
    max_size=3,
)


def written_otherwise(data: st.DataObject) -> Document | None:
    """Draw a letter that was changed here and there; None where it cannot be parsed."""
    wire = data.draw(st.sampled_from(WIRES))
    for pattern, piece in data.draw(CHANGES):
        if places := list(re.finditer(pattern, wire)):
            place = data.draw(st.sampled_from(places))
            wire = wire[: place.start()] + piece + wire[place.end() :]
    encoding = data.draw(st.sampled_from(["UTF-8", "windows-874"]))
    came = wire.replace("UTF-8", encoding, 1).encode(
        "utf-8" if encoding == "UTF-8" else "cp874", "replace"
    )
    try:
        root = parse(came, Limits())
    except EnvelopeError:
        return None
    tree = next(root.iter(names.GOVERNMENT_DOCUMENT), None)
    return None if tree is None else Document(tree, came)


@settings(max_examples=300)
@given(st.data())
def test_what_follows_its_schema_in_short_does_so_at_length(
    data: st.DataObject,
) -> None:
    """The small copy lets nothing through that the other one does not."""
    document = written_otherwise(data)
    request = None if document is None else document.tree.getparent()
    if request is None:
        return
    operation = Operation.SEND_LETTER

    if validator._follows(Slim.of_small(request), operation):
        at_length = Slim.of(request)
        assert validator._verdict(at_length.root, operation) is None
        assert list(validator._beyond_schema(at_length)) == []


@settings(max_examples=300)
@given(st.data())
def test_what_is_plainly_alone_reads_alike(data: st.DataObject) -> None:
    """Bytes that show it are, parsed alone, what they are in their envelope."""
    document = written_otherwise(data)
    if document is None:
        return
    source = document.source
    start = source.find(encoder._BEGINS)
    stop = source.rfind(encoder._ENDS) + len(encoder._ENDS)

    if (
        0 <= start < stop
        and encoder._is_single(source, start, stop)
        and has_known_prefixes(document.tree)
        and encoder._is_plain(document, start, stop)
    ):
        assert encoder._reads_alike(document, start, stop)


def test_what_clients_send_goes_the_short_way() -> None:
    """Otherwise the two would be there for nothing."""
    for wire in WIRES:
        root = parse(wire.encode(), Limits())
        document = Document(next(root.iter(names.GOVERNMENT_DOCUMENT)), wire.encode())
        start = document.source.find(encoder._BEGINS)
        stop = document.source.find(encoder._ENDS) + len(encoder._ENDS)
        request = document.tree.getparent()

        assert request is not None
        assert validator._follows(Slim.of_small(request), Operation.SEND_LETTER)
        assert encoder._is_plain(document, start, stop)
