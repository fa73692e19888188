"""What repositories need of a database connection.

SQLite's implementation runs statements in place (a local statement costs less than
a thread hop) and only commits in a thread; PostgreSQL's awaits its driver. The code
above is the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Executable

from gateway.store.found import Found


class Connection(Protocol):
    """Runs statements in one transaction, or in none for reading."""

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Found:
        """Run a statement; a sequence of parameters runs it once for each."""

    async def add(
        self,
        statement: Executable,
        rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        """Have an INSERT run, at the latest before the next statement or the commit.

        What is wrong with it may be raised by those.
        """
