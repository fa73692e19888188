"""A machine with another vault does not open the hub of a server's database."""

import shutil
from pathlib import Path

import pytest

from gateway import vault_mark
from gateway.bootstrap import init, open_hub
from gateway.config import SettingsError, load
from tests.postgresql import empty, url_of


def test_a_mark_is_new_each_time_and_the_owner_s_alone(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    one, other = vault_mark.make(tmp_path / "a"), vault_mark.make(tmp_path / "b")

    assert one != other
    assert (tmp_path / "a" / vault_mark.MARK).stat().st_mode & 0o777 == 0o600
    vault_mark.is_shared(tmp_path / "a", one)
    vault_mark.is_shared(tmp_path, None)
    with pytest.raises(SettingsError):
        vault_mark.is_shared(tmp_path / "a", other)


@pytest.mark.postgresql
async def test_a_second_machine_needs_the_same_vault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with empty() as name:
        monkeypatch.setenv("GATEWAY_DATABASE_URL", url_of(name))
        await init(load(first), demo=False)
        shutil.copytree(first, second)
        shutil.rmtree(second / "vault")

        with pytest.raises(SettingsError, match="not the vault of this database"):
            async with open_hub(load(second)):
                pass
        (second / "vault").symlink_to(first / "vault")
        async with open_hub(load(second)) as hub:
            assert await hub.store.facts()
        with pytest.raises(SettingsError, match="a hub in this database already"):
            await init(load(tmp_path / "third"), demo=False)
