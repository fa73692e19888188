"""Keeps letters in custody: SQLModel tables, unit of work, outbox, vault, views."""
