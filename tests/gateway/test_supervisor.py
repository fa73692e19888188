"""What systemd is told."""

import socket
from pathlib import Path

import pytest

from gateway.supervisor import READY, VARIABLE, tell


def test_who_started_it_is_told(tmp_path: Path) -> None:
    """The state comes as one datagram to the socket that was named."""
    place = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind(place)

        told = tell(READY, {VARIABLE: place})

        assert told
        assert b"READY=1" == hearing.recv(100)


def test_a_name_in_no_folder_is_understood() -> None:
    """The name may be abstract: systemd writes it with @."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind("\0gateway-test-supervisor")

        assert tell(READY, {VARIABLE: "@gateway-test-supervisor"})
        assert b"READY=1" == hearing.recv(100)


@pytest.mark.parametrize("named", ["", "/nowhere/notify"])
def test_nobody_who_listens_is_no_error(named: str) -> None:
    """Started by hand, or by a supervisor that is gone, the hub goes on."""
    assert not tell(READY, {VARIABLE: named})
