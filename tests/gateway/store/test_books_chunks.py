"""`check books` on a hub whose files lie in rows: damage names the letter."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from gateway.domain.books import Books
from gateway.store.bodies import InChunks
from gateway.store.books import check_books
from gateway.store.sqlite import SqliteConnection
from gateway.store.store import DATABASE, SEGMENTS
from gateway.store.strongbox import Strongbox
from gateway.store.vault import StoredVault
from tests.doubles.keyring import a_keyring
from tests.gateway.store.hub import make_hub, numbered

FILE = bytes(range(256)) * 200

OPEN = "(SELECT digest FROM file WHERE letter_key IS NULL AND body IS NULL)"
SECRET = "(SELECT digest FROM file WHERE letter_key IS NOT NULL AND body IS NULL)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with letters of every kind, and no segment."""
    folder = tmp_path_factory.mktemp("hub")
    asyncio.run(make_hub(folder, to_the_end=True, vault="database", secret=FILE))
    assert not (folder / SEGMENTS).exists()
    return folder


@pytest.fixture
def engine(made: Path, tmp_path: Path) -> Iterator[Engine]:
    """The database of a copy, to be damaged."""
    shutil.copy(made / DATABASE, tmp_path / DATABASE)
    engine = create_engine(f"sqlite:///{tmp_path / DATABASE}")
    yield engine
    engine.dispose()


def check(engine: Engine) -> Books:
    with engine.connect() as opened:
        connection = SqliteConnection(opened)
        box = Strongbox(connection, a_keyring())
        vault = StoredVault(connection, InChunks(), box)
        return asyncio.run(check_books(connection, vault))


def letters_of(engine: Engine, file: str) -> set[str]:
    """The letters that have a file, by number and date."""
    asked = text(
        f"SELECT number, date FROM letter, letter_file WHERE digest IN {file} "  # noqa: S608 - our own names
        "AND letter_id = letter.id"
    )
    with engine.connect() as connection:
        return {f"{row.number} ({row.date})" for row in connection.execute(asked)}


def test_a_healthy_hub_is_in_balance(engine: Engine) -> None:
    """Open and secret letters have files in rows, and nothing is found."""
    with engine.connect() as connection:
        for file in (OPEN, SECRET):
            counted = text(f"SELECT count(*) FROM chunk WHERE digest IN {file}")  # noqa: S608
            assert connection.execute(counted).scalar_one()

    books = check(engine)

    assert books.findings == ()
    assert books.in_balance


@pytest.mark.parametrize("file", [OPEN, SECRET], ids=["open", "secret"])
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM chunk WHERE digest IN {file}",
        "UPDATE chunk SET content = zeroblob(length(content)) WHERE digest IN {file}",
        "UPDATE chunk SET content = substr(content, 2) WHERE digest IN {file}",
        "UPDATE chunk SET content = 'ขยะ' WHERE digest IN {file}",
        "UPDATE chunk SET position = 7 WHERE digest IN {file}",
        "UPDATE chunk SET position = 'ขยะ' WHERE digest IN {file}",
        "UPDATE chunk SET digest = 'x' WHERE digest IN {file}",
        "INSERT INTO chunk SELECT digest, 1, content FROM chunk WHERE digest IN {file}",
        "UPDATE file SET body = zeroblob(size) WHERE digest IN {file}",
        "DELETE FROM file WHERE digest IN {file}",
    ],
)
def test_a_damaged_file_names_its_letters(
    engine: Engine, file: str, damage: str
) -> None:
    """Removed, altered, moved, given away, doubled: the letter is named each time."""
    # The name of a secret letter lies under its key.
    expected = letters_of(engine, file) if file == OPEN else {str(numbered(14))}
    with engine.begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text(damage.format(file=file)))

    books = check(engine)

    assert not books.in_balance
    assert expected
    assert expected <= {finding.letter for finding in books.findings}


def test_pieces_of_no_file_are_found(engine: Engine) -> None:
    """What nobody's file is made of is no letter's, and is said."""
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO chunk VALUES ('stray', 0, x'00')"))

    (finding,) = check(engine).findings

    assert finding.letter == ""
    assert "stray" in str(finding)
