"""Whatever a letter holds, its fitted copy fits, and only what must change changes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from envelopes.dialects import DIALECTS, Dialect
from envelopes.fitting import fitted, needs_fitting
from envelopes.letter import Attachment, Letter, LetterId, Party, Reference
from schemas.codes import mime_codes, mime_variants
from tests.letters import RECEIVER, SENDER, a_letter

TEXTS = st.text(max_size=10) | st.text("กั้่ำa|,&<😀 …-", max_size=300)
DATES = st.sampled_from(
    [
        "",
        "2020-02-18",
        "2563-02-29",
        "2020-02-30",
        "2020-02-18T10:11:12",
        "2020-02-18T23:11:12.123Z",
        "2563-02-18 10:11+07:00",
        "9999-12-31T23:59:59-14:00",
        "0000-00-00",
    ]
) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}Z?)?", fullmatch=True)
CODES = (
    st.sampled_from([*mime_codes().values(), *mime_variants(), "", "X/Y", "a" * 51])
    | TEXTS
)
FILES = st.builds(
    Attachment, CODES, st.binary(max_size=20) | st.sampled_from([b"%PDF-", b"PK\3\4"])
)
PARTIES = st.builds(
    Party, TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from([SENDER, RECEIVER])
)
LETTERS = st.builds(
    a_letter,
    id=st.builds(LetterId, TEXTS, DATES),
    subject=TEXTS,
    sender=PARTIES,
    receiver=PARTIES,
    references=st.lists(st.builds(Reference, TEXTS, DATES, TEXTS), max_size=3).map(
        tuple
    ),
    send_date=DATES,
    main=st.none() | FILES,
    attachments=st.lists(FILES, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(LETTERS, st.sampled_from(DIALECTS))
def test_a_fitted_letter_fits(letter: Letter, dialect: Dialect) -> None:
    once = fitted(letter, dialect)

    assert fitted(once, dialect) == once
    assert not needs_fitting(once, dialect)


@settings(deadline=None)
@given(LETTERS, st.sampled_from(DIALECTS))
def test_nothing_but_the_form_changes(letter: Letter, dialect: Dialect) -> None:
    once = fitted(letter, dialect)

    assert (once.secrecy, once.speed) == (letter.secrecy, letter.speed)
    assert once.sender.organization == letter.sender.organization
    assert once.receiver.organization == letter.receiver.organization
    assert (once.attachment_text, once.description) == (
        letter.attachment_text,
        letter.description,
    )
    contents = [file.content for file in letter.files]
    fitting = [file.content for file in once.files]
    assert fitting == contents or [c for c in contents if c] == [
        c for c in fitting if c
    ]
