from datetime import timedelta
from uuid import UUID

import pytest

from envelopes.letter import OrganizationCode
from gateway.domain.act import Act, Who
from gateway.domain.consignment import Entry
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import Happening, State
from gateway.domain.occurrence import About, Occurrence, Wanted
from gateway.domain.promise import Stage
from tests.doubles.clock import START

MINISTRY = OrganizationCode("1500200000")
LOEI = OrganizationCode("1500200042")
NAN = OrganizationCode("1500200055")


def about(secrecy: str = "001") -> About:
    return About(
        consignment=UUID(int=1),
        number="มท ๑",
        number_key="มท1",
        secrecy=secrecy,
        sender=MINISTRY,
        receiver=LOEI,
    )


def a_line(
    happening: Happening = Happening.NUMBER_GIVEN,
    state: State = State.REGISTERED,
    secrecy: str = "001",
) -> Occurrence:
    facts = {"number": "๗/๒๕๖๙", "registration": "x", "cause": ""}
    entry = Entry(3, START, happening, state, LOEI.text, facts)
    return Occurrence(key="k", at=START, what=entry, about=about(secrecy))


def an_act(what: str, organization: OrganizationCode | None) -> Occurrence:
    act = Act(
        id=UUID(int=2), at=START, what=what, who=Who("r"), organization=organization
    )
    return Occurrence(key="k", at=START, what=act)


def an_incident(endpoint: OrganizationCode | None, *, closed: bool) -> Occurrence:
    incident = Incident(
        id=UUID(int=3),
        cause="endpoint-silent",
        stage=Stage.DELIVER,
        endpoint=endpoint,
        first_at=START,
        last_at=START,
        count=1,
        closed_at=START if closed else None,
    )
    return Occurrence(key="k", at=START, what=incident)


def test_only_facts_that_tell_a_person_something_are_shown() -> None:
    """Ids and digests stay in the journal; an empty fact says nothing."""
    assert a_line().facts == {"number": "๗/๒๕๖๙"}
    assert an_act("init", None).facts == {}


def test_of_a_secret_letter_no_fact_is_shown() -> None:
    """What its journal says beside number, offices and state stays there."""
    line = a_line(secrecy="002")

    assert line.is_secret
    assert line.facts == {}
    assert not a_line().is_secret
    assert not an_act("init", None).is_secret


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (a_line(), False),
        (a_line(Happening.WORK_GIVEN_UP, State.FAILED), True),
        (an_act("access denied", LOEI), True),
        (an_act("directory add", LOEI), False),
        (an_incident(LOEI, closed=False), True),
        (an_incident(LOEI, closed=True), False),
    ],
)
def test_what_somebody_has_to_look_at_is_wrong(one: Occurrence, wrong: object) -> None:
    """`--errors` shows failures, returns, strangers and open incidents."""
    assert one.is_wrong is wrong
    assert Wanted(only_wrong=True).takes(one) is wrong


@pytest.mark.parametrize(
    ("one", "parties"),
    [
        (a_line(), (MINISTRY, LOEI)),
        (an_act("init", None), ()),
        (an_act("directory add", NAN), (NAN,)),
        (an_incident(NAN, closed=False), (NAN,)),
        (an_incident(None, closed=False), ()),
    ],
)
def test_an_occurrence_concerns_its_parties(
    one: Occurrence, parties: tuple[OrganizationCode, ...]
) -> None:
    """Sender, receiver, and whom an act or an incident is about."""
    assert one.parties == parties
    for code in (MINISTRY, LOEI, NAN):
        assert Wanted(organization=code).takes(one) is (code in parties)


def test_all_that_is_asked_for_has_to_hold() -> None:
    """State, number and time are asked of each."""
    line = a_line()
    later = START + timedelta(seconds=1)

    assert Wanted().takes(line)
    assert Wanted(state=State.REGISTERED, number_key="มท1", since=START).takes(line)
    assert not Wanted(state=State.FAILED).takes(line)
    assert not Wanted(number_key="มท2").takes(line)
    assert not Wanted(since=later).takes(line)
    assert not Wanted(state=State.REGISTERED).takes(an_act("init", None))
    assert not Wanted(number_key="มท1").takes(an_act("init", None))
