"""An envelope is cut into its few kilobytes and its files, and is whole again."""

import base64
import hashlib
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envelopes.letter import Attachment
from envelopes.parts import Cut, Parts, put_together, take_apart, text_of
from tests.doubles.pki import identity
from tests.letters import a_letter, as_wire

A = bytes(range(200))
B = bytes(range(255, 0, -1)) * 3
SHORT = b"x" * 63


def named(*files: bytes) -> dict[str, bytes]:
    return {hashlib.sha256(file).hexdigest(): file for file in files}


def b64(file: bytes) -> bytes:
    return base64.b64encode(file)


def whole_again(parts: Parts) -> bytes:
    texts = [text_of(parts.files[cut.digest]) for cut in parts.cuts]
    return put_together(parts.skeleton, parts.cuts, texts)


def test_files_are_cut_out_and_put_back() -> None:
    whole = b"<e><m>%b</m><a>%b</a></e>" % (b64(A), b64(B))

    parts = take_apart(whole, named(A, B))

    assert parts.skeleton == b"<e><m></m><a></a></e>"
    [first, second] = named(A, B)
    assert parts.cuts == (Cut(6, first), Cut(13, second))
    assert parts.digest == hashlib.sha256(whole).hexdigest()
    assert parts.size == len(whole)
    assert parts.files == named(A, B)
    assert whole_again(parts) == whole


def test_a_file_that_comes_twice_is_cut_out_twice() -> None:
    whole = b"<e><m>%b</m><a>%b</a></e>" % (b64(A), b64(A))

    parts = take_apart(whole, named(A))

    assert [cut.offset for cut in parts.cuts] == [6, 13]
    assert len(parts.files) == 1
    assert whole_again(parts) == whole


def test_a_signed_envelope_is_the_same_again() -> None:
    letter = a_letter(attachments=(Attachment("image/png", A), Attachment("", B)))
    whole = as_wire(letter, signed_by=identity("rsa"))

    parts = take_apart(whole, named(*(file.content for file in letter.files)))

    assert len(parts.cuts) == 3
    assert b64(A) not in parts.skeleton
    assert whole_again(parts) == whole


def test_short_files_stay() -> None:
    whole = b"<e>%b</e>" % b64(SHORT)

    parts = take_apart(whole, named(SHORT))

    assert (parts.skeleton, parts.cuts) == (whole, ())
    assert parts.files == named(SHORT)


@pytest.mark.parametrize(
    "spelling",
    [
        base64.encodebytes(A),
        b" " + b64(A),
        b64(A) + b"\n",
        b64(A)[:-3] + b"9A=",
        b"<![CDATA[" + b64(A) + b"]]>",
        b64(A).replace(b"A", b"&#65;"),
        b64(A)[:-4] + "กก".encode(),
        b64(A)[:-4] + b"****",
    ],
)
def test_another_spelling_stays_as_it_is(spelling: bytes) -> None:
    whole = b"<e>%b</e>" % spelling

    parts = take_apart(whole, named(A))

    assert (parts.skeleton, parts.cuts) == (whole, ())


def test_a_file_inside_another_is_not_cut_out_of_it() -> None:
    long = A[:198] + B
    whole = b"<e><m>%b</m><a>%b</a></e>" % (b64(long), b64(A[:198]))

    parts = take_apart(whole, named(long, A[:198]))

    assert parts.skeleton == b"<e><m></m><a></a></e>"
    assert whole_again(parts) == whole


@pytest.mark.parametrize("whole", [b"", b">", b"<", b"><", b"<e>" + b64(A), b64(A)])
def test_what_has_no_text_between_tags_stays(whole: bytes) -> None:
    parts = take_apart(whole, named(A))

    assert (parts.skeleton, parts.cuts) == (whole, ())


@settings(deadline=None)
@given(
    files=st.lists(st.binary(min_size=60, max_size=80), max_size=4),
    pieces=st.lists(
        st.one_of(
            st.integers(0, 3),
            st.sampled_from([b"<a>", b"</a>", b">", b"<", b"AAAA", "ก".encode()]),
            st.binary(max_size=90),
        ),
        max_size=20,
    ),
)
def test_any_bytes_are_the_same_again(
    files: list[bytes], pieces: list[int | bytes]
) -> None:
    whole = b"".join(
        piece if isinstance(piece, bytes) else b">%b<" % b64(files[piece % len(files)])
        for piece in pieces
        if isinstance(piece, bytes) or files
    )
    known: Mapping[str, bytes] = named(*files)

    parts = take_apart(whole, known)

    assert whole_again(parts) == whole
    long = {digest for digest, file in known.items() if len(file) >= 64}
    assert {cut.digest for cut in parts.cuts} <= long
