from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.access import (
    SECRET_BITS,
    Access,
    AccessKind,
    Shown,
    Verdict,
    address_of,
    digest_of,
    judged,
    net_of,
    network_of,
    secret_of,
)
from gateway.domain.organization import Purpose, RegisteredCertificate
from tests.gateway.domain.values import CHIANG_MAI, LOEI

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET = secret_of(7**40)
OTHER = secret_of(11**37)
PRINT = "ab" * 32
INSIDE = Shown(address=ip_address("10.1.2.3"))
OUTSIDE = Shown(address=ip_address("192.0.2.1"))
NOWHERE = Shown()


def an_access(
    kind: AccessKind, value: str, *, added: int = -9, ends: int | None = None
) -> Access:
    """Days from now."""
    return Access(
        id=uuid4(),
        organization=CHIANG_MAI,
        kind=kind,
        value=value,
        added_at=NOW + added * DAY,
        ends_at=None if ends is None else NOW + ends * DAY,
    )


def path(**days: int) -> Access:
    return an_access(AccessKind.PATH, digest_of(SECRET), **days)


def basic(**days: int) -> Access:
    return an_access(AccessKind.BASIC, digest_of(SECRET), **days)


def network(value: str = "10.1.0.0/16", **days: int) -> Access:
    return an_access(AccessKind.NETWORK, value, **days)


def certificate(
    *,
    begins: int = -30,
    ends: int = 30,
    revoked: int | None = None,
    purpose: Purpose = Purpose.ACCESS,
) -> RegisteredCertificate:
    return RegisteredCertificate(
        CHIANG_MAI,
        b"",
        PRINT,
        NOW + begins * DAY,
        NOW + ends * DAY,
        frozenset({purpose}),
        None if revoked is None else NOW + revoked * DAY,
    )


def with_path(shown: Shown, secret: str = SECRET) -> Shown:
    return replace(shown, path_secret=secret)


def with_basic(
    shown: Shown, user: str = CHIANG_MAI.text, password: str = SECRET
) -> Shown:
    return replace(shown, user=user, password=password)


def with_certificate(shown: Shown, fingerprint: str = PRINT) -> Shown:
    return replace(shown, certificate=fingerprint)


YES = Verdict.LET_IN
NONE = Verdict.NO_ACCESS
NET = Verdict.OTHER_NETWORK
SHOW = Verdict.NOTHING_SHOWN
WRONG = Verdict.WRONG

