"""A hub opens only with the vault it was made with, of its kind and its own."""

import shutil
from pathlib import Path

import pytest

from gateway import vault_mark
from gateway.bootstrap import init, open_hub
from gateway.cli.main import main
from gateway.config import SettingsError, load
from tests.postgresql import empty, url_of


def test_a_mark_is_new_each_time_and_the_owner_s_alone(tmp_path: Path) -> None:
    """Two folders have two marks; who knows of none takes any."""
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
async def test_a_second_machine_needs_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where files lie in a folder, a machine with another one does not open the hub."""
    first, second = tmp_path / "first", tmp_path / "second"
    with empty() as name:
        monkeypatch.setenv("GATEWAY_DATABASE_URL", url_of(name))
        monkeypatch.setenv("GATEWAY_VAULT", "directory")
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


@pytest.mark.postgresql
def test_check_says_that_a_machine_has_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`gateway check` is red on such a machine, and names what to do."""
    first, second = tmp_path / "first", tmp_path / "second"
    with empty() as name:
        monkeypatch.setenv("GATEWAY_DATABASE_URL", url_of(name))
        monkeypatch.setenv("GATEWAY_VAULT", "directory")
        assert main(["init", "--data", str(first)]) == 0
        shutil.copytree(first, second)
        shutil.rmtree(second / "vault")
        assert main(["check", "--data", str(first)]) == 0

        assert main(["check", "--data", str(second)]) == 2

    assert "Mount the folder vault/" in capsys.readouterr().out


@pytest.mark.postgresql
async def test_a_second_machine_needs_nothing_where_files_lie_in_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub made on PostgreSQL has its files there, unless somebody says otherwise."""
    first, second = tmp_path / "first", tmp_path / "second"
    with empty() as name:
        monkeypatch.setenv("GATEWAY_DATABASE_URL", url_of(name))
        await init(load(first), demo=False)
        assert not (first / "vault").exists()
        shutil.copytree(first, second)

        async with open_hub(load(second)) as hub:
            assert (await hub.store.facts())[vault_mark.FACT] == vault_mark.IN_ROWS


@pytest.mark.parametrize(
    ("made", "later"), [("directory", "database"), ("database", "directory")]
)
async def test_the_kind_of_vault_is_chosen_once(
    tmp_path: Path, made: str, later: str
) -> None:
    """A setting that says otherwise later is refused; the same, or none, is not."""
    await init(load(tmp_path / "hub", vault=made), demo=False)

    for setting in ("auto", made):
        async with open_hub(load(tmp_path / "hub", vault=setting)):
            pass
    with pytest.raises(SettingsError, match="its files stay there"):
        async with open_hub(load(tmp_path / "hub", vault=later)):
            pass
