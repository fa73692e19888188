"""Which addresses are reached, rule by rule."""

from ipaddress import ip_address

import pytest

from gateway.domain.reach import Reach, Target, networks_of

PUBLIC = ("9.9.9.9", "203.113.0.1", "2620:fe::fe")
NOT_PUBLIC = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200"),  # noqa: S104
    *("127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.9.9"),
    *("192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::"),
    *("2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "3fff::1"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached_by_https_alone(address: str) -> None:
    """Nothing is named in the record: the public internet, and encrypted."""
    assert not Reach().why_not(ip_address(address))
    assert "https" in Reach(is_https=False).why_not(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_other_address_is_reached(address: str) -> None:
    """Private, local, shared, reserved, for groups, metadata: all refused."""
    assert Reach().why_not(ip_address(address))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("64:ff9b::a01:203", "10.1.0.0/16"),
        ("fd00::5", "fd00::/8"),
        ("169.254.169.254", "169.254.169.254/32"),
    ],
)
def test_a_named_network_is_reached_with_http_too(address: str, network: str) -> None:
    """What the record names is reached, and only that."""
    reach = Reach(networks_of([network]), is_https=False)

    assert not reach.why_not(ip_address(address))
    assert reach.why_not(ip_address("10.2.0.1"))


def test_only_a_demo_reaches_its_own_machine() -> None:
    """Loopback counts in a demo hub, and nothing else private does."""
    reach = Reach(is_https=False, loopback=True)

    assert not reach.why_not(ip_address("127.0.0.1"))
    assert not reach.why_not(ip_address("::1"))
    assert reach.why_not(ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://node.example.go.th/ecms", "node.example.go.th", 443),
        ("https://NODE.example.go.th:8443/", "node.example.go.th", 8443),
        ("http://10.1.2.3/ecms-ws01/service2", "10.1.2.3", 80),
        ("https://[2620:fe::fe]:444/x?y=1", "2620:fe::fe", 444),
        ("https://xn--42c2d9a.xn--o3cw4h/", "xn--42c2d9a.xn--o3cw4h", 443),
    ],
)
def test_an_address_is_read(url: str, host: str, port: int) -> None:
    """Host in lower case, and the port of the scheme where none is written."""
    target = Target.parse(url)

    assert (target.host, target.port) == (host, port)
    assert target.is_https is url.startswith("https")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node.example.go.th",
        "ftp://node.example.go.th/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "https://",
        "https:///path",
        "https://user@node.example.go.th/",
        "https://user:secret@node.example.go.th/",
        "https://node.example.go.th@127.0.0.1/",
        "https://node.example.go.th/#part",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://node.example.go.th./",
        "https://１２７.０.０.１/",
        "https://ⓝode.example/",
        "https://เชียงใหม่.ไทย/",
        "https://127%2e0.0.1/",
        "https://node..example/",
        "https://-node.example/",
        "https://node.example:99999/",
        "https://node.example:port/",
        "https://[::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://[::1",
        "https://node.example\\@127.0.0.1/",
        "https://node.example /",
        "https://node.example/\r\nX: y",
        f"https://{'a.' * 130}th/",
    ],
)
def test_a_trick_is_no_address(url: str) -> None:
    """What two programs could read differently is read by none."""
    with pytest.raises(ValueError, match=r"\w"):
        Target.parse(url)
