"""Write a migration from what the tables are to what they have become.

    python tools/make_migration.py "What is true of the tables afterwards"

What it writes is a draft: read it, and say in its first line when it runs.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from sqlalchemy import create_engine

from gateway.store.schema import MIGRATIONS, config, upgrade, url_of


def main(message: str) -> None:
    """Compare the tables of the code with those of the migrations so far."""
    number = len(list((MIGRATIONS / "versions").glob("[0-9]*.py"))) + 1
    with TemporaryDirectory() as folder:
        url = url_of(Path(folder) / "hub.db")
        upgrade(url)
        engine = create_engine(url)
        with engine.connect() as connection:
            command.revision(
                config(connection), message, autogenerate=True, rev_id=f"{number:04}"
            )
        engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
