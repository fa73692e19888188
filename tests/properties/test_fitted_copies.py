"""Whatever a sender wrote, the copy fitted for a client is one that client reads.

The readers are those of the simulation, which share no code with the hub.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envelopes.answers import inbox_letter
from envelopes.dialects import BOI, CSHARP, JAVA, Dialect
from envelopes.encoder import encode_document
from envelopes.fitting import fitted
from envelopes.letter import Attachment, Letter, LetterId, Party, Reference
from gateway.simulation import boi_reader, csharp_reader, java
from gateway.simulation.errors import ClientBroken
from schemas.codes import mime_codes
from tests.letters import RECEIVER, SENDER, a_letter

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
READERS: dict[str, Callable[[str], Any]] = {
    BOI.name: boi_reader.read_poll,
    CSHARP.name: csharp_reader.read_poll,
    JAVA.name: java.read_poll,
}

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20) | st.text(
    "กั้ำa|,&<😀 …-", max_size=300
)
WORDS = TEXTS.map(lambda text: f"ก{text}".strip())
DAYS = st.dates().map(str) | st.dates(
    min_value=datetime(2000, 1, 1, tzinfo=UTC).date(),
    max_value=datetime(2099, 12, 28, tzinfo=UTC).date(),
).map(lambda day: f"{day.year + 543}-{day.month:02}-{min(day.day, 28):02}")
MOMENTS = st.builds(
    "{}{}{}".format,
    DAYS,
    st.sampled_from(["", "T10:11:12", " 10:11", "T23:59:59.123", "T24:00:00"]),
    st.sampled_from(["", "Z", "+07:00", "-12:30"]),
)
FILES = st.builds(
    Attachment,
    st.sampled_from([*mime_codes().values(), "", "image/jpg", "a/" + "b" * 60]),
    st.binary(min_size=1, max_size=20),
)
PARTIES = st.builds(
    Party, TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from([SENDER, RECEIVER])
)
LETTERS = st.builds(
    a_letter,
    id=st.builds(LetterId, WORDS, MOMENTS),
    subject=WORDS,
    sender=PARTIES,
    receiver=PARTIES,
    references=st.lists(
        st.builds(
            Reference, TEXTS.map(str.strip), MOMENTS | st.just(""), TEXTS.map(str.strip)
        ),
        max_size=3,
    ).map(tuple),
    attachment_text=TEXTS,
    send_date=MOMENTS,
    description=TEXTS,
    main=st.none() | FILES,
    attachments=st.lists(FILES, max_size=3).map(tuple),
)


def shown(letter: Letter, dialect: Dialect) -> Any:
    """Return what a client of this dialect reads when it polls this very letter."""
    document = encode_document(letter, signer=letter.sender)
    return READERS[dialect.name](inbox_letter("17", AT, document).decode())


@pytest.mark.parametrize("dialect", [BOI, CSHARP, JAVA], ids=lambda row: row.name)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(letter=LETTERS)
def test_a_fitted_copy_is_read(letter: Letter, dialect: Dialect) -> None:
    pulled = shown(fitted(letter, dialect), dialect)

    assert pulled.process_id == "17"


BROKEN = [
    (BOI, {"subject": "ก" * 256}, "lengths"),
    (BOI, {"id": LetterId("1", "2026-11-20T00:00:00")}, "plain_dates"),
    (BOI, {"main": Attachment(mime_codes()["docx"], b"x")}, "mime_codes"),
    (BOI, {"attachments": (Attachment("", b"x"),)}, "needs_mime_codes"),
    (BOI, {"references": (Reference("1", "", "2"),)}, "needs_in_references"),
    (JAVA, {"references": (Reference("1", "", "2"),)}, "needs_in_references"),
    (JAVA, {"references": (Reference("1,2", "2026-01-05", "3"),)}, "number_characters"),
    (
        JAVA,
        {"references": (Reference("1", "2026-01-05", "|"),)},
        "reference_characters",
    ),
    (JAVA, {"send_date": "2026-11-20T00:00:00Z"}, "plain_dates"),
]


@pytest.mark.parametrize(("dialect", "written", "field"), BROKEN)
def test_without_its_row_the_client_breaks(
    dialect: Dialect, written: dict[str, Any], field: str
) -> None:
    letter = a_letter(**written)
    plain = Dialect(name=dialect.name)
    off = replace(dialect, **{field: getattr(plain, field)})
    if field == "mime_codes":
        off = replace(off, mime_length=None)

    assert shown(fitted(letter, dialect), dialect)
    with pytest.raises(ClientBroken):
        shown(fitted(letter, off), dialect)
