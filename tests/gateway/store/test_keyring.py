import pickle
from uuid import UUID

import pytest

from gateway.store.errors import SecretsClosed, VaultDamaged
from gateway.store.keyring import OVERHEAD, Keyring, LetterKey, key_id
from tests.doubles.keyring import ADDRESS, MASTER, OTHER_MASTER, a_keyring

LETTER = UUID(int=7)
OTHER_LETTER = UUID(int=8)
KEY = bytes(range(100, 132))
DIGEST = "ab" * 32


def test_what_is_sealed_opens_at_its_place() -> None:
    sealed = LetterKey(KEY).seal("letter 7 hidden", b"secret")

    assert LetterKey(KEY).open("letter 7 hidden", sealed) == b"secret"
    assert len(sealed) == len(b"secret") + OVERHEAD


def test_the_same_content_is_sealed_otherwise_each_time() -> None:
    key = LetterKey(KEY)

    assert key.seal("here", b"secret") != key.seal("here", b"secret")


def test_what_is_sealed_opens_at_no_other_place() -> None:
    sealed = LetterKey(KEY).seal("letter 7 hidden", b"secret")

    with pytest.raises(VaultDamaged) as raised:
        LetterKey(KEY).open("letter 8 hidden", sealed)

    assert "letter 8 hidden" in raised.value.detail


def test_any_flipped_bit_and_any_missing_byte_is_seen() -> None:
    key = LetterKey(KEY)
    sealed = key.seal("here", b"secret")
    flipped = [
        sealed[:i] + bytes([sealed[i] ^ 1 << bit]) + sealed[i + 1 :]
        for i in range(len(sealed))
        for bit in range(8)
    ]
    shorter = [sealed[:i] for i in range(len(sealed))]

    for damaged in (*flipped, *shorter, sealed + b"\0", b""):
        with pytest.raises(VaultDamaged):
            key.open("here", damaged)


def test_no_content_and_no_key_stands_in_an_error() -> None:
    sealed = LetterKey(KEY).seal("here", b"secret")

    with pytest.raises(VaultDamaged) as raised:
        LetterKey(MASTER).open("here", sealed)

    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert sealed.hex() not in repr(raised.value)


def test_a_letter_key_opens_under_the_master_key_it_was_wrapped_by() -> None:
    by, wrapped = a_keyring(MASTER).wrap(LETTER, KEY)
    sealed = LetterKey(KEY).seal("here", b"secret")

    for ring in (a_keyring(MASTER), a_keyring(OTHER_MASTER, MASTER)):
        assert ring.unwrap(LETTER, by, wrapped).open("here", sealed) == b"secret"
    assert by == key_id(MASTER)


def test_without_its_master_key_it_stays_closed() -> None:
    by, wrapped = a_keyring(MASTER).wrap(LETTER, KEY)

    with pytest.raises(SecretsClosed):
        a_keyring(OTHER_MASTER).unwrap(LETTER, by, wrapped)


@pytest.mark.parametrize("damage", ["letter", "address", "key", "flip", "cut"])
def test_a_wrapped_key_is_bound_to_letter_and_address_key(damage: str) -> None:
    by, wrapped = a_keyring(MASTER).wrap(LETTER, KEY)
    ring = a_keyring(MASTER, OTHER_MASTER)
    letter = LETTER
    match damage:
        case "letter":
            letter = OTHER_LETTER
        case "address":
            ring = a_keyring(MASTER, address=ADDRESS[::-1])
        case "key":
            by = key_id(OTHER_MASTER)
        case "flip":
            wrapped = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
        case _:
            wrapped = wrapped[:-1]

    with pytest.raises(VaultDamaged):
        ring.unwrap(letter, by, wrapped)


def test_wrapped_anew_it_needs_the_older_key_no_more() -> None:
    by, wrapped = a_keyring(MASTER).wrap(LETTER, KEY)
    by, wrapped = a_keyring(OTHER_MASTER, MASTER).rewrap(LETTER, by, wrapped)
    sealed = LetterKey(KEY).seal("here", b"secret")

    opened = a_keyring(OTHER_MASTER).unwrap(LETTER, by, wrapped)

    assert opened.open("here", sealed) == b"secret"


def test_a_digest_is_kept_as_another_that_only_the_address_key_gives() -> None:
    ring = a_keyring(MASTER)

    assert ring.hidden(DIGEST) == a_keyring(OTHER_MASTER).hidden(DIGEST)
    assert ring.hidden(DIGEST) != DIGEST
    assert ring.hidden(DIGEST) != a_keyring(address=ADDRESS[::-1]).hidden(DIGEST)


def test_the_same_file_has_another_digest_in_each_letter() -> None:
    ring = a_keyring()
    kept_as = {
        ring.hidden(DIGEST),
        ring.hidden_file(LETTER, DIGEST),
        ring.hidden_file(OTHER_LETTER, DIGEST),
    }

    assert len(kept_as) == 3


def test_a_master_key_of_a_new_file_is_used_without_a_restart() -> None:
    files = [None, {key_id(OTHER_MASTER): OTHER_MASTER, key_id(MASTER): MASTER}, None]
    ring = Keyring({key_id(MASTER): MASTER}, ADDRESS, lambda: files.pop(0))

    before, _ = ring.wrap(LETTER, KEY)
    after, _ = ring.wrap(LETTER, KEY)

    assert [before, after] == [key_id(MASTER), key_id(OTHER_MASTER)]


def test_what_was_rotated_elsewhere_opens_too() -> None:
    by, wrapped = a_keyring(OTHER_MASTER).wrap(LETTER, KEY)
    fresh = {key_id(OTHER_MASTER): OTHER_MASTER}
    ring = Keyring({key_id(MASTER): MASTER}, ADDRESS, lambda: fresh)

    sealed = LetterKey(KEY).seal("here", b"secret")

    assert ring.unwrap(LETTER, by, wrapped).open("here", sealed) == b"secret"


@pytest.mark.parametrize("holder", [LetterKey(KEY), a_keyring()])
def test_a_key_is_shown_nowhere(holder: object) -> None:
    shown = f"{holder!r} {holder}"

    for key in (KEY, MASTER, ADDRESS):
        assert key.hex() not in shown
        assert repr(key) not in shown
    with pytest.raises(TypeError):
        pickle.dumps(holder)
