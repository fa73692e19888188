"""What PostgreSQL and its driver say, in the store's own words."""

from collections.abc import Awaitable
from typing import Final, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.store.errors import ConcurrentChange, StoreError, StoreUnavailable

_TAKEN: Final = "23505"
_OVERTAKEN: Final = ("40001", "40P01")
_PASSES: Final = (
    "08",  # connections
    "25006",  # a standby, for as long as it is one
    "25P03",  # idle for too long in a transaction
    "28",  # who may come in: an operator mends it, and no letter is to blame
    "3D",  # no such database, as above
    "53",  # disk full, no memory, too many connections
    "55P03",  # a lock that was not free in time
    "57",  # shut down, or told to stop
    "58",  # the server's own disk
)
"""Beginnings of SQLSTATE that pass by themselves or by an operator's hand."""

FAILURES: Final = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What driver and network raise; `TimeoutError` is an `OSError`."""

_DRIVERS_OWN: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError)

T = TypeVar("T")


async def told(work: Awaitable[T]) -> T:
    """Await something of the database; raises what it says in our words."""
    try:
        return await work
    except FAILURES as error:
        raise translated(error) from error


def translated(error: Exception) -> StoreError:
    """Say in our own words what the database could not do; never with its values.

    The server's text quotes rows ("Key (…)=(…) already exists"): the code, and the
    names of table and constraint, say as much.
    """
    original = _of_driver(error)
    state = str(getattr(original, "sqlstate", None) or "")
    names = (getattr(original, f"{n}_name", None) for n in ("table", "constraint"))
    said = " ".join(str(n) for n in (state, type(original).__name__, *names) if n)
    if isinstance(original, asyncpg.InvalidCachedStatementError):
        # A table was changed since the statement was prepared; now it is forgotten.
        return StoreUnavailable(detail=said)
    if state == _TAKEN or state in _OVERTAKEN:
        return ConcurrentChange(detail=said)
    if state:
        passes = state.startswith(_PASSES)
        return StoreUnavailable(detail=said) if passes else StoreError(detail=said)
    if isinstance(original, OSError):
        return StoreUnavailable(detail=f"{said}: {original.strerror or ''}")
    # Of the driver itself, on a connection that broke. But its `DataError` is a value
    # that no column takes.
    lost = isinstance(original, _DRIVERS_OWN) and not isinstance(original, ValueError)
    return StoreUnavailable(detail=said) if lost else StoreError(detail=said)


def _of_driver(error: BaseException) -> BaseException:
    """Return what the driver raised, beneath what SQLAlchemy made of it."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error
