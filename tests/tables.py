"""The tables of a hub on SQLite, with nothing in them: migrated once in a process."""

import functools
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.store.schema import upgrade, url_of
from gateway.store.store import DATABASE


def lay_tables(data: Path) -> None:
    """Put a database with all tables into a data directory, as `upgrade` makes it."""
    file = data / DATABASE
    file.touch(0o600, exist_ok=False)
    file.write_bytes(_tables())


@functools.cache
def _tables() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / DATABASE
        upgrade(url_of(file))
        return file.read_bytes()
