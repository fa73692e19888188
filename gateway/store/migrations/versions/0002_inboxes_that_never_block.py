"""Inboxes never block, and numbers are freed. Runs before deploy.

Every new column is empty or has a default, and a seal leaves out what is empty: no
row is written anew, no seal is broken, and the code of the version before goes on
working on the new tables until it is replaced. An entry without a place stands where
its id puts it.
"""

import sqlalchemy as sa
from alembic import op

from gateway.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"

_WAITING = "taken_at IS NULL AND parked_at IS NULL AND held_at IS NULL"
_NUMBER = ["sender", "receiver", "number_key", "day"]


def upgrade() -> None:
    """Add what is new, and let a freed number be sent again."""
    _organization()
    _consignment()
    _inbox_entry()
    _fitted_copy()


def _organization() -> None:
    for column in (
        sa.Column("dialect", sa.String(), nullable=False, server_default="unknown"),
        sa.Column(
            "dialect_by_hand", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
        sa.Column(
            "never_deletes", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("organization", column)


def _consignment() -> None:
    # The constraint has no name of its own: PostgreSQL gave it one, and SQLite makes
    # the table anew without it.
    names = {"uq": "uq_%(table_name)s_%(column_0_name)s"}
    name = "uq_consignment_sender"
    if op.get_context().dialect.name == "postgresql":
        name = "consignment_sender_receiver_number_key_day_key"
    with op.batch_alter_table("consignment", naming_convention=names) as consignment:
        consignment.add_column(sa.Column("freed_at", UtcDateTime(), nullable=True))
        consignment.drop_constraint(name, type_="unique")
    op.create_index(
        "consignment_number",
        "consignment",
        _NUMBER,
        unique=True,
        sqlite_where=sa.text("freed_at IS NULL"),
        postgresql_where=sa.text("freed_at IS NULL"),
    )
    op.create_index(
        "consignment_newest", "consignment", ["sender", "accepted_at", "id"]
    )


def _inbox_entry() -> None:
    for column in (
        sa.Column("place", sa.Uuid(), nullable=True),
        sa.Column("set_behind_at", UtcDateTime(), nullable=True),
        sa.Column("parked_at", UtcDateTime(), nullable=True),
        sa.Column("held_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("inbox_entry", column)
    op.drop_index("inbox_head", table_name="inbox_entry")
    for name, by, where in (
        ("inbox_head", sa.text("coalesce(place, id)"), _WAITING),
        ("inbox_held", "held_at", "held_at IS NOT NULL"),
        ("inbox_parked", "parked_at", "parked_at IS NOT NULL"),
    ):
        op.create_index(
            name,
            "inbox_entry",
            ["organization", by],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def _fitted_copy() -> None:
    op.create_table(
        "fitted_copy",
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("dialect", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("stop", sa.Integer(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["consignment_id"], ["consignment.id"]),
        sa.ForeignKeyConstraint(["digest"], ["envelope.digest"]),
        sa.PrimaryKeyConstraint("consignment_id", "dialect"),
    )
