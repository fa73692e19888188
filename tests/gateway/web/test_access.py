import pytest

from gateway.web.access import let_in
from gateway.web.errors import AccessDenied

PLAIN = ("Host", "Content-Type", "Content-Length", "Expect", "Connection")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_a_demo_hub_lets_in_this_machine(peer: str) -> None:
    let_in(peer, PLAIN, demo=True)


@pytest.mark.parametrize(
    "peer", ["10.0.0.7", "192.0.2.1", "::ffff:10.0.0.7", "fe80::1", "", "unix", None]
)
def test_a_demo_hub_lets_in_nobody_else(peer: str | None) -> None:
    with pytest.raises(AccessDenied):
        let_in(peer, PLAIN, demo=True)


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "forwarded",
        "X-Forwarded-For",
        "x-forwarded-proto",
        "X_Forwarded_For",
        "X-Forwarded-Anything-New",
        "X-Real-IP",
        "X-Original-Forwarded-For",
        "Via",
        "True-Client-IP",
        "CF-Connecting-IP",
    ],
)
def test_a_demo_hub_lets_in_nothing_that_was_passed_on(header: str) -> None:
    with pytest.raises(AccessDenied):
        let_in("127.0.0.1", (*PLAIN, header), demo=True)


def test_any_other_hub_lets_nobody_in() -> None:
    with pytest.raises(AccessDenied):
        let_in("127.0.0.1", PLAIN, demo=False)
