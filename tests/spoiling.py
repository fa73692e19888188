"""A dying disk: envelopes are damaged as soon as they are kept, until it is mended."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gateway.config import load
from gateway.store.store import DATABASE
from tests import postgresql

Mend = Callable[[], None]
"""Puts back all that was damaged, as a restored backup would."""

_KEPT = "CREATE TABLE spoilt (digest TEXT, skeleton {bytes})"
_SQLITE = """CREATE TRIGGER spoil AFTER INSERT ON envelope BEGIN
  INSERT INTO spoilt VALUES (NEW.digest, NEW.skeleton);
  UPDATE envelope SET skeleton = x'00' WHERE digest = NEW.digest;
END"""
_FUNCTION = """CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO spoilt VALUES (NEW.digest, NEW.skeleton);
  NEW.skeleton := '\\x00';
  RETURN NEW;
END $$"""
_POSTGRESQL = """CREATE TRIGGER spoil BEFORE INSERT ON envelope
  FOR EACH ROW EXECUTE FUNCTION spoil()"""
_MEND = """UPDATE envelope SET skeleton =
  (SELECT skeleton FROM spoilt WHERE spoilt.digest = envelope.digest)
  WHERE digest IN (SELECT digest FROM spoilt)"""


@contextmanager
def spoiling(data: Path) -> Iterator[Mend]:
    """Damage each envelope that the hub of this folder keeps within."""
    url = load(data).database_url
    if url.startswith("postgresql"):
        yield from _on_postgresql(url)
    else:
        yield from _on_sqlite(data / DATABASE)


def _on_sqlite(file: Path) -> Iterator[Mend]:
    def run(*statements: str) -> None:
        with closing(sqlite3.connect(file, timeout=10)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    run(_KEPT.format(bytes="BLOB"), _SQLITE)
    try:
        yield lambda: run(_MEND, "DELETE FROM spoilt")
    finally:
        run("DROP TRIGGER spoil")


def _on_postgresql(url: str) -> Iterator[Mend]:
    def run(*statements: str) -> None:
        for statement in statements:
            postgresql.run(url, statement)

    run(_KEPT.format(bytes="BYTEA"), _FUNCTION, _POSTGRESQL)
    try:
        yield lambda: run(_MEND, "DELETE FROM spoilt")
    finally:
        run("DROP TRIGGER spoil ON envelope")
