import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from gateway.config import SettingsError
from gateway.keys.secret_file import KeyFile, keyring_of, lies_within
from gateway.store.errors import SecretsClosed

LETTER = UUID(int=7)
KEY = bytes(range(32))


@pytest.fixture
def keys() -> KeyFile:
    return KeyFile.new()


@pytest.fixture
def path(tmp_path: Path, keys: KeyFile) -> Path:
    file = tmp_path / "secret.keys"
    keys.create(file)
    return file


def test_what_is_written_is_read_again(path: Path, keys: KeyFile) -> None:
    read = KeyFile.read(path)

    assert list(read.masters.items()) == list(keys.masters.items())
    assert read.address == keys.address


def test_a_new_file_is_its_owners_alone_and_replaces_none(
    path: Path, keys: KeyFile
) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        KeyFile.new().create(path)
    assert KeyFile.read(path).address == keys.address


def test_no_keys_are_written_where_a_link_points(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileExistsError):
        KeyFile.new().create(tmp_path / "link")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_read_or_write_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)

    with pytest.raises(SettingsError, match="chmod 600"):
        KeyFile.read(path)


def _twice(text: str) -> str:
    line = text.splitlines()[3]
    return text.replace(line, f"{line}\n{line}")


def _without(word: str, text: str) -> str:
    return "\n".join(line for line in text.splitlines() if word not in line)


DAMAGES: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "version": lambda text: text.replace("keys 1", "keys 2"),
    "digit": lambda text: text[:-2] + ("0" if text[-2] != "0" else "1") + "\n",
    "short": lambda text: text[:-3] + "\n",
    "no address": partial(_without, "address"),
    "two addresses": lambda text: text + text.splitlines()[-1],
    "no master": partial(_without, "master"),
    "twice": _twice,
    "kind": lambda text: text.replace("master", "slave"),
    "not ASCII": lambda text: text + "ก",
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_refused_and_not_quoted(path: Path, how: str) -> None:
    text = path.read_text()
    path.write_text(DAMAGES[how](text))

    with pytest.raises(SettingsError) as raised:
        KeyFile.read(path)

    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None
    digits = [word for line in text.splitlines()[3:] for word in line.split()[2:]]
    assert digits
    assert not any(word[:16] in str(error) for word in digits)


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()

    with pytest.raises(SettingsError, match=what):
        KeyFile.read(path)


def test_nothing_of_a_key_is_shown(keys: KeyFile) -> None:
    [master] = keys.masters.values()

    shown = f"{keys!r} {keys}"

    assert master.hex() not in shown
    assert repr(master) not in shown
    assert repr(keys.address) not in shown


def test_a_new_master_key_comes_first_and_the_address_key_stays(keys: KeyFile) -> None:
    changed = keys.with_new_master()

    assert list(changed.masters)[1:] == list(keys.masters)
    assert changed.address == keys.address


def test_only_keys_that_nobody_needs_are_taken_out(keys: KeyFile) -> None:
    [oldest] = keys.masters
    three = keys.with_new_master().with_new_master()
    newest, middle, _ = three.masters

    assert list(three.only(frozenset({oldest})).masters) == [newest, oldest]
    assert list(three.only(frozenset()).masters) == [newest]
    assert list(three.only(frozenset({middle, oldest})).masters) == list(three.masters)


def test_a_file_is_replaced_whole_and_stays_its_owners(
    path: Path, keys: KeyFile
) -> None:
    changed = keys.with_new_master()

    changed.replace(path)

    assert list(KeyFile.read(path).masters) == list(changed.masters)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_rotated_by_an_administrator_it_stays_the_hubs(
    path: Path, keys: KeyFile
) -> None:
    os.chown(path, 1234, 1235)

    keys.with_new_master().replace(path)

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1235)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_keyring_follows_its_file(path: Path, keys: KeyFile) -> None:
    ring = keyring_of(path)
    before, wrapped = ring.wrap(LETTER, KEY)
    keys.with_new_master().replace(path)

    after, _ = ring.wrap(LETTER, KEY)

    assert before in keys.masters
    assert after == next(iter(KeyFile.read(path).masters)) != before
    ring.unwrap(LETTER, before, wrapped)


def test_nothing_is_wrapped_when_the_file_is_gone(path: Path) -> None:
    ring = keyring_of(path)
    by, wrapped = ring.wrap(LETTER, KEY)
    path.unlink()

    with pytest.raises(SecretsClosed):
        ring.wrap(LETTER, KEY)
    # What is there can still be read until the hub stops.
    ring.unwrap(LETTER, by, wrapped)


def test_a_file_in_the_data_directory_is_known_by_any_name(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "keys").mkdir(parents=True)
    (tmp_path / "link").symlink_to(data)

    assert lies_within(data / "keys" / "secret.keys", data)
    assert lies_within(tmp_path / "link" / "secret.keys", data)
    assert lies_within(data / ".." / "data" / "secret.keys", data)
    assert not lies_within(tmp_path / "data.keys", data)
