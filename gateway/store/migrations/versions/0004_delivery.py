"""Push endpoints, dead letters, replays, bodies in rows. Runs before deploy.

Only tables are added, and columns that are empty in all rows there are: no row is
written anew, no seal is broken, and the code of the version before goes on working on
the new tables until it is replaced. Its relay finds open promises without an index
meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from gateway.store.types import UtcDateTime

revision = "0004"
down_revision = "0003"

_PROMISES = {
    "promise_open": ("published_at", "NULL"),
    "promise_pushed": ("endpoint", "NOT NULL"),
}


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "chunk",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["file.digest"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", "position"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # What lies in it is compressed or encrypted already, most of it.
        op.execute("ALTER TABLE chunk ALTER content SET STORAGE EXTERNAL")
    op.create_table(
        "incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "incident_open",
        "incident",
        ["cause", "stage", "endpoint"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "endpoint",
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("networks", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("password_file", sa.String(), nullable=False),
        sa.Column("in_order", sa.Boolean(), nullable=False),
        sa.Column("polled", sa.Boolean(), nullable=False),
        sa.Column("replays", sa.Boolean(), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("closed_until", UtcDateTime(), nullable=True),
        sa.Column("last_failure", sa.String(), nullable=False),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organization.code"],
        ),
        sa.PrimaryKeyConstraint("organization"),
    )
    op.create_table(
        "replay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("planned_account", sa.String(), nullable=False),
        sa.Column("planned_name", sa.String(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("even_if_stamped", sa.Integer(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("started_account", sa.String(), nullable=True),
        sa.Column("started_name", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "attempt",
        sa.Column("promise_id", sa.Uuid(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.String(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["inbox_entry.id"],
        ),
        sa.PrimaryKeyConstraint("promise_id"),
    )
    op.create_index("attempt_newest", "attempt", ["organization", "at"], unique=False)
    op.create_index(
        "ix_attempt_consignment_id", "attempt", ["consignment_id"], unique=False
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("promise_id", sa.Uuid(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled", sa.String(), nullable=True),
        sa.Column("replay_id", sa.Uuid(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["inbox_entry.id"],
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipt.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("promise_id"),
    )
    op.create_index(
        "dead_letter_open",
        "dead_letter",
        ["incident_id", "id"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index(
        "ix_dead_letter_consignment_id", "dead_letter", ["consignment_id"], unique=False
    )
    op.create_table(
        "replay_item",
        sa.Column("replay_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("dead_letter_id", sa.Uuid(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("canary", sa.Boolean(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["dead_letter_id"],
            ["dead_letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["replay_id"],
            ["replay.id"],
        ),
        sa.PrimaryKeyConstraint("replay_id", "position"),
    )
    op.create_index(
        "ix_replay_item_dead_letter_id", "replay_item", ["dead_letter_id"], unique=False
    )
    op.create_index(
        "replay_item_turn",
        "replay_item",
        ["replay_id", "outcome", "position"],
        unique=False,
    )
    op.add_column("promise", sa.Column("entry_id", sa.Uuid(), nullable=True))
    op.add_column("promise", sa.Column("endpoint", sa.String(), nullable=True))
    op.add_column("promise", sa.Column("attempt", sa.Integer(), nullable=True))
    op.add_column("promise", sa.Column("claimed_until", UtcDateTime(), nullable=True))
    op.drop_index("promise_open", "promise")
    for name, (column, where) in _PROMISES.items():
        condition = sa.text(f"kept_at IS NULL AND endpoint IS {where}")
        op.create_index(
            name,
            "promise",
            [column, "not_before"],
            unique=False,
            sqlite_where=condition,
            postgresql_where=condition,
        )
    op.create_index(
        "consignment_unrouted",
        "consignment",
        ["sender", "receiver", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'accepted'"),
        postgresql_where=sa.text("state = 'accepted'"),
    )
