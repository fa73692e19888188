"""The short ways through small envelopes find what the long ways find."""

from hypothesis import given
from hypothesis import strategies as st

from envelopes import parsing, parts
from envelopes.errors import EnvelopeError, LimitExceeded, MalformedEnvelope
from schemas.limits import Limits

LIMITS = Limits(attribute=40, depth=5, text=4_000)
PIECES = st.lists(
    st.sampled_from(
        [
            *("<a>", "</a>", "<b x='1'>", "</b>", "<c/>", "text", ">", '"', "&lt;"),
            *("<!-- c -->", "<?pi x?>", "<![CDATA[<x>]]>", "\n", "<b y='>'>", "é"),
            *(f"<d x='{'1' * 45}'/>", f"<e>{'t' * 60}</e>", f"<f x='>{'2' * 45}'/>"),
            *(f"<g xmlns='urn:{'n' * 45}'/>", f"<h>{'q' * 60}'\"</h>", "<?xml "),
        ]
    ),
    max_size=12,
)


def outcome(body: bytes, *, shortly: bool) -> type[EnvelopeError] | None:
    """Return what an envelope is refused by; the long way always looks at all."""
    try:
        root = parsing.parse(body, LIMITS)
        if not shortly:
            parsing._check_tree(root, LIMITS)
    except EnvelopeError as error:
        return type(error)
    return None


@given(PIECES)
def test_what_passes_the_short_way_passes_the_long_one(pieces: list[str]) -> None:
    """Whatever is not looked at, since its bytes are modest, would have been let in."""
    body = f"<r>{''.join(pieces)}</r>".encode()

    if outcome(body, shortly=True) is None:
        assert outcome(body, shortly=False) is None


def test_each_limit_is_found_in_a_small_envelope() -> None:
    """Nothing beyond a limit is small enough to be overlooked."""
    deep = "<a>" * 6 + "</a>" * 6
    for body, error in (
        (deep, LimitExceeded),
        (f"<a x='{'1' * 41}'/>", LimitExceeded),
        (f"<a x='>{'1' * 41}'/>", LimitExceeded),
        (f"<a xmlns='{'n' * 41}'/>", LimitExceeded),
        ("<a><?p x?></a>", MalformedEnvelope),
    ):
        assert outcome(body.encode(), shortly=True) is error, body


@given(PIECES, st.integers(1, 70))
def test_small_and_large_wholes_are_cut_alike(pieces: list[str], least: int) -> None:
    """The texts between two tags are the same, however they are sought."""
    whole = "".join(pieces).encode()
    shortly = list(parts._texts(whole, least))

    # Behind what makes it large there is no text any more.
    longer = whole + b"<" + b" " * (parts._SPLIT + 1)

    assert shortly == [
        place for place in parts._texts(longer, least) if place[1] < len(whole)
    ]
