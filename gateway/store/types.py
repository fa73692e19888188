"""UtcDateTime and other column types."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, in UTC: SQLite would give it back without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Refuse a naive time; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Return UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[datetime | None], datetime | None] | None:
        """Leave what PostgreSQL's driver gives, which is in UTC, as it is."""
        if dialect.name == "postgresql":
            return None
        return super().result_processor(dialect, coltype)
