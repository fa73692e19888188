"""Runs migrations in the connection that `gateway.store.schema` hands over."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel import AutoString

from gateway.store.tables import Row
from gateway.store.types import UtcDateTime


def _render(kind: str, item: object, _: object) -> str | Literal[False]:
    """Write column types as a migration can say them without SQLModel."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "UtcDateTime()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
