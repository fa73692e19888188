"""Forged addresses: what is connected to is what was checked, each time anew."""

import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.domain.access import IpAddress
from gateway.domain.delivery import (
    AddressForbidden,
    EndpointMisbehaved,
    EndpointUnreachable,
    EndpointUntrusted,
)
from gateway.transport.credentials import PushFiles
from tests.doubles.endpoint import (
    NAME,
    VOUCHES,
    AnEndpoint,
    an_endpoint,
    answers_with,
    server_certificate,
    server_tls,
)
from tests.gateway.transport.parcels import a_handover, a_parcel, an_endpoint_record


class Names:
    """A resolver whose answers are given, one after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, name: str) -> Sequence[IpAddress]:
        self.asked.append(name)
        answer = self._answers[0]
        if len(self._answers) > 1:
            del self._answers[0]
        if not answer:
            raise OSError(-2, "Name or service not known")
        return [ip_address(one) for one in answer]


def _named(endpoint: AnEndpoint, scheme: str = "http") -> str:
    return f"{scheme}://{NAME}:{endpoint.port}/ecms-ws01/service2"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_address_in_place_of_a_name_is_checked_too(
    host: str, scheme: str
) -> None:
    """Nothing is resolved, and still nothing is connected to."""
    names = Names([])
    async with an_endpoint() as node, a_handover(lookup=names) as handover:
        record = an_endpoint_record(f"{scheme}://{host}:{node.port}/", networks=())
        with pytest.raises(AddressForbidden) as caught:
            await handover.hand_over(record, a_parcel())

    assert not caught.value.temporary
    assert not node.arrived
    assert not names.asked


async def test_one_forbidden_address_among_several_refuses_all() -> None:
    """Which of them would be connected to is nobody's to choose."""
    names = Names(["127.0.0.1", "10.0.0.1"])
    async with an_endpoint() as node, a_handover(lookup=names) as handover:
        with pytest.raises(AddressForbidden):
            await handover.hand_over(an_endpoint_record(_named(node)), a_parcel())

    assert not node.arrived


async def test_a_name_that_changes_its_address_gains_nothing() -> None:
    """DNS rebinding: the second answer is checked as the first was, and refused."""
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    refuses = answers_with(503, headers={"Connection": "close"})
    async with an_endpoint(refuses) as node, a_handover(lookup=names) as handover:
        record = an_endpoint_record(_named(node), networks=("127.0.0.1/32",))
        with pytest.raises(Exception, match="503"):
            await handover.hand_over(record, a_parcel())
        with pytest.raises(AddressForbidden):
            await handover.hand_over(record, a_parcel())

    assert names.asked == [NAME, NAME]
    assert len(node.arrived) == 1


async def test_a_connection_is_used_again() -> None:
    """The name is resolved for a connection, not for each parcel."""
    names = Names(["127.0.0.1"])
    async with an_endpoint() as node, a_handover(lookup=names) as handover:
        for _ in range(3):
            await handover.hand_over(an_endpoint_record(_named(node)), a_parcel())

    assert names.asked == [NAME]
    assert len(node.arrived) == 3
    assert {came.headers["Host"] for came in node.arrived} == {f"{NAME}:{node.port}"}


async def test_a_changed_record_is_in_force_at_once() -> None:
    """A network taken out of the record is not reached by an open connection."""
    async with an_endpoint() as node, a_handover() as handover:
        await handover.hand_over(an_endpoint_record(node.url), a_parcel())
        with pytest.raises(AddressForbidden):
            await handover.hand_over(
                an_endpoint_record(node.url, networks=("10.0.0.0/8",)), a_parcel()
            )


async def test_a_name_nobody_knows_is_unreachable() -> None:
    """It may be known again in a moment: time's move."""
    async with a_handover(lookup=Names([])) as handover:
        with pytest.raises(EndpointUnreachable) as caught:
            await handover.hand_over(an_endpoint_record(f"https://{NAME}/"), a_parcel())

    assert caught.value.temporary


async def test_where_nobody_listens_is_unreachable() -> None:
    """A closed port, after the endpoint has gone."""
    async with an_endpoint() as node:
        url = node.url
    async with a_handover() as handover:
        with pytest.raises(EndpointUnreachable):
            await handover.hand_over(an_endpoint_record(url), a_parcel())


async def test_a_redirect_is_not_followed() -> None:
    """Not to the metadata service, nor anywhere else."""
    async with an_endpoint() as inner, a_handover() as handover:
        for to in ("http://169.254.169.254/latest/meta-data/", inner.url):
            redirect = answers_with(307, headers={"Location": to})
            async with an_endpoint(redirect) as node:
                with pytest.raises(EndpointMisbehaved):
                    await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert not inner.arrived


async def test_a_demo_reaches_its_own_machine() -> None:
    """Nothing is named in the record, and the hub is a demo."""
    async with an_endpoint() as node, a_handover(demo=True) as handover:
        record = an_endpoint_record(node.url, networks=())
        assert (await handover.hand_over(record, a_parcel())).process_id == "N1"


async def test_no_proxy_of_the_environment_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would resolve and connect in the hub's place, unchecked."""
    async with an_endpoint() as node, an_endpoint() as proxy, a_handover() as handover:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert len(node.arrived) == 1
    assert not proxy.arrived


@pytest.fixture
def authorities(tmp_path: Path) -> Path:
    """A file with the authority of endpoints."""
    file = tmp_path / "authorities.pem"
    file.write_bytes(VOUCHES.pem)
    return file


async def test_the_certificate_must_hold_for_the_name(
    tmp_path: Path, authorities: Path
) -> None:
    """The checked address is connected to, and the name still stands for itself."""
    tls = server_tls(tmp_path, server_certificate())
    names = Names(["127.0.0.1"])
    async with (
        an_endpoint(tls=tls) as node,
        a_handover(files=PushFiles(authorities=authorities), lookup=names) as handover,
    ):
        record = an_endpoint_record(_named(node, "https"))
        assert (await handover.hand_over(record, a_parcel())).process_id == "N1"
        other = f"https://other.example.go.th:{node.port}/"
        with pytest.raises(EndpointUntrusted) as caught:
            await handover.hand_over(an_endpoint_record(other), a_parcel())

    assert "other.example.go.th" in caught.value.detail
    assert caught.value.temporary


async def test_a_certificate_of_nobody_is_untrusted(tmp_path: Path) -> None:
    """Its authority is not among those of the system."""
    tls: ssl.SSLContext = server_tls(tmp_path, server_certificate())
    async with an_endpoint(tls=tls) as node, a_handover() as handover:
        with pytest.raises(EndpointUntrusted):
            await handover.hand_over(an_endpoint_record(node.url), a_parcel())

    assert not node.arrived
