"""The first tables. Runs before deploy.

There is nothing before it: `gateway init` runs it on an empty file.
There is no way back but a backup: letters in custody are not thrown away.
"""

import sqlalchemy as sa
from alembic import op

from gateway.store.types import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, in the order in which they refer to each other."""
    _envelope()
    _file()
    _hub()
    _organization()
    _book()
    _certificate()
    _letter()
    _consignment()
    _letter_file()
    _journal()
    _registration()
    _receipt()
    _inbox_entry()
    _promise()


def _envelope() -> None:
    op.create_table(
        "envelope",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("skeleton", sa.LargeBinary(), nullable=False),
        sa.Column("cuts", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def _file() -> None:
    op.create_table(
        "file",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("segment", sa.Integer(), nullable=True),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )


def _hub() -> None:
    op.create_table(
        "hub",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _organization() -> None:
    op.create_table(
        "organization",
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("th_name", sa.String(), nullable=False),
        sa.Column("en_name", sa.String(), nullable=False),
        sa.Column("signing", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("iso_code", sa.String(), nullable=False),
        sa.Column("abbreviation", sa.String(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )


def _book() -> None:
    op.create_table(
        "book",
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organization.code"],
        ),
        sa.PrimaryKeyConstraint("organization", "book", "year"),
    )


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("not_after", UtcDateTime(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organization.code"],
        ),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_index(
        op.f("ix_certificate_organization"),
        "certificate",
        ["organization"],
        unique=False,
    )


def _letter() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("date", sa.String(), nullable=False),
        sa.Column("number_key", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("secrecy", sa.String(), nullable=False),
        sa.Column("speed", sa.String(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sender"],
            ["organization.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sender", "content_digest"),
    )
    op.create_index("letter_newest", "letter", ["accepted_at", "id"], unique=False)
    op.create_index("letter_number", "letter", ["number_key"], unique=False)


def _consignment() -> None:
    op.create_table(
        "consignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.String(length=50), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("number_key", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("receiver_name", sa.String(), nullable=False),
        sa.Column("copy_digest", sa.String(), nullable=False),
        sa.Column("envelope_digest", sa.String(), nullable=False),
        sa.Column("signed", sa.String(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("delivery_digest", sa.String(), nullable=True),
        sa.Column("delivery_start", sa.Integer(), nullable=True),
        sa.Column("delivery_stop", sa.Integer(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_digest"],
            ["envelope.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["envelope_digest"],
            ["envelope.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receiver"],
            ["organization.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("process_id"),
        sa.UniqueConstraint("sender", "receiver", "number_key", "day"),
    )
    op.create_index(
        "consignment_received", "consignment", ["receiver", "day"], unique=False
    )
    op.create_index("consignment_sent", "consignment", ["sender", "day"], unique=False)
    op.create_index(
        op.f("ix_consignment_envelope_digest"),
        "consignment",
        ["envelope_digest"],
        unique=False,
    )
    op.create_index(
        op.f("ix_consignment_letter_id"), "consignment", ["letter_id"], unique=False
    )


def _letter_file() -> None:
    op.create_table(
        "letter_file",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mime_code", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["file.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
        ),
        sa.PrimaryKeyConstraint("letter_id", "position"),
    )
    op.create_index(
        op.f("ix_letter_file_digest"), "letter_file", ["digest"], unique=False
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("happening", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.PrimaryKeyConstraint("consignment_id", "number"),
    )


def _registration() -> None:
    op.create_table(
        "registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("numbered_by", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organization.code"],
        ),
        sa.ForeignKeyConstraint(
            ["replaces"],
            ["registration.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization", "book", "year", "serial"),
    )
    op.create_index(
        op.f("ix_registration_consignment_id"),
        "registration",
        ["consignment_id"],
        unique=False,
    )


def _receipt() -> None:
    op.create_table(
        "receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("process_id", sa.String(length=50), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.Column("tells", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("accept_at", UtcDateTime(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("process_id"),
    )
    op.create_index(
        op.f("ix_receipt_consignment_id"), "receipt", ["consignment_id"], unique=False
    )


def _inbox_entry() -> None:
    op.create_table(
        "inbox_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("process_id", sa.String(length=50), nullable=False),
        sa.Column("carries", sa.String(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("shown_at", UtcDateTime(), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organization.code"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipt.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("process_id"),
        sa.UniqueConstraint("receipt_id"),
    )
    op.create_index(
        "inbox_head",
        "inbox_entry",
        ["organization", "id"],
        unique=False,
        sqlite_where=sa.text("taken_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_index(
        op.f("ix_inbox_entry_consignment_id"),
        "inbox_entry",
        ["consignment_id"],
        unique=False,
    )


def _promise() -> None:
    op.create_table(
        "promise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("kept_at", UtcDateTime(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipt.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_promise_consignment_id"), "promise", ["consignment_id"], unique=False
    )
    op.create_index(
        "promise_open",
        "promise",
        ["published_at", "not_before"],
        unique=False,
        sqlite_where=sa.text("kept_at IS NULL"),
        postgresql_where=sa.text("kept_at IS NULL"),
    )
