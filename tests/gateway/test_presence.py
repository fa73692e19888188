"""Which processes serve a data directory, and what they say of themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import Address, SettingsError, load
from gateway.presence import SERVE, among_servers, announced, only_server, running

PLACE = Address("127.0.0.1", 8470)
BOTH_SERVERS = {
    "database_url": "postgresql://h/hub",
    "broker_url": "amqp://guest@127.0.0.1/%2F",
}


def test_an_embedded_hub_is_one_process(tmp_path: Path) -> None:
    """Where the database or the queues are a file, a second process is refused."""
    settings = load(tmp_path)

    refused = pytest.raises(SettingsError, match="another process")
    with among_servers(settings), refused, among_servers(settings):
        pass


@pytest.mark.parametrize("embedded", BOTH_SERVERS)
def test_one_server_is_not_enough(tmp_path: Path, embedded: str) -> None:
    """With one of the two a file, the hub is one process for a data directory."""
    urls = {name: url for name, url in BOTH_SERVERS.items() if name != embedded}

    assert not load(tmp_path, **urls).for_several


def test_on_two_servers_there_may_be_several(tmp_path: Path) -> None:
    """Several hold the lock of one directory; who must be alone gets it from none."""
    settings = load(tmp_path, **BOTH_SERVERS)

    alone = pytest.raises(SettingsError, match="another process serves")
    with among_servers(settings), among_servers(settings), alone, only_server(tmp_path):
        pass
    later = pytest.raises(SettingsError, match="are being changed")
    with only_server(tmp_path), later, among_servers(settings):
        pass


def test_each_process_says_what_it_is(tmp_path: Path) -> None:
    """The first door has the name it always had; all go when they end."""
    with (
        announced(tmp_path, "serve", PLACE, "http://127.0.0.1:8470"),
        announced(tmp_path, "serve", PLACE, "other"),
        announced(tmp_path, "work"),
    ):
        found = running(tmp_path)
        said = json.loads((tmp_path / SERVE).read_text())

    assert len(found) == 3
    assert said["listen"] == "127.0.0.1:8470"
    assert {one["pid"] for one in found.values()} == {os.getpid()}
    assert sorted(one["address"] for one in found.values()) == [
        "",
        "http://127.0.0.1:8470",
        "other",
    ]
    assert running(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_who_was_killed_is_forgotten(tmp_path: Path) -> None:
    """What a dead process left is no sign of life, whatever number it had, or where."""
    code = (
        "import os, sys; from pathlib import Path; from gateway.presence import *\n"
        "with announced(Path(sys.argv[1]), 'serve', None, 'old'): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    (tmp_path / "work-broken-1.json").write_text("{")
    assert (tmp_path / SERVE).exists()

    assert running(tmp_path) == {}
    with announced(tmp_path, "serve", PLACE, "new"):
        assert list(running(tmp_path)) == [SERVE]
        assert json.loads((tmp_path / SERVE).read_text())["address"] == "new"
    assert list(tmp_path.iterdir()) == []