Case = tuple[list[Access], list[RegisteredCertificate], Shown, Verdict]
CASES: dict[str, Case] = {
    "1 nothing is entered": ([], [], with_path(INSIDE), NONE),
    "1 a certificate for signatures is no access": (
        [],
        [certificate(purpose=Purpose.SIGNATURE)],
        with_certificate(INSIDE),
        NONE,
    ),
    "2 another network, right secret": (
        [network(), path()],
        [],
        with_path(OUTSIDE),
        NET,
    ),
    "2 no address, right secret": ([network(), path()], [], with_path(NOWHERE), NET),
    "2 right network, right secret": ([network(), path()], [], with_path(INSIDE), YES),
    "2 right network, nothing shown": ([network(), path()], [], INSIDE, SHOW),
    "2 right network, wrong secret": (
        [network(), path()],
        [],
        with_path(INSIDE, OTHER),
        WRONG,
    ),
    "2 one of two networks": (
        [network("10.2.0.0/16"), network()],
        [],
        INSIDE,
        YES,
    ),
    "3 a secret in the path": ([path()], [], with_path(NOWHERE), YES),
    "3 in capitals": ([path()], [], with_path(OUTSIDE, SECRET.upper()), YES),
    "3 nothing shown": ([path()], [], OUTSIDE, SHOW),
    "3 a wrong secret": ([path()], [], with_path(OUTSIDE, OTHER), WRONG),
    "3 its digest is no secret": (
        [path()],
        [],
        with_path(OUTSIDE, digest_of(SECRET)),
        WRONG,
    ),
    "3 Basic": ([basic()], [], with_basic(OUTSIDE), YES),
    "3 Basic by the old code": (
        [replace(basic(), organization=LOEI)],
        [],
        with_basic(OUTSIDE, user=f" {CHIANG_MAI} "),
        YES,
    ),
    "3 Basic by another's code": ([basic()], [], with_basic(OUTSIDE, LOEI.text), WRONG),
    "3 Basic without a user": ([basic()], [], with_basic(OUTSIDE, ""), WRONG),
    "3 Basic without a password": (
        [basic()],
        [],
        with_basic(OUTSIDE, password=""),
        WRONG,
    ),
    "3 a Basic secret in the path": ([basic()], [], with_path(OUTSIDE), WRONG),
    "3 a path's secret by Basic": ([path()], [], with_basic(OUTSIDE), WRONG),
    "3 a certificate": ([], [certificate()], with_certificate(OUTSIDE), YES),
    "3 another certificate": (
        [],
        [certificate()],
        with_certificate(OUTSIDE, "cd" * 32),
        WRONG,
    ),
    "3 one of several proofs": (
        [path(), basic()],
        [certificate()],
        with_basic(with_path(OUTSIDE, OTHER)),
        YES,
    ),
    "3 the old secret in its overlap": (
        [path(ends=1), an_access(AccessKind.PATH, digest_of(OTHER))],
        [],
        with_path(OUTSIDE),
        YES,
    ),
    "4 a network alone": ([network()], [], INSIDE, YES),
    "4 from elsewhere": ([network()], [], OUTSIDE, NET),
    "4 from nowhere": ([network()], [], NOWHERE, NET),
    "4 an IPv6 network is no IPv4 one": ([network("::/16")], [], INSIDE, NET),
    "4 a secret that ended meanwhile": ([network(), path(ends=-1)], [], INSIDE, NONE),
    "4 a secret that ended before": (
        [path(ends=-2), network(added=-1)],
        [],
        INSIDE,
        YES,
    ),
    "4 a certificate that expired meanwhile": (
        [network()],
        [certificate(ends=-1)],
        with_certificate(INSIDE),
        NONE,
    ),
    "4 a certificate that was revoked meanwhile": (
        [network()],
        [certificate(revoked=-1)],
        with_certificate(INSIDE),
        NONE,
    ),
    "4 a certificate that expired before": (
        [network()],
        [certificate(ends=-10)],
        INSIDE,
        YES,
    ),
    "4 a certificate to come": ([network()], [certificate(begins=1)], INSIDE, YES),
    "5 a secret that is over": ([path(ends=0)], [], with_path(OUTSIDE), NONE),
    "5 a network that is over": ([network(ends=-1)], [], INSIDE, NONE),
    "5 a certificate to come, shown": (
        [],
        [certificate(begins=1)],
        with_certificate(OUTSIDE),
        NONE,
    ),
    "5 one that expired": ([], [certificate(ends=-1)], with_certificate(OUTSIDE), NONE),
    "5 one that is revoked": (
        [],
        [certificate(revoked=0)],
        with_certificate(OUTSIDE),
        NONE,
    ),
    "5 one that will be revoked": (
        [],
        [certificate(revoked=1)],
        with_certificate(OUTSIDE),
        YES,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_who_is_let_in(name: str) -> None:
    accesses, certificates, shown, verdict = CASES[name]

    assert judged(CHIANG_MAI, accesses, certificates, shown, NOW) is verdict


def test_a_new_certificate_or_secret_refuses_nobody_on_the_way() -> None:
    """From a secret to a certificate, both shown and neither, day by day."""
    accesses = [path(ends=2)]
    certificates = [certificate(begins=-1)]

    for day, shows_new in ((0, False), (1, False), (1, True), (3, True)):
        shown = with_certificate(OUTSIDE) if shows_new else with_path(OUTSIDE)
        at = NOW + day * DAY
        assert judged(CHIANG_MAI, accesses, certificates, shown, at) is YES


@given(st.integers(0, 2**SECRET_BITS - 1))
def test_a_secret_is_26_letters_that_survive_being_typed(number: int) -> None:
    secret = secret_of(number)
    typed = secret.upper().replace("0", "O").replace("1", "I")

    assert len(secret) * 5 == SECRET_BITS
    assert secret.isascii()
    assert secret.isalnum()
    assert not set(secret) & set("ilou")
    assert digest_of(typed) == digest_of(secret)


def test_no_two_numbers_are_one_secret() -> None:
    some = [1 << bit for bit in range(SECRET_BITS)]

    assert len({digest_of(secret_of(one)) for one in some}) == SECRET_BITS


def test_a_secret_stands_in_no_repr() -> None:
    assert SECRET not in repr(with_path(with_basic(OUTSIDE)))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" ::ffff:192.0.2.1 ", "192.0.2.1"),
        ("::FFFF:C000:201", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_an_address_is_read_as_systems_write_it(text: str, address: str) -> None:
    assert address_of(text) == ip_address(address)


@pytest.mark.parametrize(
    "text", ["", "unix:", "unknown", "_hidden", "192.0.2", "192.0.2.1%eth0", "1", "๑"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_of(text) is None


@pytest.mark.parametrize(
    ("text", "counts_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_by_what_its_line_has(text: str, counts_as: str) -> None:
    assert net_of(address_of(text)) == counts_as


@pytest.mark.parametrize("text", ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/48"])
def test_a_network_is_one(text: str) -> None:
    assert str(network_of(f" {text} ")) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("10.1.2.3/16", "did you mean 10.1.0.0/16?"),
        ("0.0.0.0/0", "nearly everybody"),
        ("::/0", "nearly everybody"),
        ("128.0.0.0/1", "nearly everybody"),
        ("::ffff:10.0.0.0/104", "write an IPv4 network as one"),
        ("example.go.th", "write a network"),
        ("", "write a network"),
    ],
)
def test_nonsense_is_no_network(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        network_of(text)
