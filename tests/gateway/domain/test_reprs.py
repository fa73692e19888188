"""Texts of a letter stand in no `repr`: so values would come into errors and logs."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from envelopes.letter import Attachment, LetterId, Reference
from envelopes.notifier import Notifier, NotifierCopy, NotifierKind
from envelopes.requests import SendNotifier
from gateway.domain.consignment import Entry
from gateway.domain.lifecycle import Happening, State
from gateway.domain.register import Book, NumberedBy, Registration, RegistrationNumber
from tests.gateway.domain.values import (
    CHIANG_MAI,
    MINISTRY,
    a_consignment,
    a_letter,
    a_party,
)

WORD = "ถ้อยคำลับ"
ID = UUID(int=1)
AT = datetime(2026, 11, 21, tzinfo=UTC)
PERSON = replace(
    a_party(MINISTRY), given_name=WORD, family_name=WORD, job_title=WORD, ministry=WORD
)
LETTER = replace(
    a_letter(subject=WORD),
    sender=PERSON,
    receiver=PERSON,
    references=(Reference(WORD, "2026-11-20", WORD),),
    attachment_text=WORD,
    description=WORD,
    main=Attachment("application/pdf", WORD.encode()),
)
NOTIFIER = Notifier(NotifierKind.RECEIVED, LetterId("1", "2026-11-20"), WORD)


@pytest.mark.parametrize(
    "value",
    [
        LETTER,
        PERSON,
        NOTIFIER,
        SendNotifier(NOTIFIER),
        NotifierCopy(
            NotifierKind.RECEIVED, NOTIFIER.letter_id, WORD, None, "", CHIANG_MAI
        ),
        replace(a_consignment(subject=WORD), receiver_name=WORD),
        Entry(1, AT, Happening.NUMBER_GIVEN, State.REGISTERED, WORD, {}),
        Registration(
            id=ID,
            consignment=ID,
            organization=CHIANG_MAI,
            book=Book.RECEIVED,
            year=2569,
            number=RegistrationNumber("1/2569"),
            numbered_by=NumberedBy.HUB,
            by=WORD,
            at=AT,
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_text_of_a_letter_stands_in_a_repr(value: object) -> None:
    assert WORD not in repr(value)
    assert repr(WORD.encode())[2:-1] not in repr(value)
    assert WORD not in f"{ValueError(value)}"
